"""Rejected rows worked off (EC-03): corrected and submitted again, or dismissed with a reason; what came stays.

A corrected row becomes a source record like any other, its version saying who corrected it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import func, select, text

from hutong.identity import Principal, require
from hutong.identity.protection import record_read
from hutong.party.columns import SENSITIVE
from hutong.party.ingest import loads, mappings, preview
from hutong.party.ingest.mappings import Document
from hutong.party.ingest.masking import as_seen
from hutong.party.ingest.taking import take_in_rows
from hutong.party.tables import load, rejected_record
from hutong.platform import clock, database
from hutong.platform.errors import Conflict, NotFound, Unprocessable

RIGHT = loads.RIGHT
MOST = 20_000
"""Rows submitted again at once."""
Found = dict[str, Any]
Changes = Mapping[str, str]
_ROWS = select(rejected_record, load.c.mapping, load.c.mapping_version).join(
    load, load.c.id == rejected_record.c.load_id
)


def listing(
    viewer: Principal,
    *,
    load_id: int | None = None,
    source: str | None = None,
    reason: str | None = None,
    state: str = "open",
    after: int = 0,
    limit: int = 50,
) -> list[Found]:
    """Rejected rows by id: id, load_id, source, row_number, key, reasons, state, raw as the viewer may see it."""
    require(viewer, RIGHT)
    wanted = _ROWS.where(rejected_record.c.state == state, rejected_record.c.id > after)
    for column, value in ((rejected_record.c.load_id, load_id), (rejected_record.c.source, source)):
        if value is not None:
            wanted = wanted.where(column == value)
    if reason:
        wanted = wanted.where(func.array_position(rejected_record.c.reasons, reason).is_not(None))
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(wanted.order_by(rejected_record.c.id).limit(limit)).mappings()]
    return _shown(viewer, rows)


def counted(viewer: Principal) -> list[Found]:
    """Open rows by source and reason, most first: source, reason, count."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        rows = conn.execute(
            text(
                """SELECT source, reason, count(*) AS count FROM party.rejected_record, unnest(reasons) AS reason
                   WHERE state = 'open' GROUP BY source, reason ORDER BY count(*) DESC, source, reason"""
            )
        )
        return [dict(row) for row in rows.mappings()]


MANY = 1000
"""Rows that wait, beyond which nobody needs their number on a workbench."""


def waiting(viewer: Principal) -> int:
    """How many rows wait to be worked off; `MANY` where there are more."""
    require(viewer, RIGHT)
    some = select(rejected_record.c.id).where(rejected_record.c.state == "open").limit(MANY).subquery()
    with database.read("party") as conn:
        return int(conn.execute(select(func.count()).select_from(some)).scalar_one())


def get(viewer: Principal, reject_id: int) -> Found:
    """One rejected row, with `columns`: those its mapping names and those it has, with the values shown. Raises
    NotFound."""
    require(viewer, RIGHT)
    row = _shown(viewer, [_row(reject_id)])[0]
    document = _document(row)
    row["columns"] = {name: row["raw"].get(name) for name in dict.fromkeys([*document.needed(), *row["raw"]])}
    return row


