## 装载
party-file-wide = 文件 { $file } 有 { $columns } 列，超过上限 { $most }。请检查分隔符。未装载任何数据。
party-mapping-mistake = 第 { $line } 行（{ $where }）有误：{ $why }。
party-mapping-long = 映射文档超过 { $most } 个字符。
party-mapping-newer = 映射 { $name } 在您编辑期间已发布第 { $version } 版，请重新打开后修改。
party-mapping-version-unknown = 映射 { $name } 没有第 { $version } 版。
party-mapping-name = 名称 { $name } 不可用：请写作“目录/名称”，只用小写字母、数字与连字符。
party-batch-size = 一批至少 1 条、至多 { $most } 条记录。
party-batch-key = 请给出幂等键（Idempotency-Key），至多 200 个字符。
party-batch-source = 所选映射不属于来源 { $source }。
party-reject-unknown = 没有拒收记录 { $id }。
party-reject-closed = 拒收记录 { $id } 已处理完毕。
party-reject-note = 请说明不予采用的理由。
