## Database
platform-database-too-old = 数据库版本 { $found } 太旧：需要 PostgreSQL 18 或更新版本。请升级，或去掉 HUTONG_DATABASE_URL 使用内置数据库。
platform-migrations-pending = 中心 { $center } 的表结构与程序不一致。请运行 hutong db upgrade。
platform-database-unavailable = 数据库暂时没有应答，您的请求没有生效。请稍后重试。

## History
platform-history-row-twice = { $table }：一次变更中有 { $count } 行被重复指定。每行只能指定一次，或分多次变更。
platform-history-unknown-row = { $table }：要变更的行中有 { $count } 行不存在。
platform-history-before-first = { $table }：有 { $count } 项变更的生效时间早于该行的起始时间。请改为起始时间或之后。

## CEL
platform-cel-syntax = 第 { $line } 行第 { $column } 列：此处读不懂“{ $found }”。请检查运算符、引号与括号；条件之间用 && 或 ||。
platform-cel-unfinished = 第 { $line } 行第 { $column } 列：表达式没有写完。请补上缺少的值、引号或括号。
platform-cel-too-long = 表达式太长（上限 { $limit } 个字符）。请拆成几条规则，或把名单做成代码集。
platform-cel-too-deep = 第 { $line } 行第 { $column } 列：嵌套超过 { $limit } 层。请拆成几条规则。
platform-cel-escape = 第 { $line } 行第 { $column } 列：文本中不能有转义“{ $found }”。可用 \n、\t、\\、\"、\uXXXX，或在引号前加 r 按原样书写。
platform-cel-unknown-variable = 第 { $line } 行第 { $column } 列：没有变量 { $name }。可用：{ $known }。
platform-cel-unknown-field = 第 { $line } 行第 { $column } 列：{ $type } 没有字段 { $name }。可用：{ $known }。
platform-cel-unknown-function = 第 { $line } 行第 { $column } 列：没有函数 { $name }。可用：{ $known }、has、matches、exists、all、timestamp、date、duration。
platform-cel-whole-object = 第 { $line } 行第 { $column } 列：{ $name } 是一个对象，请写出它的字段：{ $known }。
platform-cel-type = 第 { $line } 行第 { $column } 列：{ $operator } 这里需要 { $expected }，却是 { $found }。
platform-cel-operator = 第 { $line } 行第 { $column } 列：不能计算 { $found }。请换成同类的值；整数转文本用 string()。
platform-cel-not-comparable = 第 { $line } 行第 { $column } 列：{ $operator } 不能比较 { $type }。是否为空请用 == null 或 != null。
platform-cel-arguments = 第 { $line } 行第 { $column } 列：{ $name } 不接受 ({ $found })。可用：({ $expected })。
platform-cel-result-type = 第 { $line } 行第 { $column } 列：这条规则的结果应当是 { $expected }，却是 { $found }。
platform-cel-literal-int = 第 { $line } 行第 { $column } 列：整数 { $found } 超出 64 位。
platform-cel-literal-timestamp = 第 { $line } 行第 { $column } 列：“{ $found }”不是时间。请写成 2026-01-31T08:00:00+08:00。
platform-cel-literal-date = 第 { $line } 行第 { $column } 列：“{ $found }”不是日期。请写成 2026-01-31。
platform-cel-literal-duration = 第 { $line } 行第 { $column } 列：“{ $found }”不是时长。请写成 1h30m、90s 或 250ms。
platform-cel-time-zone = 第 { $line } 行第 { $column } 列：时区须直接写出名称，如 "Asia/Shanghai"。
platform-cel-map-key = 第 { $line } 行第 { $column } 列：键“{ $found }”不能用。键由文字、数字、空格及 . : / - _ 组成，并以文字或数字开头。
platform-cel-has = 第 { $line } 行第 { $column } 列：has 需要一个字段，如 has(row.branch)。
platform-cel-pattern = 第 { $line } 行第 { $column } 列：式样的第 { $position } 个字符处不支持“{ $found }”。可用：字符、.、[a-z]、\d \w \s、( )、|、* + ?、{ "{" }m,n{ "}" }、^ $。
platform-cel-pattern-literal = 第 { $line } 行第 { $column } 列：matches 的式样须直接写成文本。
platform-cel-quantifier = 第 { $line } 行第 { $column } 列：{ $name } 须用于列表，写成 列表.{ $name }(x, 关于 x 的条件)。
platform-cel-name-taken = 第 { $line } 行第 { $column } 列：{ $name } 已是变量名，请换一个名字。
platform-cel-unsupported-double = 第 { $line } 行第 { $column } 列：不支持小数 { $found }。金额请用整数微元（1 元 = 1000000），比率请用千分数。
platform-cel-unsupported-uint = 第 { $line } 行第 { $column } 列：不支持无符号整数 { $found }。请去掉末尾的 u。
platform-cel-unsupported-bytes = 第 { $line } 行第 { $column } 列：不支持字节串 { $found }。请去掉前面的 b，用文本。
platform-cel-unsupported-map-literal = 第 { $line } 行第 { $column } 列：规则里不能写映射。请用 ? : 分情况，或用代码集。
platform-cel-unsupported-message = 第 { $line } 行第 { $column } 列：规则里不能构造对象。
platform-cel-unsupported-root-name = 第 { $line } 行第 { $column } 列：名称不能以点开头。请去掉它。
platform-cel-unsupported-index = 第 { $line } 行第 { $column } 列：不能对 { $type } 取下标。映射用直接写出的文本作键；列表请用 in、exists 或 all。
platform-cel-unsupported-macro = 第 { $line } 行第 { $column } 列：不支持 { $name }。列表请用 in、exists、all 或 size。

