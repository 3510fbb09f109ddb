## 演示旅程
journey-sample = 生成样例：{ $customers } 个客户，{ $events } 条话单……
journey-starting = 启动数据库、服务器、工作进程和（模拟的）外围中心……
journey-chapter-masters = [bold]一[/] 电信与保险六个系统的记录成为客户
journey-chapter-holdings = [bold]二[/] 割接他们已有的产品
journey-chapter-orders = [bold]三[/] 三个渠道的订单，含融合订单的成功与失败
journey-chapter-bills = [bold]四[/] 话单变成账单
journey-chapter-desk = [bold]五[/] 各岗位的一个上午：客户组、数据质量、外呼、判定
journey-chapter-audits = [bold]六[/] 稽核
journey-desk =   数据质量测了三日（前两日为补记日期）：不合格检查由 { $first } 降到 { $last }，质量任务 { $tasks } 项；外呼名单 { $called } 位客户
journey-loaded =   { $source }：{ $rows } 行，接纳 { $admitted }，拒绝 { $rejected }（均留原因）
journey-collected =   采集 { $records } 条，{ $seconds } 秒
journey-rated =   批价 { $seconds } 秒
journey-masters = 客户主数据
journey-source = 来源
journey-rows = 行
journey-admitted = 接纳
journey-rejected = 拒绝
journey-rate = 速率
journey-all = 合计
journey-resolved = 归并为 { $parties } 个客户，{ $suspects } 组疑似待判定
journey-held = 割接的产品实例
journey-quality = 归并质量（真值仅用于评分）
journey-against = 对照
journey-precision = 准确率
journey-recall = 召回率
journey-f1 = F1
journey-b3 = B³ F1
journey-truth-person = 样例中的个人
journey-truth-organisation = 样例中的组织
journey-truth-chicago = 芝加哥幼教机构（真实数据）
journey-orders = 订单
journey-channel = 渠道 / 状态
journey-count = 数量
journey-state = 状态：{ $state ->
    [completed] 完成
    [partial] 部分完成
    [failed] 失败
    [cancelled] 已取消
    [rejected] 被拒绝
   *[other] { $state }
}
journey-fused = 融合订单 → { $state ->
    [completed] 完成
    [partial] 部分完成
    [failed] 失败
    [cancelled] 已取消
    [rejected] 被拒绝
   *[other] { $state }
    }，订单号
journey-billing = 计费
journey-what = 内容
journey-amount = 金额（元）
journey-usage = 话单（重复 { $duplicates }，隔离 { $quarantined }）
journey-events = 已批价
journey-cycle = 账期 { $cycle } 的账单
journey-audits = 稽核
journey-audit = 稽核项
journey-expected = 应为
journey-found = 实为
journey-verdict = 成立
journey-holds = 全部稽核成立。
journey-fails = 有稽核不成立。
journey-look = 控制台：{ $address }
journey-login = 账号
journey-password = 密码
journey-begins-with = 是谁，先看什么
journey-begins-clerk = 营业员：柜面开户、本机构的质量任务
journey-begins-service = 客服：查找客户、来电、订单
journey-begins-steward = 数据管理员：疑似客户、数据质量、数据导入
journey-begins-billing = 计费：账单、话单隔离、稽核
journey-begins-manager = 机构主管：同样的页面，只见本机构的客户
journey-begins-sales = 客户经理：只见自己的客户
journey-begins-seat = 坐席：我的外呼、来电
journey-begins-lead = 电销主管：外呼名单、清单与导出
journey-begins-claims = 核保核赔：理赔分流
journey-begins-admin = 管理员：全部
journey-stop = 按 Ctrl-C 结束。
journey-channel-counter = 营业厅
journey-channel-web = 网上商城
journey-channel-hotline = 客服热线
journey-refused = 订单 { $order } 被拒绝：{ $why }
journey-unfinished = { $seconds } 秒内没有完成的订单：{ $orders }。请看演示目录 logs 下的日志。
journey-not-started = 进程没有起来：hutong { $command }。它的日志 { $log } 结尾为：
    { $tail }
