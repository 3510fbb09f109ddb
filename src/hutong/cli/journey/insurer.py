"""Chapter 1, beside the operator: the insurer of the same group, whose customers are partly the same people; with what
they hold as information areas of the customer (EC-16), families found by rule (EC-11), and renewals that fall due
(EC-15)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from hutong.cli.journey.preparation import PACKS
from hutong.cli.sample.insurance.generate import RENEWAL_DAYS, TODAY
from hutong.cli.words import word
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.load import LoadReport
from hutong.party.ingest.mappings import read_document
from hutong.party.ingest.taking import take_in_file
from hutong.party.relations.find_households import HouseholdsFound, find_households
from hutong.platform import database

PACK = PACKS / "insurance"
CUSTOMERS = {"life": "life/customers.csv", "property": "property.xlsx", "service": "service/contacts.jsonl"}
SUMMARIES = {
    "life-policies": "life/policies.csv", "life-holder": "life/policies.csv", "life-insured": "life/policies.csv",
    "life-beneficiary": "life/policies.csv", "life-coverages": "life/coverages.csv",
    "property-policies": "property.xlsx", "property-holder": "property.xlsx", "property-claims": "property.xlsx",
    "service-events": "service/events.jsonl", "service-calls": "service/calls.jsonl",
}  # fmt: skip
"""Mapping document of an area → the file of the sample it reads."""
BY = "system:0"
Say = Callable[..., None]


@dataclass(frozen=True)
class Insured:
    """What the insurer's side came to. `held`: area → (statements, customers they are about); `both`: customers of the
    operator and the insurer; `due`: policies in force that fall due in the month after the files' day."""

    held: dict[str, tuple[int, int]]
    households: HouseholdsFound
    both: int
    due: int
    seconds: float


def customers(sample: Path, say: Say) -> dict[str, LoadReport]:
    """The customers of its three systems, before they are resolved with the operator's."""
    made = {}
    for source, name in CUSTOMERS.items():
        found = made[source] = take_in_file(sample / name, read_document(PACK / "mappings" / f"{source}.yaml"), BY)
        called = word(f"cli-source-{source}", source)
        say("journey-loaded", source=called, rows=found.rows, admitted=found.admitted, rejected=found.rejected)
    return made


def summaries(sample: Path) -> list[str]:
    """Policies and what follows from them: rows name their customers by the systems' own keys, whoever those became.
    Returns the areas."""
    documents = {name: read_document(PACK / "summaries" / f"{name}.yaml") for name in SUMMARIES}
    for name, file in SUMMARIES.items():
        take_in_file(sample / file, documents[name], BY)
    return list(dict.fromkeys(each.area for each in documents.values() if isinstance(each, AreaMapping)))


def take_stock(sample: Path, say: Say) -> Insured:
    """Take in the summaries of resolved customers, find families, and count."""
    started = time.perf_counter()
    areas = summaries(sample)
    found = find_households(BY)
    today = date.fromisoformat(TODAY)
    with database.read("party") as conn:
        held = {
            area: tuple(conn.execute(text(f"SELECT count(*), count(DISTINCT party_id) FROM party.v1_{area}")).one())  # noqa: S608
            for area in areas
        }
        both = conn.execute(text(_BOTH), {"insurer": list(CUSTOMERS)}).scalar_one()
        due = conn.execute(text(_DUE), {"first": today, "end": today + timedelta(days=RENEWAL_DAYS)}).scalar_one()
    say("journey-insured", policies=held["policy_summary"][0], households=found.households)
    return Insured(held, found, both, due, time.perf_counter() - started)


_BOTH = """
SELECT count(*) FROM (
    SELECT party_id FROM party.xref GROUP BY party_id
    HAVING bool_or(source = ANY(:insurer)) AND bool_or(source <> ALL(:insurer))) AS shared"""
_DUE = """
SELECT count(*) FROM party.v1_policy_summary
WHERE state = 'in_force' AND due_on >= :first AND due_on < :end"""
