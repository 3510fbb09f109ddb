"""A model in force judging pairs (EC-05): sets of them for runs, for real time, and for the guard of its links; the
same weights, the same words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from hutong.party.match.kernels import Floats, Ints
from hutong.party.match.rules import KINDS, RulesDocument
from hutong.party.match.scoring import Encoded, FieldScore, Scored, encode, score, weights
from hutong.party.models.records import records_of_kind
from hutong.party.models.registry import InForce
from hutong.party.resolution import bridges
from hutong.platform import arrow

SAME_FROM, SAME_MOST = 500, 889
UNSURE_FROM, UNSURE_MOST = 300, 690
"""Strengths of what a model says: below the strong rules', ten for each bit."""


class Said(NamedTuple):
    """A model's word about a pair."""

    verdict: str
    rule: str
    strength: int
    reasons: list[str]


def rule_name(model: InForce) -> str:
    """What judgements of a version are called."""
    return f"model:{model.id}:{model.version}"


def used(models: Mapping[str, InForce], rules: RulesDocument) -> dict[str, InForce]:
    """Of the models in force those that the rules let speak."""
    return {kind: models[kind] for kind in KINDS if kind in models and rules.of(kind).model != "off"}


def words(model: InForce, policy: str, encoded: Encoded, left: Ints, right: Ints) -> dict[int, Said]:
    """What the model says of pairs of rows: place of the pair → its word, where it has one."""
    near = np.flatnonzero(weights(model.model, encoded, left, right) >= model.model.review_bits)
    scored = score(model.model, encoded, left[near], right[near])
    made = {}
    for row, place in enumerate(near.tolist()):
        if told := _said(model, policy, float(scored.weight[row]), _fields(model, scored, row)):
            made[place] = told
    return made


def _said(model: InForce, policy: str, weight: float, fields: Sequence[FieldScore]) -> Said | None:
    """What a weight (bits) means under the policy of a kind; None: nothing."""
    if weight >= model.merge_bits and policy == "merges":
        verdict, strength = "same", min(SAME_FROM + int(10 * max(weight, 0)), SAME_MOST)
    elif weight >= model.model.review_bits:
        verdict, strength = "unsure", min(UNSURE_FROM + int(10 * max(weight, 0)), UNSURE_MOST)
    else:
        return None
    told = [f"{one.name} {one.level_name} {one.bits:+.1f}" for one in fields if one.level >= 0]
    return Said(verdict, rule_name(model), strength, [*told, f"weight {weight:.1f}"])


def _fields(model: InForce, scored: Scored, row: int) -> list[FieldScore]:
    levels, bits = scored.levels[row].tolist(), scored.bits[row].tolist()
    return [
        FieldScore(one.name, level, one.levels[level] if level >= 0 else "not_given", found)
        for one, level, found in zip(model.model.comparisons, levels, bits, strict=True)
    ]


def weigher(conn: Connection, model: InForce, record: Ints) -> bridges.Weigh:
    """Weighs pairs of records, given as places in `record`, above the threshold from which the model joins."""
    threshold = min(model.model.threshold_bits, model.merge_bits)

    def weigh(left: Ints, right: Ints) -> Floats:
        table = records_of_kind(conn, model.model.kind, record[np.unique([left, right])].tolist())
        ids = arrow.ints(table, "id")
        order = np.argsort(ids)
        one, other = (order[np.searchsorted(ids[order], record[side])] for side in (left, right))
        return bridges.above(weights(model.model, encode(model.model, table), one, other), threshold)

    return weigh
