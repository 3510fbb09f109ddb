## 文件与映射
party-mapping-encoding = 映射中的编码 { $encoding } 不存在。可用 utf-8、gb18030、big5 等。
party-file-missing = 找不到文件 { $file }，请检查路径。
party-file-empty = 文件 { $file } 没有数据行，未装载任何数据。
party-file-encoding = { $file } 有 { $rows } 行无法按 { $encoding } 读取，文件可能是其他编码：请更正映射中的 file.encoding。未装载任何数据。
party-file-quote = 文件 { $file } 第 { $line } 行的引号没有结束，其后各行都会被当作同一个值。请补上引号，或（引号属于内容时）写两个引号，再重试。未读入任何数据。
party-file-form = 文件 { $file } 不是 { $format }（{ $rows } 行无法读取）。请检查映射中的 file.format 与 file.delimiter。未装载任何数据。
party-file-columns = 文件 { $file } 缺少列 { $missing }。已有列：{ $found }。请更正映射或导出文件。未装载任何数据。
party-file-sheet = 文件 { $file } 没有工作表 { $sheet }。已有：{ $found }。未装载任何数据。
party-file-too-large = 文件 { $file } 解压后有 { $bytes } 字节，超过上限，请拆分。未装载任何数据。
party-mapping-unknown = 没有映射文档 { $name }。请从列表中选择。
party-upload-size = 文件 { $file } 为空，或超过 { $most } GiB。请拆分后分别上传。
party-load-unknown = 没有装载批次 { $id }。

## 参与人
party-unknown = 没有参与人 { $id }。
party-merge-one = 请至少选择两个不同的参与人进行归并。
party-merge-kinds = 个人与组织不能归并。
party-merge-identifiers = 这些参与人持有不同的有效证件。如确需归并，请选择强制归并并说明理由。
party-split-none = 所选记录都不属于参与人 { $id }。
party-split-all = 选中了参与人 { $id } 的全部记录：请至少留下一条，或直接修改该参与人。
party-operation-unknown = 没有操作 { $id }。
party-operation-not-latest = 操作 { $id } 不能撤销：其中 { $count } 条记录已被后来的操作移动，请先撤销后来的操作。
party-operation-fixed = 操作 { $id } 是批量识别，请改为拆分参与人。
party-name-missing = 需要名称。
party-name-not-a-name = 所填名称不是有效名称。
party-area-by-value = 名称、联系方式和证件请按其内容确认。
party-value-long = { $what } 过长：最多 { $most } 个字符。
party-id-invalid = 证件号码无效（{ $reason }）。
party-source-unknown = 没有来源系统 { $source }。

## 疑似组
party-suspect-unknown = 没有疑似组 { $id }。
party-suspect-taken = 疑似组 { $id } 已被他人领取。
party-suspect-assignee = { $to } 不处理疑似组，请选择数据管理员。
party-suspect-closed = 疑似组 { $id } 已有结论。
party-suspect-decision = 只能对组内的参与人作出结论，每个参与人归入一组。
party-document-kind-unknown = 没有文档类型 { $kind }。
