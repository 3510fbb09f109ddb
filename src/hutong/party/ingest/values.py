"""Standardising columns of values (EC-04) by the same plain functions that standardise one: each value once."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from hutong.party.standardise import addresses, identifiers, names, organisations, phones
from hutong.party.standardise.text import clean

Output = tuple[str, pa.DataType]
Row = tuple[Any, ...]
REMEMBERED = 400_000
"""Values of one kind kept with their results; with more, it starts anew. About 300 bytes each."""
_TEXT = pa.string()


def name_of(kind: str | None, raw: str) -> Row:
    """name, core, key, partial, branch, issue of a person's or an organisation's name."""
    if kind == "organisation":
        made = organisations.organisation_name(raw)
        return made.name, made.core, made.key, False, made.branch, made.issue
    person = names.person_name(raw)
    return person.name, None, person.key, person.partial, None, person.issue


def number_of(kind: str | None, raw: str) -> Row:
    """value, valid, birth date, gender, issue, organisation code of an identity document's number."""
    made = identifiers.identifier(kind, raw)
    return (*made, identifiers.organisation_part(kind, made.value if made.valid else None))


def _one(function: Callable[[str], Any]) -> Callable[[str], Row]:
    return lambda raw: (function(raw),)


_ISSUE: Output = ("issue", _TEXT)
_VALUE: Output = ("value", _TEXT)
_PHONE: tuple[Output, ...] = (_VALUE, ("kind", _TEXT), _ISSUE)
_NAME: tuple[Output, ...] = (("name", _TEXT), ("core", _TEXT), ("key", _TEXT), ("partial", pa.bool_()),
                             ("branch", _TEXT), _ISSUE)  # fmt: skip
_NUMBER: tuple[Output, ...] = (_VALUE, ("valid", pa.bool_()), ("born", pa.date32()), ("gender", _TEXT), _ISSUE,
                               ("code", _TEXT))  # fmt: skip
_PLACE: tuple[Output, ...] = tuple((field, _TEXT) for field in addresses.Address._fields)
_Paired = tuple[str, tuple[str, str], Callable[..., Row], Sequence[Output]]
_PAIRED: tuple[_Paired, ...] = (
    ("n", ("kind", "name"), name_of, _NAME),
    ("i", ("id_type", "id_number"), number_of, _NUMBER),
)


class Standardiser:
    """Standardises tables of given values. It remembers what it met, over all tables it is given.

    `region`: where phones without country code belong (ISO 3166).
    """

    def __init__(self, region: str) -> None:
        self._memory: dict[str, dict[Any, Row]] = {}
        self._single: dict[str, tuple[str, str, Callable[[str], Row], Sequence[Output]]] = {
            "mobile": ("m", "phone", lambda raw: tuple(phones.phone(raw, region)), _PHONE),
            "phone": ("p", "phone", lambda raw: tuple(phones.phone(raw, region)), _PHONE),
            "email": ("e", "email", _one(identifiers.email), (_VALUE,)),
            "bank_card": ("b", "bank_card", _one(identifiers.bank_card), (_VALUE,)),
            "address": ("a", "address", lambda raw: tuple(addresses.address(raw)), _PLACE),
            "contact_name": ("c", "contact_name", lambda raw: (names.person_name(raw).name,), (_VALUE,)),
            "postcode": ("z", "postcode", lambda raw: (clean(raw) or None,), (_VALUE,)),
        }
        """Column → prefix of its results, memory it uses, function, results."""

    def __call__(self, given: pa.Table) -> pa.Table:
        """The table with the results beside it, named `n_name`, `i_valid`, `a_road` and so on."""
        with _uncollected():
            for prefix, pair, function, outputs in _PAIRED:
                keys, values = (given.column(column).to_pylist() for column in pair)
                found = self._pairs(prefix, keys, values, function, len(outputs))
                given = _beside(given, prefix, outputs, found)
            for column, (prefix, memory, function_of_one, outputs) in self._single.items():
                if given.column(column).null_count == given.num_rows:
                    given = _nothing_beside(given, prefix, outputs)
                    continue
                found = self._singles(memory, given.column(column).to_pylist(), function_of_one, len(outputs))
                given = _beside(given, prefix, outputs, found)
            return given

    def _known(self, memory: str) -> dict[Any, Row]:
        known = self._memory.setdefault(memory, {})
        if len(known) > REMEMBERED:
            known.clear()
        return known

    def _pairs(
        self, memory: str, keys: list[Any], values: list[Any], function: Callable[..., Row], width: int
    ) -> list[Row]:
        known, nothing = self._known(memory), (None,) * width
        found: list[Row] = []
        for pair in zip(keys, values, strict=True):
            row = known.get(pair)
            if row is None:
                row = known[pair] = nothing if pair[1] is None else function(*pair)
            found.append(row)
        return found

    def _singles(self, memory: str, values: list[Any], function: Callable[[str], Row], width: int) -> list[Row]:
        known, nothing = self._known(memory), (None,) * width
        found: list[Row] = []
        for value in values:
            row = nothing if value is None else known.get(value)
            if row is None:
                row = known[value] = function(value)
            found.append(row)
        return found


def _beside(given: pa.Table, prefix: str, outputs: Sequence[Output], found: list[Row]) -> pa.Table:
    columns: Sequence[Sequence[Any]] = list(zip(*found, strict=True)) if found else [()] * len(outputs)
    for (name, kind), values in zip(outputs, columns, strict=True):
        given = given.append_column(f"{prefix}_{name}", pa.array(values, kind))
    return given


def _nothing_beside(given: pa.Table, prefix: str, outputs: Sequence[Output]) -> pa.Table:
    for name, kind in outputs:
        given = given.append_column(f"{prefix}_{name}", pa.nulls(given.num_rows, kind))
    return given


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector: it would walk all results again and again, which hold no cycles."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def coded(given: pa.Table, column: str, known: Mapping[str, str]) -> tuple[pa.Table, Counter[str]]:
    """A column's source codes replaced by standard codes; codes nobody mapped become empty, and are counted (EC-09)."""
    values = given.column(column).to_pylist()
    made = pa.array([known.get(value) if value is not None else None for value in values], _TEXT)
    unknown = Counter(value for value in values if value is not None and value not in known)
    return given.set_column(given.schema.get_field_index(column), column, made), unknown
