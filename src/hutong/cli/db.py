"""`hutong db`: migrations of every center."""

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Database: upgrade, check, make a revision.")
console = Console()


@app.command()
def upgrade() -> None:
    """Bring every center's tables to the newest revision."""
    from hutong.platform import migrations

    migrations.upgrade_all()
    console.print("database is at the newest revision")


@app.command()
def check() -> None:
    """Fail when declared tables and migrations differ."""
    from hutong.platform import migrations

    migrations.upgrade_all()
    differences = migrations.check_all()
    for line in differences:
        console.print(line)
    raise typer.Exit(1 if differences else 0)


@app.command()
def revision(
    center: str,
    message: str = typer.Option(..., "-m", help="why"),
    rewrite: bool = typer.Option(False, help="replace the center's unreleased initial revision"),
) -> None:
    """Write a center's next revision from the difference between its tables and the database."""
    from hutong.platform import migrations

    migrations.make_revision(center, message, rewrite=rewrite)
