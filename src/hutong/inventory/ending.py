"""Ending instances with all that hangs on them: relations, memberships, numbers, attached products.

Nothing ends before it begins: an instant before a row's first version means "as if it had never been".
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, text

from hutong.inventory import numbers
from hutong.inventory.tables import access_number, offer_instance, offer_member, offer_product, product_instance
from hutong.platform import history

Instants = dict[int, datetime]

FIND = """
    SELECT t.id, greatest(g.at, (SELECT min(h.valid_from) FROM inventory.{table}_history AS h WHERE h.id = t.id)) AS at
    FROM inventory.{table} AS t
    JOIN json_to_recordset(CAST(:given AS json)) AS g(id bigint, at timestamptz) ON g.id = t.{column}
    WHERE NOT t.ended OR t.valid_from > g.at
"""
ATTACHED = text("""
    SELECT t.id, g.at FROM inventory.product_instance AS t
    JOIN json_to_recordset(CAST(:given AS json)) AS g(id bigint, at timestamptz) ON g.id = t.attached_to
    WHERE NOT t.ended
""")
NUMBERS = text("""
    SELECT t.number, g.at FROM inventory.access_number AS t
    JOIN json_to_recordset(CAST(:given AS json)) AS g(id bigint, at timestamptz) ON g.id = t.product_instance_id
    WHERE NOT t.ended
""")
# An offer left without products ends with the last that was ever in use; if none was, it never began.
EMPTIED = text("""
    SELECT p.offer_instance_id AS id, coalesce(
        max(i.valid_from) FILTER (WHERE EXISTS (
            SELECT FROM inventory.product_instance_history AS h WHERE h.id = i.id AND NOT h.ended)),
        timestamptz '0001-01-02T00:00:00Z') AS at
    FROM inventory.offer_product AS p JOIN inventory.product_instance AS i ON i.id = p.product_instance_id
    WHERE p.offer_instance_id IN (
        SELECT touched.offer_instance_id FROM inventory.offer_product AS touched
        JOIN json_to_recordset(CAST(:given AS json)) AS g(id bigint, at timestamptz)
            ON g.id = touched.product_instance_id)
    GROUP BY p.offer_instance_id HAVING bool_and(i.ended)
""")


def end_products(conn: Connection, products: Mapping[int, datetime], *, rest: timedelta, by: str | None) -> Instants:
    """End product instances, the ones attached to them, their relations, memberships and numbers; and offer instances
    left without a product. Numbers rest for `rest`. Returns the offer instances that ended."""
    instants = {**_pairs(conn, ATTACHED, products), **products}
    given = _pairs(conn, NUMBERS, instants)
    numbers.give_back(conn, [{"number": number, "until": at + rest} for number, at in given.items()])
    _end(conn, access_number, "product_instance_id", instants, by)
    _end(conn, offer_member, "product_instance_id", instants, by)
    _end(conn, product_instance, "id", instants, by)
    emptied: Instants = _pairs(conn, EMPTIED, instants)
    _end(conn, offer_product, "product_instance_id", instants, by)
    end_offers(conn, emptied, by=by)
    return emptied


def end_offers(conn: Connection, offers: Mapping[int, datetime], *, by: str | None) -> None:
    """End offer instances and their memberships (not their products)."""
    _end(conn, offer_member, "offer_instance_id", offers, by)
    _end(conn, offer_instance, "id", offers, by)


def _end(conn: Connection, table: Table, column: str, instants: Mapping[int, datetime], by: str | None) -> None:
    found = _pairs(conn, text(FIND.format(table=table.name, column=column)), instants)  # names from code
    stated = "state" in table.c
    rows = [{"id": key, "effective_at": at, "ended": True} for key, at in found.items()]
    if stated:
        rows = [{**row, "state": "terminated"} for row in rows]
    if rows:
        columns = ["ended", "state"] if stated else ["ended"]
        history.change(conn, table, rows, columns=columns, changed_by=by)


def _pairs(conn: Connection, statement: Any, instants: Mapping[int, datetime]) -> dict[Any, datetime]:
    if not instants:
        return {}
    given = msgspec.json.encode([{"id": key, "at": at} for key, at in sorted(instants.items())]).decode()
    return {row[0]: row[1] for row in conn.execute(statement, {"given": given})}
