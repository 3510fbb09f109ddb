"""`hutong import`, `resolve-parties`, `resolve`, `score`, `party-rules`: the customer master from the command line."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hutong.cli.program import group
from hutong.cli.words import say, t, word

app = group("cli-help-party")
console = Console()
InputFile = Annotated[Path, typer.Argument(help=t("cli-help-party-file"), exists=True, dir_okay=False)]
MappingFile = Annotated[
    Path, typer.Option("--mapping", "-m", help=t("cli-help-party-mapping"), exists=True, dir_okay=False)
]


@app.command("import", help=t("cli-help-party-import"))
def import_file(
    file: InputFile,
    mapping: MappingFile,
    rejects: Annotated[Path | None, typer.Option(help=t("cli-help-party-rejects"))] = None,
) -> None:
    """Take a source system's file in: read, standardise, admit; rejected rows are kept with their reasons."""
    from hutong.party.ingest.load import load_file
    from hutong.party.ingest.mapping import read_mapping
    from hutong.party.ingest.spreadsheets import export_rejects
    from hutong.platform import database

    report = load_file(file, read_mapping(mapping), "system:0")
    counts = {name: getattr(report, name) for name in ("rows", "admitted", "rejected", "unchanged")}
    say("cli-party-imported-before" if report.again else "cli-party-imported", source=report.source, **counts)
    for reason, count in report.reasons.items():
        say("cli-party-rejected", reason=word(f"web-reject-{reason}", reason), count=count)
    for code_set, codes in report.unmapped.items():
        listed = ", ".join(f"{code} ({count})" for code, count in codes.items())
        say("cli-party-unmapped", code_set=code_set, codes=listed)
    if rejects:
        with database.read("party") as conn, rejects.open("w", encoding="utf-8-sig", newline="") as out:
            out.writelines(export_rejects(conn, report.load_id))
        say("cli-party-rejects", file=str(rejects))


@app.command("resolve-parties", help=t("cli-help-party-resolve-parties"))
def resolve_parties(
    truth: Annotated[Path | None, typer.Option(help=t("cli-help-party-truth"))] = None,
) -> None:
    """Resolve all source records into parties: rules judge, clusters follow, golden records are brought up to date."""
    from hutong.party.resolution.resolve import resolve
    from hutong.party.resolution.score import score
    from hutong.platform import database

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(t("cli-party-resolving"), total=4)
        done = resolve(
            progress=lambda at, total, name: bar.update(
                task, completed=at, total=total, description=word(f"cli-party-step-{name}", name)
            )
        )
    say(
        "cli-party-resolved",
        records=done.records,
        parties=done.parties,
        pairs=done.pairs,
        generic=done.generic_values,
        made=done.judgements_made,
        ended=done.judgements_ended,
        created=done.created,
        changed=done.changed,
        retired=done.retired,
        suspects=done.suspect_groups,
    )
    if truth:
        with database.read("party") as conn:
            scores = {kind or "all": score(conn, truth, kind=kind) for kind in (None, "person", "organisation")}
        _show({t(f"cli-party-{kind}"): found for kind, found in scores.items()})


@app.command("resolve", help=t("cli-help-party-resolve"))
def resolve_file(
    inputs: Annotated[list[Path], typer.Argument(help=t("cli-help-party-files"), exists=True, dir_okay=False)],
    mapping: Annotated[list[Path], typer.Option("--mapping", "-m", help=t("cli-help-party-mappings"), exists=True)],
    out: Annotated[Path, typer.Option(help=t("cli-help-party-out"))],
    rules: Annotated[Path | None, typer.Option(help=t("cli-help-party-rules-file"), exists=True)] = None,
) -> None:
    """Resolve files without a server or database."""
    import pyarrow.csv

    from hutong.party.documents import DEFAULTS
    from hutong.party.ingest.mapping import read_mapping
    from hutong.party.match.rules import read_rules
    from hutong.party.resolution.offline import resolve_files

    if len(mapping) not in (1, len(inputs)):
        raise typer.BadParameter(t("cli-party-mappings"), param_hint="--mapping")
    mappings = [read_mapping(path) for path in mapping] * (len(inputs) if len(mapping) == 1 else 1)
    made = resolve_files(list(zip(inputs, mappings, strict=True)), read_rules(rules or DEFAULTS / "rules.yaml"))
    pyarrow.csv.write_csv(made, out)
    parties = len(made.column("party").unique())
    say("cli-party-resolved-files", records=made.num_rows, parties=parties, file=str(out))


@app.command("score", help=t("cli-help-party-score"))
def score_file(
    clusters: Annotated[Path, typer.Argument(help=t("cli-help-party-clusters"), exists=True, dir_okay=False)],
    truth: Annotated[Path, typer.Option(help=t("cli-help-party-truth-file"), exists=True, dir_okay=False)],
    key: Annotated[str, typer.Option(help=t("cli-help-party-key"))] = "source_key",
    entity: Annotated[str, typer.Option(help=t("cli-help-party-entity"))] = "customer_id",
    source: Annotated[str, typer.Option(help=t("cli-help-party-source"))] = "",
) -> None:
    """Pairwise and B³ precision, recall and F1 of clusters against a truth."""
    import pyarrow as pa
    import pyarrow.csv

    from hutong.party.resolution.score import TruthColumns, score_table

    types = {"source": pa.string(), "key": pa.string(), "party": pa.int64()}
    made = pyarrow.csv.read_csv(clusters, convert_options=pyarrow.csv.ConvertOptions(column_types=types))
    _show({clusters.name: score_table(made, truth, TruthColumns(key, entity, source or None))})


@app.command("party-rules", help=t("cli-help-party-rules"))
def publish_rules(
    folder: Annotated[Path, typer.Argument(help=t("cli-help-party-folder"), exists=True, file_okay=False)],
) -> None:
    """Put a pack's matching and survivorship rules in force as new versions."""
    from hutong.party.documents import publish_folder
    from hutong.platform import database

    with database.begin("party") as conn:
        made = publish_folder(conn, folder, "system:0")
    for kind, version in made.items():
        say("cli-party-published", kind=word(f"cli-party-document-{kind}", kind), version=version)
    if not made:
        say("cli-party-nothing")


def _show(scores: dict[str, object]) -> None:
    columns = ("records", "clusters", "entities", "precision", "recall", "f1", "b3_precision", "b3_recall", "b3_f1")
    table = Table("", *(t(f"cli-party-score-{column}") for column in columns))
    for name, found in scores.items():
        values = (getattr(found, column) for column in columns)
        table.add_row(name, *(f"{value:.4f}" if isinstance(value, float) else str(value) for value in values))
    console.print(table)