journey-audit-histories = { $center }：历史中的问题
party-audit-rows = 客户主数据：读入行 = 接收 + 拒绝
party-audit-origin = 客户主数据：来源或批次不存在的记录
party-audit-party = 客户主数据：所属当事人不存在的记录
journey-audit-orders = 订单：既未终结、又未说明的
journey-audit-letters = 放弃投递的事件
journey-audit-cycle = 计费 { $cycle }：{ $what }
journey-audit-billing = 计费{ $cycle }：{ $what }

## 命令行的说法
cli-help-usage = 用法：
cli-help-help = 显示这段说明后结束
cli-help-arguments = 参数
cli-help-options = 选项
cli-help-commands = 命令
cli-help-errors = 错误
cli-help-required = 必填
cli-help-default = 默认：
cli-help-try = 用“{ $command }”查看说明。
cli-help-why = 原因
cli-help-host = 监听地址
cli-help-port = 监听端口；0 为任一空闲端口

## 每条命令做什么
cli-help-hutong = 户通（Hutong）：客户主数据、订单、计费与客户关系，同一套模型。
cli-help-demo = 演示全程：导入、归并、订单、批价、出账、稽核；然后保持控制台运行。
cli-help-demo-once = 演示完毕、打印汇总后即结束
cli-help-demo-customers = 样例的客户数
cli-help-demo-events = 样例的话单数
cli-help-demo-port = 控制台端口；0 为任一空闲端口
cli-help-demo-keep = 沿用上一次演示的数据，不从头开始
cli-help-serve = 启动接口与控制台服务。
cli-help-serve-port = 端口
cli-help-serve-workers = 服务进程数
cli-help-worker = 投递事件（转发、订阅、回调）并执行任务，直到收到 SIGTERM 或 SIGINT。可在多台机器上同时运行任意多个；停止时投递完手上的一批，任务放回队列。
cli-help-worker-centers = 只为这些中心工作，逗号分隔；空为全部
cli-help-worker-lanes = 只执行这些通道的任务：online、batch、report；空为全部
cli-help-peers = 运行模拟的外围中心（网络、支付、短信），直到被中断。
cli-help-peers-book = 记录其动作的文件；默认为数据目录下的 peers.sqlite
cli-help-bill = 计费：话单、批价、账单、稽核。
cli-help-bill-cycle = 账期，如 202609
cli-help-bill-collect = 采集话单文件：读取、检查、查重，不可用的放入隔离区。
cli-help-bill-collect-paths = 话单文件，或存放话单文件的目录
cli-help-bill-rate = 对一个账期内新增或有变化的话单批价。
cli-help-bill-run = 出一个账期的账单：预出账，或正式出账。
cli-help-bill-run-final = 正式出账：此后账单不再改变
cli-help-bill-why = 一条话单为何是这个价：价格计划及版本、所走的分支、如何相加。
cli-help-bill-why-usage = 话单的编号，如 12-345
cli-help-bill-audit = 逐项核对稽核的两侧；有不成立的，退出状态为 1。
cli-help-catalog = 产品目录：产品、销售品、资费、订单模板。
cli-help-catalog-pack = 业务包目录，如 packs/telecom
cli-help-catalog-diff = 逐处显示发布一个业务包会带来的变化。
cli-help-catalog-publish = 把一个业务包的文档作为一个版本发布；有一个文档有误，就全部不发布。
cli-help-catalog-publish-by = 发布人
cli-help-db = 数据库：升级、检查、生成修订。
cli-help-db-upgrade = 把各中心的表升级到最新修订。
cli-help-db-check = 声明的表与迁移不一致时失败。
cli-help-db-revision = 按一个中心的表与数据库的差异，生成它的下一个修订。
cli-help-db-revision-center = 中心，如 party
cli-help-db-revision-rewrite = 替换该中心尚未发布的初始修订
cli-help-history = 连续历史：检查在用表与历史表是否一致。
cli-help-history-check = 检查每个有连续历史的表；发现问题时逐条列出，退出状态为 1。
cli-help-history-center = 一个中心；空为全部
cli-help-party = 客户主数据：导入文件、归并、评分。
cli-help-party-import = 导入来源系统的文件：读取、标准化、准入；被拒绝的行连同原因保留。
cli-help-party-file = CSV、XLSX 或 JSON lines 文件
cli-help-party-mapping = 映射文档（YAML）
cli-help-party-rejects = 把被拒绝的行及其原因写到这个文件
cli-help-party-resolve-parties = 把全部来源记录归并为客户：规则判定、聚类、更新黄金记录。
cli-help-party-truth = 真值文件，仅用于评分：source、source_key、customer_id
cli-help-party-clusters = `hutong resolve` 的 CSV
cli-help-party-rules = 使业务包的文档作为新版本生效：匹配规则、存活规则、属性、家庭、质量、策略。
cli-help-party-readmit = 允许已删除的记录随来源系统下次导入重新进入：本人已重新同意。
cli-help-party-readmit-source = 来源系统，如 crm
cli-help-party-readmit-key = 记录在来源系统中的键
cli-help-party-folder = 业务包的 party 目录，如 packs/telecom/party
cli-help-sample = 带有真实缺陷的样例数据。
cli-help-sample-telecom = 生成 CRM、计费与呼叫中心的导出文件、话单文件、订购关系、真值和清单。
cli-help-sample-out = 输出目录
cli-help-sample-customers = 记录背后真实的客户数
cli-help-sample-events = 话单数，含重复与损坏的
cli-help-sample-seed = 种子相同，样例相同
cli-help-sample-active = 有订购的客户数；0 为全部的一半
cli-help-sample-orders = 其中留待下单的客户数
cli-help-sample-cycle = 话单起始月，如 2026-09
cli-help-sample-months = 话单的月数
cli-help-sample-usage = 待下单的号码也生成话单

