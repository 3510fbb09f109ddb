"""Facts of customers and claims for people: what they are called, and their values in words (EC-14, EC-15)."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hutong.party.sharing import facts
from hutong.party.sharing.document_kinds import Column
from hutong.platform import cel
from hutong.platform.i18n import translate
from hutong.platform.money import to_decimal
from hutong.web import words_of_codes
from hutong.web.actors import source_name
from hutong.web.shell import show_day, show_phone, show_time

CODE_SETS = {
    "kind": "party_kind", "gender": "gender", "id_type": "id_type", "grade": "customer_grade", "roles": "party_role",
    "line": "insurance_line", "lines": "insurance_line", "policy_states": "policy_state", "cause": "claim_cause",
    "value_class": "customer_class", "risk_grade": "evaluation_grade", "consents": "consent_purpose",
    "preferred_channel": "touch_channel",
}  # fmt: skip
"""Fact → the code set whose codes it holds."""
NUMBERS = ("mobile", "phone")


def named(name: str, locale: str) -> str:
    """What a fact is called: `customer.grade`, `claim.injured`; its own name where nobody gave it one."""
    return facts.labels(locale).get(name, name.partition(".")[2] or name)


def told(inputs: Mapping[str, Mapping[str, Any]], locale: str) -> list[tuple[str, str]]:
    """What a decision knew (`customer` and `claim` → facts) as names and values for people."""
    return [
        (named(f"{group}.{name}", locale), in_words(name, value, locale) or "–")
        for group, values in inputs.items()
        for name, value in values.items()
    ]


def in_words(name: str, value: Any, locale: str) -> str:
    """A fact's value as people read it; nothing for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return translate("web-yes" if value else "web-no", locale)
    if isinstance(value, list | tuple):
        return translate("web-list-comma", locale).join(in_words(name, each, locale) for each in value)
    if isinstance(value, date):
        return show_time(value) if isinstance(value, datetime) else show_day(value)
    if isinstance(value, int):
        return f"{to_decimal(value):,}" if name.endswith("_micros") else f"{value:,}"
    return _text_in_words(name, str(value), locale)


def _text_in_words(name: str, value: str, locale: str) -> str:
    if name in CODE_SETS:
        return words_of_codes.code(CODE_SETS[name], value, locale)
    if name == "sources":
        return source_name(value, locale)
    if name == "classes" and ":" in value:
        scheme, _, found = value.partition(":")
        of = words_of_codes.code("class_scheme", scheme, locale)
        return f"{of}: {words_of_codes.code('customer_class', found, locale)}"
    return show_phone(value) if name in NUMBERS else value


def from_file(column: Column, written: str | None, locale: str) -> str:
    """The same of a value as a list's file has it: text, the codes of several apart by blanks."""
    if written is None:
        return ""
    name, kind = column.fact, facts.fact(column.fact).type
    if kind.money:
        return f"{Decimal(written):,}" if column.currency else in_words(name, int(written), locale)
    if kind == cel.BOOL:
        return in_words(name, written == "true", locale)
    if kind == cel.TIMESTAMP:
        return show_time(datetime.fromisoformat(written))
    return in_words(name, written.split() if kind.name == "list" else written, locale)


def is_quantity(column: Column) -> bool:
    """Whether a column's values are read from their last digit."""
    return facts.fact(column.fact).type == cel.INT and column.fact not in ("id", "owner_id")
