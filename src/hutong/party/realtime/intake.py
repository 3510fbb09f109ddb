"""Find or create (EC-14): one party for one person, however many ask at once; and the record an interface states.

What comes in is a source record like any other, judged by the same rules through match keys; so survivorship stays the
only way golden values come to be, and a later run over everything finds nothing new. Requests that are there at the
same time share a transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party import erased_keys, visibility
from hutong.party.golden.record import refresh_these
from hutong.party.living import living
from hutong.party.realtime import storing
from hutong.party.realtime.matching import Judging, Keys, Verdict, judging, stored, verdicts
from hutong.party.realtime.placing import place
from hutong.party.realtime.stated import PartyData, kept
from hutong.party.resolution import match_keys, membership, suspects
from hutong.party.resolution.regroup import regroup
from hutong.platform import database
from hutong.platform.errors import Gone, NotFound, Problem
from hutong.platform.gathering import Gathering

API_SOURCE = "api"
PORTAL_SOURCE = "portal"
OWN_SOURCES = {API_SOURCE: ("接口", "Interface", 60), PORTAL_SOURCE: ("自助门户", "Portal", 50)}
"""Sources that are made at first use: code → names in Chinese and English, trust. Who they are: `stating_source`."""


@dataclass(frozen=True)
class Found:
    """The party, its source record, and whether it was made just now."""

    party_id: int
    record_id: int
    created: bool


class Request(NamedTuple):
    """One question of find-or-create."""

    viewer: Principal
    data: PartyData
    key: str
    source: str = API_SOURCE


Answer = Found | Problem
LARGEST_SET = 100


def find_or_create(viewer: Principal, data: PartyData, key: str, source: str = API_SOURCE) -> Found:
    """The party this is, made if there is none. The same (source, key) always gives the same party.

    A party that a user makes is theirs and their unit's (EC-17); one that is found stays whose it is, and who sees only
    some rows does not choose the branch. Raises Unprocessable, naming the field, when what it holds cannot be read.
    """
    answer = _gathering.submit(Request(viewer, data, key, source))
    if isinstance(answer, Problem):
        raise answer
    return answer


def take(requests: Sequence[Request]) -> list[Answer]:
    """`find_or_create` for many, in one transaction: answers in the order of requests, a refusal only for its own."""
    answers: dict[int, Answer] = {}
    asked: dict[tuple[str, str], list[int]] = {}
    records: dict[int, dict[str, Any]] = {}
    requests = [_within_scope(request) for request in requests]
    for number, request in enumerate(requests):
        try:
            require(request.viewer, "party.create")
            records[number] = {**kept(request.data), "source": request.source, "key": request.key}
        except Problem as problem:
            answers[number] = problem
            continue
        asked.setdefault((request.source, request.key), []).append(number)
    if asked:
        with database.begin("party") as conn:
            unknown = {source for source, _ in asked} - _sources(conn, {source for source, _ in asked})
            erased = erased_keys.erased_of(conn, list(asked))
            firsts = {key: numbers[0] for key, numbers in asked.items() if key[0] not in unknown and key not in erased}
            found = _take(conn, requests, {number: records[number] for number in firsts.values()}) if firsts else {}
        for key, numbers in asked.items():
            for number in numbers:
                answers[number] = (
                    Gone("party-erased-key", source=key[0])
                    if key in erased
                    else _answer(key, number, numbers[0], found, unknown)
                )
    return [answers[number] for number in range(len(requests))]


def _within_scope(request: Request) -> Request:
    """Who sees only some rows does not choose the branch."""
    if "party" not in request.viewer.scopes:
        return request
    return request._replace(data=msgspec.structs.replace(request.data, branch=None))


_gathering: Gathering[Request, Answer] = Gathering(take, most=LARGEST_SET)


def _answer(key: tuple[str, str], number: int, first: int, found: Mapping[int, Found], unknown: set[str]) -> Answer:
    if key[0] in unknown:
        return NotFound("party-source-unknown", source=key[0])
    return found[first] if number == first else replace(found[first], created=False)


def _sources(conn: Connection, wanted: set[str]) -> set[str]:
    """Those of the sources that are known; the interfaces' own are made at first use."""
    known = set(conn.execute(text("SELECT code FROM party.source WHERE code = ANY(:codes)"), {"codes": sorted(wanted)})
                .scalars())  # fmt: skip
    for source in (wanted - known) & OWN_SOURCES.keys():
        known_source(conn, source)
        known.add(source)
    return known


def stating_source(viewer: Principal) -> str:
    """The source in whose name a viewer states something: customers of themselves by the portal, others by interfaces;
    survivorship trusts them differently (EC-05)."""
    return PORTAL_SOURCE if viewer.kind == "customer" else API_SOURCE


