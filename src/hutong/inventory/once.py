"""Doing each request once: its key is claimed first; a repeat waits for the first to commit and gets its result."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, text

from hutong.inventory.requests import AnyRequest, Outcome, Refusal, Result
from hutong.platform import database

RequestType = TypeVar("RequestType", bound=AnyRequest)
OutcomeType = TypeVar("OutcomeType", bound=Outcome)
Done = Mapping[str, Result | Refusal]
"""By request key: what is kept for repeats, or why it was refused."""

CLAIM = text("""
    INSERT INTO inventory.request (operation, key, made_at)
    SELECT :operation, key, clock_timestamp() FROM unnest(CAST(:keys AS text[])) AS key ORDER BY key
    ON CONFLICT (operation, key) DO NOTHING RETURNING key
""")
KEEP = text("""
    UPDATE inventory.request AS r SET result = g.result
    FROM json_to_recordset(CAST(:results AS json)) AS g(key text, result jsonb)
    WHERE r.operation = :operation AND r.key = g.key
""")
FORGET = text("DELETE FROM inventory.request WHERE operation = :operation AND key = ANY(:keys)")
RECALL = text("SELECT key, result FROM inventory.request WHERE operation = :operation AND key = ANY(:keys)")


def once(
    operation: str,
    requests: Sequence[RequestType],
    outcome: type[OutcomeType],
    work: Callable[[Connection, list[RequestType]], Done],
) -> list[OutcomeType]:
    """Run `work` on those requests that were not done before, in one transaction; outcomes in the order of requests.

    Keys are claimed in their own order, so that sets which share keys wait for one another instead of colliding.
    Keys are the caller's, per operation: the same key may name a reservation and a creation.
    """
    if not requests:
        return []
    with database.begin("inventory") as conn:
        first = {item.request_key: item for item in reversed(requests)}
        claimed = set(conn.execute(CLAIM, {"operation": operation, "keys": list(first)}).scalars())
        known = _recall(conn, operation, [key for key in first if key not in claimed])
        new = [
            item
            for number, item in enumerate(requests)
            if item.request_key in claimed and item is first[item.request_key]
        ]
        done = work(conn, new) if new else {}
        _keep(conn, operation, done)
    repeated = {
        key: msgspec.convert({**kept, "request_key": key, "repeated": True}, outcome) for key, kept in known.items()
    }
    made = {key: _outcome(outcome, key, what) for key, what in done.items()}
    answers = repeated | made
    return [answers[item.request_key] for item in requests]


def _recall(conn: Connection, operation: str, keys: Sequence[str]) -> dict[str, Result]:
    if not keys:
        return {}
    rows = conn.execute(RECALL, {"operation": operation, "keys": list(keys)})
    return {row.key: row.result for row in rows}


def _keep(conn: Connection, operation: str, done: Done) -> None:
    kept = [{"key": key, "result": what} for key, what in done.items() if not isinstance(what, Refusal)]
    refused = [key for key, what in done.items() if isinstance(what, Refusal)]
    if kept:
        conn.execute(KEEP, {"operation": operation, "results": msgspec.json.encode(kept).decode()})
    if refused:
        conn.execute(FORGET, {"operation": operation, "keys": refused})


def _outcome(outcome: type[OutcomeType], key: str, what: Result | Refusal) -> OutcomeType:
    if isinstance(what, Refusal):
        return outcome(key, what)
    return msgspec.convert({**what, "request_key": key}, outcome)
