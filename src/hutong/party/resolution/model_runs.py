"""A model's part in a run (EC-05): the pairs of its own blocks, beside those of the rules' blocks, and what it says of
all of them."""

from collections.abc import Mapping

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from hutong.party.columns import ATTRIBUTES
from hutong.party.match.kernels import Ints
from hutong.party.match.propose import Modelled
from hutong.party.match.rules import Kind, RulesDocument
from hutong.party.match.scoring import Encoded, encode
from hutong.party.models.registry import InForce
from hutong.party.resolution import judging, match_keys, model_keys


def over(models: Mapping[str, InForce], rules: RulesDocument) -> Modelled | None:
    """What `propose` asks of the models that speak; None where there are none."""
    if not models:
        return None

    def judge(duck: duckdb.DuckDBPyConnection, kind: Kind) -> None:
        if kind in models:
            _judge(duck, models[kind], kind, rules.of(kind).model)

    return judge


def _texts() -> str:
    """The columns of a record as texts, as real time gives them to the model."""
    as_text = {"date": "strftime({0}, '%Y%m%d')", "boolean": "CASE WHEN {0} THEN 'True' WHEN NOT {0} THEN 'False' END"}
    return ", ".join(f"{as_text.get(a.type, '{0}').format(a.name)} AS {a.name}" for a in ATTRIBUTES)


def _judge(duck: duckdb.DuckDBPyConnection, model: InForce, kind: Kind, policy: str) -> None:
    of_kind = f"SELECT rank, source, key, {_texts()} FROM records WHERE kind = '{kind}' ORDER BY rank"  # noqa: S608
    table: pa.Table = duck.sql(of_kind).to_arrow_table()
    if not table.num_rows:
        return
    rank = np.asarray(table.column("rank").to_numpy(), dtype=np.int64)
    encoded = encode(model.model, table.drop_columns(["rank"]))
    _add_pairs(duck, model, encoded, rank)
    pairs = duck.execute("SELECT a, b FROM pairs ORDER BY a, b").fetchnumpy()
    left, right = (np.searchsorted(rank, np.asarray(pairs[side], dtype=np.int64)) for side in ("a", "b"))
    rows = [
        (int(rank[left[place]]), int(rank[right[place]]), said.verdict, said.rule, said.strength,
         msgspec.json.encode(said.reasons).decode())
        for place, said in judging.words(model, policy, encoded, left, right).items()
    ]  # fmt: skip
    if rows:
        names = ("a", "b", "verdict", "rule", "strength", "reasons")
        duck.register("said", pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))))
        duck.execute("INSERT INTO modelled SELECT * FROM said")
        duck.unregister("said")


def _add_pairs(duck: duckdb.DuckDBPyConnection, model: InForce, encoded: Encoded, rank: Ints) -> None:
    """Add to `pairs` what meets in the model's blocks, but for crowded keys."""
    found = model_keys.of_encoded(model, encoded)
    crowded = [match_keys.signed(key) for (key,) in duck.execute("FROM crowded").fetchall()]
    used = ~np.isin(found.number, np.array(crowded, dtype=np.int64))
    duck.register("met", pa.table({"rank": rank[found.row[used]], "key": found.number[used]}))
    duck.execute(
        """INSERT INTO pairs
           SELECT x.rank, y.rank FROM met x JOIN met y ON x.key = y.key AND x.rank < y.rank
           WHERE x.rank IN (FROM news) OR y.rank IN (FROM news)
           EXCEPT SELECT a, b FROM pairs"""
    )
    duck.unregister("met")
