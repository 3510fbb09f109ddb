"""`hutong import`, `resolve-parties`, `resolve`, `score`, `party-rules`: the customer master from the command line."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hutong.platform.errors import Problem

app = typer.Typer(no_args_is_help=True, help="Customer master: take files in, resolve them, score.")
console = Console()
InputFile = Annotated[Path, typer.Argument(help="CSV, XLSX or JSON lines", exists=True, dir_okay=False)]
MappingFile = Annotated[
    Path, typer.Option("--mapping", "-m", help="mapping document (YAML)", exists=True, dir_okay=False)
]


def _refuse(problem: Problem) -> typer.Exit:
    from hutong.platform.i18n import choose

    console.print(problem.message(choose()), style="red")
    return typer.Exit(1)


@app.command("import")
def import_file(
    file: InputFile,
    mapping: MappingFile,
    rejects: Annotated[Path | None, typer.Option(help="write rejected rows with their reasons here")] = None,
) -> None:
    """Take a source system's file in: read, standardise, admit; rejected rows are kept with their reasons."""
    from hutong.party.load import export_rejects, load_file
    from hutong.party.mapping import read_mapping
    from hutong.platform import database

    try:
        report = load_file(file, read_mapping(mapping), "system:0")
    except Problem as problem:
        raise _refuse(problem) from problem
    again = " (known already: nothing done)" if report.again else ""
    console.print(
        f"{report.source}: {report.rows} rows, {report.admitted} admitted, {report.rejected} rejected, "
        f"{report.unchanged} unchanged{again}"
    )
    for reason, count in report.reasons.items():
        console.print(f"  rejected {reason}: {count}")
    for code_set, codes in report.unmapped.items():
        console.print(f"  unmapped {code_set}: " + ", ".join(f"{code} ({count})" for code, count in codes.items()))
    if rejects:
        with database.read("party") as conn, rejects.open("w", encoding="utf-8-sig", newline="") as out:
            out.writelines(export_rejects(conn, report.load_id))
        console.print(f"  rejected rows: {rejects}")


@app.command("resolve-parties")
def resolve_parties(
    truth: Annotated[
        Path | None, typer.Option(help="truth file, for scoring only: source, source_key, customer_id")
    ] = None,
) -> None:
    """Resolve all source records into parties: rules judge, clusters follow, golden records are brought up to date."""
    from hutong.party.resolve import resolve
    from hutong.party.score import score
    from hutong.platform import database

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("resolve", total=4)
        done = resolve(progress=lambda at, total, name: bar.update(task, completed=at, total=total, description=name))
    console.print(
        f"{done.records} records → {done.parties} parties; {done.pairs} pairs compared, {done.generic_values} generic "
        f"values disarmed, {done.judgements_made} judgements made, {done.judgements_ended} ended; "
        f"{done.created} parties "
        f"created, {done.changed} changed, {done.retired} retired; {done.suspect_groups} suspect groups"
    )
    if truth:
        with database.read("party") as conn:
            _show({kind or "all": score(conn, truth, kind=kind) for kind in (None, "person", "organisation")})


@app.command("resolve")
def resolve_file(
    inputs: Annotated[list[Path], typer.Argument(help="files", exists=True, dir_okay=False)],
    mapping: Annotated[list[Path], typer.Option("--mapping", "-m", help="one for all files, or one each", exists=True)],
    out: Annotated[Path, typer.Option(help="CSV: source, key, party")],
    rules: Annotated[
        Path | None, typer.Option(help="rules document; by default the delivered one", exists=True)
    ] = None,
) -> None:
    """Resolve files without a server or database."""
    import pyarrow.csv

    from hutong.party.documents import DEFAULTS
    from hutong.party.mapping import read_mapping
    from hutong.party.match.rules import read_rules
    from hutong.party.offline import resolve_files

    if len(mapping) not in (1, len(inputs)):
        raise typer.BadParameter("give one mapping, or one for each file")
    try:
        mappings = [read_mapping(path) for path in mapping] * (len(inputs) if len(mapping) == 1 else 1)
        made = resolve_files(list(zip(inputs, mappings, strict=True)), read_rules(rules or DEFAULTS / "rules.yaml"))
    except Problem as problem:
        raise _refuse(problem) from problem
    pyarrow.csv.write_csv(made, out)
    console.print(f"{made.num_rows} records → {len(made.column('party').unique())} parties: {out}")


@app.command("score")
def score_file(
    clusters: Annotated[Path, typer.Argument(help="CSV of `hutong resolve`", exists=True, dir_okay=False)],
    truth: Annotated[Path, typer.Option(help="CSV with the true entity of each key", exists=True, dir_okay=False)],
    key: Annotated[str, typer.Option(help="truth column: source key")] = "source_key",
    entity: Annotated[str, typer.Option(help="truth column: true entity")] = "customer_id",
    source: Annotated[str, typer.Option(help="truth column: source system; empty: keys are unique")] = "",
) -> None:
    """Pairwise and B³ precision, recall and F1 of clusters against a truth."""
    import pyarrow as pa
    import pyarrow.csv

    from hutong.party.score import TruthColumns, score_table

    types = {"source": pa.string(), "key": pa.string(), "party": pa.int64()}
    made = pyarrow.csv.read_csv(clusters, convert_options=pyarrow.csv.ConvertOptions(column_types=types))
    try:
        _show({clusters.name: score_table(made, truth, TruthColumns(key, entity, source or None))})
    except Problem as problem:
        raise _refuse(problem) from problem


@app.command("party-rules")
def publish_rules(
    folder: Annotated[
        Path, typer.Argument(help="a pack's party folder, e.g. packs/telecom/party", exists=True, file_okay=False)
    ],
) -> None:
    """Put a pack's matching and survivorship rules in force as new versions."""
    from hutong.party.documents import publish_folder
    from hutong.platform import database

    try:
        with database.begin("party") as conn:
            made = publish_folder(conn, folder, "system:0")
    except Problem as problem:
        raise _refuse(problem) from problem
    console.print(", ".join(f"{kind} version {version}" for kind, version in made.items()) or "nothing to publish")


def _show(scores: dict[str, object]) -> None:
    columns = ("records", "clusters", "entities", "precision", "recall", "f1", "b3_precision", "b3_recall", "b3_f1")
    table = Table(*("", *columns))
    for name, found in scores.items():
        values = (getattr(found, column) for column in columns)
        table.add_row(name, *(f"{value:.4f}" if isinstance(value, float) else str(value) for value in values))
    console.print(table)
