"""The check that a table in use and its history tell the same story."""

from collections.abc import Iterator

from sqlalchemy import Connection, MetaData, Select, Table, and_, except_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from hutong.platform.history.declare import BOOKKEEPING, history_of, is_historical, key_of, stored


def check(conn: Connection, table: Table, limit: int = 20) -> list[str]:
    """What is wrong with a table's history, at most `limit` lines of each kind; empty when all is well.

    Gaps and overlaps cannot be stored (a version ends where the next begins), so it looks for what remains: a row in
    use that differs from its last version, rows without history and history without rows, a first version that is not
    marked as such or a later one that is, and a version that differs from the one before in a column it did not name.
    """
    found: list[str] = []
    for kind, offenders in _questions(table):
        keys = list(conn.execute(offenders.limit(limit)).scalars())
        found += [f"{table.schema}.{table.name} {key}: {kind}" for key in keys]
    return found


def check_center(conn: Connection, metadata: MetaData) -> list[str]:
    """`check` for all tables of a center."""
    return [line for table in metadata.sorted_tables if is_historical(table) for line in check(conn, table)]


def _questions(table: Table) -> Iterator[tuple[str, Select[tuple[object]]]]:
    history = history_of(table)
    key = history.c[key_of(table)]
    in_use = table.c[key_of(table)]
    versions = select(*(history.c[name] for name in stored(table)))
    last = versions.ext(distinct_on(key)).order_by(key, history.c.valid_from.desc())
    shown = select(*(table.c[name] for name in stored(table)))
    for kind, one, other in (
        ("the row in use is not its last version", shown, last),
        ("the last version is not the row in use", last, shown),
    ):
        odd = except_(one.subquery().select(), other.subquery().select()).subquery()
        yield kind, select(odd.c[key_of(table)])
    position = func.row_number().over(partition_by=key, order_by=history.c.valid_from)
    ranked = select(key.label("key"), history.c.changed, position.label("position")).subquery()
    yield (
        "the first version is not marked, or a later one is",
        select(ranked.c.key).where((ranked.c.position == 1) != ranked.c.changed.is_(None)),
    )
    yield "an unexplained difference between versions", _unexplained(table)
    yield "no first version", select(in_use).where(~select(key).where(key == in_use).exists())


def _unexplained(table: Table) -> Select[tuple[object]]:
    history = history_of(table)
    key = history.c[key_of(table)]
    columns = [name for name in stored(table) if name != key_of(table) and (name not in BOOKKEEPING or name == "ended")]
    before = select(
        key.label("key"),
        history.c.changed,
        *(history.c[name].label(f"now_{name}") for name in columns),
        *(
            func.lag(history.c[name]).over(partition_by=key, order_by=history.c.valid_from).label(f"was_{name}")
            for name in columns
        ),
    ).subquery()
    differs = [
        and_(
            before.c[f"now_{name}"].is_distinct_from(before.c[f"was_{name}"]),
            ~before.c.changed.contains([name]),
        )
        for name in columns
    ]
    return select(before.c.key).where(before.c.changed.is_not(None), or_(literal(False), *differs))
