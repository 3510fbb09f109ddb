## 装载
party-file-wide = 文件 { $file } 有 { $columns } 列，超过上限 { $most }。请检查分隔符。未装载任何数据。
party-file-spread = 文件 { $file } 的工作表范围过大，无法读取：可能在表格之外很远处有单元格。请删除表格之后的行和列，或拆分文件。未装载任何数据。
party-mapping-name = 名称 { $name } 不可用：请写作“目录/名称”，只用小写字母、数字与连字符。
party-batch-size = 一批至少 1 条、至多 { $most } 条记录。
party-batch-key = 请给出幂等键（Idempotency-Key），至多 200 个字符。
party-batch-source = 所选映射不属于来源 { $source }。
party-reject-unknown = 没有拒收记录 { $id }。
party-reject-closed = 拒收记录 { $id } 已处理完毕。
party-reject-note = 请说明不予采用的理由。
