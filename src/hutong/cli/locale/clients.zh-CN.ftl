cli-help-client = 允许其他系统调用：权限、可见明文、可见行。再次执行即替换权限与密钥。
cli-help-client-code = 调用系统的简称
cli-help-client-right = 权限，例如 party.read、party.create、party.export、party.*（可重复）
cli-help-client-name = 显示名称
cli-help-client-clear = 可见明文的字段种类：name、phone、id_card、email、address、bank_card 或 *（可重复）
cli-help-client-rows = 可见哪些客户：CEL 条件，例如 row.branch == "east"；不给即全部
cli-help-client-per-second = 每秒请求数
cli-client-made = { $code } 可用此密钥调用，只显示一次：{ $key }
