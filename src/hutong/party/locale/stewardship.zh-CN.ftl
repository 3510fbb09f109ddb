## 疑似组
party-suspect-state = 疑似组 { $id } 处于“{ $state }”状态，不能这样处理。请刷新后再看。
party-suspect-changed = 提议之后疑似组 { $id } 的参与人已有变化，请退回重新判定。
party-suspect-bulk = 请选择一至 { $largest } 个疑似组，并选择是否同一。
party-review-own = 自己提议的判定须由他人复核。
party-flag-unknown = 操作 { $id } 已不再强制任何归属。
