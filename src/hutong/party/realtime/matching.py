"""Matching in real time (EC-05, EC-14): the same rules and statistics as a run, through indexed match keys, for sets of
records that arrive together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, text

from hutong.party.columns import NAMES
from hutong.party.match.features import FEATURES, of_pair
from hutong.party.match.rules import RULES, Rule, RulesDocument
from hutong.party.match.scoring import encode
from hutong.party.models import registry
from hutong.party.models.records import of_mappings
from hutong.party.models.registry import InForce
from hutong.party.resolution import match_keys, model_keys, statistics
from hutong.party.resolution.judging import Said, used, words
from hutong.party.resolution.match_keys import PHONES
from hutong.party.resolution.statistics import Statistics
from hutong.platform import database, documents
from hutong.platform.quick_read import QuickRead

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


class Keys(NamedTuple):
    """A record's match keys: `asked`, by which others are found (no generic value's, no crowded one); `stored`, by
    which it is found once they are not."""

    asked: list[int]
    stored: list[int]


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

    def keyed(self, records: Sequence[Record]) -> list[Keys]:
        """The match keys of records, of the rules' blocks and of the models' own."""
        own: list[set[int]] = [set() for _ in records]
        for kind, model in self.models.items():
            places = [place for place, record in enumerate(records) if record["kind"] == kind]
            if places:
                found = model_keys.of_encoded(
                    model, encode(model.model, of_mappings([records[place] for place in places]))
                )
                for row, number in zip(found.row.tolist(), found.number.tolist(), strict=True):
                    own[places[row]].add(number)
        return [self._keys(record, modelled) for record, modelled in zip(records, own, strict=True)]

    def _keys(self, record: Record, modelled: set[int]) -> Keys:
        values, all_values = ({"phone": _phones(record), **self.armed(record, all_values=all)} for all in (False, True))
        telling = self._numbers(record, values) | modelled
        stored = telling if all_values == values else self._numbers(record, all_values) | modelled
        return Keys(sorted(telling - self.statistics.crowded), sorted(stored))

    def _numbers(self, record: Record, values: Mapping[str, list[str]]) -> set[int]:
        return {match_keys.number(key) for key in match_keys.of_record(self.rules, record, values)}


def _phones(record: Record) -> list[str]:
    return list(dict.fromkeys(record[name] for name in PHONES if record[name] is not None))


_NOW = """
    SELECT (SELECT id || checksum FROM party.document WHERE kind = 'rules' AND version IS NOT NULL
            ORDER BY version DESC LIMIT 1) AS rules,
           (SELECT token FROM party.statistics ORDER BY version DESC LIMIT 1) AS statistics,
           (SELECT string_agg(concat_ws(' ', id, version, merge_bits), ',' ORDER BY id) FROM party.model_version
            WHERE state = 'in_force') AS models"""
Now = tuple[str | None, ...]
_kept: dict[str, tuple[Now, Judging]] = {}


def judging(conn: Connection) -> Judging:
    """What judges now: one small question; only what is new is read."""
    now = tuple(conn.execute(text(_NOW)).one())
    kept = _kept.get("last")
    if kept is None or kept[0] != now:
        rules = documents.in_force(conn, RULES)
        made = Judging(rules, statistics.current(conn), used(registry.in_force(conn), rules))
        kept = _kept["last"] = now, made
    return kept[1]


_COLUMNS = ("id", "source", "key", "kind", "party_id", *NAMES)


def _find(places: str, keys: str) -> str:
    return f"""
    SELECT f.places, r.id, r.source, r.key, r.kind, x.party_id, {", ".join(f"r.{name}" for name in NAMES)}
    FROM (SELECT m.record_id, array_agg(DISTINCT a.place) AS places
          FROM unnest(CAST({places} AS int[]), CAST({keys} AS bigint[])) AS a (place, key)
          JOIN party.match_key m ON m.key = a.key GROUP BY m.record_id) AS f
    JOIN party.source_record r ON r.id = f.record_id LEFT JOIN party.xref x ON x.record_id = r.id
    ORDER BY r.id"""  # noqa: S608  (names come from declarations)


class Stored(NamedTuple):
    """Known records that share a key: `of` each place their ids, and their `rows`."""

    of: list[list[int]]
    rows: dict[int, dict[str, Any]]


def _stored(count: int, rows: Iterable[Sequence[Any]]) -> Stored:
    """Rows of `_find` for so many places."""
    stored = Stored([[] for _ in range(count)], {})
    for places, id, *values in rows:
        stored.rows[id] = dict(zip(_COLUMNS, (id, *values), strict=True))
        for place in places:
            stored.of[place].append(id)
    return stored


def _placed(keyed: Sequence[Keys]) -> tuple[list[int], list[int]]:
    """Place and key of all keys by which others are found."""
    return [place for place, own in enumerate(keyed) for _ in own.asked], [key for own in keyed for key in own.asked]


_FIND = text(_find(":places", ":keys"))
_ASKED = f"""
    WITH now AS ({_NOW}) SELECT now.*, found.* FROM now LEFT JOIN ({_find("$1", "$2")}) AS found ON true
    ORDER BY found.id"""  # noqa: S608  (see there)
_find_now = QuickRead("party", _ASKED)
_NOWS = 3


def stored(conn: Connection, keyed: Sequence[Keys]) -> Stored:
    """The known records that share a key with each of a set."""
    places, keys = _placed(keyed)
    return _stored(len(keyed), conn.execute(_FIND, {"places": places, "keys": keys}))


def found_now(records: Sequence[Record]) -> tuple[Judging, list[Keys], Stored]:
    """What judges, the match keys of records by it, and the known records that share one: in one question, as long as
    nothing new judges. Outside of any transaction."""
    while True:
        if (kept := _kept.get("last")) is not None:
            now, by = kept
            keyed = by.keyed(records)
            rows = _find_now.rows(_placed(keyed))
            if rows[0][:_NOWS] == now:
                return by, keyed, _stored(len(keyed), (row[_NOWS:] for row in rows if row[_NOWS] is not None))
        with database.read("party") as conn:
            judging(conn)


def verdicts(
    by: Judging, records: Sequence[Record], keyed: Sequence[Keys], stored: Stored, *, among: bool = True
) -> list[list[Verdict]]:
    """What the rules say about each record and all others: those stored and, `among` them, those of the set before it.

    A record has `id`, `source`, `key`, `kind` and the attributes.
    """
    own = {record["id"] for record in records}
    prepared = [by.comparable(record) for record in records]
    others = {id: by.comparable(row) for id, row in stored.rows.items() if id not in own}
    rivals: list[list[Record]] = []
    before: dict[int, list[int]] = {}
    for place, (keys_of, _) in enumerate(keyed):
        siblings = dict.fromkeys(earlier for key in keys_of for earlier in before.get(key, ())) if among else {}
        listed = [others[id] for id in stored.of[place] if id in others] + [prepared[one] for one in siblings]
        rivals.append([other for other in listed if other["kind"] == records[place]["kind"]])
        for key in keys_of:
            before.setdefault(key, []).append(place)
    told = _modelled(by, records, rivals, stored.rows)
    return [
        [said for other, word in zip(listed, words, strict=True) if (said := compare(by.rules, record, other, word))]
        for record, listed, words in zip(prepared, rivals, told, strict=True)
    ]


def _modelled(
    by: Judging, records: Sequence[Record], rivals: Sequence[Sequence[Record]], stored: Mapping[int, Record]
) -> list[list[Said | None]]:
    """What the models say of each record and its rivals, from their values as they are: all at once."""
    made: list[list[Said | None]] = [[None] * len(listed) for listed in rivals]
    raw = {**stored, **{record["id"]: record for record in records}}
    for kind, model in by.models.items():
        pairs = [(place, number, records[place]["id"], other["id"]) for place, listed in enumerate(rivals)
                 if records[place]["kind"] == kind for number, other in enumerate(listed)]  # fmt: skip
        if not pairs:
            continue
        ids = {id: row for row, id in enumerate(dict.fromkeys(id for pair in pairs for id in pair[2:]))}
        encoded = encode(model.model, of_mappings([raw[id] for id in ids]))
        left, right = (np.array([ids[pair[side]] for pair in pairs], dtype=np.int64) for side in (2, 3))
        for place, said in words(model, by.rules.of(records[pairs[0][0]]["kind"]).model, encoded, left, right).items():
            made[pairs[place][0]][pairs[place][1]] = said
    return made


def compare(rules: RulesDocument, record: Record, other: Record, model: Said | None = None) -> Verdict | None:
    """What the rules say about two comparable records, and the model where no rule merges or forbids; None: nothing."""
    own = rules.of(record["kind"])
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
