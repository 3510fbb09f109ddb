"""What the order center tells others."""

from collections.abc import Mapping, Sequence
from typing import Any

from hutong.ordering.states import OrderState
from hutong.platform.outbox import Event

ACCEPTED = "ordering.order_accepted"
AMENDED = "ordering.order_amended"
STATE_CHANGED = "ordering.order_state_changed"
CANCELLATION_REQUESTED = "ordering.cancellation_requested"
CANCELLATION_ENDED = "ordering.cancellation_ended"
BUSINESS_ORDER_ENDED = "ordering.business_order_ended"
ACTIVATION_REQUESTED = "ordering.billing_activation_requested"
DEACTIVATION_REQUESTED = "ordering.billing_deactivation_requested"
EXCEPTION_RAISED = "ordering.exception_raised"


def aggregate(order_id: int) -> str:
    """The aggregate whose events keep their order: the customer order."""
    return f"order:{order_id}"


def accepted(order_id: int, customer_id: int, channel: str, external_id: str | None) -> Event:
    """An order was accepted (TMF622 ProductOrderCreateEvent)."""
    payload = {"order_id": order_id, "customer_id": customer_id, "channel": channel, "external_id": external_id}
    return Event(ACCEPTED, aggregate(order_id), payload)


def amended(order_id: int, changed: Sequence[str]) -> Event:
    """What an order says about itself was changed (TMF622 ProductOrderAttributeValueChangeEvent)."""
    return Event(AMENDED, aggregate(order_id), {"order_id": order_id, "changed": list(changed)})


def state_changed(order_id: int, state: OrderState, reason: str | None = None) -> Event:
    """A customer order's state changed (TMF622 ProductOrderStateChangeEvent)."""
    return Event(STATE_CHANGED, aggregate(order_id), {"order_id": order_id, "state": state.value, "reason": reason})


def cancellation_requested(order_id: int) -> Event:
    """Somebody asked to cancel an order, and it was granted (TMF622 CancelProductOrderCreateEvent)."""
    return Event(CANCELLATION_REQUESTED, aggregate(order_id), {"order_id": order_id})


def cancellation_ended(order_id: int, state: OrderState) -> Event:
    """The order that was to be cancelled ended, cancelled or not (TMF622 CancelProductOrderStateChangeEvent)."""
    return Event(CANCELLATION_ENDED, aggregate(order_id), {"order_id": order_id, "state": state.value})


def business_order_ended(order_id: int, business_order_id: int, state: str, reason: str | None) -> Event:
    """A business order reached its final state."""
    payload = {"order_id": order_id, "business_order_id": business_order_id, "state": state, "reason": reason}
    return Event(BUSINESS_ORDER_ENDED, aggregate(order_id), payload)


def exception_raised(order_id: int, exception_id: int, reason: str) -> Event:
    """An order waits for a person."""
    payload = {"order_id": order_id, "exception_id": exception_id, "reason": reason}
    return Event(EXCEPTION_RAISED, aggregate(order_id), payload)


def billing_requested(event_type: str, order_id: int, payload: Mapping[str, Any]) -> Event:
    """Billing is asked to begin or end charging what a business order delivered."""
    return Event(event_type, aggregate(order_id), payload)
