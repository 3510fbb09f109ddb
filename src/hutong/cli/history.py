"""`hutong history`: whether tables in use and their histories tell the same story."""

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Contiguous history: check.")


@app.callback()
def history() -> None:
    """Contiguous history of archive tables."""


@app.command()
def check(center: str = typer.Argument("", help="one center; empty: all")) -> None:
    """Check every table with contiguous history (BL-04); status 1 and a line per finding when something is wrong."""
    from hutong.platform import database, migrations
    from hutong.platform.history import check_center, is_historical

    console = Console()
    findings = 0
    for name in [center] if center else migrations.installed():
        metadata = migrations.tables_of(name).metadata
        tables = sum(is_historical(table) for table in metadata.sorted_tables)
        if not tables:
            continue
        with database.read(name) as conn:
            lines = check_center(conn, metadata)
        for line in lines:
            console.print(line, highlight=False)
        console.print(f"{name}: {tables} histories, {len(lines)} findings", highlight=False)
        findings += len(lines)
    raise typer.Exit(1 if findings else 0)
