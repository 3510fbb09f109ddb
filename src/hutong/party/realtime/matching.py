"""Matching in real time (EC-05, EC-14): the same rules and statistics as a run, through indexed match keys, for sets of
records that arrive together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from hutong.party.columns import NAMES
from hutong.party.match.features import FEATURES, of_pair
from hutong.party.match.rules import RULES, Rule, RulesDocument
from hutong.party.models import registry
from hutong.party.models.judging import Said, candidates
from hutong.party.models.registry import InForce
from hutong.party.resolution import match_keys, statistics
from hutong.party.resolution.match_keys import PHONES
from hutong.party.resolution.statistics import Statistics
from hutong.platform import documents

Record = Mapping[str, Any]


class Verdict(NamedTuple):
    """What the rules say about two records. `one` is the new one; `party`: of the other, None while it has none."""

    one: int
    other: int
    party: int | None
    verdict: str
    rule: str
    strength: int
    reasons: list[str]


@dataclass(frozen=True)
class Judging:
    """What judges: the rules in force and the newest statistics."""

    rules: RulesDocument
    statistics: Statistics
    models: Mapping[str, InForce]

    def armed(self, record: Record, *, all_values: bool = False) -> dict[str, list[str]]:
        """The values of the kinds that can be generic, those that are not (`all_values`: those too)."""
        made: dict[str, list[str]] = {}
        for kind in self.rules.generic:
            columns = PHONES if kind == "phone" else (kind,)
            values = dict.fromkeys(record[name] for name in columns if record[name] is not None)
            made[kind] = [v for v in values if all_values or (kind, v) not in self.statistics.generic]
        return made

    def comparable(self, record: Record) -> dict[str, Any]:
        """The record without generic values, with its `phones`."""
        armed = self.armed(record)
        plain = {kind: (armed[kind][0] if armed[kind] else None) for kind in armed if kind != "phone"}
        return {**record, **plain, "phones": armed.get("phone", _phones(record))}

    def keys(self, record: Record) -> list[int]:
        """The match keys by which others are found."""
        texts = match_keys.of_record(self.rules, record, self._by_key(record, all_values=False))
        return [key for key in map(match_keys.number, texts) if key not in self.statistics.crowded]

    def stored_keys(self, record: Record) -> list[int]:
        """The match keys to be found by, generic and crowded ones too."""
        texts = match_keys.of_record(self.rules, record, self._by_key(record, all_values=True))
        return sorted(set(map(match_keys.number, texts)))

    def _by_key(self, record: Record, *, all_values: bool) -> dict[str, list[str]]:
        return {"phone": _phones(record), **self.armed(record, all_values=all_values)}


def _phones(record: Record) -> list[str]:
    return list(dict.fromkeys(record[name] for name in PHONES if record[name] is not None))


def judging(conn: Connection) -> Judging:
    """What judges now."""
    return Judging(documents.in_force(conn, RULES), statistics.current(conn), registry.in_force(conn))


_FIND = text("""
    SELECT DISTINCT a.place, m.record_id
    FROM unnest(CAST(:places AS int[]), CAST(:keys AS bigint[])) AS a (place, key)
    JOIN party.match_key m ON m.key = a.key""")
_ROWS = text(f"""
    SELECT r.id, r.source, r.key, r.kind, x.party_id, {", ".join(f"r.{name}" for name in NAMES)}
    FROM party.source_record r LEFT JOIN party.xref x ON x.record_id = r.id
    WHERE r.id = ANY(:ids)""")  # noqa: S608  (names come from declarations)


def verdicts(
    conn: Connection,
    by: Judging,
    records: Sequence[Record],
    keys: Sequence[Sequence[int]] | None = None,
    *,
    among: bool = True,
) -> list[list[Verdict]]:
    """What the rules say about each record and all others: those known and, `among` them, those of the set before it.

    A record has `id`, `source`, `key`, `kind` and the attributes; `keys`: its match keys, where they are known.
    """
    found = keys or [by.keys(record) for record in records]
    stored = _stored(conn, found)
    own = {record["id"] for record in records}
    prepared = [by.comparable(record) for record in records]
    raw = {**stored.rows, **{record["id"]: record for record in records}}
    others = {id: by.comparable(row) for id, row in stored.rows.items() if id not in own}
    made: list[list[Verdict]] = []
    before: dict[int, list[int]] = {}
    for place, record in enumerate(prepared):
        siblings = dict.fromkeys(earlier for key in found[place] for earlier in before.get(key, ())) if among else {}
        rivals = [others[id] for id in stored.of[place] if id in others] + [prepared[one] for one in siblings]
        words = _modelled(by, records[place], [raw[other["id"]] for other in rivals])
        pairs = zip(rivals, words, strict=True)
        made.append([said for other, word in pairs if (said := compare(by.rules, record, other, word))])
        for key in found[place]:
            before.setdefault(key, []).append(place)
    return made


class _Stored(NamedTuple):
    of: list[list[int]]
    rows: dict[int, dict[str, Any]]


def _stored(conn: Connection, keys: Sequence[Sequence[int]]) -> _Stored:
    """The known records that share a key with each place."""
    places = [place for place, own in enumerate(keys) for _ in own]
    pairs = conn.execute(_FIND, {"places": places, "keys": [key for own in keys for key in own]}).all()
    of: list[list[int]] = [[] for _ in keys]
    for place, record in sorted((row.place, row.record_id) for row in pairs):
        of[place].append(record)
    ids = {row.record_id for row in pairs}
    rows = conn.execute(_ROWS, {"ids": sorted(ids)}).mappings() if ids else ()
    return _Stored(of, {row["id"]: dict(row) for row in rows})


def _modelled(by: Judging, record: Record, others: Sequence[Record]) -> list[Said | None]:
    model = by.models.get(record["kind"])
    if model is None:
        return [None] * len(others)
    return candidates(model, by.rules.of(record["kind"]).model, record, others)


def compare(rules: RulesDocument, record: Record, other: Record, model: Said | None = None) -> Verdict | None:
    """What the rules say about two comparable records, and the model where no rule merges or forbids; None: nothing."""
    own = rules.of(record["kind"])
    if other["kind"] != record["kind"]:
        return None
    swapped = (other["source"], other["key"]) < (record["source"], record["key"])
    pair = of_pair(other, record) if swapped else of_pair(record, other)
    strong = _first(own.merging, pair)
    weak = None if strong or model else _first(own.suspecting, pair)
    if not (strong or model or weak):
        return None
    never = _first(own.cannot, pair)
    ids = record["id"], other["id"], other.get("party_id")
    if told := never or strong or weak:
        verdict = "not_same" if never else "same" if strong else "unsure"
        return Verdict(*ids, verdict, told.rule, told.strength, list(_held(pair)))
    return Verdict(*ids, model.verdict, model.rule, model.strength, model.reasons) if model else None


def _first(rules: Sequence[Rule], pair: Mapping[str, Any]) -> Rule | None:
    return next((rule for rule in rules if rule.condition.holds(pair)), None)


_TRUTHS = [tuple(name.split(".")) for name, feature in FEATURES.items() if feature.type == "bool"]
_NUMBERS = [tuple(name.split(".")) for name, feature in FEATURES.items() if feature.type == "int"]


def _held(pair: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The features that hold, as a run writes them down."""
    for group, name in _TRUTHS:
        if pair[group][name]:
            yield f"{group}.{name}"
    for group, name in _NUMBERS:
        if (value := pair[group][name]) is not None:
            yield f"{group}.{name}={value}"
