"""Words for codes: code sets of the master data, states of orders, instances and jobs, as label and colour."""

import re
import time
from functools import lru_cache
from typing import NamedTuple

from hutong import masterdata
from hutong.party.match.rules import RULES, RulesDocument
from hutong.platform import database, documents
from hutong.platform.i18n import has_message, translate

REMEMBERED_FOR = 30
"""Seconds until a change of a code set is seen on pages."""
GOOD = {"verified", "active", "approved", "decided", "completed", "done", "same", "published", "launched", "passed",
        "issued", "paid"}  # fmt: skip
BAD = {"failed", "refused", "rejected", "dead", "not_same", "terminated", "broken", "quarantined"}
BUSY = {"sent", "fixed", "inProgress", "running", "acknowledged", "queued", "ready", "awaiting", "claimed",
        "pre_activated", "open"}  # fmt: skip
WARN = {"reopened", "proposed", "held", "pending", "partial", "backoff", "failing", "unsure", "suspended",
        "assessingCancellation", "pendingCancellation", "skipped"}  # fmt: skip


class Tag(NamedTuple):
    """A state for people: its word and its colour's name."""

    words: str
    kind: str


def code_labels(code_set: str, locale: str) -> dict[str, str]:
    """Code → name of a code set, kept for half a minute."""
    return _labels(code_set, locale, int(time.monotonic() // REMEMBERED_FOR), str(database.engine().url))


@lru_cache(maxsize=64)
def _labels(code_set: str, locale: str, _moment: int, _url: str) -> dict[str, str]:
    with database.read("masterdata") as conn:
        return masterdata.labels(conn, code_set, locale)


def code(code_set: str, value: str | None, locale: str) -> str:
    """A code's name; the code itself where the set does not know it."""
    return "" if value is None else code_labels(code_set, locale).get(value, value)


_QUOTED = re.compile("“([^”]+)”")
_OF_CONDITIONS = ("party_kind", "customer_class", "customer_grade", "insurance_line", "policy_state", "claim_cause",
                  "evaluation_grade", "gender")  # fmt: skip


def codes_named(sentence: str, locale: str) -> str:
    """A condition's sentence with the codes it quotes by their names."""
    names = {value: name for code_set in _OF_CONDITIONS for value, name in code_labels(code_set, locale).items()}
    return _QUOTED.sub(lambda found: f"“{names.get(found[1], found[1])}”", sentence)


def word(prefix: str, value: str | None, locale: str) -> str:
    """The message `<prefix>-<value>`; the value itself where there is none (values of newer centers, free text)."""
    if value is None:
        return ""
    message_id = f"{prefix}-{value.replace('.', '-')}"
    return translate(message_id, locale) if has_message(message_id, locale) else value


def reason(value: str, locale: str) -> str:
    """Why a row was rejected: a mapping's own code in words where it has some, else of which field."""
    for what in ("missing", "unreadable"):
        if value.startswith(f"{what}_"):
            field = value.removeprefix(f"{what}_")
            found = word("web-of-area", field.removesuffix("_micros"), locale)
            return translate(f"web-reject-{what}-field", locale, field=found)
    return word("web-reject", value, locale)


def issue(value: str, locale: str) -> str:
    """A value that could not be taken (`birth_date:form`): which, and why."""
    field, _, why = value.partition(":")
    return f"{word('web-field', field, locale)}: {word('web-issue', why, locale)}"


def tag(prefix: str, value: str | None, locale: str) -> Tag | None:
    """A state's word and colour."""
    return None if value is None else Tag(word(prefix, value, locale), colour(value))


def rule(name: str, locale: str) -> str:
    """A matching rule in words; "conflict" and what people did have words of ours."""
    found = _rules(int(time.monotonic() // REMEMBERED_FOR), str(database.engine().url)).find(name)
    return word("web-judged", name, locale) if found is None else found.zh if locale == "zh-CN" else found.en


@lru_cache(maxsize=4)
def _rules(_moment: int, _url: str) -> RulesDocument:
    with database.read("party") as conn:
        return documents.in_force(conn, RULES)


def colour(value: str) -> str:
    """good, bad, busy, warn or none, alike for every kind of state."""
    for kind, states in (("good", GOOD), ("bad", BAD), ("busy", BUSY), ("warn", WARN)):
        if value in states:
            return kind
    return ""
