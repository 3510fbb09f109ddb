"""What callers give for the fields of an area, as its columns hold it (EC-01): what a field cannot hold is refused by
name here, not by the database. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from hutong.party.information import Area, Type, timing_columns
from hutong.platform import clock
from hutong.platform.errors import Invalid, Unprocessable

LONGEST = 2000
"""Characters of a text, notes included."""
_LARGEST = 2**63 - 1


def typed(area: Area, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not empty, by field, each of its field's type; an instant without a zone is UTC.

    Fields that the area does not have are left to who writes it. Raises Unprocessable for a value that is not of its
    field's type, Invalid for a text that is too long.
    """
    kinds = {field.name: field.type for field in area.fields} | dict(timing_columns(area))
    made = {}
    for name, value in values.items():
        if value is None or value == "":
            continue
        try:
            made[name] = _read(kinds[name], value) if name in kinds else value
        except ValueError:
            kind = kinds[name]
            raise Unprocessable("party-area-field-type", field=name, area=area.name, what=name, type=kind) from None
        if isinstance(made[name], str) and len(made[name]) > LONGEST:
            raise Invalid("party-value-long", field=name, what=name, most=LONGEST)
    return made


def _read(kind: Type, value: Any) -> Any:
    """A value as its type, from JSON or from Python. Raises ValueError."""
    if kind == "instant":
        return clock.zoned(value if isinstance(value, datetime) else datetime.fromisoformat(_text(value)))
    if kind == "date":
        return value if isinstance(value, date) else date.fromisoformat(_text(value)[:10])
    if kind == "boolean":
        return _one_of(value, bool)
    if kind == "bigint":
        number = int(value) if isinstance(value, str) else _one_of(value, int)
        if isinstance(value, bool) or abs(number) > _LARGEST:
            raise ValueError
        return number
    return _text(str(value) if isinstance(value, int) else value)


def _text(value: Any) -> str:
    if "\0" in _one_of(value, str):
        raise ValueError
    return str(value)


def _one_of(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError
    return value
