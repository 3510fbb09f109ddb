"""EC-11, EC-15, EC-16: an insurer's three systems become one customer master with policies, claims and households."""

import json
from collections import Counter
from collections.abc import Iterator
from csv import DictReader
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from hutong import masterdata
from hutong.cli.journey.insurer import CUSTOMERS, SUMMARIES
from hutong.cli.sample.insurance.generate import RENEWAL_DAYS, TODAY, generate
from hutong.identity import SYSTEM, clients
from hutong.identity.queries import client_by_code
from hutong.party.areas import due, read
from hutong.party.documents.packs import publish_folder
from hutong.party.ingest.areas.load import load_area_file
from hutong.party.ingest.areas.mapping import read_area_mapping
from hutong.party.ingest.load import LoadReport, load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.relations import households
from hutong.party.relations.find_households import find_households
from hutong.party.relations.read import roles
from hutong.party.resolution.resolve import resolve
from hutong.party.sharing import exports
from hutong.platform import clock, database, jobs

PACK = Path(__file__).parents[2] / "packs" / "insurance"


def load_summaries(folder: Path) -> dict[str, LoadReport]:
    """All files of the areas."""
    return {
        name: load_area_file(folder / file, read_area_mapping(PACK / "summaries" / f"{name}.yaml"), "test")
        for name, file in SUMMARIES.items()
    }


