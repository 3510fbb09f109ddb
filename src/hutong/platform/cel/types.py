"""Types of the expression language, and the environment that declares the variables a rule may name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

INT_MIN = -(2**63)
INT_MAX = 2**63 - 1
DURATION_MAX_MICROS = 315_576_000_000 * 1_000_000
"""Longest duration in microseconds (the range of CEL: about 10,000 years)."""


@dataclass(frozen=True, slots=True)
class Type:
    """One type. `money` marks integers in micro currency units; it changes sentences, not comparison."""

    name: str
    item: "Type | None" = None
    fields: tuple[tuple[str, "Type"], ...] = ()
    money: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.name}<{self.item}>" if self.item else self.name


BOOL = Type("bool")
INT = Type("int")
MONEY = replace(INT, money=True)
STRING = Type("string")
TIMESTAMP = Type("timestamp")
DATE = Type("date")
DURATION = Type("duration")
NULL = Type("null")
ANY = Type("any")
"""Only in signatures of functions: any one type, the same wherever it stands."""

ORDERED = (INT, STRING, TIMESTAMP, DATE, DURATION)
SCALARS = (BOOL, *ORDERED)
NAMED = {str(t): t for t in SCALARS} | {"money": MONEY}
MAP_VALUES = (BOOL, INT, STRING)

Declaration: TypeAlias = str | Type | Mapping[str, Any]


def list_of(item: Type) -> Type:
    """A list of scalars."""
    return Type("list", item)


def map_of(item: Type) -> Type:
    """A map from text to bool, int or string: a JSON object in SQL."""
    return Type("map", item)


def object_of(fields: Mapping[str, Type]) -> Type:
    """An object with declared fields, such as `event` or `row`."""
    return Type("object", None, tuple(fields.items()))


def type_of(declaration: Declaration) -> Type:
    """The type a declaration names: "int", "money", "list<string>", "map<int>", a Type, or a mapping of fields."""
    if isinstance(declaration, Type):
        return declaration
    if isinstance(declaration, Mapping):
        return object_of({name: type_of(inner) for name, inner in declaration.items()})
    text = declaration.replace(" ", "")
    if text in NAMED:
        return NAMED[text]
    outer, _, inner = text.partition("<")
    item = NAMED.get(inner.removesuffix(">"))
    if item and outer == "list":
        return list_of(item)
    if item in MAP_VALUES and outer == "map":
        return map_of(item)
    raise ValueError(f"no such type: {declaration}")


class Environment:
    """The variables a rule may name, with their types; equal declarations are equal environments.

    `Environment({"event": {"duration": "int", "start": "timestamp"}, "viewer": {"branches": "list<string>"}})`.
    Calendar parts of timestamps (`event.start.getHours()`) are taken in `timezone`, by default the business time zone.
    """

    def __init__(self, variables: Mapping[str, Declaration], *, timezone: str | None = None) -> None:
        if timezone is None:
            from hutong.platform.settings import settings

            timezone = settings.business_timezone
        self.timezone = timezone
        self.variables = {name: type_of(declaration) for name, declaration in variables.items()}
        self._hash = hash((tuple(self.variables.items()), timezone))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Environment)
            and self.timezone == other.timezone
            and repr(self.variables) == repr(other.variables)
        )

    def __hash__(self) -> int:
        return self._hash
