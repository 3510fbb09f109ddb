"""What a document that is being written would do (EC-02, EC-05, EC-10, EC-11, EC-15, EC-18): counts, and examples."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from hutong.identity import Principal, protect
from hutong.party import visibility
from hutong.party.columns import SENSITIVE

EXAMPLES = 10
"""Examples shown of what would change."""


class Effect(NamedTuple):
    """`what`: a rule, script or list in the viewer's words. `before`: how many with the document in force (None: it has
    no such rule); `after`: how many with the text being written (None: it leaves it out); `of`: among how many."""

    what: str
    before: int | None
    after: int | None
    of: int | None = None


class Example(NamedTuple):
    """To whom it would happen: customers (id, name as the viewer may see it), what of them, how it is and would be."""

    customers: Sequence[tuple[int, str]]
    what: str
    before: str
    after: str


class Told(NamedTuple):
    """Counts and examples. `looked_at` of `there`: fewer than there are, where all would take too long."""

    effects: Sequence[Effect] = ()
    examples: Sequence[Example] = ()
    looked_at: int = 0
    there: int = 0


def compared(
    before: dict[str, tuple[str, int]], after: dict[str, tuple[str, int]], of: int | None = None
) -> list[Effect]:
    """Counts by code (words, count) of two documents side by side, in the order of the new one."""
    names = [*after, *(name for name in before if name not in after)]
    found = [(before.get(name), after.get(name)) for name in names]
    return [
        Effect((now or then or ("", 0))[0], then[1] if then else None, now[1] if now else None, of)
        for then, now in found
    ]


EXACT = 200_000
"""Rows of a table up to which all are looked through to count and choose; of more, single ids all over it."""
PROBES = 2_000
"""Ids looked up to learn how many of a large table's rows are meant at all."""
WIDER = 5
"""How many times the wanted ids are looked up at most, where few of the rows are meant."""


class Choice(NamedTuple):
    """`ids`: evenly chosen rows, always the same ones. `there`: of how many; of a large table, about how many."""

    ids: list[int]
    there: int


def choose(conn: Connection, table: str, where: str, most: int) -> Choice:
    """About `most` of the rows that meet a condition (SQL of ours, without parameters, over the table's full name).

    All of a large table are never read: what this takes depends on `most` alone.
    """
    large = text("SELECT reltuples > :exact FROM pg_class WHERE oid = CAST(:table AS regclass)")
    if conn.execute(large, {"table": table, "exact": EXACT}).scalar_one():
        return _chosen_of_many(conn, table, where, most)
    met = f"FROM {table} WHERE ({where})".replace(":", "\\:")
    there = int(conn.execute(text(f"SELECT count(*) {met}")).scalar_one())
    query = f"SELECT id {met} AND id % {_step(there, most)} = 0 ORDER BY id"
    return Choice(list(conn.execute(text(query)).scalars()), there)


def _chosen_of_many(conn: Connection, table: str, where: str, most: int) -> Choice:
    last = int(conn.execute(text(f"SELECT max(id) FROM {table}")).scalar_one())  # noqa: S608
    met = f"FROM {table} WHERE ({where})".replace(":", "\\:")
    query = text(f"SELECT id {met} AND id = ANY(ARRAY({_PLACES})) ORDER BY id")

    def of_each(nth: int) -> list[int]:
        return list(conn.execute(query, {"nth": nth, "last": last}).scalars())

    probing = _step(last, PROBES)
    meant = max(len(of_each(probing)), 1)
    nth = _step(last, min(most * (last // probing) // meant, most * WIDER))
    ids = of_each(nth)
    return Choice(ids, len(ids) * nth)


_PLACES = """
    SELECT place + 1 + (hashint8(place) & 2147483647) % CAST(:nth AS bigint)
    FROM generate_series(CAST(0 AS bigint), CAST(:last AS bigint) - 1, CAST(:nth AS bigint)) AS place"""
"""One id of every so many, not always the same place of them: whatever was given out in turn is met as it is."""


def _step(there: int, most: int) -> int:
    """Every how manieth id to look at, so that about `most` of `there` are."""
    return max(-(-there // most), 1)


def names_seen(conn: Connection, viewer: Principal, ids: Sequence[int]) -> dict[int, str]:
    """Names of those of the customers that the viewer sees, masked as for any page; by id."""
    query = text("SELECT id, name FROM party.party WHERE id = ANY(:ids)")
    rows = conn.execute(query, {"ids": sorted(visibility.among(conn, viewer, ids))}).mappings()
    return {row["id"]: row["name"] or "" for row in protect(viewer, "party", [dict(row) for row in rows], SENSITIVE)}
