"""The judged records as arrays: all of them, or those that hang together with some, for the clustering to work on."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, text

from hutong.party.match.rules import RulesDocument
from hutong.party.resolution import clusters
from hutong.party.resolution.clusters import BY_PERSON, BY_RULE, Apart, Ints, Links
from hutong.party.resolution.identity_of_clusters import keep_ids
from hutong.platform.database import driver


def fetch(conn: Connection, query: str, types: dict[str, pa.DataType]) -> pa.Table:
    """A query's columns as Arrow, by COPY; `query` comes from code and holds no user's text."""
    with driver(conn).cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)".encode()) as copy:
        data = b"".join(copy)
    if not data:
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    return pyarrow.csv.read_csv(
        io.BytesIO(data),
        pyarrow.csv.ReadOptions(column_names=list(types)),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False),
    )


def ints(table: pa.Table, name: str) -> Ints:
    """A column as 64-bit integers, 0 for null."""
    filled: Any = table.column(name).combine_chunks().fill_null(0)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)


@dataclass(frozen=True)
class Graph:
    """Records in the order of (source, key), and what was judged about them."""

    record: Ints
    prior: Ints  # party before, 0 for none
    codes: Ints
    links: Links
    apart: Apart
    retired: dict[int, list[int]]  # record number → retired parties that held it last

    def assign(self, prior: Ints | None = None) -> Ints:
        """The party of each record; numbers below zero stand for new parties (see `keep_ids`)."""
        made = clusters.cluster(self.codes, self.links, self.apart)
        return keep_ids(made.label, self.prior if prior is None else prior, self.retired)


_CLOSURE = """
INSERT INTO scope
WITH RECURSIVE near (id) AS (
    SELECT unnest(CAST(:records AS bigint[]))
    UNION
    SELECT n.id FROM near CROSS JOIN LATERAL (
        SELECT right_id AS id FROM party.judgement j
        WHERE j.left_id = near.id AND j.ended_at IS NULL AND j.verdict = 'same'
        UNION ALL
        SELECT left_id FROM party.judgement j WHERE j.right_id = near.id AND j.ended_at IS NULL AND j.verdict = 'same'
        UNION ALL
        SELECT other.record_id FROM party.xref own JOIN party.xref other ON other.party_id = own.party_id
        WHERE own.record_id = near.id
    ) AS n
)
SELECT id FROM near"""


def scope_near(conn: Connection, records: list[int]) -> None:
    """Make the temporary table `scope` (record_id): these records and all that same-judgements tie them to."""
    _empty_scope(conn)
    conn.execute(text(_CLOSURE), {"records": records})


def scope_all(conn: Connection) -> None:
    """Make the temporary table `scope` of every record."""
    _empty_scope(conn)
    conn.execute(text("INSERT INTO scope SELECT id FROM party.source_record"))
    conn.execute(text("ANALYZE scope"))


def _empty_scope(conn: Connection) -> None:
    conn.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS scope (record_id bigint PRIMARY KEY) ON COMMIT DROP"))
    conn.execute(text("TRUNCATE scope"))


def load(conn: Connection, rules: RulesDocument) -> Graph:
    """The graph of the records in `scope`."""
    kinds = {*rules.person.exclusive, *rules.organisation.exclusive}
    listed = ", ".join("'" + kind.replace("'", "''") + "'" for kind in sorted(kinds)) or "''"
    records = fetch(
        conn,
        f"""SELECT r.id, x.party_id, CASE WHEN r.id_valid AND r.id_type IN ({listed}) THEN r.id_type || r.id_number END
            FROM scope s JOIN party.source_record r ON r.id = s.record_id LEFT JOIN party.xref x ON x.record_id = r.id
            ORDER BY r.source COLLATE "C", r.key COLLATE "C" """,  # noqa: S608
        {"id": pa.int64(), "party": pa.int64(), "code": pa.string()},
    )
    record = ints(records, "id")
    codes = records.column("code").combine_chunks().dictionary_encode()
    judged = fetch(
        conn,
        """SELECT j.left_id, j.right_id, j.verdict = 'same', j.strength, j.made_by_kind = 'person'
           FROM scope s JOIN party.judgement j ON j.left_id = s.record_id
           WHERE j.ended_at IS NULL AND j.verdict <> 'unsure' AND EXISTS (
               SELECT FROM scope o WHERE o.record_id = j.right_id)""",
        {"left": pa.int64(), "right": pa.int64(), "same": pa.string(), "strength": pa.int64(), "person": pa.string()},
    )
    links, apart = _judged(record, judged)
    return Graph(
        record,
        ints(records, "party"),
        ints(pa.table({"c": codes.indices}), "c") + _given(codes),
        links,
        apart,
        _retired(conn, record),
    )


def _given(codes: Any) -> Ints:
    """1 where a code is given; so that codes count from 1 and 0 stands for none."""
    return np.asarray(codes.is_valid().to_numpy(zero_copy_only=False), dtype=np.int64)


def _numbers(record: Ints, wanted: Ints) -> Ints:
    order = np.argsort(record, kind="stable")
    return np.asarray(order[np.searchsorted(record[order], wanted)], dtype=np.int64)


def _judged(record: Ints, judged: pa.Table) -> tuple[Links, Apart]:
    one, two = _numbers(record, ints(judged, "left")), _numbers(record, ints(judged, "right"))
    left, right = np.minimum(one, two), np.maximum(one, two)
    same = np.array(judged.column("same").to_pylist(), dtype=object) == "t"
    person = np.array(judged.column("person").to_pylist(), dtype=object) == "t"
    links = Links(left[same], right[same], ints(judged, "strength")[same], person[same])
    level = np.where(person, BY_PERSON, BY_RULE).astype(np.int64)
    return links, Apart(left[~same], right[~same], level[~same])


def _retired(conn: Connection, record: Ints) -> dict[int, list[int]]:
    rows = fetch(
        conn,
        """SELECT o.record_id, d.retired_id FROM party.redirect d
           JOIN party.operation_record o ON o.operation_id = d.operation_id AND o.before_id = d.retired_id
           JOIN scope s ON s.record_id = o.record_id""",
        {"record": pa.int64(), "party": pa.int64()},
    )
    made: dict[int, list[int]] = {}
    numbers = _numbers(record, ints(rows, "record")).tolist()
    for number, party in zip(numbers, ints(rows, "party").tolist(), strict=True):
        made.setdefault(number, []).append(party)
    return made
