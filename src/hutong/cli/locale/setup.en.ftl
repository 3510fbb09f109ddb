cli-help-setup = Prepare an empty installation for your own data: roles, code sets, an administrator. Repeatable: then it sets the password.
cli-help-setup-login = name to sign in with
cli-help-setup-password = password; one is made and shown if none is given
cli-setup-done = Ready. `hutong serve` and `hutong worker` run it; sign in as [bold]{ $login }[/], password [bold]{ $password }[/].
