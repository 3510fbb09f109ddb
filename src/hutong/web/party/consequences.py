"""What follows elsewhere when customers become one (EC-07): what each holds in the other centers, read through the
survivor afterwards. The console composes it; the customer master knows nothing of the centers above it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hutong.billing import queries as billing_queries
from hutong.identity.principal import Principal
from hutong.inventory import queries as inventory_queries
from hutong.ordering import queries as ordering_queries
from hutong.party.reading import consequences as of_party

MANY = 200
"""Of orders and bills, more are told as so many or more."""


class Consequence(NamedTuple):
    """A line: what, how many each customer has, and where one may look."""

    words: str
    counts: dict[int, int]
    tab: str


def holdings(viewer: Principal, ids: Sequence[int]) -> list[Consequence]:
    """Accounts, offers and products in use."""
    held = {id: inventory_queries.holdings(viewer, id) for id in ids}
    return [
        Consequence(f"web-follows-{part}", {id: len(held[id][part]) for id in ids}, "overview")
        for part in ("accounts", "offers", "products")
    ]


def orders(viewer: Principal, ids: Sequence[int]) -> list[Consequence]:
    """Open orders."""
    counts = {
        id: len(ordering_queries.orders(viewer, ordering_queries.OrderFilter(customer_id=id, open=True), limit=MANY))
        for id in ids
    }
    return [Consequence("web-follows-orders", counts, "orders")]


def bills(viewer: Principal, ids: Sequence[int]) -> list[Consequence]:
    """Bills."""
    counts = {id: len(billing_queries.bills_page(viewer, customer_id=id, limit=MANY)) for id in ids}
    return [Consequence("web-follows-bills", counts, "bills")]


def of_customers(viewer: Principal, ids: Sequence[int]) -> list[Consequence]:
    """Roles, relations, households, waiting groups and requests, areas of information."""
    counted = of_party.counts(viewer, ids)
    return [Consequence(f"web-follows-{what}", numbers, "overview") for what, numbers in counted.items()]


READERS: tuple[tuple[str, Callable[[Principal, Sequence[int]], list[Consequence]]], ...] = (
    ("party.read", of_customers),
    ("inventory.read", holdings),
    ("ordering.read", orders),
    ("billing.read", bills),
)


def consequences(viewer: Principal, ids: Sequence[int]) -> tuple[list[Consequence], bool]:
    """What follows, without lines where nobody has anything; and whether the viewer's rights hide some of it."""
    readable = [read for right, read in READERS if viewer.may(right)]
    lines = [line for read in readable for line in read(viewer, ids) if any(line.counts.values())]
    return lines, len(readable) < len(READERS)
