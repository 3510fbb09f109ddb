"""Batch enhancement (EC-08): contact data from claims, call-backs, telesales, self-service or bought lists, and values
the customer confirmed, better golden records under trust rules; looked at before, taken back after.

A row becomes a source record of the channel's own source, held to its party by the batch's word. So survivorship
decides what shows; a confirmed value wins by its criterion `confirmed`, and what was bought only fills gaps.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, select, text, update

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.columns import NAMES
from hutong.party.information import AREAS
from hutong.party.ingest.areas import write
from hutong.party.realtime import storing
from hutong.party.realtime.stated import PartyData
from hutong.party.resolution import membership
from hutong.party.resolution.regroup import judge, records_of
from hutong.party.stewardship import enhancement_rows
from hutong.party.stewardship.enhancement_report import report_of, shown_of
from hutong.party.tables import enhancement_batch, enhancement_row
from hutong.platform import clock, database
from hutong.platform.errors import Conflict, NotFound, Unprocessable

RIGHT = "party.enhance"
SOURCES = "enhance-"
"""What the names of the channels' sources begin with, and no other source's."""


class Channel(NamedTuple):
    """Where the data comes from. `fills`: it never replaces what somebody else states."""

    zh: str
    en: str
    trust: int
    fills: bool = False


CHANNELS: Mapping[str, Channel] = {
    "claim": Channel("理赔采集", "Claims", 70),
    "callback": Channel("回访采集", "Call-backs", 65),
    "telesales": Channel("电销采集", "Telesales", 55),
    "self_service": Channel("自助服务", "Self-service", 75),
    "bought": Channel("外购名单", "Bought lists", 20, fills=True),
}


def draft(viewer: Principal, name: str, channel: str, rows: Sequence[Mapping[str, str]]) -> int:
    """Take rows (`enhancement_rows`: whom, values, `confirmed`) in as a batch; nothing of parties changes yet.

    Rows about nobody, about several, out of the viewer's sight, or without a valid value are kept with their problem.
    Returns the batch. Raises Unprocessable for an unknown channel.
    """
    require(viewer, RIGHT)
    if channel not in CHANNELS or not name.strip():
        raise Unprocessable("party-enhance-channel", channels=", ".join(CHANNELS))
    with database.begin("party") as conn:
        found = enhancement_rows.whom(conn, rows)
        seen = visibility.among(conn, viewer, sorted({party for parties in found.values() for party in parties}))
        batch = conn.execute(
            enhancement_batch.insert()
            .values(name=name.strip(), channel=channel, created_by=viewer.actor)
            .returning(enhancement_batch.c.id)
        ).scalar_one()
        conn.execute(
            enhancement_row.insert(),
            [{"batch_id": batch, "row_number": number, **_row(row, [p for p in found.get(number, []) if p in seen])}
             for number, row in enumerate(rows, 1)],
        )  # fmt: skip
    return int(batch)


def _row(row: Mapping[str, str], parties: Sequence[int]) -> dict[str, Any]:
    values, problem = enhancement_rows.understood(row)
    if len(parties) != 1:
        problem = "party-enhance-several" if parties else "party-enhance-nobody"
    confirmed = (row.get("confirmed") or "").strip().lower() in enhancement_rows.YES
    return {"party_id": parties[0] if len(parties) == 1 else None, "raw": dict(row), "values": values,
            "problem": problem, "confirmed": "yes" if confirmed else "no"}  # fmt: skip


def preview(viewer: Principal, batch_id: int) -> dict[str, Any]:
    """What applying a batch would do, found by doing it and taking it back in one transaction; kept on the batch.

    `parties`, `rows`, `left_out` (problem → rows), `gained` and `changed` (attribute → parties), `reachable` (before,
    after: parties with a phone, e-mail or address)."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        batch = _locked(conn, batch_id, "drafted")
        trial = conn.begin_nested()
        report = _apply(conn, viewer, batch)
        trial.rollback()
        conn.execute(update(enhancement_batch).where(enhancement_batch.c.id == batch_id).values(report=report))
    return report


