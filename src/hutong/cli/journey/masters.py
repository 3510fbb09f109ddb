"""Chapter 1: messy records of an operator's and an insurer's systems become golden customers; and a real file is
resolved beside."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from hutong.cli.journey import insurer
from hutong.cli.journey.preparation import PACKS
from hutong.cli.words import word
from hutong.party.ingest.load import LoadReport, load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.match.rules import read_rules
from hutong.party.offline.by_rules import resolve_files
from hutong.party.offline.score import Score, TruthColumns, score_table
from hutong.party.reading import listing
from hutong.party.resolution.resolve import Resolved, resolve
from hutong.party.resolution.score import score
from hutong.platform import database

SOURCES = {"crm": "crm.csv", "billing": "billing.xlsx", "callcentre": "callcentre.jsonl"}
CHICAGO = Path(__file__).parents[5] / "shared" / "data" / "chicago-early-childhood.csv"
Say = Callable[..., None]


@dataclass(frozen=True)
class Masters:
    """What came of the sources. Seconds are wall time."""

    loads: dict[str, LoadReport]
    load_seconds: float
    resolved: Resolved
    resolve_seconds: float
    insured: insurer.Insured
    waiting_suspects: int
    scores: dict[str, Score]


def bring_in(sample: Path, say: Say) -> Masters:
    """Import the exports of all systems, resolve them, take in what the insurer's customers hold, and score the result
    against the truth (used for nothing else)."""
    started = time.perf_counter()
    loads: dict[str, LoadReport] = {}
    for source, name in SOURCES.items():
        mapping = read_mapping(PACKS / "telecom" / "mappings" / f"{source}.yaml")
        loads[source] = load_file(sample / "sources" / name, mapping, "system:0")
        found = loads[source]
        called = word(f"cli-source-{source}", source)
        say("journey-loaded", source=called, rows=found.rows, admitted=found.admitted, rejected=found.rejected)
    loads |= insurer.customers(sample / "insurance", say)
    loaded = time.perf_counter()
    resolved = resolve()
    ended = time.perf_counter()
    insured = insurer.take_stock(sample / "insurance", say)
    truths = sorted(sample.glob("**/truth.csv"))  # both: a customer has one number in them
    with database.read("party") as conn:
        scores = {kind: score(conn, truths, kind=kind) for kind in ("person", "organisation")}
    return Masters(loads, loaded - started, resolved, ended - loaded, insured, listing.figures()["suspects"], scores)


def resolve_chicago() -> Score | None:
    """Nine real lists of organisations and sites, by the same engine without a database; None where the file is not."""
    if not CHICAGO.is_file():
        return None
    folder = PACKS / "samples" / "chicago"
    made: pa.Table = resolve_files(
        [(CHICAGO, read_mapping(folder / "mapping.yaml"))], read_rules(folder / "rules.yaml")
    )
    return score_table(made, CHICAGO, TruthColumns("Id", "True Id", None))
