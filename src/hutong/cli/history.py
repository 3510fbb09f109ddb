"""`hutong history`: whether tables in use and their histories tell the same story."""

import typer

from hutong.cli.program import group
from hutong.cli.words import say, t

app = group("cli-help-history")


@app.callback(help=t("cli-help-history"))
def history() -> None:
    """Contiguous history of archive tables."""


@app.command(help=t("cli-help-history-check"))
def check(center: str = typer.Argument("", help=t("cli-help-history-center"))) -> None:
    """Check every table with contiguous history (BL-04); status 1 and a line per finding when something is wrong."""
    from hutong.platform import database, migrations
    from hutong.platform.history import check_center, is_historical

    findings = 0
    for name in [center] if center else migrations.installed():
        metadata = migrations.tables_of(name).metadata
        tables = sum(is_historical(table) for table in metadata.sorted_tables)
        if not tables:
            continue
        with database.read(name) as conn:
            lines = check_center(conn, metadata)
        for line in lines:
            typer.echo(line)
        say("cli-history-checked", center=name, tables=tables, count=len(lines))
        findings += len(lines)
    raise typer.Exit(1 if findings else 0)
