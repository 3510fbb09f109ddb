## 疑似组
party-suspect-state = 疑似组 { $id } 处于“{ $state }”状态，不能这样处理。请刷新后再看。
party-suspect-changed = 提议之后疑似组 { $id } 的参与人已有变化，请退回重新判定。
party-suspect-bulk = 请选择一至 { $largest } 个疑似组，并选择是否同一。
party-review-own = 自己提议的判定须由他人复核。
party-flag-unknown = 操作 { $id } 已不再强制任何归属。

## 批量增强
party-enhance-heads = 文件需要说明每行是谁的列（{ $who }）和至少一个取值列（{ $values }）。
party-enhance-size = 文件须有一至 { $largest } 行。
party-enhance-channel = 请填写批次名称并选择采集渠道：{ $channels }。
party-enhance-unknown = 没有增强批次 { $id }。
party-enhance-state = 增强批次 { $id } 处于“{ $state }”状态，不能这样处理。
party-enhance-nobody = 找不到客户
party-enhance-several = 对应多个客户
party-enhance-nothing = 没有取值
party-enhance-mobile = 手机号无效
party-enhance-phone = 电话无效
party-enhance-email = 电子邮箱无效
party-enhance-address = 地址无效
party-enhance-postcode = 邮编无效
party-enhance-contact_name = 联系人无效