@pytest.fixture(scope="module")
def insurer(module_database: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The sample loaded, summaries before the customers they are about; resolved; households found."""
    folder = tmp_path_factory.mktemp("insurance")
    manifest = generate(folder, customers=600, seed=11)
    with database.begin("masterdata") as conn:
        masterdata.load_documents(conn, PACK.parent / "base" / "codes")
        masterdata.load_documents(conn, PACK / "codes")
    with database.begin("party") as conn:
        publish_folder(conn, PACK / "party", "test")
    reports = load_summaries(folder)
    for source, file in CUSTOMERS.items():
        load_file(folder / file, read_mapping(PACK / "mappings" / f"{source}.yaml"), "test")
    resolve("test")
    yield {"folder": folder, "manifest": manifest, "reports": reports, "found": find_households("test")}


def rows(query: str, **values: Any) -> list[Any]:
    """Rows of the customer master."""
    with database.read("party") as conn:
        return list(conn.execute(text(query), values))


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    """The sample is a function of its arguments."""
    for name in "ab":
        generate(tmp_path / name, customers=150, seed=5)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 10
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_every_row_is_accounted_for(insurer: dict[str, Any]) -> None:
    """EC-03, EC-16: rows = admitted + rejected; keys are those of the files; strange codes are not guessed."""
    business = insurer["manifest"]["business"]
    stored = {
        "policies": rows("SELECT count(*) FROM party.policy_summary WHERE source = 'life'")[0][0],
        "coverages": rows("SELECT count(*) FROM party.coverage_summary")[0][0],
        "property_policies": rows("SELECT count(*) FROM party.policy_summary WHERE source = 'property'")[0][0],
        "claims": rows("SELECT count(*) FROM party.claim_summary")[0][0],
        "events": rows("SELECT count(*) FROM party.customer_event")[0][0],
        "calls": rows("SELECT count(*) FROM party.touch")[0][0],
    }
    of = {"policies": "life-policies", "coverages": "life-coverages", "property_policies": "property-policies",
          "claims": "property-claims", "events": "service-events", "calls": "service-calls"}  # fmt: skip
    for name, mapping in of.items():
        report = insurer["reports"][mapping]
        assert report.rows == business[name]["rows"] and report.rows == report.admitted + report.rejected
        assert stored[name] == business[name]["keys"] - report.rejected, name
        assert report.waiting == stored[name], "before the customers came, all waited"
    reasons = Counter(reason for row in rows("SELECT reasons FROM party.rejected_record r JOIN party.load l "
                      "ON l.id = r.load_id WHERE l.mapping LIKE '%-%'") for reason in row[0])  # fmt: skip
    assert set(reasons) <= {"missing_state"}
    assert reasons["missing_state"] == sum(insurer["reports"][name].rejected for name in of.values())


def test_the_latest_state_is_kept(insurer: dict[str, Any]) -> None:
    """EC-16: of events stated several times in any order, the one changed last."""
    latest: dict[str, dict[str, str]] = {}
    for line in (insurer["folder"] / "service" / "events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        known = latest.get(event["eventId"])
        if known is None or event["updatedAt"] > known["updatedAt"]:
            latest[event["eventId"]] = event
    words = {"待处理": "open", "处理中": "in_progress", "已办结": "closed"}
    kept = dict(rows("SELECT key, state FROM party.customer_event"))
    assert kept == {key: words[event["state"]] for key, event in latest.items()}


def test_summaries_attach_to_the_right_customers(insurer: dict[str, Any]) -> None:
    """EC-16: what was stated before the customers came hangs on the party of the source key it names."""
    attached = rows("SELECT count(*) FROM party.v1_policy_summary")[0][0]
    total = rows("SELECT count(*) FROM party.policy_summary")[0][0]
    waiting = sum(read.waiting(SYSTEM, "policy_summary").values())
    business = insurer["manifest"]["business"]
    assert attached == total - waiting
    assert waiting <= business["policies"]["dangling"] + business["property_policies"]["dangling"]
    both = rows(
        """SELECT party_id FROM party.v1_policy_summary GROUP BY party_id HAVING count(DISTINCT source) = 2 LIMIT 1"""
    )
    assert both, "somebody holds policies of both companies"
    party = both[0][0]
    listed = read.of_party(SYSTEM, party, "policy_summary")
    assert {row["source"] for row in listed} == {"life", "property"}
    held = {(row["role"], row["context"]) for row in roles(SYSTEM, party)}
    assert held >= {("policyholder", row["number"]) for row in listed}


def test_the_same_files_change_nothing(insurer: dict[str, Any]) -> None:
    """EC-03: each file once; stated anew under another version, nothing is different."""
    assert all(report.again for report in load_summaries(insurer["folder"]).values())
    mapping = read_area_mapping(PACK / "summaries" / "property-claims.yaml").model_copy(update={"version": 2})
    again = load_area_file(insurer["folder"] / "property.xlsx", mapping, "test")
    assert not again.again and again.unchanged == rows("SELECT count(*) FROM party.claim_summary")[0][0]


def test_households_are_families(insurer: dict[str, Any]) -> None:
    """EC-11: most of the pairs found to live together are of one true family; a rerun changes nothing."""
    found = insurer["found"]
    assert found.households > 10 and find_households("test") == found._replace(new=0)
    with (insurer["folder"] / "families.csv").open(encoding="utf-8") as file:
        family = {int(row["customer_id"]): row["family"] for row in DictReader(file)}
    with (insurer["folder"] / "truth.csv").open(encoding="utf-8") as file:
        truth = {(row["source"], row["source_key"]): int(row["customer_id"] or 0) for row in DictReader(file)}
    homes: dict[int, set[str]] = {}
    for house, source, key in rows("SELECT household_id, of_source, of_key FROM party.household_member"):
        homes.setdefault(house, set()).add(family.get(truth[(source, key)], f"alone {truth[(source, key)]}"))
    right = sum(len(families) == 1 for families in homes.values())
    assert right / len(homes) > 0.85, f"{right} of {len(homes)}"
    member = rows("SELECT party_id FROM party.v1_household_member LIMIT 1")[0][0]
    shown = households.household_of(SYSTEM, member)
    assert shown and len(shown["members"]) > 1


def test_renewals_due_are_listed(insurer: dict[str, Any]) -> None:
    """EC-15: policies in force that fall due in the month after the files' day, with whom to call, by key."""
    renewals = insurer["manifest"]["renewals"]
    day = date.fromisoformat(TODAY)
    listed, place = [], None
    while page := due.renewals_due(SYSTEM, day, day + timedelta(days=RENEWAL_DAYS), after=place, limit=7):
        listed += page
        place = (page[-1]["due_on"], page[-1]["id"])
    lost = rows(
        """SELECT count(*) FROM party.policy_summary s WHERE s.state = 'in_force' AND due_on >= :day AND due_on < :end
           AND NOT EXISTS (SELECT 1 FROM party.xref x WHERE x.source = s.of_source AND x.key = s.of_key)""",
        day=day, end=day + timedelta(days=RENEWAL_DAYS),
    )[0][0]  # fmt: skip
    assert len(listed) == len({row["id"] for row in listed}) == renewals["life"] + renewals["property"] - lost
    assert [row["due_on"] for row in listed] == sorted(row["due_on"] for row in listed)
    assert all(row["name"] and row["number"] for row in listed)


def test_the_life_of_a_policyholder_is_told(insurer: dict[str, Any]) -> None:
    """EC-12: the timeline of who has most: policies, roles, calls, events, in order."""
    from hutong.party.areas.timeline import timeline

    party = rows("SELECT party_id FROM party.v1_touch GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")[0][0]
    told = timeline(SYSTEM, party, limit=200)
    assert {"touch", "version"} <= {each.kind for each in told}
    assert all(one.at >= other.at for one, other in pairwise(told))
    assert told[-1].at > datetime(2000, 1, 1, tzinfo=UTC)


def exported(code: str) -> dict[int, dict[str, Any]]:
    """The rows of an export's XLSX file by customer, under the headings of the file."""
    with database.begin("party") as conn:
        publish_folder(conn, PACK / "sharing", "test")
    with database.begin("identity") as conn:
        clients.register(conn, code=code, name=code, rights=["party.read", "party.export"], per_second=10)
    consumer = client_by_code(code)
    assert consumer is not None
    run = exports.start(consumer, code)
    jobs.run_queued()
    head, *body = load_workbook(exports.fetch(consumer, run["id"])[1]).active.iter_rows(values_only=True)
    return {int(row[0]): dict(zip(head, row, strict=True)) for row in body}


def test_prospects_are_listed(insurer: dict[str, Any]) -> None:
    """EC-15: persons of working age without a policy in force whom one may call, and nobody else, as a file."""
    today = clock.today()
    wanted = rows(
        """SELECT p.id FROM party.party p
           WHERE p.state = 'active' AND p.kind = 'person'
             AND p.birth_date <= CAST(:today AS date) - interval '22 years'
             AND p.birth_date > CAST(:today AS date) - interval '61 years'
             AND NOT EXISTS (SELECT FROM party.xref x JOIN party.policy_summary t
                             ON t.of_source = x.source AND t.of_key = x.key
                             WHERE x.party_id = p.id AND t.state = 'in_force')
             AND NOT EXISTS (SELECT FROM party.xref x JOIN party.consent t
                             ON t.of_source = x.source AND t.of_key = x.key
                             WHERE x.party_id = p.id AND NOT t.given)
             AND NOT EXISTS (SELECT FROM party.xref x JOIN party.preference t
                             ON t.of_source = x.source AND t.of_key = x.key
                             WHERE x.party_id = p.id AND t.kind = 'do_not_contact')""",
        today=today,
    )
    found = exported("prospects")
    assert found.keys() == {row.id for row in wanted} and len(found) > 5
