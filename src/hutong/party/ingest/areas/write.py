"""Writing statements of an area: a set at once, each replacing what its source said before under the same key.

Idempotent and safe against wrong order: what a source changed earlier than the row already stored changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql

from hutong.party.information import AREAS, CONFIRMED, KEPT, Area, began, timing_columns
from hutong.party.tables import area_tables
from hutong.platform.errors import NotFound, Unprocessable

REFERENCE = ("of_source", "of_key", "source", "key")
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves dialects untyped


def area_named(name: str) -> Area:
    """An area of the model. Raises NotFound."""
    if name not in AREAS:
        raise NotFound("party-area-unknown", area=name)
    return AREAS[name]


def written(area: Area) -> list[str]:
    """The columns a statement brings."""
    timing = [name for name, _ in timing_columns(area)]
    return [*REFERENCE, *(field.name for field in area.fields), *timing, "source_changed_at"]


def merge_sql(area: Area, relation: str) -> str:
    """Statements taken over from a relation with the `written` columns, of which each (source, key) is there once.

    Returns the id of each row that was new or changed. A row stated again as it is stays confirmed.
    """
    names = written(area)
    confirmed = [field.name for field in CONFIRMED]
    kept = [name for name in names if name not in ("source", "key")]

    def differs(listed: Sequence[str]) -> str:
        ours, theirs = (", ".join(f"{of}.{quoted(name)}" for name in listed) for of in ("t", "excluded"))
        return f"({ours}) IS DISTINCT FROM ({theirs})"

    columns = ", ".join(quoted(name) for name in names)
    sets = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in kept)
    return keeping(
        area,
        f"""
INSERT INTO party.{area.name} AS t ({columns}, stated_by)
SELECT {columns}, :by FROM {relation}
ON CONFLICT (source, key) DO UPDATE SET {sets}, stated_by = excluded.stated_by, stated_at = now()
WHERE coalesce(excluded.source_changed_at >= t.source_changed_at, true)
  AND ({differs([name for name in kept if name not in confirmed])}
       OR excluded.confirmed_at IS NOT NULL AND {differs(confirmed)})""",  # noqa: S608  (names come from declarations)
    )


def keeping(area: Area, change: str) -> str:
    """A change of an area's rows (an INSERT or UPDATE of `t`) as a statement that gives their ids; what the rows of an
    area of `KEPT` said before goes to `former_statement`."""
    if area.name not in KEPT:
        return f"{change} RETURNING t.id"
    return f"""
WITH changed AS ({change} RETURNING WITH (OLD AS was) t.id, to_jsonb(was) AS was), kept AS (
    INSERT INTO party.former_statement (area, row_id, of_source, of_key, content)
    SELECT '{area.name}', id, was ->> 'of_source', was ->> 'of_key', was FROM changed WHERE was IS NOT NULL)
SELECT id FROM changed"""  # noqa: S608  (names come from declarations)


def quoted(name: str) -> str:
    """A column's name as SQL writes it."""
    return str(_DIALECT.identifier_preparer.quote(name))


def shape(area: Area) -> str:
    """The `written` columns with their types, for a record set or a temporary table."""
    table = area_tables[area.name]
    return ", ".join(f"{quoted(name)} {table.c[name].type.compile(_DIALECT)}" for name in written(area))


def merge(conn: Connection, area: Area, rows: Sequence[Mapping[str, Any]], by: str) -> list[int]:
    """Take statements over. Each row has the `written` columns it means; those left out are empty.

    Returns the ids of the rows that are new or changed. Raises Unprocessable for a field the area does not have.
    """
    if not rows:
        return []
    names = set(written(area))
    for row in rows:
        if unknown := sorted(set(row) - names):
            raise Unprocessable("party-area-field-unknown", area=area.name, field=unknown[0], what=unknown[0])
        if missing := next((f.name for f in area.fields if f.required and row.get(f.name) in (None, "")), None):
            raise Unprocessable("party-area-field-missing", area=area.name, field=missing, what=missing)
        if row.get(began(area)) is None:
            raise Unprocessable("party-area-field-missing", area=area.name, field=began(area), what=began(area))
    given = msgspec.json.encode([{name: _plain(value) for name, value in row.items()} for row in rows]).decode()
    relation = f"jsonb_to_recordset(CAST(:given AS jsonb)) AS given ({shape(area)})"
    return list(conn.execute(text(merge_sql(area, relation)), {"given": given, "by": by}).scalars())


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