def _row(reject_id: int) -> Found:
    with database.read("party") as conn:
        row = conn.execute(_ROWS.where(rejected_record.c.id == reject_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("party-reject-unknown", id=reject_id)
    return dict(row)


def _shown(viewer: Principal, rows: list[Found]) -> list[Found]:
    masks = loads.masks_of({row["load_id"] for row in rows})
    shower = {load_id: loads.shower(viewer, known) for load_id, known in masks.items()}
    for row in rows:
        show = shower[row["load_id"]]
        row["raw"] = {name: show(name, value) for name, value in row["raw"].items()}
    clear = sorted({kind for kind in SENSITIVE.values() if viewer.sees(kind)})
    if rows and clear and viewer.kind != "system":
        record_read(viewer, "rejected_record", [row["id"] for row in rows], clear)
    return rows


def _document(row: Found) -> Document:
    """The mapping by which a row is to be taken in now: the one in force of the name it was rejected by, else that one
    itself. Raises NotFound where neither is known."""
    named = (row["source"], row["mapping"])
    found = [each for each in mappings.in_force().values() if (each.source.code, each.mapping) == named]
    document = found[0] if found else loads.documents_of([row["load_id"]])[row["load_id"]]
    if document is None:
        raise NotFound("party-mapping-unknown", name=row["mapping"])
    return document


def corrected(viewer: Principal, row: Found, changes: Changes) -> dict[str, Any]:
    """A stored row with a viewer's changes. A value sent back as it was shown, masked, stays what it was."""
    show = loads.shower(viewer, loads.masks_of([row["load_id"]])[row["load_id"]])
    made = {name: value for name, value in row["raw"].items() if name != "line"}
    for name, value in changes.items():
        if name == "line" or value == (show(name, made[name]) if made.get(name) is not None else ""):
            continue
        made[name] = value
    return made


def tried(viewer: Principal, reject_id: int, changes: Changes) -> preview.Row:
    """What would become of a row with changes, as the viewer may see it; nothing is stored."""
    require(viewer, RIGHT)
    row = _row(reject_id)
    document = _document(row)
    made = preview.of_rows(document, [corrected(viewer, row, changes)])[0]
    return as_seen(viewer, document, made)


def resubmit(viewer: Principal, reject_id: int, changes: Changes) -> bool:
    """Submit a row again with changes; returns whether it was admitted. Raises Conflict when it is closed."""
    require(viewer, RIGHT)
    row = _row(reject_id)
    if row["state"] != "open":
        raise Conflict("party-reject-closed", id=reject_id)
    return _submitted(viewer, [row], [corrected(viewer, row, changes)]) == 1


def resubmit_all(
    viewer: Principal, *, load_id: int | None = None, source: str | None = None, reason: str | None = None
) -> tuple[int, int]:
    """Submit open rows again as they are, e.g. after the mapping or a code mapping changed: admitted, tried."""
    require(viewer, RIGHT)
    ids = [row["id"] for row in listing(viewer, load_id=load_id, source=source, reason=reason, limit=MOST)]
    groups: dict[tuple[str, str], list[Found]] = {}
    for row in _stored(ids):
        groups.setdefault((row["source"], row["mapping"]), []).append(row)
    admitted = sum(_submitted(viewer, rows, [row["raw"] for row in rows]) for rows in groups.values())
    return admitted, len(ids)


def _stored(ids: Sequence[int]) -> list[Found]:
    chosen = _ROWS.where(rejected_record.c.id == func.any(list(ids)), rejected_record.c.state == "open")
    wanted = chosen.order_by(rejected_record.c.id)
    with database.read("party") as conn:
        return [dict(row) for row in conn.execute(wanted).mappings()]


def _submitted(viewer: Principal, rows: Sequence[Found], raws: Sequence[Mapping[str, Any]]) -> int:
    """Take those in that are admitted now, and close them; the others stay open, with the reasons of now."""
    document = _document(rows[0])
    whole = [(row, raw) for row, raw in zip(rows, raws, strict=True) if "line" not in raw]
    if not whole:
        return 0
    found = preview.of_rows(document, [raw for _, raw in whole])
    fine = [(row, raw) for (row, raw), made in zip(whole, found, strict=True) if not made["reasons"]]
    if fine:
        told = msgspec.json.encode([(row["id"], raw) for row, raw in fine])
        report = take_in_rows(
            [raw for _, raw in fine], document, viewer.actor, digest="rejects:" + hashlib.sha256(told).hexdigest(),
            name=f"#{rows[0]['load_id']} ✎ {len(fine)}", corrected_by=viewer.actor,
        )  # fmt: skip
        _close(viewer, [row["id"] for row, _ in fine], "corrected", resubmitted_by_load=report.load_id)
    _reasons_now([(row["id"], made["reasons"]) for (row, _), made in zip(whole, found, strict=True) if made["reasons"]])
    return len(fine)


def _reasons_now(found: Iterable[tuple[int, list[str]]]) -> None:
    rows = list(found)
    if rows:
        with database.begin("party") as conn:
            conn.execute(
                text(
                    """UPDATE party.rejected_record r SET reasons = string_to_array(s.reasons, ' ')
                       FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS s (id, reasons)
                       WHERE r.id = s.id AND r.state = 'open'"""
                ),
                {"ids": [row[0] for row in rows], "reasons": [" ".join(row[1]) for row in rows]},
            )


def _close(viewer: Principal, ids: Sequence[int], state: str, **values: Any) -> int:
    closing = (
        rejected_record.update()
        .where(rejected_record.c.id == func.any(list(ids)), rejected_record.c.state == "open")
        .values(state=state, closed_by=viewer.actor, closed_at=clock.now(), **values)
    )
    with database.begin("party") as conn:
        return conn.execute(closing).rowcount


def dismiss(viewer: Principal, ids: Sequence[int], note: str) -> int:
    """Close rows without taking them in; says how many were open. Raises Unprocessable without a reason."""
    require(viewer, RIGHT)
    if not note.strip():
        raise Unprocessable("party-reject-note", field="reason")
    return _close(viewer, ids, "dismissed", note=note.strip()[:500])
