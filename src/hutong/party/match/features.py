"""Features of a pair of records: what rules may look at. Each has two executions that agree: SQL on a set of pairs
(DuckDB, records `a` and `b`), and Python on one pair (for real time).

`same.x`: both gave it and it agrees (generic values never do); `differ.x`: both gave it and it does not;
`near.x`: one slip of a finger apart; similarities are whole numbers 0..100.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hutong.party.columns import ATTRIBUTES
from hutong.party.match.likeness import percent, slip
from hutong.platform import cel

Record = Mapping[str, Any]


class Feature(NamedTuple):
    """One feature: CEL type, SQL over `a` and `b`, and the same in Python."""

    type: str
    sql: str
    python: Callable[[Record, Record], Any]


def _same(name: str) -> Feature:
    return Feature(
        "bool",
        f"coalesce(a.{name} = b.{name}, false)",
        lambda a, b: a[name] is not None and a[name] == b[name],
    )


def _differ(name: str) -> Feature:
    return Feature(
        "bool",
        f"coalesce(a.{name} <> b.{name}, false)",
        lambda a, b: a[name] is not None and b[name] is not None and a[name] != b[name],
    )


def _similar(name: str) -> Feature:
    def python(a: Record, b: Record) -> int | None:
        return percent(a[name], b[name]) if a[name] and b[name] else None

    sql = f"CASE WHEN a.{name} <> '' AND b.{name} <> '' THEN likeness(a.{name}, b.{name}) END"
    return Feature("int", sql, python)


def _slip(a: str | None, b: str | None) -> bool:
    return a is not None and b is not None and slip(a, b)


def _near(a: str, b: str) -> str:
    return f"coalesce({a} <> {b} AND slip({a}, {b}), false)"


def _day(record: Record) -> str | None:
    return record["birth_date"].strftime("%Y%m%d") if record["birth_date"] else None


_SLIPPED_ID = "coalesce(a.id_type = b.id_type, false) AND " + _near("a.id_number", "b.id_number")
_SLIPPED_DAY = _near("strftime(a.birth_date, '%Y%m%d')", "strftime(b.birth_date, '%Y%m%d')")


def _given(a: Record, b: Record, *names: str) -> bool:
    return all(a[name] is not None and b[name] is not None for name in names)


def _comparable_ids(a: Record, b: Record) -> bool:
    return bool(
        a["id_valid"] and b["id_valid"] and _given(a, b, "id_type", "id_number") and a["id_type"] == b["id_type"]
    )


def _same_id(a: Record, b: Record) -> bool:
    return _comparable_ids(a, b) and a["id_number"] == b["id_number"]


def _differ_id(a: Record, b: Record) -> bool:
    return _comparable_ids(a, b) and a["id_number"] != b["id_number"]


def _same_phone(a: Record, b: Record) -> bool:
    return not set(a["phones"]).isdisjoint(b["phones"])


def _same_mobile(a: Record, b: Record) -> bool:
    return not (set(a["phones"]) - {a["phone"]}).isdisjoint(set(b["phones"]) - {b["phone"]})


_MOBILES = "list_filter({0}.phones, lambda p: p IS DISTINCT FROM {0}.phone)"
_BOTH_VALID = "coalesce(a.id_valid AND b.id_valid AND a.id_type = b.id_type, false)"

FEATURES: dict[str, Feature] = {
    "same.id_number": Feature("bool", f"coalesce({_BOTH_VALID} AND a.id_number = b.id_number, false)", _same_id),
    "differ.id_number": Feature("bool", f"coalesce({_BOTH_VALID} AND a.id_number <> b.id_number, false)", _differ_id),
    "near.id_number": Feature(
        "bool",
        _SLIPPED_ID,
        lambda a, b: _given(a, b, "id_type") and a["id_type"] == b["id_type"] and _slip(a["id_number"], b["id_number"]),
    ),
    "same.phone": Feature("bool", "coalesce(list_has_any(a.phones, b.phones), false)", _same_phone),
    "same.mobile": Feature(
        "bool",
        f"coalesce(list_has_any({_MOBILES.format('a')}, {_MOBILES.format('b')}), false)",
        _same_mobile,
    ),
    "near.house": Feature("bool", _near("a.house", "b.house"), lambda a, b: _slip(a["house"], b["house"])),
    "near.birth_date": Feature("bool", _SLIPPED_DAY, lambda a, b: _slip(_day(a), _day(b))),
    **{
        f"same.{name}": _same(name)
        for name in (
            "name", "name_key", "name_core", "name_branch", "organisation_code", "email", "bank_card", "birth_date",
            "gender", "address_key", "house", "road", "city", "district", "postcode", "contact_name",
        )
    },
    **{
        f"differ.{name}": _differ(name)
        for name in (
            "name", "name_key", "name_core", "name_branch", "organisation_code", "birth_date", "gender", "city",
            "district", "house", "address_key", "postcode", "email", "bank_card",
        )
    },
    "similar.name": _similar("name"),
    "similar.name_key": _similar("name_key"),
    "similar.name_core": _similar("name_core"),
}  # fmt: skip


def _environment() -> cel.Environment:
    record = {a.name: {"text": "string", "boolean": "bool"}.get(a.type, "date") for a in ATTRIBUTES}
    record |= {"source": "string"}
    groups: dict[str, dict[str, str]] = {"a": record, "b": record}
    for name, feature in FEATURES.items():
        group, field = name.split(".")
        groups.setdefault(group, {})[field] = feature.type
    return cel.Environment(groups)


ENVIRONMENT = _environment()
"""The variables of a rule: `a.*`, `b.*` (the smaller record first), `same.*`, `differ.*`, `near.*`, `similar.*`."""

COLUMNS = {
    **{f"{side}.{field.name}": f"{side}.{field.name}" for side in "ab" for field in ATTRIBUTES},
    "a.source": "a.source",
    "b.source": "b.source",
    **{name: f"f.{name.replace('.', '_')}" for name in FEATURES},
}
"""Variable → SQL, where `f` is the relation of computed features."""


def of_pair(a: Record, b: Record) -> dict[str, dict[str, Any]]:
    """All variables of one pair, for `Expression.holds`. Records carry attributes and `phones`, generic ones out."""
    made: dict[str, dict[str, Any]] = {"a": dict(a), "b": dict(b)}
    for name, feature in FEATURES.items():
        group, field = name.split(".")
        made.setdefault(group, {})[field] = feature.python(a, b)
    return made
