cli-help-resolve-files = 个人或组织的文件。
cli-help-resolve =
    归并个人或组织的文件：哪些记录是同一客户？不需要服务器、数据库或标注。

    映射文档说明各列是什么：

    {"`"}source: crm{"`"} · {"`"}key: 编号{"`"} · {"`"}kind: person{"`"} · {"`"}columns: {"{"}name: 姓名, birth_date: 出生日期, id_number: 身份证号, phone: {"\\["}手机, 电话], address: 地址{"}"}{"`"}

    除 columns 外都可省略（key：行号；source：文件名；kind：person；region：CN）。kind 为 person（个人）或 organisation（组织），或 {"`"}{"{"}column: 类型, codes: {"{"}个人: person, 单位: organisation{"}"}{"}"}{"`"}；source 可为 {"`"}{"{"}column: 来源{"}"}{"`"}。{"`"}unique: true{"`"} 表示同一来源内没有重复客户。编码、分隔符与日期格式会自动识别；否则写 {"`"}encoding: big5{"`"}、{"`"}delimiter: ";"{"`"}、{"`"}birth_date: {"{"}column: 出生日期, date: DD/MM/YYYY{"}"}{"`"}；没有列名行则写 {"`"}header: false{"`"}，各列即为 1、2、3 ……

    属性：name、given_name、middle_name、family_name、birth_date（或 birth_year、birth_month、birth_day）、gender、id_number、organisation_code、phone、email、url、bank_card、address（或 street_number、street、unit）、postcode、place、state、country、occupation、organisation、contact_name。其他列：{"`"}free: [{"{"}name: fax, column: 传真, compare: phone{"}"}]{"`"}；比较方式：exact、code、text、name、person、organisation、number、date、phone、email、url、address。

    来源系统的映射文档（{"`"}hutong import{"`"} 所用）也可直接使用。
cli-help-resolve-inputs = CSV 或 Parquet 文件
cli-help-resolve-mapping = 映射文档（YAML）：所有文件共用一个，或按文件顺序各一个
cli-help-resolve-out = 写出的 CSV：source（来源）、key（键）、party（客户）
cli-help-resolve-golden = 写出的 CSV 或 Parquet：每个客户的黄金记录；每个值旁是其来源与键。最多记录所述的值优先，其次最完整，再次最新
cli-help-resolve-explain = 写出的 CSV 或 Parquet：每一对相同或接近的记录，各项比较的档次与权重（比特）
cli-help-resolve-model = 模型（JSON）：文件存在则使用，否则把训练所得存入
cli-help-resolve-threshold = 两条记录判为相同所需的比特数（0：机会均等；10：一千比一）；默认由程序不凭标注选定
cli-help-resolve-rules = 用规则文档代替模型；仅用于来源系统的映射
cli-help-score =
    把归并结果与真值对照：成对与 B³ 的准确率、召回率和 F1。

    真值为 CSV 或 Parquet 文件，含每条记录的键与真实实体；键在来源之间会重复时还须有来源。其中没有的记录不计。
cli-help-score-truth = 给出每个键真实实体的文件
cli-help-score-key = 键所在的列；默认 source_key、key、record_id、rec_id 或 id，否则第一列
cli-help-score-entity = 真实实体所在的列；默认 customer_id、entity、True Id、label 等，否则最后一列
cli-help-score-source = 来源所在的列；默认 `source`（若有）；空表示键本身唯一
cli-resolve-step-read = 读取
cli-resolve-step-encode = 整理取值
cli-resolve-step-block = 选择比对范围
cli-resolve-step-train = 训练
cli-resolve-step-score = 比对
cli-resolve-step-cluster = 聚类
cli-resolve-step-write = 写出
cli-resolve-kind = { $kind }：{ $records } 条记录；在 { $possible } 对中比对了 { $pairs } 对（可能相同者覆盖 { $covered } %），依据 { $comparisons }；自 { $threshold } 比特起判为相同；{ $suspects } 对未合并，留待人看；模型 { $version }
cli-resolve-repeated = { $rows } 行的键后来又出现：以后出现的行为准。
cli-resolve-time = { $seconds } 秒
cli-resolve-golden = 黄金记录（依出现次数、完整度、新旧；全名与有效证件优先）：{ $file }
cli-resolve-explained = 已解释 { $pairs } 对：{ $file }
cli-resolve-model = 模型：{ $file }
cli-resolve-rules-clusters = 规则只给出聚类：不含黄金记录与解释
cli-resolve-rules-source = 规则需要来源系统的映射（含 `mapping:`）
cli-resolve-not-writable = “{ $path }”不可写入。请换一个位置，或关闭正在打开它的程序。
cli-resolve-taken = “{ $path }”已用作本次命令的输入或输出。请另取文件名。
