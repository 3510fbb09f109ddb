"""`hutong resolve` and `hutong score`: files of persons or organisations resolved without server, database or
labels."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from hutong.cli.program import group
from hutong.cli.words import say, t, word

if TYPE_CHECKING:
    from hutong.party.match.model import Model
    from hutong.party.offline.resolve import Resolved
    from hutong.party.offline.score import Score

app = group("cli-help-resolve-files")
console = Console()


@app.command("resolve", help=t("cli-help-resolve"))
def resolve(  # noqa: PLR0917  (options by name)
    inputs: Annotated[list[Path], typer.Argument(help=t("cli-help-resolve-inputs"), exists=True, dir_okay=False)],
    mapping: Annotated[
        list[Path], typer.Option("--mapping", "-m", help=t("cli-help-resolve-mapping"), exists=True, dir_okay=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help=t("cli-help-resolve-out"))],
    golden: Annotated[Path | None, typer.Option("--golden", "-g", help=t("cli-help-resolve-golden"))] = None,
    explain: Annotated[Path | None, typer.Option(help=t("cli-help-resolve-explain"))] = None,
    model: Annotated[Path | None, typer.Option(help=t("cli-help-resolve-model"))] = None,
    threshold: Annotated[float | None, typer.Option(help=t("cli-help-resolve-threshold"))] = None,
    rules: Annotated[Path | None, typer.Option(help=t("cli-help-resolve-rules"), exists=True, dir_okay=False)] = None,
) -> None:
    """Resolve files: read, train (or load) a model, compare, cluster, write."""
    from hutong.party.offline.mapping import read_mapping
    from hutong.party.offline.outputs import write_outputs

    if len(mapping) not in (1, len(inputs)):
        raise typer.BadParameter(t("cli-party-mappings"), param_hint="--mapping")
    _writable({"--out": out, "--golden": golden, "--explain": explain, "--model": model}, [*inputs, *mapping])
    mappings = [read_mapping(path) for path in mapping] * (len(inputs) if len(mapping) == 1 else 1)
    if rules and (golden or explain):
        raise typer.BadParameter(t("cli-resolve-rules-clusters"), param_hint="--rules")
    if rules:
        _by_rules(list(zip(inputs, mappings, strict=True)), rules, out)
        return
    started = time.perf_counter()
    found = _models(model)
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True),
                  transient=True) as bar:  # fmt: skip
        task = bar.add_task(t("cli-resolve-step-read"), total=None)

        def tell(step: str) -> None:
            bar.update(task, description=word(f"cli-resolve-step-{step}", step))

        resolved = _resolve(list(zip(inputs, mappings, strict=True)), found, threshold, tell)
        tell("write")
        explained = write_outputs(resolved, out, golden, explain)
    if model and not model.exists():
        _save(resolved, model)
    _report(resolved, out, time.perf_counter() - started)
    if golden:
        say("cli-resolve-golden", file=str(golden))
    if explain:
        say("cli-resolve-explained", pairs=explained, file=str(explain))
    if model:
        say("cli-resolve-model", file=str(model))


def _writable(outputs: Mapping[str, Path | None], inputs: Sequence[Path]) -> None:
    """Refuse, before any work, to write where nothing can be written, or over what is read."""
    taken = {path.resolve() for path in inputs}
    for option, path in outputs.items():
        if path is None:
            continue
        folder = path.resolve().parent
        if path.is_dir():
            raise typer.BadParameter(t("cli-usage-no-file", path=str(path)), param_hint=option)
        if not folder.is_dir():
            raise typer.BadParameter(t("cli-usage-missing-file", path=str(folder)), param_hint=option)
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise typer.BadParameter(t("cli-resolve-not-writable", path=str(path)), param_hint=option)
        if path.resolve() in taken:
            raise typer.BadParameter(t("cli-resolve-taken", path=str(path)), param_hint=option)
        taken.add(path.resolve())


def _resolve(inputs: list, models: "dict[str, Model]", threshold: float | None, tell) -> "Resolved":  # type: ignore[no-untyped-def,type-arg]
    from hutong.party.offline.resolve import resolve_files

    return resolve_files(inputs, models, tell, threshold)


def _models(path: Path | None) -> "dict[str, Model]":
    import json

    from hutong.party.match.model import parse_model
    from hutong.platform.errors import Invalid

    if path is None or not path.exists():
        return {}
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        documents = body["models"]
    except (ValueError, KeyError, TypeError) as problem:
        raise Invalid("party-model-invalid", file=path.name, where="-", why=str(problem)[:200]) from problem
    return {made.kind: made for made in (parse_model(json.dumps(document), path.name) for document in documents)}


def _save(resolved: "Resolved", path: Path) -> None:
    """What was learned; a single record teaches nothing."""
    documents = ",\n".join(kind.model.model_dump_json() for kind in resolved.kinds if kind.model.comparisons)
    path.write_text(f'{{"models": [\n{documents}\n]}}\n', encoding="utf-8")


def _by_rules(inputs: list, rules: Path, out: Path) -> None:  # type: ignore[type-arg]
    """The rules of a document instead of a model: only for mappings of source systems."""
    import pyarrow.csv

    from hutong.party.match.rules import read_rules
    from hutong.party.offline.by_rules import resolve_files
    from hutong.party.offline.mapping import FileMapping

    if any(isinstance(mapping, FileMapping) for _, mapping in inputs):
        raise typer.BadParameter(t("cli-resolve-rules-source"), param_hint="--rules")
    made = resolve_files(inputs, read_rules(rules))
    pyarrow.csv.write_csv(made, out)
    say("cli-party-resolved-files", records=made.num_rows, parties=len(made.column("party").unique()), file=str(out))


def _report(resolved: "Resolved", out: Path, seconds: float) -> None:
    from hutong.party.offline.explain import groups

    records = resolved.clusters.num_rows
    say("cli-party-resolved-files", records=records, parties=len(resolved.clusters["party"].unique()), file=str(out))
    if resolved.repeated:
        say("cli-resolve-repeated", rows=resolved.repeated)
    for kind, (_, suspects) in zip(resolved.kinds, groups(resolved), strict=True):
        if not kind.model.comparisons:
            continue
        compared = ", ".join(word(f"cli-resolve-attribute-{c.name}", c.name) for c in kind.model.comparisons)
        say("cli-resolve-kind", kind=t(f"cli-party-{kind.kind}"), records=kind.records.num_rows,
            pairs=kind.linked.compared, possible=kind.records.num_rows * (kind.records.num_rows - 1) // 2,
            covered=f"{100 * kind.model.evidence.get('covered', 0):.1f}", comparisons=compared,
            threshold=f"{kind.model.threshold_bits:g}", suspects=suspects, version=kind.model.version)  # fmt: skip
    say("cli-resolve-time", seconds=f"{seconds:.1f}")


@app.command("score", help=t("cli-help-score"))
def score(
    clusters: Annotated[Path, typer.Argument(help=t("cli-help-party-clusters"), exists=True, dir_okay=False)],
    truth: Annotated[Path, typer.Option(help=t("cli-help-score-truth"), exists=True, dir_okay=False)],
    key: Annotated[str | None, typer.Option(help=t("cli-help-score-key"))] = None,
    entity: Annotated[str | None, typer.Option(help=t("cli-help-score-entity"))] = None,
    source: Annotated[str | None, typer.Option(help=t("cli-help-score-source"))] = None,
) -> None:
    """Pairwise and B³ precision, recall and F1 of clusters against a truth."""
    from hutong.party.offline.score import read_clusters, score_table, truth_columns

    made = read_clusters(clusters)
    show({clusters.name: score_table(made, truth, truth_columns(truth, key, entity, source))})


def show(scores: "dict[str, Score]") -> None:
    """A table of scores."""
    columns = ("records", "clusters", "entities", "precision", "recall", "f1", "b3_precision", "b3_recall", "b3_f1")
    table = Table("", *scores)
    for column in columns:
        values = (getattr(found, column) for found in scores.values())
        table.add_row(
            t(f"cli-party-score-{column}"), *(f"{v:.4f}" if isinstance(v, float) else f"{v:,}" for v in values)
        )
    console.print(table)
