"""What a run compares, in DuckDB: what is new, what shares a match key with it, and the statistics to compare by."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.party.columns import ATTRIBUTES
from hutong.party.match.kernels import Ints
from hutong.party.resolution import match_keys
from hutong.party.resolution.statistics import Statistics
from hutong.platform import arrow


@dataclass(frozen=True)
class News:
    """What a run takes up. `records`: to be judged anew, None for all; `taken`: places of the queue it covers; `also`:
    whom they meet besides those of the same match keys; `loaded`: those of them that nothing judged yet."""

    records: list[int] | None
    taken: Ints
    judges: str
    statistics: Statistics
    also: Sequence[int] = ()
    loaded: Sequence[int] = ()

    @property
    def scope(self) -> str:
        return "full" if self.records is None else "changes"


_NEAR = """
SELECT unnest(CAST(:ids AS bigint[])) AS id
UNION SELECT unnest(CAST(:also AS bigint[]))
UNION
SELECT other.record_id FROM party.match_key own JOIN party.match_key other ON other.key = own.key
WHERE own.record_id = ANY(:ids) AND own.key <> ALL(:crowded)"""


def lift_news(conn: Connection, duck: duckdb.DuckDBPyConnection, news: News) -> int:
    """Make DuckDB's `records`, `news` (rank), `generic` and `crowded`. Returns how many records are compared."""
    if news.records is None:
        lift(conn, duck)
    else:
        parameters = {"ids": news.records, "also": list(news.also), "crowded": sorted(news.statistics.crowded)}
        conn.execute(text(f"CREATE TEMPORARY TABLE lifting ON COMMIT DROP AS {_NEAR}"), parameters)
        lift(conn, duck, "JOIN lifting ON lifting.id = r.id")
    duck.register("changed", pa.table({"id": pa.array(news.records or [], pa.int64())}))
    meant = "" if news.records is None else "WHERE id IN (SELECT id FROM changed)"
    duck.execute(f"CREATE TABLE news AS SELECT rank FROM records {meant}")  # noqa: S608
    listed = sorted(news.statistics.generic)
    kinds, values = pa.array([kind for kind, _ in listed], pa.string()), pa.array([v for _, v in listed], pa.string())
    duck.register("generic_values", pa.table({"kind": kinds, "value": values}))
    duck.execute("CREATE TABLE generic AS FROM generic_values")
    crowded = [match_keys.hexadecimal(key) for key in sorted(news.statistics.crowded)]
    duck.register("crowded_keys", pa.table({"key": pa.array(crowded, pa.string())}))
    duck.execute("CREATE TABLE crowded AS FROM crowded_keys")
    return int(duck.execute("SELECT count(*) FROM news").fetchall()[0][0])


_ARROW = {"text": pa.string(), "date": pa.date32(), "boolean": pa.string()}


def lift(conn: Connection, duck: duckdb.DuckDBPyConnection, chosen: str = "") -> None:
    """Make DuckDB's `records` of the source records; `rank` is the order of (source, key). `chosen`: a join
    that chooses some, as SQL of the program's own."""
    names = ", ".join(f"r.{attribute.name}" for attribute in ATTRIBUTES)
    table = arrow.fetch(
        conn,
        f"SELECT r.id, r.source, r.key, r.kind, {names} FROM party.source_record r {chosen}",  # noqa: S608
        {"id": pa.int64(), "source": pa.string(), "key": pa.string(), "kind": pa.string(),
         **{attribute.name: _ARROW[attribute.type] for attribute in ATTRIBUTES}},
    )  # fmt: skip
    flags = ", ".join(f"{a.name} = 't' AS {a.name}" for a in ATTRIBUTES if a.type == "boolean")
    duck.register("lifted", table)
    duck.execute(
        f"CREATE TABLE records AS SELECT * REPLACE ({flags}), "  # noqa: S608  (names come from declarations)
        "row_number() OVER (ORDER BY source, key) AS rank FROM lifted"
    )
    duck.unregister("lifted")
