"""The before/after report of an enhancement batch (EC-08), and what people see of batches."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from hutong.identity import Principal, protect, require
from hutong.party.columns import SENSITIVE
from hutong.party.stewardship.enhancement_rows import VALUES
from hutong.party.tables import enhancement_batch, enhancement_row, party
from hutong.platform import database
from hutong.platform.errors import NotFound

Row = dict[str, Any]
REACHED_BY = ("mobile", "phone", "email", "address")
RIGHT = "party.enhance"


def shown_of(conn: Connection, parties: Sequence[int]) -> dict[int, Row]:
    """Party → the attributes that batches may better."""
    rows = conn.execute(select(party.c.id, *(party.c[name] for name in VALUES)).where(party.c.id.in_(parties)))
    return {row.id: dict(row._mapping) for row in rows}


def report_of(before: Mapping[int, Row], after: Mapping[int, Row], rows: int, left_out: Mapping[str, int]) -> Row:
    """How the golden records differ. Pure."""
    gained: dict[str, int] = dict.fromkeys(VALUES, 0)
    changed: dict[str, int] = dict.fromkeys(VALUES, 0)
    touched = set()
    for id, was in before.items():
        for name in VALUES:
            if after[id][name] != was[name]:
                (gained if was[name] is None else changed)[name] += 1
                touched.add(id)
    return {
        "rows": rows, "parties": len(before), "bettered": len(touched), "left_out": dict(left_out),
        "gained": {name: count for name, count in gained.items() if count},
        "changed": {name: count for name, count in changed.items() if count},
        "reachable": {name: [sum(row[name] is not None for row in state.values()) for state in (before, after)]
                      for name in REACHED_BY},
        "reachable_at_all": [sum(any(row[name] for name in REACHED_BY) for row in state.values())
                             for state in (before, after)],
    }  # fmt: skip


def batches(viewer: Principal, before: int | None = None, limit: int = 50) -> list[Row]:
    """Batches, newest first, with how many rows each has."""
    require(viewer, RIGHT)
    rows = select(func.count()).where(enhancement_row.c.batch_id == enhancement_batch.c.id)
    statement = select(enhancement_batch, rows.scalar_subquery().label("rows"))
    if before is not None:
        statement = statement.where(enhancement_batch.c.id < before)
    with database.read("party") as conn:
        found = conn.execute(statement.order_by(enhancement_batch.c.id.desc()).limit(min(limit, 200)))
        return [dict(row) for row in found.mappings()]


def batch(viewer: Principal, batch_id: int, after: int = 0, limit: int = 100) -> Row:
    """A batch with its `rows` after a row number: party, values masked, problem. Raises NotFound."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        found = (
            conn.execute(select(enhancement_batch).where(enhancement_batch.c.id == batch_id)).mappings().one_or_none()
        )
        if found is None:
            raise NotFound("party-enhance-unknown", id=batch_id)
        listed = conn.execute(
            select(enhancement_row)
            .where(enhancement_row.c.batch_id == batch_id, enhancement_row.c.row_number > after)
            .order_by(enhancement_row.c.row_number)
            .limit(min(limit, 500))
        ).all()
    stated = [
        {"id": row.party_id or 0, "row_number": row.row_number, "party_id": row.party_id, "problem": row.problem,
         "confirmed": row.confirmed, **dict.fromkeys(VALUES), **row.values}
        for row in listed
    ]  # fmt: skip
    fields = {name: SENSITIVE[name] for name in VALUES if name in SENSITIVE}
    return {**found, "rows": protect(viewer, "party", stated, fields)}
