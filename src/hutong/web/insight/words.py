"""What reports say in words: values of dimensions, headlines, colours of a share."""

import time
from functools import lru_cache
from typing import Any

from hutong.insight.report import Dimension
from hutong.party.quality.rules import QUALITY_RULES, QualityDocument
from hutong.party.quality.task_states import REPORTED
from hutong.party.visibility import Counted
from hutong.platform import database, documents
from hutong.platform.i18n import translate
from hutong.web import actors, words_of_codes

REMEMBERED_FOR = 30
GOOD, FAIR = 98.0, 90.0
"""Shares, in percent, from which a figure is good, or only fair."""


def quality_rules() -> QualityDocument:
    """The quality rules in force, kept for half a minute."""
    return _rules(int(time.monotonic() // REMEMBERED_FOR), str(database.engine().url))


@lru_cache(maxsize=4)
def _rules(_moment: int, _url: str) -> QualityDocument:
    with database.read("party") as conn:
        return documents.in_force(conn, QUALITY_RULES)


def rule_words(name: str, locale: str) -> str:
    """A quality rule in words; its name where it is no longer in force."""
    if name == REPORTED:
        return translate("web-quality-reported", locale)
    found = quality_rules().find(name)
    return found.name(locale) if found else name


def tasks(*counted: Counted) -> str:
    """Tasks of one or more states, which are counted up to a bound: `1,000+`."""
    return str(Counted(sum(each.seen for each in counted), any(each.more for each in counted)))


def contributor_words(value: str, locale: str) -> str:
    """A clerk: the user's name, or what the source calls them."""
    return actors.name_of(value, locale) if value.startswith(("user:", "client:")) else value


def value_words(dimension: Dimension, value: str, locale: str) -> str:
    """A dimension's value for people."""
    if not value:
        return translate("insight-golden" if dimension.words == "source" else "insight-not-stated", locale)
    kind, _, rest = dimension.words.partition(":")
    if kind == "code":
        return words_of_codes.code(rest, value, locale)
    if kind == "word":
        return words_of_codes.word(rest, value, locale)
    if kind == "source":
        return actors.source_name(value, locale)
    if kind == "rule":
        return rule_words(value, locale)
    return contributor_words(value, locale) if kind == "actor" else value


def share(value: float | None) -> str:
    """A share in percent, with as many digits as tell good from nearly good."""
    return "–" if value is None else f"{value:.1f}%" if value < 99.95 or value == 100 else "99.9%"


def share_colour(value: float | None) -> str:
    """good, warn or bad."""
    return "" if value is None else "good" if value >= GOOD else "warn" if value >= FAIR else "bad"


def number(value: Any) -> str:
    """A count with separators."""
    return "" if value is None else f"{value:,}"
