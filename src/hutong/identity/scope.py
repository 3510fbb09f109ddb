"""Row scope (EC-17): which rows of an entity a viewer sees, as a condition inside the query that reads them."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, true

from hutong.identity.principal import Principal
from hutong.platform import cel

VIEWER = cel.object_of({"id": cel.INT, "name": cel.STRING, "unit_path": cel.STRING})


def row_scope(viewer: Principal, entity: str, columns: Mapping[str, tuple[str, cel.Type]]) -> ColumnElement[bool]:
    """The condition that rows of an entity must meet to be seen by this viewer.

    `columns` gives each `row.<name>` a condition may use: its SQL (trusted text) and type. A viewer whose roles give no
    scope for the entity sees every row; unknown counts as not seen.
    """
    condition = viewer.scopes.get(entity)
    if condition is None:
        return true()
    environment = cel.Environment(
        {"row": cel.object_of({name: kind for name, (_, kind) in columns.items()}), "viewer": VIEWER}
    )
    expression = cel.parse_condition(condition, environment)
    return expression.to_clause({f"row.{name}": sql for name, (sql, _) in columns.items()}, {"viewer": viewer})
