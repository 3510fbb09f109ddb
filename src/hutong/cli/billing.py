"""`hutong bill ...`: collect usage, rate a cycle, make bills, say why, audit."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hutong.cli.program import group
from hutong.cli.words import language, say, t, word

app = group("cli-help-bill")
BY = "system:0"
CycleText = Annotated[str, typer.Argument(help=t("cli-help-bill-cycle"))]


@app.command(help=t("cli-help-bill-collect"))
def collect(paths: Annotated[list[Path], typer.Argument(help=t("cli-help-bill-collect-paths"))]) -> None:
    """Collect usage files: read, check, find duplicates, quarantine what cannot be used."""
    from hutong.billing.collect import collect as run

    done = run(paths, BY)
    say(
        "cli-bill-collected",
        files=done.files,
        known=done.repeated_files,
        records=done.records,
        accepted=done.accepted,
        duplicates=done.duplicates,
        quarantined=done.quarantined,
        disagreeing=done.disagreeing_trailers,
    )
    for reason, number in done.reasons.items():
        say("cli-bill-quarantined", reason=word(f"cli-bill-reason-{reason}", reason), count=number)


@app.command(help=t("cli-help-bill-rate"))
def rate(cycle: CycleText) -> None:
    """Rate what is new or changed in a cycle."""
    from hutong.billing.rating import rate as run
    from hutong.platform import money

    done = run(cycle, BY)
    if done.run_id is None:
        say("cli-bill-nothing-new", cycle=cycle)
        return
    say(
        "cli-bill-rated",
        cycle=cycle,
        events=done.events,
        groups=done.groups,
        unpriced=done.unpriced,
        amount=str(money.to_decimal(done.charge_micros)),
        run=str(done.run_id),
    )


@app.command("run", help=t("cli-help-bill-run"))
def run_bills(
    cycle: CycleText, final: Annotated[bool, typer.Option(help=t("cli-help-bill-run-final"))] = False
) -> None:
    """Make the bills of a cycle: pro-forma, or final."""
    from hutong.billing.bill_run import run
    from hutong.platform import money

    done = run(cycle, BY, final=final)
    amount = str(money.to_decimal(done.total_micros))
    message = "cli-bill-made-final" if done.final else "cli-bill-made"
    say(message, cycle=cycle, bills=done.bills, lines=done.lines, amount=amount)


@app.command(help=t("cli-help-bill-why"))
def why(usage: Annotated[str, typer.Argument(help=t("cli-help-bill-why-usage"))]) -> None:
    """Why a usage event costs what it costs: plan, version, the way through it, and how it adds up."""
    from hutong.billing.explain import explain_usage
    from hutong.identity import SYSTEM
    from hutong.platform import money

    for rate in explain_usage(SYSTEM, usage, language())["rates"]:
        amount = str(money.to_decimal(rate["charge_micros"]))
        say("cli-bill-why", plan=rate["plan"], version=rate["version"], amount=amount)
        for step in rate["path"]:
            say("cli-bill-why-section", section=step["section"], condition=step["condition"] or "–")
        for sentence in rate["sentences"]:
            say("cli-bill-why-part", part=sentence)


@app.command(help=t("cli-help-bill-audit"))
def audit() -> None:
    """Compare both sides of every audit; exit status 1 when one does not hold."""
    from hutong.billing.audit import audit as run
    from hutong.identity import SYSTEM

    rows = run(SYSTEM)
    columns = ("audit", "cycle", "unit", "expected", "found", "difference")
    table = Table(*(t(f"cli-bill-audit-{column}") for column in columns), "")
    for row in rows:
        numbers = (f"{row.expected:,}", f"{row.found:,}", f"{row.difference:,}")
        unit = word(f"cli-bill-unit-{row.unit}", row.unit)
        verdict = t("cli-bill-audit-holds" if row.holds else "cli-bill-audit-differs")
        table.add_row(audit_in_words(row.name), row.cycle, unit, *numbers, verdict)
    Console().print(table)
    if not all(row.holds for row in rows):
        raise typer.Exit(1)


def audit_in_words(name: str) -> str:
    """What billing compares, in the user's language; the console has the same words."""
    return word(f"web-audit-{re.sub('[^a-z]+', '-', name)}", name)
