"""What an interface stated, written as source records with versions, match keys and judgements: sets, one statement
each."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from hutong.party.columns import ATTRIBUTES
from hutong.party.match.rules import RulesDocument
from hutong.party.realtime.matching import Verdict
from hutong.party.realtime.stated import PartyData
from hutong.platform import clock

_NAMES = tuple(attribute.name for attribute in ATTRIBUTES)
_TYPED = ", ".join(f"{attribute.name} {attribute.type}" for attribute in ATTRIBUTES)
_LISTED = ", ".join(_NAMES)
_IDS = text("""
    SELECT nextval(pg_get_serial_sequence('party.source_record', 'id')) FROM generate_series(1, :count)""")
_STORE = text(f"""
    WITH stated AS MATERIALIZED (
        SELECT * FROM json_to_recordset(CAST(:records AS json)) AS s (
            id bigint, source text, key text, kind text, {_TYPED}, attributes jsonb, raw jsonb, hash text,
            owner_id bigint, owner_unit text)
    ), record AS (
        INSERT INTO party.source_record (id, source, key, kind, {_LISTED}, attributes, issues, source_created_at,
                                         source_changed_at, content_hash, owner_id, owner_unit)
        SELECT id, source, key, kind, {_LISTED}, attributes, '{{}}', :now, :now, hash, owner_id, owner_unit FROM stated
        ON CONFLICT (source, key) DO UPDATE SET source_changed_at = excluded.source_changed_at, withdrawn_at = NULL,
            attributes = excluded.attributes, content_hash = excluded.content_hash,
            {", ".join(f"{name} = excluded.{name}" for name in _NAMES)}
    ), version AS (
        INSERT INTO party.source_version (record_id, raw) SELECT id, raw FROM stated
    )
    INSERT INTO party.changed_record (record_id, judged) SELECT id, :judged FROM stated""")  # noqa: S608
_KEYS = text("""
    INSERT INTO party.match_key (key, record_id)
    SELECT key, record FROM unnest(CAST(:keys AS bigint[]), CAST(:records AS bigint[])) AS k (key, record)
    ON CONFLICT DO NOTHING""")


def new_ids(conn: Connection, count: int) -> list[int]:
    """Ids for so many new records."""
    return sorted(conn.execute(_IDS, {"count": count}).scalars())


def row(record: Mapping[str, Any], data: PartyData) -> dict[str, Any]:
    """A record (with `id`, `source`, `key`) and what was stated, as `store` takes them."""
    return {
        **record, "attributes": dict(data.attributes or {}), "raw": data,
        "owner_id": record.get("owner_id"), "owner_unit": record.get("owner_unit"),
    }  # fmt: skip


def store(conn: Connection, rows: Sequence[Mapping[str, Any]], *, judged: bool) -> None:
    """Write records and their versions. `judged`: in this transaction; otherwise the next run judges them."""
    coded = [{**row, "hash": _hash(row["raw"])} for row in rows]
    parameters = {"records": msgspec.json.encode(coded).decode(), "now": clock.now(), "judged": judged}
    conn.execute(_STORE, parameters)


def _hash(raw: PartyData) -> str:
    return hashlib.md5(msgspec.json.encode(raw), usedforsecurity=False).hexdigest()


def store_keys(conn: Connection, keys: Mapping[int, Sequence[int]], *, again: bool = False) -> None:
    """Write the match keys of records; `again`: they had others before."""
    if again:
        conn.execute(text("DELETE FROM party.match_key WHERE record_id = ANY(:ids)"), {"ids": list(keys)})
    listed = [(key, record) for record, own in keys.items() for key in own]
    conn.execute(_KEYS, {"keys": [key for key, _ in listed], "records": [record for _, record in listed]})


_END = text("""
    UPDATE party.judgement SET ended_at = now(), ended_because = 'the record changed'
    WHERE (left_id = ANY(:ids) OR right_id = ANY(:ids)) AND made_by_kind IN ('rule', 'model') AND ended_at IS NULL""")
_JUDGE = text("""
    INSERT INTO party.judgement (left_id, right_id, verdict, made_by_kind, rule, rule_version, strength, reasons,
                                 made_by)
    SELECT least(one, other), greatest(one, other), verdict,
           CASE WHEN rule LIKE 'model:%' THEN 'model' ELSE 'rule' END, rule, :version, strength, reasons,
           CASE WHEN rule LIKE 'model:%' THEN 'model' ELSE 'rules' END
    FROM json_to_recordset(CAST(:said AS json)) AS s (
        one bigint, other bigint, verdict text, rule text, strength int, reasons jsonb)""")


def end_judgements(conn: Connection, records: Sequence[int]) -> None:
    """End what rules said about these records as they were."""
    conn.execute(_END, {"ids": list(records)})


def write_judgements(conn: Connection, rules: RulesDocument, said: Sequence[Verdict]) -> None:
    """Write down what rules say now."""
    if said:
        listed = msgspec.json.encode([verdict._asdict() for verdict in said]).decode()
        conn.execute(_JUDGE, {"said": listed, "version": rules.version})
