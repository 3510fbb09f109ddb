"""Local steps: done for a whole set in the dispatcher's transaction. One handler per kind (OC-07).

A handler gets the steps of one kind and gives an outcome for each. Those that work in another center of this process
call its set functions, which are idempotent by the step's key: done again after a crash, they find what they did.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, text

from hutong.catalog.order_template import StepKind
from hutong.ordering import closing
from hutong.ordering.compensation import CLOSE
from hutong.ordering.steps import ClaimedStep, Outcome, done, failed

Handler = Callable[[Connection, Sequence[ClaimedStep]], Mapping[int, Outcome]]
"""Steps of one kind → outcome by step id."""

_ARCHIVE = text("UPDATE ordering.business_order SET archived_at = now() WHERE id = ANY(:ids)")


def complete(conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Completion (竣工): the business orders end, and with the last one the customer order."""
    ended = closing.complete(conn, [step.business_order_id for step in steps])
    return _by_business_order(steps, ended)


def close(conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """The end of a compensation: the business orders end as failed or cancelled."""
    ended = closing.close(conn, [step.business_order_id for step in steps])
    return _by_business_order(steps, ended)


def archive(conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Archiving (挪历史): the plan of the business orders may be moved away once the customer order has ended."""
    conn.execute(_ARCHIVE, {"ids": sorted({step.business_order_id for step in steps})})
    return {step.id: done() for step in steps}


def _by_business_order(steps: Sequence[ClaimedStep], ended: set[int]) -> dict[int, Outcome]:
    refusal = failed("state-refused")
    return {step.id: done() if step.business_order_id in ended else refusal for step in steps}


LOCAL: dict[str, Handler] = {StepKind.COMPLETE: complete, StepKind.ARCHIVE: archive, CLOSE: close}
