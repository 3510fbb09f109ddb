"""`hutong catalog`: check, preview and publish a pack's documents."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hutong.platform.errors import Problem
from hutong.platform.i18n import translate
from hutong.platform.settings import settings

app = typer.Typer(no_args_is_help=True, help="Catalog: products, offers, price plans, order templates.")
console = Console()

Pack = Annotated[Path, typer.Argument(help="folder of a pack, e.g. packs/telecom", exists=True, file_okay=False)]


def _say(message_id: str, **params: str | int) -> None:
    console.print(translate(message_id, settings.default_locale, **params), markup=False, highlight=False)


def _refuse(problem: Problem) -> typer.Exit:
    details = problem.details(settings.default_locale)
    for line in (*details.get("errors", ()), details["title"]):
        console.print(line, markup=False, highlight=False)
    return typer.Exit(1)


def _compile_plans_too() -> None:
    """Let billing refuse plans that its kernel cannot price."""
    from hutong.billing.pricing.compile import compile_plans
    from hutong.billing.pricing.compiled import Published
    from hutong.catalog.price_plan import PricePlan
    from hutong.catalog.validation import check_plans_with

    def compiles(plan: PricePlan) -> None:
        compile_plans([Published(plan, 1)], settings.zone)

    check_plans_with(compiles)


@app.command()
def diff(pack: Pack) -> None:
    """Show what publishing a pack would change, place by place."""
    from hutong.catalog import documents, preview

    try:
        found = preview(documents.read_pack(pack))
    except Problem as problem:
        raise _refuse(problem) from problem
    for item in found:
        _say(f"catalog-cli-{item.change}", kind=item.kind.value, code=item.code)
        for edit in item.edits:
            console.print(f"    {edit.path}: {edit.before!r} → {edit.after!r}", markup=False, highlight=False)
    if not found:
        _say("catalog-cli-same")


@app.command()
def publish(
    pack: Pack,
    note: Annotated[str, typer.Option(help="why")] = "",
    by: Annotated[str, typer.Option(help="who publishes")] = "cli",
) -> None:
    """Publish a pack's documents as one release; nothing when any of them is faulty."""
    from hutong.catalog import documents
    from hutong.catalog import publish as publish_documents
    from hutong.platform import migrations

    migrations.upgrade_all()
    _compile_plans_too()
    try:
        release = publish_documents(documents.read_pack(pack), by=by, note=note)
    except Problem as problem:
        raise _refuse(problem) from problem
    if release.number is None:
        _say("catalog-cli-same")
    else:
        _say("catalog-cli-published", number=release.number, count=len(release.changes))
