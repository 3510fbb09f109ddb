"""`hutong catalog`: check, preview and publish a pack's documents."""

from pathlib import Path
from typing import Annotated

import typer

from hutong.cli.program import group
from hutong.cli.words import say, t

app = group("cli-help-catalog")

Pack = Annotated[Path, typer.Argument(help=t("cli-help-catalog-pack"), exists=True, file_okay=False)]


@app.command(help=t("cli-help-catalog-diff"))
def diff(pack: Pack) -> None:
    """Show what publishing a pack would change, place by place."""
    from hutong.catalog import documents, preview

    found = preview(documents.read_pack(pack))
    for item in found:
        say(f"catalog-cli-{item.change}", kind=item.kind.value, code=item.code)
        for edit in item.edits:
            typer.echo(f"    {edit.path}: {edit.before!r} → {edit.after!r}")
    if not found:
        say("catalog-cli-same")


@app.command(help=t("cli-help-catalog-publish"))
def publish(
    pack: Pack,
    note: Annotated[str, typer.Option(help=t("cli-help-why"))] = "",
    by: Annotated[str, typer.Option(help=t("cli-help-catalog-publish-by"))] = "cli",
) -> None:
    """Publish a pack's documents as one release; nothing when any of them is faulty."""
    from hutong.catalog import documents
    from hutong.catalog import publish as publish_documents
    from hutong.composition import compose
    from hutong.platform import migrations

    migrations.upgrade_all(anew=False)
    compose()
    release = publish_documents(documents.read_pack(pack), by=by, note=note)
    if release.number is None:
        say("catalog-cli-same")
    else:
        say("catalog-cli-published", number=release.number, count=len(release.changes))
