"""Find or create (EC-14): one party for one person, however many ask at once; and the record an interface states.

What comes in is a source record like any other, judged by the same rules through indexes; so survivorship stays the
only way golden values come to be, and a later run over everything finds nothing new.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party import documents, visibility
from hutong.party.columns import ATTRIBUTES
from hutong.party.realtime.matching import Verdict, candidates, verdicts
from hutong.party.resolution import membership
from hutong.party.resolution.regroup import regroup
from hutong.party.standardise import addresses, identifiers, names, organisations, phones
from hutong.party.standardise.text import clean
from hutong.platform import clock, database
from hutong.platform.errors import NotFound, Unprocessable

API_SOURCE = "api"
API_TRUST = 60


@dataclass(frozen=True)
class PartyData:
    """What a caller states about a party. `id_type`: code set id_type; `gender`: code set gender (GB/T 2261.1)."""

    kind: str
    name: str
    id_type: str | None = None
    id_number: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    mobile: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    postcode: str | None = None
    contact_name: str | None = None
    bank_card: str | None = None
    grade: str | None = None
    branch: str | None = None
    attributes: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Found:
    """The party, its source record, and whether it was made just now."""

    party_id: int
    record_id: int
    created: bool


_GATES = tuple(threading.Lock() for _ in range(256))


def _gate(record: Mapping[str, Any]) -> threading.Lock:
    """Callers of one process who ask about one person queue here, before they hold a connection; the database's own
    locks hold between processes."""
    telling = next((record[name] for name in ("id_number", "mobile", "email") if record[name]), record["name_key"])
    return _GATES[hash(telling) % len(_GATES)]


def find_or_create(viewer: Principal, data: PartyData, key: str, source: str = API_SOURCE) -> Found:
    """The party this is, made if there is none. The same (source, key) always gives the same party.

    A party that a user makes is theirs and their unit's (EC-17); one that is found stays whose it is, and who sees only
    some rows does not choose the branch. Raises Unprocessable when the name or an identity document is not valid.
    """
    require(viewer, "party.create")
    if "party" in viewer.scopes:
        data = replace(data, branch=None)
    record = standardised(data)
    with _gate(record), database.begin("party") as conn:
        known_source(conn, source)
        return _take(conn, viewer, record, data, key=key, source=source)


def update(viewer: Principal, party_id: int, data: PartyData, key: str, source: str = API_SOURCE) -> Found:
    """State a party's data anew, under the caller's own record of it. Survivorship decides what shows.

    Raises NotFound when the caller's record does not belong to the party and the party does not exist.
    """
    require(viewer, "party.change")
    record = standardised(data)
    with database.begin("party") as conn:
        known_source(conn, source)
        _lock(conn, record, source, key)
        known = conn.execute(
            text("SELECT record_id, party_id FROM party.xref WHERE source = :source AND key = :key"),
            {"source": source, "key": key},
        ).one_or_none()
        if known is None or known.party_id != living(conn, party_id):
            raise NotFound("party-unknown", id=party_id)
        visibility.check(conn, viewer, known.party_id)
        record_id = store_record(conn, record, data, key, source)
        stated = {**record, "source": source, "key": key}
        return Found(_judge_and_move(conn, stated, record_id, viewer.actor), record_id, False)


def standardised(data: PartyData) -> dict[str, Any]:
    """The record's columns. Raises Unprocessable naming the field that is not valid."""
    record: dict[str, Any] = {attribute.name: None for attribute in ATTRIBUTES}
    record |= {"kind": data.kind, "name_partial": False, "id_valid": False}
    _name(record, data)
    number = identifiers.identifier(data.id_type, data.id_number)
    if data.id_number and data.id_type in ("resident_id", "uscc", "organisation_code") and not number.valid:
        raise Unprocessable("party-id-invalid", field="id_number", reason=number.issue or "id_form")
    record |= {
        "id_type": data.id_type if number.value else None, "id_number": number.value, "id_valid": number.valid,
        "organisation_code": identifiers.organisation_part(data.id_type, number.value if number.valid else None),
        "birth_date": number.birth_date or data.birth_date, "gender": number.gender or data.gender,
        "email": identifiers.email(data.email), "bank_card": identifiers.bank_card(data.bank_card),
        "contact_name": names.person_name(data.contact_name).name, "postcode": clean(data.postcode) or None,
        "grade": data.grade, "branch": data.branch,
    }  # fmt: skip
    mobile, fixed = phones.phone(data.mobile), phones.phone(data.phone)
    for found in (mobile, fixed):
        slot = "mobile" if found.kind == "mobile" else "phone"
        if found.value and record[slot] is None:
            record[slot] = found.value
        elif found.value and record[slot] != found.value:
            record["other_phone"] = found.value
    place = addresses.address(data.address)
    record |= {"address": place.text, "address_key": place.key}
    record |= {part: getattr(place, part) for part in ("province", "city", "district", "road", "house")}
    return record


