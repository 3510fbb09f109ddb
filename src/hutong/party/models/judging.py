"""A model in force judging pairs (EC-05): set-wise for runs, one record against candidates for real time; the same
weights, the same words."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from hutong.party.columns import ATTRIBUTES
from hutong.party.match.propose import Modelled
from hutong.party.match.rules import Kind, RulesDocument
from hutong.party.match.scoring import FieldScore, Scored, encode, score, score_candidates, weights
from hutong.party.models.registry import InForce

SAME_FROM, SAME_MOST = 500, 889
UNSURE_FROM, UNSURE_MOST = 300, 690
"""Strengths of what a model says: below the strong rules', ten for each bit."""


class Said(NamedTuple):
    """A model's word about a pair."""

    verdict: str
    rule: str
    strength: int
    reasons: list[str]


def said(model: InForce, policy: str, weight: float, fields: Sequence[FieldScore]) -> Said | None:
    """What a weight (bits) means under the policy of a kind; None: nothing."""
    if weight >= model.merge_bits and policy == "merges":
        verdict, strength = "same", min(SAME_FROM + int(10 * max(weight, 0)), SAME_MOST)
    elif weight >= model.model.review_bits:
        verdict, strength = "unsure", min(UNSURE_FROM + int(10 * max(weight, 0)), UNSURE_MOST)
    else:
        return None
    told = [f"{one.name} {one.level_name} {one.bits:+.1f}" for one in fields if one.level >= 0]
    return Said(verdict, rule_name(model), strength, [*told, f"weight {weight:.1f}"])


def rule_name(model: InForce) -> str:
    """What judgements of a version are called."""
    return f"model:{model.id}:{model.version}"


def candidates(
    model: InForce, policy: str, record: Mapping[str, Any], others: Sequence[Mapping[str, Any]]
) -> list[Said | None]:
    """One record against others, for real time."""
    if not others or policy == "off":
        return [None] * len(others)
    return [said(model, policy, pair.weight, pair.fields) for pair in score_candidates(model.model, record, others)]


def over(models: Mapping[str, InForce], rules: RulesDocument) -> Modelled | None:
    """What `propose` asks of the models in force; None where there are none."""
    used = {kind: model for kind, model in models.items() if rules.of(_kind(kind)).model != "off"}
    if not used:
        return None

    def judge(duck: duckdb.DuckDBPyConnection, kind: Kind) -> None:
        if kind in used:
            _judge(duck, used[kind], kind, rules.of(kind).model)

    return judge


def _kind(name: str) -> Kind:
    return "organisation" if name == "organisation" else "person"


def _texts() -> str:
    """The columns of a record as texts, as real time gives them to the model."""
    as_text = {"date": "strftime({0}, '%Y%m%d')", "boolean": "CASE WHEN {0} THEN 'True' WHEN NOT {0} THEN 'False' END"}
    return ", ".join(f"{as_text.get(a.type, '{0}').format(a.name)} AS {a.name}" for a in ATTRIBUTES)


def _judge(duck: duckdb.DuckDBPyConnection, model: InForce, kind: Kind, policy: str) -> None:
    of_kind = f"SELECT rank, source, key, {_texts()} FROM records WHERE kind = '{kind}' ORDER BY rank"  # noqa: S608
    table: pa.Table = duck.sql(of_kind).to_arrow_table()
    pairs = duck.execute("SELECT a, b FROM pairs ORDER BY a, b").fetchnumpy()
    if not len(pairs["a"]):
        return
    rank = np.asarray(table.column("rank").to_numpy(), dtype=np.int64)
    left, right = (np.searchsorted(rank, np.asarray(pairs[side], dtype=np.int64)) for side in ("a", "b"))
    encoded = encode(model.model, table.drop_columns(["rank"]))
    near = weights(model.model, encoded, left, right) >= model.model.review_bits
    left, right = left[near], right[near]
    scored = score(model.model, encoded, left, right)
    rows = [
        (int(rank[left[row]]), int(rank[right[row]]), *told)
        for row in range(len(left))
        if (told := said(model, policy, float(scored.weight[row]), _fields(model, scored, row)))
    ]
    if rows:
        names = ("a", "b", "verdict", "rule", "strength", "reasons")
        columns = [list(column) for column in zip(*rows, strict=True)]
        columns[5] = [msgspec.json.encode(reasons).decode() for reasons in columns[5]]
        duck.register("said", pa.table(dict(zip(names, columns, strict=True))))
        duck.execute("INSERT INTO modelled SELECT * FROM said")
        duck.unregister("said")


def _fields(model: InForce, scored: Scored, row: int) -> list[FieldScore]:
    levels, bits = scored.levels[row].tolist(), scored.bits[row].tolist()
    return [
        FieldScore(one.name, level, one.levels[level] if level >= 0 else "not_given", found)
        for one, level, found in zip(model.model.comparisons, levels, bits, strict=True)
    ]