def apply(viewer: Principal, batch_id: int) -> dict[str, Any]:
    """Apply a batch, all of it in one transaction. Returns the report of what it did. Raises Conflict when it was."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        batch = _locked(conn, batch_id, "drafted")
        report = _apply(conn, viewer, batch)
        done = {"state": "applied", "applied_by": viewer.actor, "applied_at": clock.now(), "report": report}
        conn.execute(update(enhancement_batch).where(enhancement_batch.c.id == batch_id).values(**done))
    return report


def withdraw(viewer: Principal, batch_id: int) -> int:
    """Take an applied batch back: its records and confirmations are gone, golden records are as without them. Returns
    how many records."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        batch = _locked(conn, batch_id, "applied")
        rows = conn.execute(
            select(enhancement_row.c.record_id).where(
                enhancement_row.c.batch_id == batch_id, enhancement_row.c.record_id.isnot(None)
            )
        ).scalars()
        records = list(rows)
        homes = conn.execute(
            text("SELECT DISTINCT party_id FROM party.xref WHERE record_id = ANY(:records)"), {"records": records}
        ).scalars()
        parties = list(homes)
        for statement in _FORGET:
            conn.execute(text(statement), {"records": records, "batch": batch_id, "source": _source(batch.channel)})
        operation = membership.new_operation(conn, "undo", f"enhancement {batch_id}", viewer.actor, batch.operation_id)
        none = np.zeros(0, dtype=np.int64)
        left = [own[0] for own in records_of(conn, parties).values()]
        membership.move(conn, none, none, none, operation_id=operation, by=viewer.actor, touched=left)
        done = {"state": "withdrawn", "withdrawn_by": viewer.actor, "withdrawn_at": clock.now()}
        conn.execute(update(enhancement_batch).where(enhancement_batch.c.id == batch_id).values(**done))
    return len(records)


_FORGET = (
    "UPDATE party.enhancement_row SET record_id = NULL WHERE batch_id = :batch",
    """DELETE FROM party.stated_value v USING party.source_record r
       WHERE r.id = ANY(:records) AND v.of_source = r.source AND v.of_key = r.key AND v.source = :source""",
    """DELETE FROM party.former_statement f USING party.source_record r
       WHERE r.id = ANY(:records) AND f.of_source = r.source AND f.of_key = r.key""",
    "DELETE FROM party.judgement WHERE left_id = ANY(:records) OR right_id = ANY(:records)",
    "DELETE FROM party.xref WHERE record_id = ANY(:records)",
    "DELETE FROM party.match_key WHERE record_id = ANY(:records)",
    "DELETE FROM party.changed_record WHERE record_id = ANY(:records)",
    "DELETE FROM party.source_version WHERE record_id = ANY(:records)",
    "DELETE FROM party.source_record WHERE id = ANY(:records)",
)


def _source(channel: str) -> str:
    return f"{SOURCES}{channel}"


def _locked(conn: Connection, batch_id: int, state: str) -> Any:
    membership.lock(conn)
    batch = conn.execute(
        select(enhancement_batch).where(enhancement_batch.c.id == batch_id).with_for_update()
    ).one_or_none()
    if batch is None:
        raise NotFound("party-enhance-unknown", id=batch_id)
    if batch.state != state:
        raise Conflict("party-enhance-state", id=batch_id, state=batch.state)
    return batch


def _apply(conn: Connection, viewer: Principal, batch: Any) -> dict[str, Any]:
    rows = conn.execute(
        select(enhancement_row)
        .where(enhancement_row.c.batch_id == batch.id, enhancement_row.c.problem.is_(None))
        .order_by(enhancement_row.c.row_number)
    ).all()
    homes = _homes(conn, viewer, [row.party_id for row in rows])
    rows = [row for row in rows if row.party_id in homes]
    parties = sorted({homes[row.party_id] for row in rows})
    before = shown_of(conn, parties)
    if rows:
        ids = _records(conn, batch, rows, homes)
        operation = membership.new_operation(conn, "enhance", f"enhancement {batch.id}", viewer.actor)
        first = {party: own[0] for party, own in records_of(conn, parties).items()}
        pairs = [(record, first[homes[row.party_id]]) for record, row in zip(ids, rows, strict=True)]
        judge(conn, pairs, "same", "enhance", batch.name, operation_id=operation, by=viewer.actor)
        _confirm(conn, batch, rows, viewer.actor)
        after = np.array([homes[row.party_id] for row in rows], dtype=np.int64)
        numbers = np.array(ids, dtype=np.int64)
        nowhere = np.zeros(len(ids), dtype=np.int64)
        membership.move(conn, numbers, nowhere, after, operation_id=operation, by=viewer.actor, touched=ids)
        conn.execute(update(enhancement_batch).where(enhancement_batch.c.id == batch.id).values(operation_id=operation))
    left_out = conn.execute(
        text(
            """SELECT problem, count(*) FROM party.enhancement_row
               WHERE batch_id = :batch AND problem IS NOT NULL GROUP BY 1 ORDER BY 1"""
        ),
        {"batch": batch.id},
    )
    return report_of(before, shown_of(conn, parties), len(rows), {row[0]: row[1] for row in left_out})


