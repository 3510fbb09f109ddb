"""Values that say nothing (EC-05): placeholders, an agency's phone, a clerk's own e-mail. Those that span many
parties found so far count as not given: neither they nor what stands against them speaks."""

from collections.abc import Mapping, Sequence

import numpy as np

from hutong.party.match.comparisons import Plan
from hutong.party.match.encode import Values
from hutong.party.match.kernels import Ints, both_once

_OWN = frozenset(("code", "phone", "email", "url", "date"))
"""Comparators of values that belong to one party or few."""
LEAST, TIMES = 12, 20.0
"""Parties a value must span to be generic: at least so many, and so many times what values usually span."""


def generic_values(plans: Sequence[Plan], values: Sequence[Values], party: Ints) -> dict[str, tuple[str, ...]]:
    """Comparison → values under too many parties. `party`: the party of each record."""
    made: dict[str, tuple[str, ...]] = {}
    for plan, found in zip(plans, values, strict=True):
        if plan.comparator not in _OWN or plan.name in ("postcode", "street_number"):
            continue
        record, column = np.nonzero(found.arrays.codes >= 0)
        number = found.arrays.ids[found.arrays.codes[record, column], 0]
        held = both_once(number[number >= 0], party[record][number >= 0])[0]
        spans = np.bincount(held, minlength=len(found.texts[0]))
        usual = float(np.median(spans[spans > 0])) if (spans > 0).any() else 1.0
        many = np.flatnonzero(spans > max(LEAST, TIMES * usual))
        if len(many):
            texts = found.texts[0]
            made[plan.name] = tuple(sorted(texts[int(place)].as_py() for place in many))
    return made


def merged(*found: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """All values of several findings."""
    names = sorted({name for one in found for name in one})
    return {name: tuple(sorted({value for one in found for value in one.get(name, ())})) for name in names}