def known_source(conn: Connection, source: str) -> None:
    """Make sure of the source: the interfaces' own are made at first use. Raises NotFound."""
    if source in OWN_SOURCES:
        zh, en, trust = OWN_SOURCES[source]
        conn.execute(
            text(
                """INSERT INTO party.source (code, name_zh, name_en, trust) VALUES (:code, :zh, :en, :trust)
                   ON CONFLICT DO NOTHING"""
            ),
            {"code": source, "zh": zh, "en": en, "trust": trust},
        )
    elif not conn.execute(text("SELECT true FROM party.source WHERE code = :code"), {"code": source}).scalar():
        raise NotFound("party-source-unknown", source=source)


_LOCK = text("""
    SELECT pg_advisory_xact_lock(number) FROM (
        SELECT DISTINCT unnest(CAST(:keys AS bigint[])) AS number ORDER BY 1) AS ordered""")
_KNOWN = text("""
    SELECT r.source, r.key, r.id, x.party_id
    FROM unnest(CAST(:sources AS text[]), CAST(:keys AS text[])) AS a (source, key)
    JOIN party.source_record r ON r.source = a.source AND r.key = a.key
    LEFT JOIN party.xref x ON x.record_id = r.id""")


def _lock(conn: Connection, records: Sequence[Mapping[str, Any]], keys: Sequence[Keys]) -> None:
    """Sets with any match key in common wait for one another, and for those who move existing records."""
    membership.lock_shared(conn)
    own = [match_keys.number(f"record:{record['source']}:{record['key']}") for record in records]
    conn.execute(_LOCK, {"keys": own + [key for listed in keys for key in listed.asked]})


def _take(conn: Connection, requests: Sequence[Request], records: dict[int, dict[str, Any]]) -> dict[int, Found]:
    """Answers for requests that have each another key: those known, and the new, judged, stored and placed."""
    by = judging(conn)
    keys = dict(zip(records, by.keyed(list(records.values())), strict=True))
    _lock(conn, list(records.values()), list(keys.values()))
    wanted = {(record["source"], record["key"]): number for number, record in records.items()}
    named = {"sources": [source for source, _ in wanted], "keys": [key for _, key in wanted]}
    answers: dict[int, Found] = {}
    homeless: dict[int, int] = {}
    for row in conn.execute(_KNOWN, named):
        number = wanted[row.source, row.key]
        if row.party_id is None:
            homeless[number] = row.id
        else:
            answers[number] = Found(row.party_id, row.id, False)
    new = [number for number in records if number not in answers]
    if new:
        fresh = iter(storing.new_ids(conn, len(new) - len(homeless)))
        for number in new:
            records[number]["id"] = homeless.get(number) or next(fresh)
        answers |= _enter(conn, by, [(requests[number], records[number], keys[number]) for number in new], new)
    return answers


def _enter(
    conn: Connection, by: Judging, new: Sequence[tuple[Request, dict[str, Any], Keys]], numbers: Sequence[int]
) -> dict[int, Found]:
    """Judge new records, store them, give them their parties."""
    records = [record for _, record, _ in new]
    keyed = [keys for _, _, keys in new]
    said = verdicts(by, records, keyed, stored(conn, keyed))
    placed = place(conn, by.rules, records, said)
    for request, record, _ in new:
        if record["id"] in placed.opened:
            record.update(_owned(request.viewer))
    storing.store(conn, [storing.row(record, request.data) for request, record, _ in new], judged=True)
    storing.store_keys(conn, {record["id"]: keys.stored for _, record, keys in new})
    judged = [verdict for own in said for verdict in own]
    storing.write_judgements(conn, by.rules, judged)
    operation = _move(conn, new, placed.party)
    if placed.unclear:
        regroup(conn, placed.unclear, operation, new[0][0].viewer.actor, queue=False)
    homes = _homes(conn, [record["id"] for record in records])
    opened = placed.opened | _opened_late(conn, new, placed.unclear, homes, operation)
    _suspect(conn, judged, homes, placed.unclear)
    return {
        number: Found(homes[record["id"]], record["id"], record["id"] in opened)
        for number, (_, record, _) in zip(numbers, new, strict=True)
    }


def _owned(viewer: Principal) -> dict[str, Any]:
    """Whose a party is that a record makes: the user's, and the code that ends their unit's path."""
    if viewer.kind != "user":
        return {}
    return {"owner_id": viewer.id, "owner_unit": viewer.unit_path.strip("/").rpartition("/")[2] or None}


