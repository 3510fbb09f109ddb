"""`hutong party-model`: train a version of the model, measure it, list versions. People approve it in the console."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hutong.cli.program import group
from hutong.cli.words import say, t, word

app = group("cli-help-model")
_HEADS = {"reviewed": "cli-model-reviewed-column"}


@app.command("train", help=t("cli-help-model-train"))
def train(kind: Annotated[str, typer.Argument(help=t("cli-help-model-kind"))] = "person") -> None:
    """Train on all records of a kind of party and draw the sample for its review."""
    from hutong.party.models.sampling import train_new

    say("cli-model-trained", id=train_new(kind, "system:0"))


@app.command("evaluate", help=t("cli-help-model-evaluate"))
def evaluate(
    model: Annotated[int, typer.Argument(help=t("cli-help-model-id"))],
    labels: Annotated[Path | None, typer.Option(help=t("cli-help-party-truth"), exists=True, dir_okay=False)] = None,
    wanted: Annotated[float, typer.Option(help=t("cli-help-model-wanted"), min=0.5, max=0.99999)] = 0.99,
) -> None:
    """Measure a version by the pairs that people, or a file of labels, reviewed."""
    from rich.console import Console

    from hutong.identity import SYSTEM
    from hutong.party.models import registry, sampling
    from hutong.party.offline.score import TruthColumns

    if labels:
        say("cli-model-reviewed", count=sampling.review_from(SYSTEM, model, labels, TruthColumns()))
    found = registry.evaluate(SYSTEM, model, wanted)
    columns = ("least", "pairs", "reviewed", "precision", "lower")
    table = Table(*(t(_HEADS.get(name, f"cli-model-{name}")) for name in columns))
    for one in found["measured"]:
        table.add_row(*(f"{one[name]:.4f}" if isinstance(one[name], float) else str(one[name]) for name in columns))
    Console().print(table)
    if found["merge_bits"] is None:
        say("cli-model-no-threshold", wanted=f"{wanted:.4f}")
    else:
        say("cli-model-threshold", bits=found["merge_bits"], wanted=f"{wanted:.4f}")


@app.command("list", help=t("cli-help-model-list"))
def listed() -> None:
    """All versions, newest first."""
    from rich.console import Console

    from hutong.identity import SYSTEM
    from hutong.party.models import registry

    columns = ("id", "kind", "version", "state", "records", "merge_bits", "trained_by", "approved_by")
    table = Table(*(t(f"cli-model-{name}") for name in columns))
    for row in registry.versions(SYSTEM):
        row["state"] = word(f"cli-model-state-{row['state']}", row["state"])
        table.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
    Console().print(table)
