"""`hutong sample ...`: made-up data as real source systems and switches would export them."""

import re
from pathlib import Path
from typing import Annotated

import typer

from hutong.cli.program import group
from hutong.cli.words import say, t, word

app = group("cli-help-sample")


@app.callback(help=t("cli-help-sample"))
def sample() -> None:
    """Sample data with realistic defects."""


@app.command(help=t("cli-help-sample-telecom"))
def telecom(
    *,
    out: Annotated[Path, typer.Option(help=t("cli-help-sample-out"))],
    customers: Annotated[int, typer.Option(min=200, max=1_400_000, help=t("cli-help-sample-customers"))] = 20_000,
    events: Annotated[int, typer.Option(min=2_000, help=t("cli-help-sample-events"))] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, help=t("cli-help-sample-seed"))] = 7,
    active: Annotated[int, typer.Option(min=0, help=t("cli-help-sample-active"))] = 0,
    orders: Annotated[int, typer.Option(min=0, help=t("cli-help-sample-orders"))] = 24,
    first_cycle: Annotated[str, typer.Option(help=t("cli-help-sample-cycle"))] = "2026-09",
    months: Annotated[int, typer.Option(min=1, max=12, help=t("cli-help-sample-months"))] = 2,
    order_usage: Annotated[bool, typer.Option(help=t("cli-help-sample-usage"))] = False,
) -> None:
    """Write CRM, billing and call-centre exports, usage files, subscriptions, the truth and a manifest."""
    from hutong.cli.sample.generate import generate

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", first_cycle):
        raise typer.BadParameter(t("cli-sample-month", month=first_cycle), param_hint="--first-cycle")
    active = active or customers // 2
    if orders >= active and not order_usage:
        raise typer.BadParameter(t("cli-sample-nobody", orders=orders, active=active), param_hint="--orders")

    manifest = generate(
        out,
        customers=customers,
        lines=events,
        seed=seed,
        active=active,
        orders=orders,
        first_cycle=first_cycle,
        months=months,
        order_usage=order_usage,
    )
    for source, counts in manifest["sources"].items():
        name = word(f"cli-source-{source}", source)
        say("cli-sample-source", source=name, rows=counts["rows"], rejected=sum(counts["rejected"].values()))
    totals = manifest["usage"]["totals"]
    say("cli-sample-usage", records=totals["lines"], files=totals["files"], good=totals["valid"])
    say("cli-sample-written", folder=str(out))


@app.command(help=t("cli-help-sample-insurance"))
def insurance(
    *,
    out: Annotated[Path, typer.Option(help=t("cli-help-sample-out"))],
    customers: Annotated[int, typer.Option(min=100, max=1_000_000, help=t("cli-help-sample-customers"))] = 5_000,
    seed: Annotated[int, typer.Option(min=0, help=t("cli-help-sample-seed"))] = 7,
) -> None:
    """Write a life core system's CSV, a property core system's XLSX, a call centre's JSON lines, and the truth."""
    from hutong.cli.sample.insurance.generate import generate

    manifest = generate(out, customers=customers, seed=seed)
    for source, counts in manifest["sources"].items():
        name = word(f"cli-source-{source}", source)
        say("cli-sample-source", source=name, rows=counts["rows"], rejected=sum(counts["rejected"].values()))
    say("cli-sample-written", folder=str(out))