platform-cel-say-and = { $a }，且 { $b }
platform-cel-say-or = { $a }，或 { $b }
platform-cel-say-not = 并非（{ $a }）
platform-cel-say-brackets = （{ $a }）
platform-cel-say-holds = { $a } 为真
platform-cel-say-fails = { $a } 为假
platform-cel-say-eq = { $a } 等于 { $b }
platform-cel-say-ne = { $a } 不等于 { $b }
platform-cel-say-lt = { $a } 小于 { $b }
platform-cel-say-le = { $a } 不大于 { $b }
platform-cel-say-gt = { $a } 大于 { $b }
platform-cel-say-ge = { $a } 不小于 { $b }
platform-cel-say-time-lt = { $a } 早于 { $b }
platform-cel-say-time-le = { $a } 不晚于 { $b }
platform-cel-say-time-gt = { $a } 晚于 { $b }
platform-cel-say-time-ge = { $a } 不早于 { $b }
platform-cel-say-empty = { $a } 为空
platform-cel-say-filled = { $a } 不为空
platform-cel-say-present = { $a } 有值
platform-cel-say-absent = { $a } 没有值
platform-cel-say-in = { $a } 在 { $b } 之中
platform-cel-say-not-in = { $a } 不在 { $b } 之中
platform-cel-say-one-of = { $a } 是 { $b } 之一
platform-cel-say-not-one-of = { $a } 不是 { $b } 中的任何一个
platform-cel-say-list = { $a }、{ $b }
platform-cel-say-nothing = 空列表
platform-cel-say-choice = 若 { $a } 则 { $b }，否则 { $c }
platform-cel-say-lookup = { $a } 的 { $b }
platform-cel-say-matches = { $a } 符合式样 { $b }
platform-cel-say-exists = { $a } 中有某项 { $b } 使 { $c }
platform-cel-say-all = { $a } 中每项 { $b } 都使 { $c }
platform-cel-say-null = 空
platform-cel-say-unknown = 未知
platform-cel-say-true = 是
platform-cel-say-false = 否
platform-cel-say-hours = { $a } 小时
platform-cel-say-minutes = { $a } 分钟
platform-cel-say-seconds = { $a } 秒
platform-cel-say-size-text = { $a } 的字数
platform-cel-say-size-list = { $a } 的项数
platform-cel-say-starts-with = { $a } 以 { $b } 开头
platform-cel-say-ends-with = { $a } 以 { $b } 结尾
platform-cel-say-contains = { $a } 含有 { $b }
platform-cel-say-lower = { $a } 的小写
platform-cel-say-upper = { $a } 的大写
platform-cel-say-string = { $a } 的文本
platform-cel-say-coalesce = { $a }（为空时用 { $b }）
platform-cel-say-min = { $a } 与 { $b } 中较小者
platform-cel-say-max = { $a } 与 { $b } 中较大者
platform-cel-say-year = { $a } 的年份
platform-cel-say-month = { $a } 的月份（0 为一月）
platform-cel-say-day = { $a } 是几号
platform-cel-say-weekday = { $a } 是星期几（0 为星期日）
platform-cel-say-hour = { $a } 的钟点
platform-cel-say-minute = { $a } 的分钟数
platform-cel-say-date = { $a } 的日期
platform-cel-say-days-between = { $a } 到 { $b } 的天数
platform-cel-say-years-between = { $a } 到 { $b } 的周年数
platform-cel-say-whole-seconds = { $a } 的整秒数
platform-cel-say-whole-minutes = { $a } 的整分钟数
platform-cel-say-whole-hours = { $a } 的整小时数

## Dead letters
platform-dead-letter-unknown = 订阅 { $subscription } 在位置 { $position } 没有可重放或丢弃的事件。

## Jobs
platform-job-kind-unknown = 没有 { $kind } 这种任务。
platform-job-unknown = 没有任务 { $job }。
platform-job-not-running = 任务 { $job } 已经结束，不能取消。
platform-job-not-resumable = 任务 { $job } 不能继续：只有失败或已取消的任务可以继续。

## Webhooks
platform-webhook-callback = 回调地址必须是可解析主机的 http 或 https 地址，且不含用户名。
platform-webhook-private = 回调地址指向内部网络。管理员可通过 HUTONG_WEBHOOK_ALLOW_PRIVATE 允许。
platform-webhook-events = 没有中心发布事件 { $events }。
platform-webhook-unknown = 没有属于您的回调注册 { $webhook }。
platform-input-invalid = 填写的内容不符合要求：{ $fields }
