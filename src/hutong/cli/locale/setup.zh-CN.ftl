cli-help-setup = 为自己的数据准备空系统：角色、代码集和一名管理员。可重复执行，再次执行即重设密码。
cli-help-setup-login = 登录名
cli-help-setup-password = 密码；不给则生成并显示
cli-setup-done = 已就绪。用 `hutong serve` 和 `hutong worker` 运行；登录名 [bold]{ $login }[/]，密码 [bold]{ $password }[/]。
