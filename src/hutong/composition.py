"""What only the whole can do: give a center what it needs of one that it may not import.

Every process that may publish documents calls `compose` first: the server, the worker, and the commands.
"""

from hutong.catalog.price_plan import PricePlan
from hutong.catalog.validation import check_plans_with


def compose() -> None:
    """From now on the catalog refuses price plans that billing's kernel cannot price (BL-01). Repeatable."""
    check_plans_with(compiles)


def compiles(plan: PricePlan) -> None:
    """Raises a Problem for a plan that cannot be priced. The compiler, and Numba with it, loads at the first plan."""
    from hutong.billing.pricing.compile import check

    check(plan)
