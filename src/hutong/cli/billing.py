"""`hutong bill ...`: collect usage, rate a cycle, make bills, audit."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hutong.platform.errors import Problem

app = typer.Typer(no_args_is_help=True, help="Billing: usage, rating, bills, audits.")
console = Console()
BY = "system:0"
CycleText = Annotated[str, typer.Argument(help="bill cycle, e.g. 202609")]


def _refuse(problem: Problem) -> typer.Exit:
    from hutong.platform.i18n import choose

    console.print(problem.message(choose()), style="red")
    return typer.Exit(1)


@app.command()
def collect(paths: Annotated[list[Path], typer.Argument(help="usage files, or folders of them")]) -> None:
    """Collect usage files: read, check, find duplicates, quarantine what cannot be used."""
    from hutong.billing.collect import collect as run

    try:
        done = run(paths, BY)
    except Problem as problem:
        raise _refuse(problem) from problem
    console.print(
        f"{done.files} files ({done.repeated_files} known already), {done.records} records = "
        f"{done.accepted} accepted + {done.duplicates} duplicates + {done.quarantined} quarantined; "
        f"{done.disagreeing_trailers} trailers disagree"
    )
    for reason, number in done.reasons.items():
        console.print(f"  quarantined {reason}: {number}")


@app.command()
def rate(cycle: CycleText) -> None:
    """Rate what is new or changed in a cycle."""
    from hutong.billing.rating import rate as run
    from hutong.platform import money

    try:
        done = run(cycle, BY)
    except Problem as problem:
        raise _refuse(problem) from problem
    if done.run_id is None:
        console.print(f"{cycle}: nothing new")
        return
    console.print(
        f"{cycle}: {done.events} events of {done.groups} groups, {done.unpriced} unpriced, "
        f"{money.to_decimal(done.charge_micros)} posted (run {done.run_id})"
    )


@app.command("run")
def run_bills(
    cycle: CycleText, final: Annotated[bool, typer.Option(help="final bills: they stay as they are")] = False
) -> None:
    """Make the bills of a cycle: pro-forma, or final."""
    from hutong.billing.bill_run import run
    from hutong.platform import money

    try:
        done = run(cycle, BY, final=final)
    except Problem as problem:
        raise _refuse(problem) from problem
    kind = "final" if done.final else "pro-forma"
    console.print(
        f"{cycle}: {done.bills} {kind} bills, {done.lines} lines, {money.to_decimal(done.total_micros)} in all"
    )


@app.command()
def audit() -> None:
    """Compare both sides of every audit; exit status 1 when one does not hold."""
    from hutong.billing.audit import audit as run
    from hutong.identity import SYSTEM

    rows = run(SYSTEM)
    table = Table("audit", "cycle", "unit", "expected", "found", "difference", "")
    for row in rows:
        numbers = (f"{row.expected:,}", f"{row.found:,}", f"{row.difference:,}")
        table.add_row(row.name, row.cycle, row.unit, *numbers, "holds" if row.holds else "DIFFERS")
    console.print(table)
    if not all(row.holds for row in rows):
        raise typer.Exit(1)
