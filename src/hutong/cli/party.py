"""`hutong import`, `resolve-parties`, `party-rules`, `readmit`: the customer master from the command line."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hutong.cli.program import group
from hutong.cli.resolve import show
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
    from hutong.party.ingest.mappings import read_document
    from hutong.party.ingest.spreadsheets import export_rejects
    from hutong.party.ingest.taking import take_in_file
    from hutong.platform import database

    report = take_in_file(file, read_document(mapping), "system:0")
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
        show({t(f"cli-party-{kind}"): found for kind, found in scores.items()})


@app.command("party-rules", help=t("cli-help-party-rules"))
def publish_rules(
    folder: Annotated[Path, typer.Argument(help=t("cli-help-party-folder"), exists=True, file_okay=False)],
) -> None:
    """Put a pack's matching and survivorship rules in force as new versions."""
    from hutong.party.documents.packs import publish_folder
    from hutong.platform import database

    with database.begin("party") as conn:
        made = publish_folder(conn, folder, "system:0")
    for kind, version in made.items():
        say("cli-party-published", kind=word(f"cli-party-document-{kind}", kind), version=version)
    if not made:
        say("cli-party-nothing")


@app.command("readmit", help=t("cli-help-party-readmit"))
def readmit(
    source: Annotated[str, typer.Argument(help=t("cli-help-party-readmit-source"))],
    key: Annotated[str, typer.Argument(help=t("cli-help-party-readmit-key"))],
) -> None:
    """Let an erased record come back with its source's next load: the person consented anew."""
    from hutong.identity import SYSTEM
    from hutong.party.lifecycle.erasure import consent_again

    consent_again(SYSTEM, source, key)
    say("cli-party-readmitted", source=source)