## 命令用错了
cli-usage-missing = 缺少 { $where }。请补上。
cli-usage-no-option = 没有选项 { $name }。
cli-usage-near = 相近的有：{ $names }。
cli-usage-bad-value = { $where } 的值不可用：{ $why }
cli-usage-missing-file = “{ $path }”不存在。请检查路径。
cli-usage-no-folder = “{ $path }”是文件，需要的是目录。
cli-usage-no-file = “{ $path }”是目录，需要的是文件。
cli-usage-unreadable = “{ $path }”无权读取。请检查权限。
cli-usage-least = 不得小于 { $limit }。
cli-usage-most = 不得大于 { $limit }。
cli-usage-integer = 应为整数。
cli-usage-number = 应为数字。
cli-usage-boolean = 应为 true 或 false。
cli-usage-needs-value = 选项 { $name } 需要一个值。
cli-usage-takes-none = 选项 { $name } 不带值。
cli-usage-no-command = 没有命令 { $name }。
cli-usage-command = 缺少命令。
cli-usage-extra = 多余的参数：{ $name }。

## 命令做不成
cli-no-database = 连不上数据库：{ $why }。请检查 HUTONG_DATABASE_URL，并确认 PostgreSQL 在运行；不设它则使用自带的数据库。
cli-no-server = 自带的数据库没有启动：{ $why }。请检查 HUTONG_DATA_DIR 的权限和剩余空间，或用 HUTONG_DATABASE_URL 指定别的 PostgreSQL。

## 计费
cli-bill-collected = { $files } 个文件（其中 { $known } 个此前已采集），{ $records } 条 = 接收 { $accepted } + 重复 { $duplicates } + 隔离 { $quarantined }；{ $disagreeing } 个文件尾不符
cli-bill-quarantined = { "  " }隔离 { $reason }：{ $count }
cli-bill-reason-no_header = 没有文件头
cli-bill-reason-column_count = 列数不对
cli-bill-reason-missing_record_id = 缺少话单标识
cli-bill-reason-missing_number = 缺少号码
cli-bill-reason-event_type = 事件类型未知
cli-bill-reason-bad_time = 时间无效
cli-bill-reason-negative_duration = 用量为负
cli-bill-reason-bad_quantity = 用量无效
cli-bill-nothing-new = { $cycle }：没有新的
cli-bill-rated = { $cycle }：{ $groups } 组 { $events } 条，未定价 { $unpriced } 条，入账 { $amount }（批次 { $run }）
cli-bill-made = { $cycle }：{ $bills } 张预出账单，{ $lines } 行，合计 { $amount }
cli-bill-made-final = { $cycle }：{ $bills } 张正式账单，{ $lines } 行，合计 { $amount }
cli-bill-audit-audit = 稽核项
cli-bill-audit-cycle = 账期
cli-bill-audit-unit = 单位
cli-bill-audit-expected = 应为
cli-bill-audit-found = 实为
cli-bill-audit-difference = 差异
cli-bill-why = { $plan }，第 { $version } 版：{ $amount }
cli-bill-why-section = { "  " }{ $section }：{ $condition }
cli-bill-why-part = { "  " }= { $part }
cli-bill-audit-holds = 成立
cli-bill-audit-differs = 不符
cli-bill-unit-records = 条
cli-bill-unit-files = 个文件
cli-bill-unit-bills = 张账单
cli-bill-unit-micros = 微元

