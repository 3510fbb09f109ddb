"""Row scope: conditions inside the query (EC-17)."""

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from hutong.identity import SYSTEM, Principal, row_scope
from hutong.platform import cel
from hutong.platform import database as live

COLUMNS = {"owner_id": ("t.owner", cel.INT), "unit_path": ("t.unit", cel.STRING)}
OWN = "row.owner_id == viewer.id || row.unit_path.startsWith(viewer.unit_path)"


def seen(viewer: Principal) -> list[int]:
    with live.read("identity") as conn:
        condition = row_scope(viewer, "party", COLUMNS).compile(dialect=conn.dialect)
        rows = (
            "(VALUES (1, 7, '/hq/west/'), (2, 8, '/hq/east/01/'), (3, 8, NULL), (4, NULL, '/hq/')) t(id, owner, unit)"
        )
        return list(conn.execute(text(f"SELECT id FROM {rows} WHERE {condition} ORDER BY id")).scalars())


def test_a_salesperson_sees_their_own_and_their_units(database: URL) -> None:
    assert seen(Principal(7, "user", "s", frozenset(), unit_path="/hq/east/", scopes={"party": OWN})) == [1, 2]


def test_without_a_scope_every_row_is_seen(database: URL) -> None:
    assert seen(SYSTEM) == [1, 2, 3, 4]


def test_a_value_cannot_break_out_of_the_condition(database: URL) -> None:
    nasty = Principal(0, "user", "s", frozenset(), unit_path="' OR TRUE --", scopes={"party": OWN})
    assert seen(nasty) == []


def test_a_scope_that_names_something_unknown_is_refused(database: URL) -> None:
    with pytest.raises(cel.ExpressionError):
        row_scope(Principal(7, "user", "s", frozenset(), scopes={"party": "row.salary > 3"}), "party", COLUMNS)
