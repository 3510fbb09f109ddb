"""Training a model on what the customer master holds, and the sample of pairs by which it is measured (EC-05)."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.match.blocking import candidate_pairs
from hutong.party.match.model import Model
from hutong.party.match.scoring import encode, weights
from hutong.party.match.training import train
from hutong.party.models import registry
from hutong.party.models.frequent import without_rare
from hutong.party.models.records import records_of_kind
from hutong.party.offline.score import TruthColumns
from hutong.platform import arrow, clock, database
from hutong.platform.errors import Invalid, NotFound

STRATA = (-5, 0, 3, 6, 9, 12, 15, 20, 30)
"""Least weights of the strata, in bits; below the first nobody looks."""
LEAST_OF_STRATUM = 60
SHARED = 440
"""Further pairs, divided among the strata by their populations: what most merges rest on is looked at most."""


def train_new(kind: str, by: str, progress: Callable[[str], None] | None = None) -> int:
    """Train a model on all records of a kind, keep it, and draw the sample for its review. Returns the version's id."""
    with database.read("party") as conn:
        records = records_of_kind(conn, kind)
    model = without_rare(train(records, kind, progress), records, arrow.ints(records, "party"))
    with database.begin("party") as conn:
        model_id = registry.keep(conn, model, by, records.num_rows)
        _draw(conn, model_id, model, records)
    return model_id


def _draw(conn: Connection, model_id: int, model: Model, records: pa.Table) -> None:
    """Pairs of each stratum, chosen by chance that is the same each time."""
    encoded = encode(model, records)
    pairs = candidate_pairs(model, encoded)
    weight = weights(model, encoded, pairs.left, pairs.right)
    ids = arrow.ints(records, "id")
    dice = np.random.default_rng(20260101)
    rows: list[dict[str, Any]] = []
    merging = max(int((weight >= 0).sum()), 1)
    for number, least in enumerate(STRATA):
        most = STRATA[number + 1] if number + 1 < len(STRATA) else np.inf
        inside = np.flatnonzero((weight >= least) & (weight < most))
        wanted = LEAST_OF_STRATUM + (SHARED * len(inside) // merging if least >= 0 else 0)
        chosen = dice.choice(inside, min(wanted, len(inside)), replace=False)
        for place in chosen.tolist():
            one, other = sorted((int(ids[pairs.left[place]]), int(ids[pairs.right[place]])))
            rows.append({"model": model_id, "left": one, "right": other, "weight": float(weight[place]),
                         "stratum": least, "population": len(inside)})  # fmt: skip
    if rows:
        conn.execute(
            text(
                """INSERT INTO party.model_review (model_id, left_id, right_id, weight, stratum, population)
                   VALUES (:model, :left, :right, :weight, :stratum, :population) ON CONFLICT DO NOTHING"""
            ),
            rows,
        )


def next_pair(viewer: Principal, model_id: int) -> dict[str, Any] | None:
    """The next pair of the sample to review, as two masked records the viewer sees; None: all are reviewed."""
    require(viewer, "party.steward")
    with database.read("party") as conn:
        waiting = conn.execute(
            text(
                """SELECT v.left_id, v.right_id, v.weight, x.party_id AS one, y.party_id AS other
                   FROM party.model_review v JOIN party.xref x ON x.record_id = v.left_id
                   JOIN party.xref y ON y.record_id = v.right_id
                   WHERE v.model_id = :model AND v.same IS NULL ORDER BY hashint8(v.left_id), v.right_id LIMIT 50"""
            ),
            {"model": model_id},
        ).all()
        seen = visibility.among(conn, viewer, sorted({party for row in waiting for party in (row.one, row.other)}))
        row = next((row for row in waiting if {row.one, row.other} <= seen), None)
        if row is None:
            return None
        found = conn.execute(
            text("SELECT * FROM party.source_record WHERE id = ANY(:ids) ORDER BY id"),
            {"ids": [row.left_id, row.right_id]},
        ).mappings()
        records = protect(viewer, "source_record", [dict(one) for one in found], SENSITIVE)
    return {"left": row.left_id, "right": row.right_id, "records": records}


def review(viewer: Principal, model_id: int, left: int, right: int, same: str) -> None:
    """Say whether a pair of the sample is one party: yes, no, unknown. Raises NotFound."""
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        homes = "SELECT DISTINCT party_id FROM party.xref WHERE record_id IN (:left, :right)"
        parties = conn.execute(text(homes), {"left": left, "right": right}).scalars().all()
        visibility.check(conn, viewer, *parties)
        written = conn.execute(
            text(
                """UPDATE party.model_review SET same = :same, reviewed_by = :by, reviewed_at = :now
                   WHERE model_id = :model AND left_id = :left AND right_id = :right"""
            ),
            {"model": model_id, "left": left, "right": right, "same": same, "by": viewer.actor, "now": clock.now()},
        ).rowcount
        if not written:
            raise NotFound("party-model-pair-unknown")


def review_from(viewer: Principal, model_id: int, labels: Path, columns: TruthColumns) -> int:
    """Review the sample by a file of labels (its columns of key, entity and source). Returns the pairs it decided.

    Raises Invalid when no pair of the sample is in it."""
    require(viewer, "party.model")
    with labels.open(encoding="utf-8-sig", newline="") as file:
        rows_read = csv.DictReader(file)
        source = columns.source
        entities = {((row[source] if source else ""), row[columns.key]): row[columns.entity] for row in rows_read}
    with database.begin("party") as conn:
        rows = conn.execute(
            text(
                """SELECT v.left_id, v.right_id, l.source AS ls, l.key AS lk, r.source AS rs, r.key AS rk
                   FROM party.model_review v JOIN party.source_record l ON l.id = v.left_id
                   JOIN party.source_record r ON r.id = v.right_id WHERE v.model_id = :model"""
            ),
            {"model": model_id},
        ).all()
        said = []
        for row in rows:
            one = entities.get((row.ls if source else "", row.lk))
            other = entities.get((row.rs if source else "", row.rk))
            if one and other:
                same = "yes" if one == other else "no"
                place = {"model": model_id, "left": row.left_id, "right": row.right_id}
                said.append({**place, "same": same, "by": viewer.actor, "now": clock.now()})
        if not said:
            raise Invalid("party-model-labels", file=labels.name)
        conn.execute(
            text(
                """UPDATE party.model_review SET same = :same, reviewed_by = :by, reviewed_at = :now
                   WHERE model_id = :model AND left_id = :left AND right_id = :right"""
            ),
            said,
        )
    return len(said)
