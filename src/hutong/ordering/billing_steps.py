"""Steps done in billing, which is told by events and answers by events (送计费, BL-14): it may be down meanwhile."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from hutong.catalog.order_template import CompensationKind, StepKind
from hutong.ordering import events
from hutong.ordering.local_steps import Handler
from hutong.ordering.steps import ClaimedStep, Outcome, awaiting, done
from hutong.platform.outbox import Event, publish


def activate(conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Ask billing to begin charging; done when it says so (`billing.activated`). Asked again if it never does."""
    publish(conn, "ordering", [_request(events.ACTIVATION_REQUESTED, step) for step in steps])
    return {step.id: awaiting() for step in steps}


def deactivate(conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Tell billing to undo an activation. The outbox delivers it for certain, so nothing is waited for."""
    publish(conn, "ordering", [_request(events.DEACTIVATION_REQUESTED, step) for step in steps])
    return {step.id: done() for step in steps}


def _request(event_type: str, step: ClaimedStep) -> Event:
    data, results = step.data, step.results
    offer_instance = results.get("offer_instance_id") or data["offer_instance_id"]
    payload = {
        "business_order_id": step.business_order_id,
        "customer_order_id": step.order_id,
        "customer_id": step.customer_id,
        "account_id": data["account_id"],
        "action": data["action"],
        "product_instance_ids": results.get("product_instance_ids", []),
        "offer_instance_ids": [offer_instance] if offer_instance else [],
        "charges": data["charges"],
    }
    return events.billing_requested(event_type, step.order_id, payload)


BILLING: dict[str, Handler] = {
    StepKind.ACTIVATE_BILLING: activate,
    CompensationKind.DEACTIVATE_BILLING: deactivate,
}
