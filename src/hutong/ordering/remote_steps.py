"""Remote steps: what each kind asks of its peer center, and how the answer becomes an outcome (OC-07, OC-18)."""

from collections.abc import Callable, Mapping
from typing import Any

from hutong.catalog.order_template import CompensationKind, StepKind
from hutong.ordering.ports.peer import Answer, AnswerState, Peer, PeerFailure
from hutong.ordering.steps import ClaimedStep, Outcome, awaiting, done, failed, refused
from hutong.platform.settings import settings

LONGEST_CALL_SECONDS = 10.0
CALLBACK_PATH = "/peers/callback"

Payload = Callable[[ClaimedStep], Mapping[str, Any]]


def _provision(step: ClaimedStep) -> Mapping[str, Any]:
    return {"action": step.data["action"], "products": step.data["products"], "number": step.results.get("number")}


def _payment(step: ClaimedStep) -> Mapping[str, Any]:
    return {
        "amount_micros": step.data["one_off_micros"],
        "currency": settings.currency,
        "account_id": step.data["account_id"],
    }


def _refund(step: ClaimedStep) -> Mapping[str, Any]:
    return {**_payment(step), "undoes": step.undone_key}


def _deprovision(step: ClaimedStep) -> Mapping[str, Any]:
    return {**_provision(step), "undoes": step.undone_key}


def _message(step: ClaimedStep) -> Mapping[str, Any]:
    return {"to": step.contact, "message": "order-fulfilled", "offer": step.data["offer"]}


OPERATIONS: dict[str, tuple[str, Payload]] = {
    StepKind.PROVISION: ("provision", _provision),
    StepKind.TAKE_PAYMENT: ("take", _payment),
    StepKind.NOTIFY: ("send", _message),
    CompensationKind.DEPROVISION: ("deprovision", _deprovision),
    CompensationKind.REFUND: ("refund", _refund),
}


def call_timeout(step: ClaimedStep) -> float:
    """Seconds one call may take; a longer answer comes by callback."""
    return min(float(step.timeout_seconds), LONGEST_CALL_SECONDS)


def payload_of(step: ClaimedStep) -> dict[str, Any]:
    """The whole request for a step's peer."""
    payload = OPERATIONS[step.kind][1](step)
    return {
        **payload,
        "order_id": step.order_id,
        "business_order_id": step.business_order_id,
        "customer_id": step.customer_id,
        "extra": step.extra,
        "callback": settings.public_url.rstrip("/") + CALLBACK_PATH,
    }


def perform(step: ClaimedStep, peer: Peer) -> Outcome:
    """Call the peer for one step. If an earlier call may have reached it, it is asked about that one first."""
    timeout = call_timeout(step)
    try:
        answer = peer.find(step.key, timeout) if step.sent else None
        if answer is None:
            answer = peer.request(OPERATIONS[step.kind][0], step.key, payload_of(step), timeout)
    except PeerFailure as failure:
        return failed(failure.reason)
    return outcome_of(answer)


def outcome_of(answer: Answer) -> Outcome:
    """A peer's answer as an outcome."""
    match answer.state:
        case AnswerState.DONE:
            return done(**answer.found)
        case AnswerState.PENDING:
            return awaiting(**answer.found)
        case AnswerState.REFUSED:
            return refused(answer.reason or "refused")
