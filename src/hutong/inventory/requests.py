"""What others ask of the inventory, and what they get back: plain values, in sets.

Every request has a `request_key` of the caller's, unique per function: repeated, it gives the first result and does
nothing more. What was refused left no effect and is tried anew. A refused request does not undo its siblings: each has
its own result.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hutong.catalog.attributes import Value
from hutong.inventory.states import InstanceState
from hutong.platform.errors import Problem
from hutong.platform.i18n import translate

When = datetime | Literal["now", "next_cycle"]
"""An aware instant, now, or the start of the next bill cycle (calendar month in business time)."""
Attributes = dict[str, Value]


@dataclass(frozen=True)
class Refusal:
    """Why a request was refused: a message id and what fills it; holds nothing personal."""

    code: str
    params: dict[str, str] = field(default_factory=dict)

    def sentence(self, locale: str) -> str:
        """For people."""
        return translate(self.code, locale, **self.params)

    @classmethod
    def of(cls, problem: Problem) -> "Refusal":
        """A problem as a result."""
        return cls(problem.message_id, {name: str(value) for name, value in problem.params.items()})


@dataclass(frozen=True)
class Outcome:
    """The answer to one request. `repeated` says that it was done before, under the same key."""

    request_key: str
    problem: Refusal | None = None
    repeated: bool = False

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.problem is None


@dataclass(frozen=True)
class OpenAccount:
    """Open an account of a customer. `credit_limit_micros`: null for none. `bill_day`: first day of its cycle."""

    request_key: str
    customer_id: int
    name: str | None = None
    payment_mode: Literal["prepaid", "postpaid"] = "postpaid"
    credit_limit_micros: int | None = None
    bill_day: int = 1
    opened_at: datetime | None = None


@dataclass(frozen=True)
class AccountOpened(Outcome):
    """`account_id` is set when ok."""

    account_id: int | None = None


@dataclass(frozen=True)
class NewProduct:
    """One product to create: `component` is its place in the offer; null attributes take the catalog's defaults.

    `reservation_key`: the reservation (the request_key given to `reserve_numbers`) that holds `access_number`; without
    it the number must be free. `attached_to`: the main product instance an attached product comes with; without it,
    a main product of the same request.
    """

    component: str
    attributes: Attributes = field(default_factory=dict)
    access_number: str | None = None
    reservation_key: str | None = None
    attached_to: int | None = None
    state: InstanceState = InstanceState.ACTIVE
    product_code: str | None = None


@dataclass(frozen=True)
class CreateInstances:
    """Create what a customer holds of one offer (转实例).

    `offer_key` names the offer instance for the caller (e.g. its order item): requests with the same key, in any order
    and at any time, add their products to one offer instance. `members` are product instances that join a group offer.
    The relation offer–product takes effect by the component's start rule (BL-10), counted from `effective`.
    """

    request_key: str
    customer_id: int
    account_id: int
    offer_key: str
    offer_code: str
    offer_version: int | None = None
    offer_attributes: Attributes = field(default_factory=dict)
    products: tuple[NewProduct, ...] = ()
    members: tuple[int, ...] = ()
    effective: When = "now"


@dataclass(frozen=True)
class InstancesCreated(Outcome):
    """`product_instance_ids` in the order of the request's products."""

    offer_instance_id: int | None = None
    product_instance_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ChangeInstance:
    """Change an offer instance or a product instance from `effective` on: attributes are merged, state follows the
    transition table, members join or leave a group offer. Give one of the two ids."""

    request_key: str
    offer_instance_id: int | None = None
    product_instance_id: int | None = None
    attributes: Attributes = field(default_factory=dict)
    state: InstanceState | None = None
    account_id: int | None = None
    join: tuple[int, ...] = ()
    leave: tuple[int, ...] = ()
    effective: When = "now"


@dataclass(frozen=True)
class TerminateInstances:
    """End a whole offer instance (its products included), or single products of it, from `effective` on."""

    request_key: str
    offer_instance_id: int | None = None
    product_instance_ids: tuple[int, ...] = ()
    effective: When = "now"


@dataclass(frozen=True)
class RemoveInstances:
    """Undo a creation as if it had not been (compensation): `created_key` is the request_key of `create_instances`."""

    request_key: str
    created_key: str


@dataclass(frozen=True)
class ReserveNumber:
    """Hold a number of a class for `minutes`: the wanted one, or any."""

    request_key: str
    number_class: str
    wanted: str | None = None
    minutes: int = 30


@dataclass(frozen=True)
class NumberReserved(Outcome):
    """`access_number` is set when ok."""

    access_number: str | None = None


@dataclass(frozen=True)
class AssignNumber:
    """Give an existing product instance a (new) number; the one it had rests. See `NewProduct.reservation_key`."""

    request_key: str
    product_instance_id: int
    access_number: str
    reservation_key: str | None = None


@dataclass(frozen=True)
class ReleaseNumber:
    """Give up a reservation; nothing to do when it has lapsed or been used."""

    request_key: str
    reservation_key: str


AnyRequest = (
    OpenAccount | CreateInstances | ChangeInstance | TerminateInstances | RemoveInstances | ReserveNumber
    | AssignNumber | ReleaseNumber
)  # fmt: skip
Result = dict[str, Any]
"""The part of an outcome that is kept for repeats."""
