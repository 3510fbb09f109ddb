"""Matching one record in real time: the same rules, through indexes instead of blocks."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from hutong.party.columns import NAMES
from hutong.party.match.features import FEATURES, of_pair
from hutong.party.match.rules import Rule, RulesDocument

_PHONES = ("mobile", "phone", "other_phone")


ENOUGH = 3
"""Links of a new record to one party that are logged at once; the next run over everything logs the others."""


class Verdict(NamedTuple):
    """What the rules say about the new record and another."""

    other: int
    verdict: str
    rule: str
    strength: int
    reasons: list[str]


def _armed(conn: Connection, rules: RulesDocument, record: Mapping[str, Any]) -> dict[str, list[str]]:
    """The record's match keys that are not generic: kind → values."""
    values = [("phone", record[name]) for name in _PHONES if record[name]]
    values += [(kind, record[kind]) for kind in rules.generic if kind != "phone" and record[kind]]
    armed: dict[str, list[str]] = {}
    for kind, value in values:
        columns = _PHONES if kind == "phone" else (kind,)
        one = "SELECT name_key FROM party.source_record WHERE {} = :value"
        parts = " UNION ".join(one.format(column) for column in columns)
        known = conn.execute(text(f"SELECT count(*) FROM ({parts}) AS names WHERE name_key <> :own"),  # noqa: S608
                             {"value": value, "own": record["name_key"] or ""}).scalar_one()  # fmt: skip
        if known < rules.generic[kind]:  # type: ignore[index]
            armed.setdefault(kind, []).append(value)
    return armed


def candidates(
    conn: Connection, rules: RulesDocument, record: Mapping[str, Any], record_id: int
) -> list[dict[str, Any]]:
    """Records of the kind that share all keys of any block with this one, with their phones; generic values out."""
    armed = _armed(conn, rules, record)
    found: dict[int, dict[str, Any]] = {}
    for block in rules.of(record["kind"]).blocks:
        rows = _block(conn, block, record, armed, own=record_id, most=rules.largest_block)
        found |= {row["id"]: row for row in rows}
    for row in found.values():
        row["phones"] = [row[name] for name in _PHONES if row[name]]
        row["phones"] = [value for value in row["phones"] if value in armed.get("phone", ())]
        for kind in rules.generic:
            if kind != "phone" and row[kind] not in armed.get(kind, ()):
                row[kind] = None if row[kind] == record[kind] else row[kind]
    return list(found.values())


def _block(
    conn: Connection,
    block: Sequence[str],
    record: Mapping[str, Any],
    armed: Mapping[str, list[str]],
    *,
    own: int,
    most: int,
) -> list[dict[str, Any]]:
    conditions, values = [], {"kind": record["kind"], "own": own, "most": most}
    for key in block:
        if key == "phone":
            if not armed.get("phone"):
                return []
            conditions.append("(" + " OR ".join(f"r.{name} = ANY(:phones)" for name in _PHONES) + ")")
            values["phones"] = armed["phone"]
            continue
        column = key.removesuffix("_start")
        if not record[column] or (key in ("email", "bank_card", "id_number", "address_key") and key not in armed):
            return []
        conditions.append(f"left(r.{column}, 4) = left(:{key}, 4)" if column != key else f"r.{key} = :{key}")
        values[key] = record[column]
    rows = conn.execute(
        text(
            f"""SELECT r.id, r.source, r.key, r.kind, x.party_id, {", ".join(f"r.{name}" for name in NAMES)}
                FROM party.source_record r LEFT JOIN party.xref x ON x.record_id = r.id
                WHERE r.kind = :kind AND r.id <> :own AND {" AND ".join(conditions)} ORDER BY r.id LIMIT :most"""  # noqa: S608
        ),
        values,
    )
    return [dict(row) for row in rows.mappings()]


def verdicts(
    conn: Connection, rules: RulesDocument, record: Mapping[str, Any], others: Sequence[dict[str, Any]]
) -> list[Verdict]:
    """Apply the rules to the record and each candidate, as a run over everything would."""
    own = rules.of(record["kind"])
    armed = _armed(conn, rules, record)
    mine = {**record, "phones": armed.get("phone", [])}
    for kind in rules.generic:
        if kind != "phone" and kind not in armed:
            mine[kind] = None
    made = []
    for other in others:
        first, second = sorted((mine, other), key=lambda side: (side["source"], side["key"]))
        pair = of_pair(first, second)
        never, strong, weak = (_first(group, pair) for group in (own.cannot, own.strong, own.weak))
        if strong or weak:
            rule = never or strong or weak
            verdict = "not_same" if never else "same" if strong else "unsure"
            assert rule is not None  # noqa: S101  (one of the three holds)
            made.append((other["party_id"], Verdict(other["id"], verdict, rule.rule, rule.strength, _held(pair))))
    return _strongest(made)


def _strongest(made: Sequence[tuple[int | None, Verdict]]) -> list[Verdict]:
    """All refusals and suspicions, and the strongest links to each party."""
    links: dict[int | None, int] = {}
    kept = []
    for party, verdict in sorted(made, key=lambda pair: (-pair[1].strength, pair[1].other)):
        if verdict.verdict == "same" and party is not None:
            links[party] = links.get(party, 0) + 1
            if links[party] > ENOUGH:
                continue
        kept.append(verdict)
    return kept


def _first(rules: Sequence[Rule], pair: Mapping[str, Any]) -> Rule | None:
    return next((rule for rule in rules if rule.condition.holds(pair)), None)


def _held(pair: Mapping[str, Mapping[str, Any]]) -> list[str]:
    values = {name: pair[name.split(".")[0]][name.split(".")[1]] for name in FEATURES}
    held = [name for name in FEATURES if FEATURES[name].type == "bool" and values[name]]
    return held + [
        f"{name}={values[name]}" for name in FEATURES if FEATURES[name].type == "int" and values[name] is not None
    ]
