"""Match keys (EC-05): what two records must share to be compared, as 64-bit numbers in `party.match_key`.

One text per key (kind, block, values), and of it the first 64 bits of the MD5: the same number in PostgreSQL, DuckDB
and Python. Keys follow from the record and the rules' blocks alone; which of them are not used (generic, crowded) is a
matter of the statistics.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from sqlalchemy import Connection, text

from hutong.party.columns import ATTRIBUTES
from hutong.party.match.rules import KINDS, Kind, RulesDocument

BETWEEN = "\x1f"
PHONES = ("mobile", "phone", "other_phone")
_STARTS = {"name_start": "name", "name_core_start": "name_core"}
_START = 4
_TYPES = {attribute.name: attribute.type for attribute in ATTRIBUTES}


def number(key: str) -> int:
    """A key text as its number."""
    return int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest()[:8], "big", signed=True)


def hexadecimal(key: int) -> str:
    """A key's number as the first 16 digits of the MD5."""
    return format(key & (2**64 - 1), "016x")


def signed(digits: str) -> int:
    """The number that `hexadecimal` wrote."""
    return int.from_bytes(bytes.fromhex(digits), "big", signed=True)


def prefix(kind: Kind, block: Sequence[str]) -> str:
    """What the texts of a block's keys begin with."""
    return f"{kind}:{'+'.join(block)}:"


def attribute_of(key: str) -> str:
    """The attribute a block's key is made of; `phone` stands for three."""
    return _STARTS.get(key, key)


def of_record(rules: RulesDocument, record: Mapping[str, Any], armed: Mapping[str, Sequence[str]]) -> list[str]:
    """The key texts of a record. `armed`: the values of generic kinds that say something (`phone`: of all three)."""
    kind: Kind = record["kind"]
    made = []
    for block in rules.of(kind).blocks:
        parts = [_values(key, record, armed) for key in block]
        made += [prefix(kind, block) + BETWEEN.join(values) for values in product(*parts)]
    return made


def _values(key: str, record: Mapping[str, Any], armed: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if key in armed:
        return armed[key]
    value = record[attribute_of(key)]
    if value is None:
        return ()
    if key in _STARTS:
        return (value[:_START],)
    return (value if isinstance(value, str) else value.isoformat(),)


def _sql(block: Sequence[str], phone: str) -> str:
    """A block's key text in PostgreSQL, null where a part is missing."""
    parts = []
    for key in block:
        name = phone if key == "phone" else attribute_of(key)
        column = f"to_char(r.{name}, 'YYYY-MM-DD')" if _TYPES[name] == "date" else f"r.{name}"
        parts.append(f"left({column}, {_START})" if key in _STARTS else column)
    return f" || '{BETWEEN}' || ".join(parts)


def _texts(rules: RulesDocument, kind: Kind) -> Iterator[str]:
    for block in rules.of(kind).blocks:
        for phone in PHONES if "phone" in block else PHONES[:1]:
            yield f"('{prefix(kind, block)}' || {_sql(block, phone)})"


NUMBER = "('x' || left(md5({0}), 16))::bit(64)::bigint"
"""A key text's number in PostgreSQL."""


def keyed(rules: RulesDocument, wanted: str = "") -> str:
    """SELECT of (id, key): the numbers of the keys that records have by the rules' blocks; `wanted`: of which."""
    selects = [
        f"""SELECT r.id, k.key FROM party.source_record r CROSS JOIN LATERAL (VALUES {", ".join(_texts(rules, kind))})
            AS k (key) WHERE r.kind = '{kind}' AND k.key IS NOT NULL {wanted}"""  # noqa: S608
        for kind in KINDS
        if rules.of(kind).blocks
    ]
    return f"SELECT DISTINCT made.id, {NUMBER.format('made.key')} AS key FROM ({' UNION ALL '.join(selects)}) AS made"  # noqa: S608


def _insertion(rules: RulesDocument, wanted: str = "") -> str:
    """In the order of keys, as their index wants them."""
    return f"INSERT INTO party.match_key (record_id, key) {keyed(rules, wanted)} ORDER BY key"


def renew(conn: Connection, rules: RulesDocument, records: Sequence[int]) -> None:
    """Write the keys of these records as they are now."""
    if not records:
        return
    conn.execute(text("DELETE FROM party.match_key WHERE record_id = ANY(:ids)"), {"ids": list(records)})
    wanted = _insertion(rules, "AND r.id = ANY(:ids)")
    conn.execute(text(f"{wanted} ON CONFLICT DO NOTHING"), {"ids": list(records)})


def renew_all(conn: Connection, rules: RulesDocument) -> None:
    """Write the keys of all records anew, as other blocks ask for."""
    conn.execute(text("TRUNCATE party.match_key"))
    conn.execute(text(_insertion(rules)))
