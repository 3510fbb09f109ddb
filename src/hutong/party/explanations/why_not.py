"""Why two parties are not one (EC-05, XP-02): what was judged, and for pairs never judged, what the rules say now and
which of their conditions fail; which match keys the two share, and which of those are not used."""

from collections.abc import Mapping, Sequence
from itertools import islice, product
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party.columns import NAMES
from hutong.party.living import survivor_ids
from hutong.party.match.features import of_pair
from hutong.party.match.rules import Rule
from hutong.party.reading import queries
from hutong.party.realtime.matching import Judging, compare, judging
from hutong.party.resolution import match_keys
from hutong.platform import database

Found = dict[str, Any]
MOST_PAIRS = 400
"""Pairs of records looked at; larger parties show their first records' pairs."""
NOTHING: Mapping[str, str] = {}


def why_not(viewer: Principal, one: int, other: int, labels: Mapping[str, str] = NOTHING) -> Found:
    """What keeps two parties apart. Needs the right `party.read`; raises NotFound for parties the viewer does not see.

    `judgements`: in force between them; `met`: blocks by which their records are compared (`model`: its own);
    `unused`: keys they share that say nothing (generic value, too many records); `verdict`, `rule`: of the closest
    pair of records; `rules`: for that pair each rule, whether it holds, and its conditions with their outcomes (no
    values: they may be masked), said in the viewer's language with `labels` (a rule's variable → what people call it).
    """
    require(viewer, "party.read")
    one, other = survivor_ids([one])[one], survivor_ids([other])[other]
    judged = queries.why_not(viewer, one, other)
    with database.read("party") as conn:
        by = judging(conn)
        left, right = _records(conn, one), _records(conn, other)
        met, unused = _shared(by, left, right)
        closest = _closest(by, left, right)
    made: Found = {
        "parties": [one, other], "judgements": judged, "met": met, "unused": unused, "same_party": one == other,
        "rules_version": by.rules.version, "statistics_version": by.statistics.version,
        "pair": None, "verdict": None, "rule": None, "rules": [],
    }  # fmt: skip
    if closest:
        first, second = closest
        said = compare(by.rules, first, second)
        made["pair"] = [{name: record[name] for name in ("id", "source", "key")} for record in closest]
        made |= {"verdict": said.verdict, "rule": said.rule} if said else {}
        made["rules"] = _tried(by, first, second, viewer.locale, labels)
    return made


_RECORDS = text(f"""
    SELECT r.id, r.source, r.key, r.kind, x.party_id, {", ".join(f"r.{name}" for name in NAMES)}
    FROM party.xref x JOIN party.source_record r ON r.id = x.record_id WHERE x.party_id = :party
    ORDER BY r.source COLLATE "C", r.key COLLATE "C" LIMIT 60""")  # noqa: S608  (names come from declarations)


def _records(conn: Connection, party: int) -> list[Found]:
    return [dict(row) for row in conn.execute(_RECORDS, {"party": party}).mappings()]


def _shared(by: Judging, left: Sequence[Found], right: Sequence[Found]) -> tuple[list[str], list[Found]]:
    """The blocks two parties meet in, and those they would meet in, were their values of use."""
    of_all = [_texts(by, record) for record in left], [_texts(by, record) for record in right]
    shared = set().union(*of_all[0]) & set().union(*of_all[1])
    used = _asked(by, left) & _asked(by, right)
    met, unused = set(), []
    for key in sorted(shared):
        block = key.split(":", 2)[1]
        number = match_keys.number(key)
        if number in used:
            met.add(block)
        else:
            crowded = number in by.statistics.crowded
            unused.append({"block": block, "because": "crowded" if crowded else "generic"})
        used.discard(number)
    return sorted(met | ({"model"} if used else set())), unused


def _asked(by: Judging, records: Sequence[Found]) -> set[int]:
    return {key for own in by.keyed(records) for key in own.asked}


def _texts(by: Judging, record: Found) -> set[str]:
    armed = by.armed(record, all_values=True)
    phones = [record[name] for name in match_keys.PHONES if record[name]]
    return set(match_keys.of_record(by.rules, record, {"phone": phones, **armed}))


def _closest(by: Judging, left: Sequence[Found], right: Sequence[Found]) -> tuple[Found, Found] | None:
    """The pair of records with most in common."""
    best: tuple[float, Found, Found] | None = None
    for first, second in islice(product(map(by.comparable, left), map(by.comparable, right)), MOST_PAIRS):
        if first["kind"] != second["kind"]:
            continue
        pair = of_pair(first, second)
        agreeing = sum(1.0 for value in pair["same"].values() if value)
        alike = max((value or 0 for value in pair["similar"].values()), default=0)
        likeness = agreeing + alike / 101
        if best is None or likeness > best[0]:
            best = likeness, first, second
    return best[1:] if best else None


def _tried(by: Judging, first: Found, second: Found, locale: str, labels: Mapping[str, str]) -> list[Found]:
    """Each rule with its conditions; strong and cannot-link rules first."""
    own = by.rules.of(first["kind"])
    swapped = (second["source"], second["key"]) < (first["source"], first["key"])
    pair = of_pair(second, first) if swapped else of_pair(first, second)
    groups = (("strong", own.strong), ("cannot", own.cannot), ("weak", own.weak))
    return [_outcome(group, rule, pair, locale, labels) for group, rules in groups for rule in rules]


def _outcome(group: str, rule: Rule, pair: Mapping[str, Any], locale: str, labels: Mapping[str, str]) -> Found:
    result = rule.condition.explain_result(pair, locale, labels)
    parts = result.parts or (result,)
    return {
        "group": group, "rule": rule.rule, "words": rule.zh if locale == "zh-CN" else rule.en,
        "strength": rule.strength, "holds": result.outcome is True,
        "conditions": [{"words": part.sentence, "holds": part.outcome is True} for part in parts],
    }  # fmt: skip