def _homes(conn: Connection, viewer: Principal, parties: Sequence[int]) -> dict[int, int]:
    """Party as drafted → the living one it is now, where the viewer sees it and it is in use."""
    found = conn.execute(
        text(
            """SELECT a.id, p.id FROM unnest(CAST(:ids AS bigint[])) AS a (id)
               LEFT JOIN party.redirect d ON d.retired_id = a.id
               JOIN party.party p ON p.id = coalesce(d.survivor_id, a.id) AND p.state = 'active'"""
        ),
        {"ids": sorted(set(parties))},
    )
    living = {row[0]: row[1] for row in found}
    seen = visibility.among(conn, viewer, sorted(set(living.values())))
    return {drafted: now for drafted, now in living.items() if now in seen}


def _records(conn: Connection, batch: Any, rows: Sequence[Any], homes: Mapping[int, int]) -> list[int]:
    """Write the rows as source records; returns their ids, in order."""
    channel, source = CHANNELS[batch.channel], _source(batch.channel)
    conn.execute(
        text(
            """INSERT INTO party.source (code, name_zh, name_en, trust) VALUES (:code, :zh, :en, :trust)
               ON CONFLICT DO NOTHING"""
        ),
        {"code": source, "zh": channel.zh, "en": channel.en, "trust": channel.trust},
    )
    of_kind = text("SELECT id, kind FROM party.party WHERE id = ANY(:ids)")
    kinds = {row[0]: row[1] for row in conn.execute(of_kind, {"ids": sorted(set(homes.values()))})}
    ids = storing.new_ids(conn, len(rows))
    empty: dict[str, Any] = {**dict.fromkeys(NAMES), "name_partial": False, "id_valid": False}
    written = []
    for id, row in zip(ids, rows, strict=True):
        kind = kinds[homes[row.party_id]]
        record = {
            **empty,
            **row.values,
            "id": id,
            "source": source,
            "key": f"{batch.id}/{row.row_number}",
            "kind": kind,
        }
        written.append(storing.row(record, PartyData(kind, "", **row.values)))
    storing.store(conn, written, judged=True)
    if channel.fills:
        conn.execute(text("UPDATE party.source_record SET source_changed_at = NULL WHERE id = ANY(:ids)"), {"ids": ids})
    conn.execute(
        text(
            """UPDATE party.enhancement_row r SET record_id = w.record FROM unnest(CAST(:rows AS bigint[]),
                   CAST(:records AS bigint[])) AS w (row, record) WHERE r.id = w.row"""
        ),
        {"rows": [row.id for row in rows], "records": ids},
    )
    return ids


def _confirm(conn: Connection, batch: Any, rows: Sequence[Any], by: str) -> None:
    """What the customer themselves said is stated as confirmed."""
    source, now = _source(batch.channel), clock.now()
    stated = [
        {"of_source": source, "of_key": f"{batch.id}/{row.row_number}", "source": source,
         "key": f"{batch.id}/{row.row_number}/{name}", "kind": enhancement_rows.KIND_OF[name], "value": value,
         "valid_from": now, "confirmed_at": now, "confirmed_by": by}
        for row in rows if row.confirmed == "yes"
        for name, value in row.values.items() if name in enhancement_rows.KIND_OF
    ]  # fmt: skip
    write.merge(conn, AREAS["stated_value"], stated, by)
