"""Scoring a resolution against a truth made elsewhere: pairwise and B³ precision, recall and F1. Only for scoring."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.party.ingest.headers import quoted
from hutong.platform.errors import Invalid


@dataclass(frozen=True)
class Score:
    """Shares from 0 to 1. Pairwise counts pairs of records; B³ averages over records."""

    records: int
    clusters: int
    entities: int
    precision: float
    recall: float
    f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float


@dataclass(frozen=True)
class TruthColumns:
    """Names of a truth file's columns; `source` None: keys are unique by themselves."""

    key: str = "source_key"
    entity: str = "customer_id"
    source: str | None = "source"


def score(
    conn: Connection,
    truth: Path,
    columns: TruthColumns = TruthColumns(),
    source: str | None = None,
    kind: str | None = None,
) -> Score:
    """Score the cross-references (of a source, of a kind) against a truth; records without an entity do not count."""
    rows = conn.execute(
        text(
            """SELECT x.source, x.key, x.party_id FROM party.xref x JOIN party.source_record r ON r.id = x.record_id
               WHERE (CAST(:source AS text) IS NULL OR x.source = :source)
                 AND (CAST(:kind AS text) IS NULL OR r.kind = :kind)"""
        ),
        {"source": source, "kind": kind},
    ).all()
    made = pa.table({"source": [r[0] for r in rows], "key": [r[1] for r in rows], "party": [r[2] for r in rows]})
    return score_table(made, truth, columns)


def score_table(made: pa.Table, truth: Path, columns: TruthColumns = TruthColumns()) -> Score:
    """Score a table of `source`, `key`, `party` against a truth file. Raises Invalid when no record is in it."""
    with duckdb.connect() as duck:
        duck.register("made", made)
        join = f"AND t.{quoted(columns.source)} = m.source" if columns.source else ""
        duck.execute(
            f"""CREATE TABLE judged AS
                SELECT DISTINCT m.source, m.key, m.party AS cluster, t.{quoted(columns.entity)} AS entity
                FROM made m JOIN
                     read_csv(?, all_varchar = true, header = true, quote = '"', escape = '"', delim = ',') t
                  ON t.{quoted(columns.key)} = m.key {join}
                WHERE t.{quoted(columns.entity)} <> ''""",  # noqa: S608
            [str(truth)],
        )
        return _scored(duck, truth.name)


def _scored(duck: duckdb.DuckDBPyConnection, name: str) -> Score:
    found = duck.execute(
        """WITH overlap AS (SELECT cluster, entity, count(*) AS n FROM judged GROUP BY ALL),
                c AS (SELECT cluster, count(*) AS n FROM judged GROUP BY ALL),
                e AS (SELECT entity, count(*) AS n FROM judged GROUP BY ALL)
           SELECT (SELECT sum(n) FROM c), (SELECT count(*) FROM c), (SELECT count(*) FROM e),
                  (SELECT sum(n * (n - 1) / 2) FROM overlap), (SELECT sum(n * (n - 1) / 2) FROM c),
                  (SELECT sum(n * (n - 1) / 2) FROM e),
                  (SELECT sum(b.n * b.n / c.n) FROM overlap b JOIN c USING (cluster)),
                  (SELECT sum(b.n * b.n / e.n) FROM overlap b JOIN e USING (entity))"""
    ).fetchone()
    if not found or not found[0]:
        raise Invalid("party-score-nothing", file=name)
    records, clusters, entities, right, made, true, by_cluster, by_entity = (float(value or 0) for value in found)
    precision, recall = right / made if made else 1.0, right / true if true else 1.0
    b3_precision, b3_recall = by_cluster / records, by_entity / records
    return Score(
        int(records), int(clusters), int(entities), precision, recall, _f1(precision, recall),
        b3_precision, b3_recall, _f1(b3_precision, b3_recall),
    )  # fmt: skip


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
