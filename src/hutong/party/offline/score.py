"""Scoring a resolution against a truth made elsewhere: pairwise and B³ precision, recall and F1. Only for scoring."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from hutong.party.ingest.headers import quoted
from hutong.party.offline.files import read_text
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


USUAL = TruthColumns()


_KEYS = ("source_key", "key", "record_id", "rec_id", "id", "record", "source key")
_ENTITIES = (
    "customer_id",
    "entity",
    "entity_id",
    "true_id",
    "true id",
    "label_true",
    "label",
    "cluster",
    "cluster_id",
    "party",
)


def truth_columns(
    truth: Path, key: str | None = None, entity: str | None = None, source: str | None = None
) -> TruthColumns:
    """The columns of a truth file: as named, else those with a usual name, else the first as key and the last as
    entity. `source` empty: keys are unique by themselves. Raises Invalid when a named column is missing."""
    found = read_text(truth).column_names
    missing = [name for name in (key, entity, source) if name and name not in found]
    if missing:
        raise Invalid("party-score-columns", file=truth.name, missing=", ".join(missing), found=", ".join(found)[:500])
    usual = {name.casefold(): name for name in reversed(found)}
    chosen_key = key or next((usual[name] for name in _KEYS if name in usual), found[0])
    chosen = entity or next(
        (usual[name] for name in _ENTITIES if name in usual and usual[name] != chosen_key), found[-1]
    )
    if chosen == chosen_key:
        raise Invalid("party-score-columns", file=truth.name, missing="entity", found=", ".join(found)[:500])
    return TruthColumns(
        chosen_key, chosen, ("source" if "source" in found else None) if source is None else source or None
    )


def read_clusters(path: Path) -> pa.Table:
    """`source`, `key` and `party` of a file of clusters. Raises Invalid when it has no such columns."""
    made = read_text(path)
    missing = [name for name in ("source", "key", "party") if name not in made.column_names]
    if missing:
        found = ", ".join(made.column_names)[:500]
        raise Invalid("party-score-columns", file=path.name, missing=", ".join(missing), found=found)
    return made.select(["source", "key", "party"])


def score_table(made: pa.Table, truth: Path | Sequence[Path], columns: TruthColumns = USUAL) -> Score:
    """Score a table of `source`, `key`, `party` against a truth, in one file or in several of the same columns.
    Raises Invalid when no record is in it."""
    files = [truth] if isinstance(truth, Path) else truth
    with duckdb.connect() as duck:
        duck.register("made", made)
        duck.register("truth", pa.concat_tables([read_text(file) for file in files], promote_options="default"))
        _one_entity_each(duck, ", ".join(file.name for file in files), columns)
        join = f"AND t.{quoted(columns.source)} = m.source" if columns.source else ""
        duck.execute(
            f"""CREATE TABLE judged AS
                SELECT DISTINCT m.source, m.key, m.party AS cluster, t.{quoted(columns.entity)} AS entity
                FROM made m JOIN truth t ON t.{quoted(columns.key)} = m.key {join}
                WHERE t.{quoted(columns.entity)} IS NOT NULL"""  # noqa: S608
        )
        return _scored(duck, ", ".join(file.name for file in files))


def _one_entity_each(duck: duckdb.DuckDBPyConnection, name: str, columns: TruthColumns) -> None:
    key, entity = quoted(columns.key), quoted(columns.entity)
    whole = f"{quoted(columns.source)}, {key}" if columns.source else key
    twice = duck.execute(
        f"""SELECT {key}, min({entity}), max({entity}), count(*) OVER () FROM truth
            WHERE {key} IS NOT NULL AND {entity} IS NOT NULL
            GROUP BY {whole} HAVING min({entity}) <> max({entity}) ORDER BY {whole} LIMIT 1"""  # noqa: S608
    ).fetchone()
    if twice:
        raise Invalid(
            "party-score-contradiction", file=name, key=twice[0], one=twice[1], other=twice[2], count=twice[3]
        )


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