def _name(record: dict[str, Any], data: PartyData) -> None:
    if data.kind == "organisation":
        made = organisations.organisation_name(data.name)
        record |= {"name": made.name, "name_core": made.core, "name_key": made.key, "name_branch": made.branch}
    else:
        person = names.person_name(data.name)
        record |= {"name": person.name, "name_key": person.key, "name_partial": person.partial}
    if record["name"] is None:
        missing = not clean(data.name)
        raise Unprocessable("party-name-missing" if missing else "party-name-not-a-name", field="name")


def known_source(conn: Connection, source: str) -> None:
    """Make sure of the source: the interface's own is made at first use. Raises NotFound."""
    if source == API_SOURCE:
        conn.execute(
            text(
                """INSERT INTO party.source (code, name_zh, name_en, trust) VALUES (:code, '接口', 'Interface', :trust)
                   ON CONFLICT DO NOTHING"""
            ),
            {"code": source, "trust": API_TRUST},
        )
    elif not conn.execute(text("SELECT true FROM party.source WHERE code = :code"), {"code": source}).scalar():
        raise NotFound("party-source-unknown", source=source)


_LOCKED = ("id_number", "organisation_code", "mobile", "phone", "other_phone", "email", "bank_card", "name_key")


def _lock(conn: Connection, record: Mapping[str, Any], source: str, key: str) -> None:
    """Callers with any match key in common wait for one another, in one order."""
    membership.lock_shared(conn)
    keys = sorted({f"{name}:{record[name]}" for name in _LOCKED if record[name]} | {f"key:{source}:{key}"})
    conn.execute(
        text(
            """SELECT pg_advisory_xact_lock(number) FROM (
                   SELECT DISTINCT hashtextextended('party.intake:' || key, 0) AS number
                   FROM unnest(CAST(:keys AS text[])) AS key ORDER BY 1) AS ordered"""
        ),
        {"keys": keys},
    )


def _take(
    conn: Connection, viewer: Principal, record: dict[str, Any], data: PartyData, *, key: str, source: str
) -> Found:
    _lock(conn, record, source, key)
    known = conn.execute(
        text("SELECT record_id, party_id FROM party.xref WHERE source = :source AND key = :key"),
        {"source": source, "key": key},
    ).one_or_none()
    if known:
        return Found(known.party_id, known.record_id, False)
    record_id = store_record(conn, record, data, key, source)
    owner = viewer if viewer.kind == "user" else None
    party_id = _judge_and_move(conn, {**record, "source": source, "key": key}, record_id, viewer.actor, owner)
    return Found(party_id, record_id, _alone(conn, party_id))


def _own(conn: Connection, record_id: int, owner: Principal) -> None:
    """Write down on the record that made a party whose it is: the user, and the code that ends their unit's path."""
    unit = owner.unit_path.strip("/").rpartition("/")[2]
    conn.execute(
        text("UPDATE party.source_record SET owner_id = :owner, owner_unit = nullif(:unit, '') WHERE id = :id"),
        {"id": record_id, "owner": owner.id, "unit": unit},
    )


