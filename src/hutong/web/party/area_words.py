"""Areas for people: their names, their fields' values in words, and forms to state them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from hutong.party.information import Area, Field, timing_columns
from hutong.platform.errors import Unprocessable
from hutong.platform.i18n import translate
from hutong.platform.money import to_decimal, to_micros
from hutong.platform.settings import settings
from hutong.web import words_of_codes
from hutong.web.shell import show_day, show_time

MONEY = "_micros"
_QUIET = ("confirmed_at", "confirmed_by", "content_hash", "media_type", "to_source", "to_key")


class Input(NamedTuple):
    """A field of a form."""

    name: str
    label: str
    type: str  # select, number, date, checkbox, text
    options: Mapping[str, str]
    required: bool


def area_name(area: str, locale: str) -> str:
    """An area's name."""
    return translate(f"web-information-{area}", locale)


def field_name(field: str, locale: str) -> str:
    """A field's name."""
    return translate(f"web-of-area-{field.removesuffix(MONEY)}", locale)


def shown_fields(area: Area) -> list[Field]:
    """The fields a table of the area shows."""
    return [field for field in area.fields if field.name not in _QUIET]


def value_words(field: Field, value: Any, locale: str) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return ""
    if field.code_set:
        return words_of_codes.code(field.code_set, str(value), locale)
    if isinstance(value, bool):
        return translate("web-yes" if value else "web-no", locale)
    if isinstance(value, int):
        return _number_words(field.name, value)
    if isinstance(value, datetime):
        return show_time(value)
    return show_day(value) if isinstance(value, date) else str(value)


def _number_words(name: str, value: int) -> str:
    if name.endswith(MONEY):
        return f"{to_decimal(value):,}"
    return f"{Decimal(value) / 100:f} %" if name in ("percent", "share") else f"{value:,}"


def title_words(area: Area, row: Mapping[str, Any], locale: str) -> str:
    """What a timeline calls a row: the area's title field in words."""
    field = next(each for each in area.fields if each.name == area.title)
    return value_words(field, row.get(area.title), locale)


def detail_words(area: Area, row: Mapping[str, Any], locale: str) -> str:
    """The other fields of a row in words, the first few that are given."""
    found = [
        f"{field_name(field.name, locale)} {words}"
        for field in shown_fields(area)
        if field.name != area.title and field.type != "instant"
        and (words := value_words(field, row.get(field.name), locale))
    ]  # fmt: skip
    return " · ".join(found[:4])


def form(area: Area, locale: str) -> list[Input]:
    """The fields of the form that states a row of the area."""
    made = []
    for field in shown_fields(area):
        options = words_of_codes.code_labels(field.code_set, locale) if field.code_set else {}
        kind = {"bigint": "number", "date": "date", "boolean": "checkbox"}.get(field.type, "text")
        kind = "select" if options else kind
        made.append(
            Input(field.name, field_name(field.name, locale), kind, options, field.required and kind != "checkbox")
        )
    for name, _ in timing_columns(area):
        made.append(Input(name, field_name(name, locale), "date", {}, False))
    return made


def read_form(area: Area, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a posted form, typed. Raises Unprocessable naming the field."""
    made: dict[str, Any] = {}
    for field in shown_fields(area):
        raw = str(given.get(field.name) or "").strip()
        if field.type == "boolean":
            made[field.name] = raw in ("on", "true", "yes", "1")
        elif raw:
            try:
                made[field.name] = _typed(field, raw)
            except (ValueError, InvalidOperation) as problem:
                raise Unprocessable("party-area-value", field=field.name, what=field.name) from problem
    for name, _ in timing_columns(area):
        if raw := str(given.get(name) or "").strip():
            made[name] = day_begins(raw)
    return made


def _typed(field: Field, raw: str) -> Any:
    if field.name.endswith(MONEY):
        return to_micros(Decimal(raw))
    if field.name in ("percent", "share"):
        return int(Decimal(raw) * 100)
    if field.type == "bigint":
        return int(raw)
    return date.fromisoformat(raw) if field.type == "date" else raw


def day_begins(raw: str) -> datetime:
    """The instant a business day begins, from 2026-09-01. Raises Unprocessable."""
    try:
        return datetime.combine(date.fromisoformat(raw), datetime.min.time(), settings.zone)
    except ValueError as problem:
        raise Unprocessable("party-area-value", field="day", what="day") from problem