## 数据库与历史
cli-db-upgraded = 数据库已是最新修订
cli-db-agrees = 声明的表与迁移一致
cli-db-differs = 声明的表与迁移有 { $count } 处差异：用 hutong db revision 写出修订
cli-history-checked = { $center }：{ $tables } 个历史表，{ $count } 个问题

## 客户主数据
cli-source-crm = CRM
cli-source-billing = 计费
cli-source-callcentre = 呼叫中心
cli-party-imported = { $source }：{ $rows } 行，接纳 { $admitted }，拒绝 { $rejected }，未变 { $unchanged }
cli-party-imported-before = { $source }：{ $rows } 行，接纳 { $admitted }，拒绝 { $rejected }，未变 { $unchanged }（此前已导入：未做任何事）
cli-party-rejected = { "  " }拒绝 { $reason }：{ $count }
cli-party-unmapped = { "  " }未映射 { $code_set }：{ $codes }
cli-party-rejects = { "  " }被拒绝的行：{ $file }
cli-party-resolving = 归并
cli-party-step-compare = 比较
cli-party-step-cluster = 聚类
cli-party-step-golden = 黄金记录
cli-party-step-suspects = 疑似
cli-party-step-done = 完成
cli-party-resolved = { $records } 条记录 → { $parties } 个客户；比较 { $pairs } 对，失效通用值 { $generic } 个，新增判定 { $made }，结束判定 { $ended }；新建客户 { $created }，变更 { $changed }，撤销 { $retired }；疑似 { $suspects } 组
cli-party-resolved-files = { $records } 条记录 → { $parties } 个客户：{ $file }
cli-party-mappings = 请给出一个映射文档，或每个文件各一个。
cli-party-published = { $kind }：第 { $version } 版
cli-party-document-rules = 匹配规则
cli-party-document-survivorship = 存活规则
cli-party-document-model = 数据模型
cli-party-document-households = 家庭规则
cli-party-document-quality = 质量规则
cli-party-document-stewardship = 归并审批策略
cli-party-document-lifecycle = 变更审批策略
cli-party-readmitted = { $source }：下次导入时将重新接收这条记录
cli-party-nothing = 没有可发布的
cli-party-all = 全部
cli-party-person = 个人
cli-party-organisation = 组织
cli-party-score-records = 记录
cli-party-score-clusters = 归并组
cli-party-score-entities = 真实实体
cli-party-score-precision = 准确率
cli-party-score-recall = 召回率
cli-party-score-f1 = F1
cli-party-score-b3_precision = B³ 准确率
cli-party-score-b3_recall = B³ 召回率
cli-party-score-b3_f1 = B³ F1

## 模拟的外围中心
cli-peers-ready = 模拟的网络、支付、短信中心：{ $url } （全是模拟，没有真实业务）

## 样例
cli-sample-month = { $month } 不是月份，应如 2026-09。
cli-sample-nobody = { $active } 个活跃客户中有 { $orders } 个待下单，没有人产生话单。请减少 --orders 或增加 --active。
cli-sample-sheet = billing.xlsx 需要 { $rows } 行，一个工作表最多 { $most } 行。请减少 --customers。
cli-sample-unused = 没有可用的订购。请增加 --active 。
cli-sample-source = { $source }：{ $rows } 行，其中 { $rejected } 行应被拒绝
cli-sample-usage = 话单：{ $files } 个文件 { $records } 条，正常 { $good } 条
cli-sample-written = 已写入 { $folder }
