## 装载
party-file-wide = 文件 { $file } 有 { $columns } 列，超过上限 { $most }。请检查分隔符。未装载任何数据。
