"""Masking below API and pages, and the log of what was shown (EC-17)."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.engine import URL

from hutong.identity import SYSTEM, Principal, protect
from hutong.identity.tables import sensitive_read
from hutong.platform import database as live

FIELDS = {"name": "name", "phones": "phone", "id_number": "id_card"}
ROWS = [{"id": 7, "name": "张三丰", "phones": ["13912345678"], "id_number": "11010519491231002X", "grade": "gold"}]
VIEWER = Principal(3, "user", "clerk", frozenset(), clear=frozenset({"name"}))


def logged() -> list[tuple[str, list[int], list[str]]]:
    with live.read("identity") as conn:
        columns = sensitive_read.c
        return [tuple(row) for row in conn.execute(select(columns.actor, columns.entity_ids, columns.kinds))]


def test_what_may_not_be_seen_is_masked_and_what_is_shown_is_logged(database: URL) -> None:
    (row,) = protect(VIEWER, "party", ROWS, FIELDS)
    assert row == {
        "id": 7,
        "name": "张三丰",
        "phones": ["139****5678"],
        "id_number": "110*************2X",
        "grade": "gold",
    }
    assert logged() == [("user:3", [7], ["name"])]


def test_nothing_is_logged_when_nothing_is_clear_or_the_product_reads(database: URL) -> None:
    protect(replace(VIEWER, clear=frozenset()), "party", ROWS, FIELDS)
    assert protect(SYSTEM, "party", ROWS, FIELDS) == ROWS
    assert logged() == []
