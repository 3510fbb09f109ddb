"""From a model and records to clusters: candidates by block, scored part by part, joined by average linkage."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hutong.party.match import linkage
from hutong.party.match.blocking import candidates
from hutong.party.match.bounds import Bounds
from hutong.party.match.forming import Former, formed
from hutong.party.match.kernels import Floats, Ints
from hutong.party.match.model import Model
from hutong.party.match.scoring import Encoded, Scored, encode, score, weights

Progress = Callable[[str], None]


class Linked(NamedTuple):
    """`label`: the smallest row of each record's cluster; the pairs near enough to matter, with their weights in
    bits."""

    label: Ints
    left: Ints
    right: Ints
    weight: Floats
    compared: int
    model: Model
    encoded: Encoded

    def scored(self, left: Ints, right: Ints) -> Scored:
        """Levels and bits of pairs, for explanations."""
        return score(self.model, self.encoded, left, right)


def link(  # noqa: PLR0917  (the last two by name)
    model: Model,
    records: pa.Table,
    codes: Ints | None = None,
    alone: NDArray[np.bool_] | None = None,
    progress: Progress | None = None,
    former: Former = formed,
) -> Linked:
    """Cluster records (in the order of source and key). `codes`: number of a record's exclusive document, 0 for none;
    `alone`: whether the record's source has each party only once; `former`: makes the forms of many values."""
    tell = progress or (lambda _: None)
    encoded = encode(model, records, former)
    compared, left, right, weight = near(model, encoded)
    more_left, more_right = linkage.unscored(encoded.count, left, right, weight, model.threshold_bits)
    more = weights(model, encoded, more_left, more_right)
    left, right = np.concatenate([left, more_left]), np.concatenate([right, more_right])
    weight = np.concatenate([weight, more])
    tell("cluster")
    label = clustered(model, left, right, weight, encoded.source, codes, alone)
    return Linked(label, left, right, weight, compared + len(more_left), model, encoded)


def clustered(  # noqa: PLR0917  (arrays of one pair list)
    model: Model,
    left: Ints,
    right: Ints,
    weight: Floats,
    source: Ints,
    codes: Ints | None,
    alone: NDArray[np.bool_] | None,
) -> Ints:
    """Labels from scored pairs. `source`: number of each record's source."""
    count = len(source)
    held = np.zeros(count, dtype=np.int64) if codes is None else codes
    sources = np.zeros(count, dtype=np.int64)
    if alone is not None and alone.any():
        sources = np.where(alone, source + 1, 0)
    return linkage.average_linkage(count, left, right, weight, held, sources, model.threshold_bits)


def near(model: Model, encoded: Encoded) -> tuple[int, Ints, Ints, Floats]:
    """How many pairs meet in the model's blocks, and those whose weight could matter: the rest count as far apart."""
    least = linkage.LOW + model.threshold_bits
    bounds = Bounds(model, encoded, least)
    lefts, rights = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    found, compared = [np.zeros(0)], 0
    for pairs in candidates(model, encoded).parts():
        compared += len(pairs.left)
        possible = bounds.possible(pairs.left, pairs.right)
        left, right = pairs.left[possible], pairs.right[possible]
        weight = weights(model, encoded, left, right)
        kept = weight > least
        lefts.append(left[kept])
        rights.append(right[kept])
        found.append(weight[kept])
    return compared, np.concatenate(lefts), np.concatenate(rights), np.concatenate(found)
