"""Answers that come later: callbacks of peer centers, events of billing. Effect once, whatever comes twice or late."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, text

from hutong.ordering import recording, tracing
from hutong.ordering.ports.peer import Answer, AnswerState
from hutong.ordering.remote_steps import outcome_of
from hutong.ordering.states import StepState
from hutong.ordering.steps import ClaimedStep, done, load_open, parse_key
from hutong.platform import database
from hutong.platform.errors import Invalid, NotFound

_OPEN_TO_ANSWERS = [
    state.value for state in (StepState.RUNNING, StepState.AWAITING, StepState.BACKOFF, StepState.READY)
]
_STEP = text("""
    SELECT s.id, s.order_id, s.business_order_id, s.state FROM ordering.step s
    JOIN ordering.customer_order o ON o.id = s.order_id WHERE s.id = :id AND o.uid = :uid AND s.sent""")
_ACTIVATIONS = text("""
    SELECT id FROM ordering.step
    WHERE business_order_id = ANY(:ids) AND kind = :kind AND undoes IS NULL ORDER BY id""")


class Callback(msgspec.Struct):
    """What a peer posts: the key it was given (which only it knows), and its answer."""

    key: str
    state: AnswerState
    result: dict[str, object] = {}
    reason: str = ""


def record_callback(body: bytes) -> bool:
    """Record a peer's callback (JSON of `Callback`). Returns whether it counted: not if it came twice, or too late.

    Raises Invalid (unreadable), NotFound (unknown key).
    """
    try:
        callback = msgspec.json.decode(body, type=Callback)
        uid, step_id = parse_key(callback.key)
    except (msgspec.DecodeError, ValueError) as error:
        raise Invalid("ordering-callback-unreadable") from error
    with database.begin("ordering") as conn:
        row = conn.execute(_STEP, {"id": step_id, "uid": uid}).first()
        if row is None:
            raise NotFound("ordering-callback-unknown")
        steps = load_open(conn, [step_id], _OPEN_TO_ANSWERS)
        outcome = outcome_of(Answer(callback.state, callback.result, callback.reason))
        counted = recording.record(conn, "peer:callback", [(step, outcome) for step in steps])
        if not counted:
            detail = {"state": callback.state.value, "reason": callback.reason, "step_state": row.state}
            entry = tracing.Entry("late_callback", row.order_id, row.business_order_id, row.id, detail)
            tracing.write(conn, "peer:callback", [entry])
        return bool(counted)


def complete_waiting(conn: Connection, kind: str, business_order_ids: Sequence[int], actor: str) -> set[int]:
    """Complete the steps of a kind that wait for another center's event. Returns ids of the steps that counted."""
    ids = conn.execute(_ACTIVATIONS, {"ids": list(business_order_ids), "kind": kind}).scalars().all()
    steps: list[ClaimedStep] = load_open(conn, ids, _OPEN_TO_ANSWERS)
    return recording.record(conn, actor, [(step, done()) for step in steps])
