"""The same linking on a Spark cluster (XP-05): workers run the same kernels over parts of the records and pairs, the
driver joins the near pairs by the same average linkage. So the clusters are those of `link`, record for record."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from hutong.party.match import linkage
from hutong.party.match.blocking import emit, grouped, hashes, members
from hutong.party.match.kernels import Floats, Ints, once
from hutong.party.match.link import clustered
from hutong.party.match.model import Model, parse_model
from hutong.party.match.scoring import encode, weights

Batches = Iterator[pa.RecordBatch]
_KEYS = "block int, key long, row long"
_PAIRS = "left long, right long"
_NEAR = "left long, right long, weight double"


def link_on_spark(
    spark: SparkSession,
    model: Model,
    records: pa.Table,
    codes: Ints | None = None,
    alone: NDArray[np.bool_] | None = None,
) -> Ints:
    """The smallest row of each record's cluster, as `link` gives it. `records`, `codes`, `alone`: as there."""
    needed = sorted({column for plan in model.plans for column in (*plan.columns, *plan.prepared)} | {"source"})
    kept = records.select([name for name in needed if name in records.column_names])
    numbered = kept.append_column("row", pa.array(np.arange(records.num_rows)))
    frame = spark.createDataFrame(numbered).persist()
    document = model.model_dump_json()
    pairs = _candidates(frame, document, records.num_rows)
    left, right, weight = _columns(_scored(frame, pairs, document))
    more = linkage.unscored(records.num_rows, left, right, weight, model.threshold_bits)
    extra = spark.createDataFrame(pa.table({"left": more[0], "right": more[1]}))
    more_left, more_right, more_weight = _columns(_scored(frame, extra, document, keep_all=True))
    frame.unpersist()
    return clustered(
        model,
        np.concatenate([left, more_left]),
        np.concatenate([right, more_right]),
        np.concatenate([weight, more_weight]),
        _sources(records),
        codes,
        alone,
    )


def _sources(records: pa.Table) -> Ints:
    if "source" not in records.column_names:
        return np.full(records.num_rows, -1, dtype=np.int64)
    return np.unique(records["source"].to_pylist(), return_inverse=True)[1].astype(np.int64)


def _candidates(frame: DataFrame, document: str, records: int) -> DataFrame:
    """The pairs that meet in a block, each once."""

    def keyed(batches: Batches) -> Batches:
        model = parse_model(document)
        table = _whole(batches)
        if table is None:
            return
        rows = table["row"].to_numpy()
        found = hashes(model.plans, encode(model, table).values, model.blocks)
        for place, block in enumerate(model.blocks):
            record, key = members(block, found)
            yield _batch(block=np.full(len(key), place, dtype=np.int32), key=key, row=rows[record])

    def paired(batches: Batches) -> Batches:
        table = _whole(batches)
        if table is None:
            return
        block, key, row = (table[name].to_numpy() for name in ("block", "key", "row"))
        starts = np.flatnonzero((np.diff(block, prepend=-1) != 0) | (np.diff(key, prepend=-1) != 0))
        group = np.zeros(len(key), dtype=np.int64)
        group[starts[1:]] = 1
        made = once(emit(grouped(row, np.cumsum(group)), 0, records, records))
        yield _batch(left=made // records, right=made % records)

    met = frame.mapInArrow(keyed, _KEYS).repartition("block", "key").sortWithinPartitions("block", "key", "row")
    return met.mapInArrow(paired, _PAIRS).distinct()


def _scored(frame: DataFrame, pairs: DataFrame, document: str, *, keep_all: bool = False) -> DataFrame:
    """Pairs with their weights in bits; without `keep_all` only those near enough to matter."""
    names = [name for name in frame.columns if name != "row"]

    def weighed(batches: Batches) -> Batches:
        model = parse_model(document)
        table = _whole(batches)
        if table is None:
            return
        sides = [table.select([f"{side}_{name}" for name in names]).rename_columns(names) for side in ("a", "b")]
        encoded = encode(model, pa.concat_tables(sides))
        places = np.arange(table.num_rows)
        weight = weights(model, encoded, places, places + table.num_rows)
        left, right = table["left"].to_numpy(), table["right"].to_numpy()
        near = np.full(len(weight), True) if keep_all else weight > linkage.LOW + model.threshold_bits
        yield _batch(left=left[near], right=right[near], weight=weight[near])

    def side(letter: str, number: str) -> DataFrame:
        return frame.select(f.col("row").alias(number), *(f.col(name).alias(f"{letter}_{name}") for name in names))

    both = pairs.join(side("a", "left"), "left").join(side("b", "right"), "right")
    return both.mapInArrow(weighed, _NEAR)


def _columns(frame: DataFrame) -> tuple[Ints, Ints, Floats]:
    table = frame.toArrow()
    order = np.lexsort((table["right"].to_numpy(), table["left"].to_numpy()))
    left, right, weight = (table[name].to_numpy()[order] for name in ("left", "right", "weight"))
    return left, right, weight


def _whole(batches: Iterable[pa.RecordBatch]) -> pa.Table | None:
    """A part's rows as one table."""
    listed = [batch for batch in batches if batch.num_rows]
    return pa.Table.from_batches(listed) if listed else None


def _batch(**columns: NDArray[np.generic]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})
