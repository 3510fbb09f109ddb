"""Organisations: firms, branches and institutions with unique full names and right codes."""

from dataclasses import dataclass

import numpy as np

from hutong.cli.sample import identifiers, reference
from hutong.cli.sample.addresses import short_place
from hutong.cli.sample.text import Text, Whole, choose, from_points, join, points

_BRANCH_SHARE = 0.12
_INSTITUTION_SHARE = 0.08
_FORMS = np.array(["有限公司", "有限责任公司", "股份有限公司", "集团有限公司", "厂", "商行", "经营部"])
_FORM_SHARES = [0.52, 0.18, 0.05, 0.03, 0.08, 0.07, 0.07]
_BRANCHES = np.array(["分公司", "办事处", "营业部"])


@dataclass(frozen=True)
class Organisations:
    """A row each. `parent`: the row a branch belongs to, else -1."""

    name: Text
    code: Text
    uscc: Text
    area: Whole
    parent: Whole


def organisations(rng: np.random.Generator, count: int) -> Organisations:
    """`count` organisations, twelve in a hundred branches of others, eight schools, hospitals and the like."""
    place = reference.areas()
    area = rng.choice(len(place.weight), count, p=place.weight).astype(np.int64)
    form = rng.choice(len(_FORMS), count, p=_FORM_SHARES)
    institution = rng.random(count) < _INSTITUTION_SHARE
    city = short_place(place.city[area])
    trade = rng.choice(reference.words("trade"), count)
    public = join(place.city[area], place.district[area], rng.choice(reference.words("institution"), count))
    name = np.full(count, "", dtype="<U32")
    left = np.arange(count)
    while len(left):
        brand = _brands(rng, len(left))
        firm = join(city[left], brand, trade[left], _FORMS[form[left]])
        name[left] = choose(institution[left], join(public[left], "（", brand, "）"), firm)
        left = np.setdiff1d(np.arange(count), np.unique(name, return_index=True)[1])
    parent = _branches(rng, name, city, institution)
    register = choose(institution, "12", choose(form >= 5, "92", "91"))
    code = identifiers.organisation_codes(rng, count)
    return Organisations(name, code, identifiers.usccs(register, place.district_code[area], code), area, parent)


def _brands(rng: np.random.Generator, count: int) -> Text:
    """Known words, or two of their characters put together anew."""
    known = reference.words("brand")
    letters = np.unique(points(known))
    made = from_points(rng.choice(letters[letters != 0], (count, 2)))
    return choose(rng.random(count) < 0.45, rng.choice(known, count), made)


def _branches(rng: np.random.Generator, name: Text, city: Text, institution: np.typing.NDArray[np.bool_]) -> Whole:
    """Rename some rows to be branches of earlier ones, in place; returns the parents."""
    parent = np.full(len(name), -1, dtype=np.int64)
    firms = np.flatnonzero(~institution & np.strings.endswith(name, "公司"))
    branches = firms[len(firms) // 2 :][rng.random(len(firms) - len(firms) // 2) < 2 * _BRANCH_SHARE]
    parents = firms[: len(firms) // 2]
    if not len(parents):
        return parent
    chosen = rng.choice(parents, len(branches))
    named = join(name[chosen], city[branches], rng.choice(_BRANCHES, len(branches)))
    once = np.unique(named, return_index=True)[1]
    parent[branches[once]] = chosen[once]
    name[branches[once]] = named[once]
    return parent
