"""What the inventory tells others. Aggregates: `offer_instance:<id>`, `product_instance:<id>`, `account:<id>`.

`inventory.account_opened`, `inventory.instances_created`, `inventory.instance_changed`,
`inventory.instances_terminated`,
`inventory.instances_removed`, `inventory.number_assigned`, `inventory.number_released`. Changes recorded ahead are told
again on their date as `inventory.<table>_effective` (platform.history.announce).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from hutong.platform.outbox import Event, publish


def tell(conn: Connection, kind: str, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Publish one event of `inventory.<kind>` for each (aggregate, payload)."""
    publish(conn, "inventory", [Event(f"inventory.{kind}", aggregate, payload) for aggregate, payload in rows])


def numbers_released(conn: Connection, numbers: Iterable[str]) -> None:
    """`inventory.number_released`: {number}."""
    tell(conn, "number_released", ((f"number:{number}", {"number": number}) for number in numbers))