def _alone(conn: Connection, party_id: int) -> bool:
    count = conn.execute(text("SELECT count(*) FROM party.xref WHERE party_id = :id"), {"id": party_id}).scalar_one()
    return bool(count == 1)


_NAMES = tuple(attribute.name for attribute in ATTRIBUTES)
_STORE = f"""
INSERT INTO party.source_record (source, key, kind, {", ".join(_NAMES)}, attributes, issues, source_created_at,
                                 source_changed_at, content_hash)
VALUES (:source, :key, :kind, {", ".join(f":{name}" for name in _NAMES)}, CAST(:attributes AS jsonb),
        '{{}}', :now, :now, md5(:raw))
ON CONFLICT (source, key) DO UPDATE SET source_changed_at = excluded.source_changed_at,
    attributes = excluded.attributes, content_hash = excluded.content_hash,
    {", ".join(f"{name} = excluded.{name}" for name in _NAMES)}
RETURNING id"""  # noqa: S608  (names come from declarations)


def store_record(conn: Connection, record: Mapping[str, Any], data: PartyData, key: str, source: str) -> int:
    """Write a record and its version as stated. Returns its id."""
    raw = msgspec.json.encode(data).decode()
    extra = msgspec.json.encode(dict(data.attributes or {})).decode()
    values = {**record, "source": source, "key": key, "attributes": extra, "raw": raw, "now": clock.now()}
    record_id = conn.execute(text(_STORE), values).scalar_one()
    conn.execute(
        text("INSERT INTO party.source_version (record_id, raw) VALUES (:record, CAST(:raw AS jsonb))"),
        {"record": record_id, "raw": raw},
    )
    return int(record_id)


def _judge_and_move(
    conn: Connection, record: Mapping[str, Any], record_id: int, by: str, owner: Principal | None = None
) -> int:
    """Judge a record and give it its party. `owner`: whose the party is if the record makes one."""
    rules = documents.active_rules(conn)
    found = verdicts(conn, rules, {**record, "id": record_id}, candidates(conn, rules, record, record_id))
    _write(conn, record_id, found, rules.version)
    tied = any(verdict.verdict == "same" for verdict in found)
    if owner and not tied:
        _own(conn, record_id, owner)
    party_id = _move(conn, record_id, by)
    if owner and tied and _alone(conn, party_id):  # what forbids it was stronger than what ties it
        _own(conn, record_id, owner)
        _move(conn, record_id, by)
    return party_id


def _move(conn: Connection, record_id: int, by: str) -> int:
    operation_id = membership.new_operation(conn, "intake", "find or create", by)
    regroup(conn, [record_id], operation_id, by, queue=False)
    party_id = conn.execute(
        text("SELECT party_id FROM party.xref WHERE record_id = :id"), {"id": record_id}
    ).scalar_one()
    return int(party_id)


def _write(conn: Connection, record_id: int, found: Sequence[Verdict], version: int) -> None:
    """Bring the rules' judgements about one record to what they say now."""
    conn.execute(
        text(
            """UPDATE party.judgement SET ended_at = now(), ended_because = 'the record changed'
               WHERE (left_id = :id OR right_id = :id) AND made_by_kind = 'rule' AND ended_at IS NULL"""
        ),
        {"id": record_id},
    )
    if found:
        conn.execute(
            text(
                """INSERT INTO party.judgement (left_id, right_id, verdict, made_by_kind, rule, rule_version, strength,
                                                reasons, made_by)
                   VALUES (least(:record, :other), greatest(:record, :other), :verdict, 'rule', :rule, :version,
                           :strength, CAST(:reasons AS jsonb), 'rules')"""
            ),
            [
                {"record": record_id, "version": version, **verdict._asdict(),
                 "reasons": msgspec.json.encode(verdict.reasons).decode()}
                for verdict in found
            ],
        )  # fmt: skip


def living(conn: Connection, party_id: int) -> int:
    """The party an id stands for now."""
    found = conn.execute(
        text("SELECT survivor_id FROM party.redirect WHERE retired_id = :id"), {"id": party_id}
    ).scalar()
    return int(found or party_id)
