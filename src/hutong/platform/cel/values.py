"""Values handed in from outside: followed along a path, checked against the declared type, brought to one form."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hutong.platform.cel.types import DURATION_MAX_MICROS, INT_MAX, INT_MIN, Type
from hutong.platform.cel.unknown import UNKNOWN

LONGEST = timedelta(microseconds=DURATION_MAX_MICROS)


def follow(variables: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at a path through mappings or attributes: null where a part is absent, UNKNOWN where the root is."""
    value = variables.get(path[0], UNKNOWN)
    for name in path[1:]:
        if value is None or value is UNKNOWN:
            return value
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return value


def admit_bool(value: Any) -> Any:
    return value if value is True or value is False else UNKNOWN


def admit_int(value: Any) -> Any:
    fits = isinstance(value, int) and not isinstance(value, bool) and INT_MIN <= value <= INT_MAX
    return value if fits else UNKNOWN


def admit_string(value: Any) -> Any:
    return value if isinstance(value, str) else UNKNOWN


def admit_timestamp(value: Any) -> Any:
    """In UTC: arithmetic on other zones would count wall-clock hours."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return UNKNOWN
    try:
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    except OverflowError:
        return UNKNOWN


def admit_date(value: Any) -> Any:
    return value if isinstance(value, date) and not isinstance(value, datetime) else UNKNOWN


def admit_duration(value: Any) -> Any:
    return value if isinstance(value, timedelta) and -LONGEST <= value <= LONGEST else UNKNOWN


ADMIT: dict[str, Callable[[Any], Any]] = {
    "bool": admit_bool,
    "int": admit_int,
    "string": admit_string,
    "timestamp": admit_timestamp,
    "date": admit_date,
    "duration": admit_duration,
}


def admission(type_: Type) -> Callable[[Any], Any]:
    """The check of a declared type. It answers the value in its one form, null for null, UNKNOWN for anything else."""
    if type_.name == "list" and type_.item:
        return _list_admission(ADMIT[type_.item.name])
    if type_.name == "map":
        return lambda value: value if value is None or isinstance(value, Mapping) else UNKNOWN
    admit = ADMIT[type_.name]
    return lambda value: None if value is None else admit(value)


def _list_admission(admit: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def admit_list(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list | tuple | set | frozenset):
            return UNKNOWN
        items = [None if item is None else admit(item) for item in value]
        return UNKNOWN if UNKNOWN in items else items

    return admit_list
