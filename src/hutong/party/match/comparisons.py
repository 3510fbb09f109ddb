"""Which attributes of a record are compared, and how: chosen from the columns that hold something."""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.match.comparators import COMPARATORS, LEVELS, TEXT, WORDS
from hutong.party.match.em import IDENTITY, NAMED_ALIKE, PARTLY_SHARED, SHARED


class Plan(NamedTuple):
    """One comparison: its comparator, the columns whose values it takes (several: any of them), and columns that hold
    the value's forms already."""

    name: str
    comparator: str
    columns: tuple[str, ...]
    prepared: tuple[str, ...] = ()


_PERSON = (
    Plan("given_name", "word", ("given_name",)),
    Plan("family_name", "word", ("family_name",)),
    Plan("middle_name", "word", ("middle_name",)),
    Plan("name", "person", ("name",)),
)
_ORGANISATION = (
    Plan("name", "organisation", ("name",)),
    Plan("contact_name", "person", ("contact_name",)),
)
_BOTH = (
    Plan("birth_date", "date", ("birth_date",)),
    Plan("id_number", "code", ("id_number",)),
    Plan("organisation_code", "code", ("organisation_code",)),
    Plan("phone", "phone", ("mobile", "phone", "other_phone")),
    Plan("email", "email", ("email", "other_email")),
    Plan("url", "url", ("url",)),
    Plan("bank_card", "code", ("bank_card",)),
    Plan("address", "address", ("address",), ("address_key", "house", "road")),
    Plan("street_number", "code", ("street_number",)),
    Plan("street", "text", ("street",)),
    Plan("unit", "text", ("unit",)),
    Plan("postcode", "code", ("postcode",)),
    Plan("place", "word", ("place",)),
    Plan("state", "exact", ("state",)),
    Plan("country", "exact", ("country",)),
    Plan("city", "exact", ("city",)),
    Plan("gender", "exact", ("gender",)),
    Plan("occupation", "text", ("occupation",)),
    Plan("organisation", "organisation", ("organisation",)),
)
_OWN = frozenset(
    ("given_name", "family_name", "name", "birth_date", "id_number", "organisation_code", "phone", "email", "bank_card")
)
FEW_RECORDS = 10
"""Records up to which all of them may be one party's."""
FREE = "free_"
"""Columns of free attributes are named `free_<comparator>_<name>`."""


def choose(records: pa.Table, kind: str) -> tuple[Plan, ...]:
    """The comparisons of records of a kind: those whose columns hold at least two different values; among few
    records one, where it is a party's own."""
    found = []
    plans = (*(_PERSON if kind == "person" else _ORGANISATION), *_BOTH, *_free(records))
    few = records.num_rows <= FEW_RECORDS and any(_values(records, name) > 1 for plan in plans for name in plan.columns)
    for plan in plans:
        least = 0 if few and plan.name in _OWN else 1
        columns = tuple(column for column in plan.columns if _values(records, column) > least)
        if columns:
            prepared = plan.prepared if all(name in records.column_names for name in plan.prepared) else ()
            found.append(plan._replace(columns=columns, prepared=prepared))
    names = {plan.name for plan in found}
    if {"given_name", "family_name"} <= names:
        found = [plan for plan in found if plan.name != "name" or kind != "person"]
    return _by_words(found)


_WORDED = {"text": "words", "organisation": "organisation_words"}
_LITTLE = frozenset(("place", "city", "state", "country", "gender"))


def wordy(plans: Sequence[Plan]) -> Plan | None:
    """The comparison of words that all but carries a decision by itself, if there is one."""
    found = [plan for plan in plans if plan.comparator in _WORDED.values()]
    return found[0] if found else None


def _by_words(found: list[Plan]) -> tuple[Plan, ...]:
    """Where one text is nearly all there is that tells who a party is, it is compared by the bits of its words: no
    other attribute could teach what its likeness is worth."""
    telling = [plan for plan in found if not tells_little(plan)]
    if not telling:
        telling = [plan for plan in found if plan.comparator in _WORDED][:2]
    if len(telling) != 1 or telling[0].comparator not in _WORDED:
        return tuple(found)
    return tuple(plan._replace(comparator=_WORDED[plan.comparator]) if plan is telling[0] else plan for plan in found)


def tells_little(plan: Plan) -> bool:
    """Whether it is a place, a number, or a free attribute of words: what it means nobody said."""
    return of_words(plan) or plan.name in _LITTLE or plan.comparator == "number"


def of_words(plan: Plan) -> bool:
    """Whether it is a free attribute of words: what it means nobody said."""
    return plan.columns[0].startswith(FREE) and plan.comparator in ("text", "exact")


def _free(records: pa.Table) -> list[Plan]:
    made = []
    for column in records.column_names:
        if column.startswith(FREE):
            comparator, _, name = column.removeprefix(FREE).partition("_")
            made.append(Plan(name, comparator, (column,)))
    return made


def _values(records: pa.Table, column: str) -> int:
    return int(pc.count_distinct(records.column(column)).as_py()) if column in records.column_names else 0


_SHARED = {
    "person": ("phone", "address", "street_number", "street", "unit", "postcode", "place", "state", "country",
               "city", "organisation"),
    "organisation": ("phone", "email", "url", "postcode", "place", "state", "country", "city"),
}  # fmt: skip
_PARTLY = {"person": ("name",), "organisation": ("name",)}


def shared(kind: str, plan: Plan) -> int:
    """What relatives (a household, an agency's sites) share of a comparison: 0 nothing but by chance, 1 the value, 2
    only likeness of it, 3 a name as it is found."""
    if plan.name in ("family_name", "contact_name"):
        return NAMED_ALIKE
    return SHARED if plan.name in _SHARED[kind] else PARTLY_SHARED if plan.name in _PARTLY[kind] else IDENTITY


def kernel(comparator: str) -> int:
    """The number of the compiled comparator."""
    return _KERNELS[comparator] if comparator in _KERNELS else COMPARATORS[comparator]


_KERNELS = {"organisation": TEXT, "organisation_words": WORDS}


def level_names(comparator: str) -> tuple[str, ...]:
    """What the levels of a comparator are called, from differ to same."""
    return LEVELS[{"organisation": "text", "organisation_words": "words"}.get(comparator, comparator)]
