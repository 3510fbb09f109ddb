"""`hutong sample ...`: made-up data as real source systems and switches would export them."""

import re
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Sample data with realistic defects. 带有真实缺陷的样例数据。")


@app.callback()
def sample() -> None:
    """Sample data with realistic defects. 带有真实缺陷的样例数据。"""


@app.command()
def telecom(
    *,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    customers: Annotated[int, typer.Option(min=200, max=1_400_000, help="True customers behind the records.")] = 20_000,
    events: Annotated[
        int, typer.Option(min=2_000, help="Usage records, repeats and broken ones included.")
    ] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal bytes.")] = 7,
    active: Annotated[int, typer.Option(min=0, help="Customers with subscriptions; 0: half of all.")] = 0,
    orders: Annotated[int, typer.Option(min=0, help="How many of these are left to be ordered.")] = 24,
    first_cycle: Annotated[str, typer.Option(help="First month of usage, YYYY-MM.")] = "2026-09",
    months: Annotated[int, typer.Option(min=1, max=12, help="Months of usage.")] = 2,
    order_usage: Annotated[bool, typer.Option(help="Usage also for numbers still to be ordered.")] = False,
) -> None:
    """Write CRM, billing and call-centre exports, usage files, subscriptions, the truth and a manifest."""
    from hutong.cli.sample.generate import generate

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", first_cycle):
        raise typer.BadParameter(f"{first_cycle} is not a month such as 2026-09", param_hint="--first-cycle")
    active = active or customers // 2
    if orders >= active and not order_usage:
        raise typer.BadParameter(
            f"{orders} of {active} active customers to be ordered leave nobody to use anything", param_hint="--orders"
        )

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
        typer.echo(f"{source}: {counts['rows']} rows, {sum(counts['rejected'].values())} to be refused")
    totals = manifest["usage"]["totals"]
    typer.echo(f"usage: {totals['lines']} records in {totals['files']} files, {totals['valid']} good")
    typer.echo(f"{out}")
