"""Split by hand, and taking operations back to the exact state before (EC-07)."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.golden.survivorship import golden_sql, rules_in_force
from hutong.party.model.masking import masked
from hutong.party.resolution import membership
from hutong.party.resolution.membership import Moved
from hutong.party.resolution.regroup import chain, judge, records_of, regroup
from hutong.platform import database
from hutong.platform.errors import Conflict, NotFound, Unprocessable


def preview_split(viewer: Principal, party_id: int, records: Sequence[int]) -> dict[str, Any]:
    """What a split would give: `stays` and `leaves`, two golden records (masked). Raises as `split` does."""
    require(viewer, "party.split")
    with database.read("party") as conn:
        visibility.check(conn, viewer, party_id)
        out, stay = _cut(conn, party_id, records)
        members = "(SELECT CAST(0 AS bigint) AS party_id, unnest(CAST(:records AS bigint[])) AS record_id)"
        sql = text(golden_sql(rules_in_force(conn), members))
        stays, leaves = (dict(conn.execute(sql, {"records": half}).mappings().one()) for half in (stay, out))
    shown = masked(viewer, [{**stays, "id": party_id}, {**leaves, "id": party_id}])
    return {"stays": shown[0], "leaves": shown[1]}


def _cut(conn: Connection, party_id: int, records: Sequence[int]) -> tuple[list[int], list[int]]:
    """The records that leave and those that stay. Raises NotFound, Unprocessable."""
    own = records_of(conn, [party_id]).get(party_id)
    if own is None:
        raise NotFound("party-unknown", id=party_id)
    out = sorted(set(own) & set(records))
    stay = sorted(set(own) - set(records))
    if not out:
        raise Unprocessable("party-split-none", id=party_id)
    if not stay:
        raise Unprocessable("party-split-all", id=party_id)
    return out, stay


def split(viewer: Principal, party_id: int, records: Sequence[int], reason: str) -> Moved:
    """Take these records out of a party into one of their own. Later runs never bring the two together again."""
    require(viewer, "party.split")
    with database.begin("party") as conn:
        visibility.check(conn, viewer, party_id)
        return split_in(conn, party_id, records, reason, viewer.actor)


def split_in(conn: Connection, party_id: int, records: Sequence[int], reason: str, by: str) -> Moved:
    """`split` within the caller's transaction."""
    membership.lock(conn)
    out, stay = _cut(conn, party_id, records)
    operation_id = membership.new_operation(conn, "split", reason, by)
    _end_merges(conn, out, stay, operation_id)
    judge(conn, list(product(out, stay)), "not_same", "split", reason, operation_id=operation_id, by=by)
    judge(conn, [*chain(out), *chain(stay)], "same", "split", reason, operation_id=operation_id, by=by)
    return regroup(conn, [*out, *stay], operation_id, by)


def _end_merges(conn: Connection, out: list[int], stay: list[int], operation_id: int) -> None:
    """A person's earlier 'same' across the cut gives way; an undo takes it up again."""
    conn.execute(
        text(
            """UPDATE party.judgement j SET ended_at = now(), ended_because = 'split', ended_operation_id = :operation
               WHERE j.ended_at IS NULL AND j.verdict = 'same' AND j.made_by_kind = 'person'
                 AND ((j.left_id = ANY(:out) AND j.right_id = ANY(:stay))
                   OR (j.left_id = ANY(:stay) AND j.right_id = ANY(:out)))"""
        ),
        {"operation": operation_id, "out": out, "stay": stay},
    )


def undo(viewer: Principal, operation_id: int, reason: str) -> Moved:
    """Take a merge or split back: its judgements end, those it ended are taken up, ids return to their records.

    Raises Conflict when later operations moved its records again: those are taken back first.
    """
    require(viewer, "party.split")
    with database.begin("party") as conn:
        holding = text("""SELECT DISTINCT x.party_id FROM party.operation_record o
                          JOIN party.xref x ON x.record_id = o.record_id WHERE o.operation_id = :id""")
        visibility.check(conn, viewer, *conn.execute(holding, {"id": operation_id}).scalars())
        return undo_in(conn, operation_id, reason, viewer.actor)


def undo_in(conn: Connection, operation_id: int, reason: str, by: str) -> Moved:
    """`undo` within the caller's transaction."""
    membership.lock(conn)
    found = conn.execute(
        text("SELECT kind FROM party.operation WHERE id = :id"), {"id": operation_id}
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("party-operation-unknown", id=operation_id)
    if found not in ("merge", "split", "unflag"):
        raise Unprocessable("party-operation-fixed", id=operation_id)
    _latest(conn, operation_id)
    touched = conn.execute(
        text("SELECT left_id, right_id FROM party.judgement WHERE operation_id = :id OR ended_operation_id = :id"),
        {"id": operation_id},
    )
    records = {record for pair in touched for record in pair}
    moved = conn.execute(
        text("SELECT record_id, before_id FROM party.operation_record WHERE operation_id = :id"), {"id": operation_id}
    )
    home: dict[int, int] = {row.record_id: row.before_id for row in moved}
    undoing = membership.new_operation(conn, "undo", reason, by, undoes=operation_id)
    conn.execute(
        text(
            """UPDATE party.judgement SET ended_at = now(), ended_because = 'undo', ended_operation_id = :undoing
               WHERE operation_id = :id AND ended_at IS NULL"""
        ),
        {"id": operation_id, "undoing": undoing},
    )
    conn.execute(
        text(
            """UPDATE party.judgement SET ended_at = NULL, ended_because = NULL, ended_operation_id = NULL
               WHERE ended_operation_id = :id"""
        ),
        {"id": operation_id},
    )
    return regroup(conn, sorted(records | set(home)), undoing, by, home)


def _latest(conn: Connection, operation_id: int) -> None:
    """Nothing that the operation moved or judged was moved or judged by people since, but for what was taken back."""
    later = conn.execute(
        text(
            """WITH own AS (
                   SELECT left_id AS record_id FROM party.judgement WHERE operation_id = :id OR ended_operation_id = :id
                   UNION SELECT right_id FROM party.judgement WHERE operation_id = :id OR ended_operation_id = :id
                   UNION SELECT record_id FROM party.operation_record WHERE operation_id = :id
               ), taken_back AS (
                   SELECT undoes_id AS id FROM party.operation WHERE undoes_id IS NOT NULL
                   UNION SELECT id FROM party.operation WHERE undoes_id IS NOT NULL
               ), later AS (
                   SELECT r.record_id FROM party.operation_record r
                   WHERE r.operation_id > :id AND r.operation_id NOT IN (SELECT id FROM taken_back)
                   UNION
                   SELECT unnest(ARRAY[j.left_id, j.right_id]) FROM party.judgement j
                   WHERE j.operation_id > :id AND j.ended_at IS NULL
               )
               SELECT (SELECT count(*) FROM own JOIN later USING (record_id))
                    + (SELECT count(*) FROM party.operation WHERE undoes_id = :id)"""
        ),
        {"id": operation_id},
    ).scalar_one()
    if later:
        raise Conflict("party-operation-not-latest", id=operation_id, count=later)
