"""Decisions on quarantined records: released to be collected again, or discarded; who and when stays (BL-05).

A released record goes through the same reading,
    checks and duplicate search as a new one; its file's audit moves with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from hutong.billing import collect
from hutong.billing.columnar import workshop
from hutong.billing.states import QUARANTINE, QuarantineState
from hutong.identity import Principal, require
from hutong.platform import clock, database

RIGHT = "billing.quarantine"
DECIDE = text("""
    UPDATE billing.quarantine SET state = :state, decided_by = :by, decided_at = :at
    WHERE id = ANY(:ids) AND state = ANY(:allowed)
""")


@dataclass(frozen=True, slots=True)
class Recollected:
    """What became of released records."""

    accepted: int
    duplicates: int
    held: int


def discard(viewer: Principal, ids: Sequence[int]) -> int:
    """Give records up for good. Returns how many were held until now."""
    return decide(viewer, ids, QuarantineState.DISCARDED)


def release(viewer: Principal, ids: Sequence[int]) -> int:
    """Let held records be collected again (their number is known now, say); `collect_released` does it."""
    return decide(viewer, ids, QuarantineState.RELEASED)


def decide(viewer: Principal, ids: Sequence[int], state: QuarantineState) -> int:
    """One decision for a set of records, where their state allows it."""
    require(viewer, RIGHT)
    allowed = [of.value for of, following in QUARANTINE.items() if state in following]
    values = {"ids": list(ids), "state": state.value, "by": viewer.actor, "at": clock.now(), "allowed": allowed}
    with database.begin("billing") as conn:
        return conn.execute(DECIDE, values).rowcount


def collect_released(by: str) -> Recollected:
    """Collect all released records again, as a set: accepted, found duplicates, or held anew with today's reason."""
    with workshop() as (duck, scratch), database.begin("billing") as conn:
        collect.lock(conn)
        rows = conn.execute(
            text("""
                SELECT q.id, q.file_id, q.content, f.system, f.zone FROM billing.quarantine q
                JOIN billing.usage_file f ON f.id = q.file_id
                WHERE q.state = 'released' ORDER BY q.file_id, q.line FOR NO KEY UPDATE OF q
            """)
        ).all()
        if not rows:
            return Recollected(0, 0, 0)
        found = collect.again(conn, duck, scratch, rows, by)
        conn.execute(
            text("""
                UPDATE billing.quarantine q SET state = r.state, reason = coalesce(r.reason, q.reason)
                FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:reasons AS text[])) AS r(id, state,
                    reason)
                WHERE q.id = r.id
            """),
            {
                "ids": [one[0] for one in found],
                "states": [one[1] for one in found],
                "reasons": [one[2] for one in found],
            },
        )
        conn.execute(
            text("""
                UPDATE billing.usage_file f SET accepted = f.accepted + m.accepted,
                    duplicates = f.duplicates + m.duplicates,
                    quarantined = f.quarantined - m.accepted - m.duplicates
                FROM (SELECT file_id, count(*) FILTER (WHERE state = 'accepted') AS accepted,
                             count(*) FILTER (WHERE state = 'duplicate') AS duplicates
                      FROM billing.quarantine WHERE id = ANY(:ids) GROUP BY file_id) m
                WHERE f.id = m.file_id
            """),
            {"ids": [one[0] for one in found]},
        )
    states = [one[1] for one in found]
    return Recollected(states.count("accepted"), states.count("duplicate"), states.count("held"))
