"""Chapter 5: a morning at the desks, so that every page has something on it: groups, quality measured before and after
corrections and call-backs mended it, a call list for a seat, a suspected group decided, a change that waits."""

import csv
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from hutong.cli.journey.preparation import PACKS
from hutong.identity import Principal
from hutong.insight.snapshots import take_all
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.lifecycle.changes import apply_change
from hutong.party.quality.measure import Measured, measure
from hutong.party.reading import requests
from hutong.party.relations import groups
from hutong.party.resolution.resolve import resolve
from hutong.party.sharing import call_lists, calls
from hutong.party.sharing.calls import Disposition
from hutong.party.stewardship import decide, desk, enhancement
from hutong.platform import clock, database

DAYS_MEASURED = 2
"""Before today: each day's measurement precedes that day's corrections."""
CORRECTED_ONE_IN = 20
"""Of so many records of the CRM, one is corrected a day."""
CALLED_BACK = 60
"""Customers whose e-mail address a day of call-backs brings, at most."""
KEPT = 6
"""Customers on the group that is a list."""
CAMPAIGNS = ("renewal-motor", "policy-review")
CALLED: tuple[tuple[Disposition, str, timedelta | None], ...] = (
    ("reached", "续期账号已更新，对保障满意", None),
    ("unreachable", "", None),
    ("callback", "开会中，约时间再谈", timedelta(hours=2)),
    ("refused", "暂不考虑加保", None),
)  # fmt: skip
"""What came of a seat's first calls: disposition, note, when to call back."""
BY = "system:0"


@dataclass(frozen=True)
class Desk:
    """What was done. `failed`: checks failed at the first and at the last measurement."""

    failed: tuple[int, int]
    tasks: int
    called: int
    seconds: float


def work(people: Mapping[str, Principal], folder: Path, say: Callable[..., None]) -> Desk:
    """Do the morning's work as the people of the demo (by login); files of corrections go to `folder`. Repeatable: what
    was done stays done."""
    started = time.perf_counter()
    steward = people["steward"]
    keep_groups(steward)
    first, last, tasks = measure_and_mend(steward, folder)
    called = call_list(people["lead"], people["seat"])
    decide_one(steward)
    ask_for_change(people["clerk"])
    say("journey-desk", first=first, last=last, tasks=tasks, called=called)
    return Desk((first, last), tasks, called, time.perf_counter() - started)


def keep_groups(steward: Principal) -> None:
    """Two groups by rule, and a list kept by people."""
    valued = 'row.kind == "person" && row.grade in ["gold", "diamond"]'
    groups.define(steward, "valued", "贵宾客户", "Valued customers", valued)
    covered = 'row.kind == "person" && row.policies >= 2 && row.claims == 0'
    groups.define(steward, "covered", "多保单无赔案客户", "Several policies and no claim", covered)
    visited = groups.define(steward, "visits", "本季走访名单", "To be visited this quarter")
    with database.read("party") as conn:
        asked = """SELECT id FROM party.party WHERE state = 'active' AND kind = 'organisation'
                   ORDER BY record_count DESC, id LIMIT :kept"""
        chosen = list(conn.execute(text(asked), {"kept": KEPT}).scalars())
    groups.put_in(steward, visited, chosen)


def measure_and_mend(steward: Principal, folder: Path) -> tuple[int, int, int]:
    """Measure for some days with corrections between; the clock stands in the evening of each. Returns the checks
    failed at first and at last, and the tasks opened."""
    measured: list[Measured] = []
    today = clock.start_of_day(clock.today())
    for ago in range(DAYS_MEASURED, 0, -1):
        evening = today - timedelta(days=ago - 1, hours=2)
        with clock.fixed(evening):
            measured.append(measure())
            take_all()
        correct(folder / f"crm-{evening:%m%d}.csv", evening + timedelta(hours=1))
        call_back(steward, f"{evening:%m-%d}", waits=ago == 1)
    resolve(BY)
    measured.append(measure())
    take_all()
    return measured[0].failed, measured[-1].failed, sum(each.tasks.opened for each in measured)


