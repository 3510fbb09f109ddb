"""The queue of what can be done now: append, claim in batches, empty whole partitions (ADR 0006).

A claim deletes the entries in the worker's own transaction: if the worker dies, they are back at once. Entries are
never updated. Deleted entries that an old snapshot keeps alive would slow every claim, so a worker starts where its
last claim ended and looks from the beginning only now and then; and emptied partitions are truncated by turns.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from hutong.ordering.tables import SLOT_SECONDS, SLOTS

PLAN = "plan"  # customer orders to decompose
FAILURE = "failure"  # steps that failed for good
LOCAL = "local"  # steps done here, by sets
SWEEP_SHARE = 20  # a worker spends at most one part in so many on looking from the beginning

_CLAIM = text("""
    WITH picked AS (
        SELECT id, slot FROM ordering.ready
        WHERE lane = :lane AND id > :after
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
    DELETE FROM ordering.ready r USING picked WHERE r.id = picked.id AND r.slot = picked.slot
    RETURNING r.id, r.subject_id""")
_PUSH = text("""
    INSERT INTO ordering.ready (lane, subject_id)
    SELECT * FROM unnest(CAST(:lanes AS text[]), CAST(:subjects AS bigint[]))""")

_FOLLOWING = text(f"SELECT (extract(epoch FROM now())::bigint / {SLOT_SECONDS} + 1) % {SLOTS}")  # noqa: S608 (constants)


def push(conn: Connection, entries: Sequence[tuple[str, int]]) -> None:
    """Append (lane, subject) entries."""
    if entries:
        conn.execute(_PUSH, {"lanes": [lane for lane, _ in entries], "subjects": [subject for _, subject in entries]})


@dataclass
class Claimer:
    """One worker's claims on one lane. `claim` gives subject ids, oldest first; each to one worker only."""

    lane: str
    _after: int = field(default=0, init=False)
    _next_sweep: float = field(default=0.0, init=False)

    def claim(self, conn: Connection, most: int) -> list[int]:
        """Up to `most` subjects, taken out of the queue when the transaction commits."""
        began = time.monotonic()
        sweeping = began >= self._next_sweep
        after = 0 if sweeping else self._after
        rows = sorted(conn.execute(_CLAIM, {"lane": self.lane, "after": after, "most": most}))
        if sweeping:
            ended = time.monotonic()
            self._next_sweep = ended + (ended - began) * SWEEP_SHARE
        if rows:
            self._after = rows[-1][0]
        return list(dict.fromkeys(subject for _, subject in rows))


def take(conn: Connection, lane: str, subject_id: int) -> bool:
    """Take one subject out of the queue (slow: for what went wrong). False when another worker has it."""
    entry = text("""
        DELETE FROM ordering.ready WHERE (id, slot) IN (
            SELECT id, slot FROM ordering.ready WHERE lane = :lane AND subject_id = :subject FOR UPDATE SKIP LOCKED)""")
    return bool(conn.execute(entry, {"lane": lane, "subject": subject_id}).rowcount)


def empty_partitions(conn: Connection) -> list[int]:
    """Truncate the partition that will be used next, if it is empty of live entries: it then starts afresh, whatever
    old snapshots still see of it. Gives up at once where somebody is busy. Run in a transaction of its own.
    """
    conn.execute(text("SET LOCAL lock_timeout = '50ms'"))
    following = int(conn.execute(_FOLLOWING).scalar_one())
    table = f"ordering.ready_slot_{following}"
    conn.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
    if conn.execute(text(f"SELECT EXISTS (SELECT FROM {table})")).scalar_one():  # noqa: S608 (name made above)
        return []
    conn.execute(text(f"TRUNCATE {table}"))
    return [following]
