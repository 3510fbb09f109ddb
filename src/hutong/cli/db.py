"""`hutong db`: migrations of every center."""

import typer

from hutong.cli.program import group
from hutong.cli.words import say, t

app = group("cli-help-db")


@app.command(help=t("cli-help-db-upgrade"))
def upgrade() -> None:
    """Bring every center's tables to the newest revision."""
    from hutong.platform import migrations

    migrations.upgrade_all()
    say("cli-db-upgraded")


@app.command(help=t("cli-help-db-check"))
def check() -> None:
    """Fail when declared tables and migrations differ."""
    from hutong.platform import migrations

    migrations.upgrade_all()
    differences = migrations.check_all()
    for line in differences:
        typer.echo(line)
    say("cli-db-differs" if differences else "cli-db-agrees", count=len(differences))
    raise typer.Exit(1 if differences else 0)


@app.command(help=t("cli-help-db-revision"))
def revision(
    center: str = typer.Argument(help=t("cli-help-db-revision-center")),
    message: str = typer.Option(..., "-m", help=t("cli-help-why")),
    rewrite: bool = typer.Option(False, help=t("cli-help-db-revision-rewrite")),
) -> None:
    """Write a center's next revision from the difference between its tables and the database."""
    from hutong.platform import migrations

    migrations.make_revision(center, message, rewrite=rewrite)
