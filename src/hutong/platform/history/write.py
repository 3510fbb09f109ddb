"""Writing versions: each function moves a whole set with one statement, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from string import Template
from typing import Any

from sqlalchemy import Connection, Select, Table, literal, text

from hutong.platform import clock
from hutong.platform.errors import Invalid, NotFound, Unprocessable
from hutong.platform.history import statements
from hutong.platform.history.declare import (
    business,
    history_of,
    key_of,
    qualified,
    quoted,
    stored,
)
from hutong.platform.history.sources import Row, Source, from_rows, opened, require_key

_TIMES = ("effective_at", "valid_from")


def insert(
    conn: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    effective_at: datetime | None = None,
    valid_from: datetime | None = None,
    changed_by: str | None = None,
    cause: str | None = None,
) -> list[int]:
    """Create rows with their first version. Returns their keys, in the order of `rows`.

    `effective_at`: when the change counts for CRM; `valid_from`: from when billing sees it, by default the same. A row
    may carry its own `effective_at` and `valid_from`. Columns left out take the column's server default.
    """
    if not rows:
        return []
    source = from_rows(table, rows)
    key = key_of(table)
    made = "" if key in source.columns else f"nextval(pg_get_serial_sequence('{table}', '{key}')) AS {quoted(key)}, "
    written = conn.execute(
        text(_insertion(table, source, made, ordinality=True)),
        _parameters(source, effective_at, valid_from, changed_by, cause),
    )
    return list(written.scalars())


def insert_from(
    conn: Connection,
    table: Table,
    select: Select[Any],
    *,
    effective_at: datetime | None = None,
    valid_from: datetime | None = None,
    changed_by: str | None = None,
    cause: str | None = None,
) -> int:
    """Create rows from a select (columns by name), for large sets. Returns how many."""
    with opened(conn, table, select) as source:
        key = key_of(table)
        made = (
            "" if key in source.columns else f"nextval(pg_get_serial_sequence('{table}', '{key}')) AS {quoted(key)}, "
        )
        parameters = _parameters(source, effective_at, valid_from, changed_by, cause)
        return conn.execute(text(_insertion(table, source, made, ordinality=False)), parameters).rowcount


def change(
    conn: Connection,
    table: Table,
    source: Select[Any] | Sequence[Row],
    *,
    columns: Sequence[str],
    effective_at: datetime | None = None,
    valid_from: datetime | None = None,
    changed_by: str | None = None,
    cause: str | None = None,
) -> int:
    """Change the named columns of a set of rows from an instant on. Returns how many rows.

    `source` has the key, the named columns and, if rows differ, `effective_at` and `valid_from`; each row once.
    Versions recorded for later keep what they themselves changed and inherit the rest; so a future change survives a
    correction before it, and the table in use shows the last version. Raises NotFound for an unknown row, Invalid when
    a row is named twice, Unprocessable for an instant before the row's first version; then nothing is written.
    """
    unknown = set(columns) - {*business(table), "ended"}
    if unknown or not columns:
        raise ValueError(f"{table.name}: cannot change columns {sorted(unknown)}")
    if not isinstance(source, Select) and not source:
        return 0
    with opened(conn, table, source) as opening:
        require_key(table, opening)
        _lock(conn, table, opening)
        parameters = _parameters(opening, effective_at, valid_from, changed_by, cause)
        parameters["changed"] = list(columns)
        written, early = conn.execute(text(_alteration(table, opening, columns)), parameters).one()
    if early:
        raise Unprocessable("platform-history-before-first", table=table.name, count=early)
    return int(written)


def end(
    conn: Connection,
    table: Table,
    ids: Sequence[int] | Sequence[str] | Select[Any],
    *,
    effective_at: datetime | None = None,
    valid_from: datetime | None = None,
    changed_by: str | None = None,
    cause: str | None = None,
) -> int:
    """End rows at an instant: a version like any other, after which no period is seen. Returns how many."""
    accepted = {"effective_at": effective_at, "valid_from": valid_from, "changed_by": changed_by, "cause": cause}
    return _set_ended(conn, table, ids, True, **accepted)


def restart(
    conn: Connection,
    table: Table,
    ids: Sequence[int] | Sequence[str] | Select[Any],
    *,
    effective_at: datetime | None = None,
    valid_from: datetime | None = None,
    changed_by: str | None = None,
    cause: str | None = None,
) -> int:
    """Take up ended rows again from an instant on (at the instant of the end: as if it had not been)."""
    accepted = {"effective_at": effective_at, "valid_from": valid_from, "changed_by": changed_by, "cause": cause}
    return _set_ended(conn, table, ids, False, **accepted)


def _set_ended(
    conn: Connection, table: Table, ids: Sequence[int] | Sequence[str] | Select[Any], ended: bool, **accepted: Any
) -> int:
    source: Select[Any] | list[Row]
    if isinstance(ids, Select):
        source = ids.add_columns(literal(ended).label("ended"))
    else:
        source = [{key_of(table): key, "ended": ended} for key in ids]
    return change(conn, table, source, columns=["ended"], **accepted)


def _parameters(
    source: Source,
    effective_at: datetime | None,
    valid_from: datetime | None,
    changed_by: str | None,
    cause: str | None,
) -> dict[str, Any]:
    now = clock.now()
    times = {"effective_at": effective_at or now, "valid_from": valid_from or effective_at or now, "changed_at": now}
    return {**source.parameters, **times, "changed_by": changed_by, "cause": cause}


def _given_times(source: Source) -> str:
    """The two instants of a row: its own where it brings them, else the call's."""
    effective = "CAST(:effective_at AS timestamptz)"
    if "effective_at" in source.columns:
        effective = f"coalesce(given.effective_at, {effective})"
    valid = "CAST(:valid_from AS timestamptz)"
    if "valid_from" in source.columns:
        valid = f"coalesce(given.valid_from, {effective})"
    elif "effective_at" in source.columns:
        valid = effective
    return f"{effective} AS effective_at, {valid} AS valid_from"