def _move(conn: Connection, new: Sequence[tuple[Request, dict[str, Any], Keys]], placed: Mapping[int, int]) -> int:
    """Give the placed records their parties, for each actor by an operation. Returns the last operation."""
    actors: dict[str, list[int]] = {}
    for request, record, _ in new:
        actors.setdefault(request.viewer.actor, []).append(record["id"])
    names: dict[int, int] = {}
    operation = 0
    for actor, ids in actors.items():
        operation = membership.new_operation(conn, "intake", "find or create", actor)
        own = [id for id in ids if id in placed]
        after = np.array([names.get(placed[id], placed[id]) for id in own], dtype=np.int64)
        if own:
            nowhere = np.zeros(len(own), dtype=np.int64)
            moving = np.array(own, dtype=np.int64)
            membership.move(conn, moving, nowhere, after, operation_id=operation, by=actor)
            if len(actors) > 1:
                made = _homes(conn, own)
                names |= {placed[id]: made[id] for id in own}
    return operation


def _homes(conn: Connection, records: Sequence[int]) -> dict[int, int]:
    rows = conn.execute(
        text("SELECT record_id, party_id FROM party.xref WHERE record_id = ANY(:ids)"), {"ids": list(records)}
    )
    return {row.record_id: row.party_id for row in rows}


def _opened_late(
    conn: Connection, new: Sequence[tuple[Request, dict[str, Any], Keys]], unclear: Sequence[int],
    homes: Mapping[int, int], operation: int,
) -> set[int]:  # fmt: skip
    """The unclear records that stayed alone after all: what forbids it was stronger than what ties it."""
    if not unclear:
        return set()
    alone = text("""SELECT record_id FROM party.xref x WHERE record_id = ANY(:ids) AND NOT EXISTS (
                        SELECT FROM party.xref o WHERE o.party_id = x.party_id AND o.record_id <> x.record_id)""")
    opened = set(conn.execute(alone, {"ids": list(unclear)}).scalars())
    owners = [(record["id"], _owned(request.viewer)) for request, record, _ in new if record["id"] in opened]
    owned = [{"id": id, **owner} for id, owner in owners if owner]
    if owned:
        written = "UPDATE party.source_record SET owner_id = :owner_id, owner_unit = :owner_unit WHERE id = :id"
        conn.execute(text(written), owned)
        parties = [homes[one["id"]] for one in owned]
        refresh_these(conn, parties, new[0][0].viewer.actor, f"operation:{operation}")
    return opened


def _suspect(conn: Connection, judged: Sequence[Verdict], homes: Mapping[int, int], unclear: Sequence[int]) -> None:
    """Queue what real time suspects: sets do so one after another."""
    ids = {verdict.one for verdict in judged if verdict.verdict == "unsure"} | set(unclear)
    if ids:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.suspects', 0))"))
        suspects.refresh(conn, sorted({homes[id] for id in ids}))


def update(viewer: Principal, party_id: int, data: PartyData, key: str, source: str = API_SOURCE) -> Found:
    """State a party's data anew, under the caller's own record of it. Survivorship decides what shows.

    Raises NotFound when the caller's record does not belong to the party and the party does not exist.
    """
    require(viewer, "party.change")
    record = {**kept(data), "source": source, "key": key}
    with database.begin("party") as conn:
        known_source(conn, source)
        by = judging(conn)
        [keys] = by.keyed([record])
        _lock(conn, [record], [keys])
        known = conn.execute(
            text("SELECT record_id, party_id FROM party.xref WHERE source = :source AND key = :key"),
            {"source": source, "key": key},
        ).one_or_none()
        if known is None or known.party_id != living(conn, party_id):
            raise NotFound("party-unknown", id=party_id)
        visibility.check(conn, viewer, known.party_id)
        record["id"] = known.record_id
        said = verdicts(by, [record], [keys], stored(conn, [keys]))[0]
        storing.store(conn, [storing.row(record, data)], judged=True)
        storing.store_keys(conn, {known.record_id: keys.stored}, again=True)
        storing.end_judgements(conn, [known.record_id])
        storing.write_judgements(conn, by.rules, said)
        operation = membership.new_operation(conn, "intake", "find or create", viewer.actor)
        regroup(conn, [known.record_id], operation, viewer.actor)
        return Found(_homes(conn, [known.record_id])[known.record_id], known.record_id, False)


def store_record(conn: Connection, record: Mapping[str, Any], data: PartyData, key: str, source: str) -> int:
    """Write a record as stated, to be judged by the next run. Returns its id."""
    known = conn.execute(
        text("SELECT id FROM party.source_record WHERE source = :source AND key = :key"),
        {"source": source, "key": key},
    ).scalar()
    id = known or storing.new_ids(conn, 1)[0]
    kept = {**record, "id": id, "source": source, "key": key}
    storing.store(conn, [storing.row(kept, data)], judged=False)
    [keys] = judging(conn).keyed([kept])
    storing.store_keys(conn, {id: keys.stored}, again=known is not None)
    return int(id)
