"""How often values occur: a rare agreed value says more than a common one. The tables are part of a model's version."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from hutong.party.match.kernels import Floats

_KEPT = 20_000


class Vocabulary(BaseModel):
    """Counts of the most frequent values among `total`; `rest` is the mean count of the others, `chance` the chance
    that two random ones agree."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    total: float
    rest: float
    counts: dict[str, float]

    def shares(self, texts: pa.Array | Sequence[str]) -> Floats:
        """The share of each text."""
        counts, rest = self.counts, self.rest
        if len(texts) < len(counts):
            listed = texts.to_pylist() if isinstance(texts, pa.Array) else texts
            return np.array([counts.get(text, rest) for text in listed], dtype=np.float64) / self.total
        column = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())
        place = pc.index_in(column, pa.array(list(counts), pa.large_string())).fill_null(len(counts)).to_numpy()
        found: Floats = np.array([*counts.values(), rest], dtype=np.float64)[place] / self.total
        return found


def vocabulary(texts: Sequence[str], counts: Floats, least: float = 1.0) -> Vocabulary:
    """A table from texts and how often each occurs, among at least so many."""
    total = float(counts.sum())
    order = sorted(range(len(texts)), key=lambda place: (-counts[place], texts[place]))
    kept, others = order[:_KEPT], order[_KEPT:]
    rest = float(np.mean(counts[others])) if others else 1.0
    return Vocabulary(
        total=max(total, least),
        rest=round(rest, 6),
        counts={texts[place]: float(counts[place]) for place in kept},
    )