def correct(path: Path, at: datetime) -> None:
    """The CRM sends rows anew that nobody had looked at for three years: confirmed at `at`, with the birth date that
    the identity card says."""
    if path.exists():
        return
    mapping = read_mapping(PACKS / "telecom" / "mappings" / "crm.yaml")
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(_STALE, {"one_in": CORRECTED_ONE_IN, "at": at}).scalars()]
    for row in rows:
        row["更新时间"] = f"{at:%Y/%m/%d %H:%M:%S}"
        card = row["证件号码"] or ""
        if row["证件类型"] == "01" and len(card) == 18 and not row["出生日期"]:
            row["出生日期"] = f"{card[6:10]}-{card[10:12]}-{card[12:14]}"
    with path.open("w", encoding="gb18030", newline="") as file:
        written = csv.DictWriter(file, list(rows[0]) if rows else [])
        written.writeheader()
        written.writerows(rows)
    if rows:
        load_file(path, mapping, BY)


_STALE = text("""
    SELECT v.raw FROM party.source_record r
    JOIN LATERAL (SELECT raw FROM party.source_version v WHERE v.record_id = r.id ORDER BY v.id DESC LIMIT 1) v ON true
    WHERE r.source = 'crm' AND CAST(v.raw ->> '更新时间' AS timestamp) < CAST(:at AS timestamptz) - interval '3 years'
    ORDER BY r.id LIMIT (SELECT count(*) / :one_in FROM party.source_record WHERE source = 'crm')""")


def call_back(steward: Principal, name: str, *, waits: bool) -> None:
    """A day's call-backs: customers without an e-mail address confirm one, first those whom nothing reached. The last
    day's batch waits on the desk, with its preview."""
    with database.read("party") as conn:
        known = text("SELECT EXISTS (SELECT FROM party.enhancement_batch WHERE name = :name)")
        if conn.execute(known, {"name": name}).scalar_one():
            return
        asked = """SELECT id FROM party.party WHERE state = 'active' AND kind = 'person' AND email IS NULL
                   ORDER BY mobile IS NULL AND phone IS NULL DESC, id LIMIT :most"""
        ids = list(conn.execute(text(asked), {"most": CALLED_BACK}).scalars())
    rows = [{"party_id": str(id), "email": f"kh{id}@post.example", "confirmed": "yes"} for id in ids]
    batch = enhancement.draft(steward, name, "callback", rows)
    (enhancement.preview if waits else enhancement.apply)(steward, batch)


def call_list(lead: Principal, seat: Principal) -> int:
    """Customers whose motor policy falls due, and holders of policies to be asked how they are, on a seat's lists; the
    seat has begun to call. Returns how many are listed."""
    if not call_lists.lists(lead):
        made = [
            call_lists.freeze(lead, campaign.code, [seat.id])
            for campaign in call_lists.campaigns(lead)
            if campaign.code in CAMPAIGNS and call_lists.preview(lead, campaign)["size"]
        ]
        for list_id in made[-1:]:
            call(seat, list_id)
    return int(sum(each["size"] for each in call_lists.lists(lead)))


def call(seat: Principal, list_id: int) -> None:
    """The first calls of a list, as many as there are customers for."""
    for disposition, note, later in CALLED:
        customer = calls.following(seat, list_id)
        if customer is None:
            return
        again = clock.now() + later if later else None
        calls.dispose(seat, list_id, customer, disposition, note=note, callback_at=again)


def decide_one(steward: Principal) -> None:
    """The suspected group most likely to be one customer is decided, the next is on the steward's desk."""
    with database.read("party") as conn:
        asked = """SELECT id, party_ids FROM party.suspect_group WHERE state = 'open' AND cardinality(party_ids) = 2
                   AND NOT 'conflict' = ANY(rules) ORDER BY strength DESC, id LIMIT 2"""
        found = conn.execute(text(asked)).all()
    for group in found:
        desk.claim(steward, group.id)
    for group in found[:1]:
        decide.decide(steward, group.id, [group.party_ids], "同一住址、同一电话，已电话核实")


def ask_for_change(clerk: Principal) -> None:
    """A customer brought a new identity document: the change of name waits for a second person."""
    if requests.of_requester(clerk, 1):
        return
    with database.read("party") as conn:
        asked = """SELECT id, name FROM party.party WHERE state = 'active' AND kind = 'person'
                   AND char_length(name) = 3 ORDER BY record_count DESC, id LIMIT 1"""
        customer = conn.execute(text(asked)).one()
    changed = {"attributes": {"name": f"{customer.name[:2]}梓"}}
    apply_change(clerk, "modify", [customer.id], body=changed, reason="凭新户口本更名")