def _insertion(table: Table, source: Source, made: str, *, ordinality: bool) -> str:
    names = [name for name in source.columns if name not in _TIMES]
    foreign = set(names) - {*business(table), key_of(table)}
    if foreign:
        raise ValueError(f"{table.name}: no business columns {sorted(foreign)}")
    key = quoted(key_of(table))
    columns = ([key] if made else []) + [quoted(name) for name in names]
    template = Template(statements.INSERT if ordinality else statements.INSERT_FROM)
    return template.substitute(
        table=qualified(table),
        history=qualified(history_of(table)),
        key=key,
        source=source.relation,
        given=made + "".join(f"given.{quoted(name)}, " for name in names) + _given_times(source),
        columns=", ".join(columns),
        stored=", ".join(quoted(name) for name in stored(table)),
    )


def _lock(conn: Connection, table: Table, source: Source) -> None:
    """Lock the rows in key order, so that sets changed at the same time wait for one another instead of colliding."""
    sql = Template(statements.LOCK).substitute(
        table=qualified(table), key=quoted(key_of(table)), source=source.relation
    )
    named, distinct, found = conn.execute(text(sql), source.parameters).one()
    if named != distinct:
        raise Invalid("platform-history-row-twice", table=table.name, count=named - distinct)
    if found != distinct:
        raise NotFound("platform-history-unknown-row", table=table.name, count=distinct - found)


def _alteration(table: Table, source: Source, columns: Sequence[str]) -> str:
    key = quoted(key_of(table))
    kept = [quoted(name) for name in (*business(table), "ended") if name not in columns]
    named = [quoted(name) for name in columns]
    own = [f"own_{number}" for number in range(len(columns))]
    return Template(statements.CHANGE).substitute(
        table=qualified(table),
        history=qualified(history_of(table)),
        key=key,
        source=source.relation,
        given=", ".join(f"given.{name}" for name in (key, *named)) + ", " + _given_times(source),
        kept="".join(f", {name}" for name in kept),
        kept_of_table="".join(f", t.{name}" for name in kept),
        kept_of_history="".join(f", h.{name}" for name in kept),
        kept_of_base="".join(f", b.{name}" for name in kept),
        named=", ".join(named),
        named_of_given=", ".join(f"g.{name}" for name in named),
        own=", ".join(
            f"bool_or(h.changed @> ARRAY['{name}']) OVER w AS {flag}" for name, flag in zip(columns, own, strict=True)
        ),
        any_own=", ".join(f"bool_or({flag}) AS {flag}" for flag in own),
        all_own=" AND ".join(f"l.{flag}" for flag in own),
        inherit=", ".join(
            f"{name} = CASE WHEN l.{flag} THEN h.{name} ELSE g.{name} END"
            for name, flag in zip(named, own, strict=True)
        ),
        replace=", ".join(f"{name} = excluded.{name}" for name in named),
        show=", ".join(
            f"{name} = CASE WHEN l.{flag} THEN t.{name} ELSE g.{name} END"
            for name, flag in zip(named, own, strict=True)
        ),
    )
