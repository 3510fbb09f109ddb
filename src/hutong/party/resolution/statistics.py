"""Statistics over all records, by version (EC-05): values under too many names to say who somebody is (generic), match
keys of too many records to compare (crowded).

What real time compares by is the newest version; a run brings the statistics up first, so that its outcome depends on
the records alone, not on their order of arrival. Values that no record of the run states cannot have changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hutong.party.match.rules import KINDS, RulesDocument
from hutong.party.resolution.match_keys import NUMBER, PHONES, prefix

Value = tuple[str, str]


@dataclass(frozen=True)
class Statistics:
    """A version: the generic values as (kind, value), the crowded match keys. Version 0: nothing counted yet."""

    version: int
    generic: frozenset[Value]
    crowded: frozenset[int]


NOTHING = Statistics(0, frozenset(), frozenset())
VERSIONS_KEPT = 4
_NEWEST = text("SELECT version, token FROM party.statistics ORDER BY version DESC LIMIT 1")


_kept: dict[str, Statistics] = {}


def current(conn: Connection) -> Statistics:
    """The newest version; its content is read once per process."""
    row = conn.execute(_NEWEST).one_or_none()
    return of_version(conn, row.version, row.token) if row else NOTHING


def of_version(conn: Connection, version: int, token: str) -> Statistics:
    """The newest version, whose number and token the caller knows."""
    if token not in _kept:
        values = conn.execute(text("SELECT kind, value FROM party.generic_value WHERE until_version IS NULL")).all()
        keys = conn.execute(text("SELECT key FROM party.crowded_key WHERE until_version IS NULL")).scalars()
        if len(_kept) >= VERSIONS_KEPT:
            _kept.clear()
        _kept[token] = Statistics(version, frozenset((row.kind, row.value) for row in values), frozenset(keys))
    return _kept[token]


@dataclass(frozen=True)
class Brought:
    """The version now in force, and the records that became, or ceased to be, comparable by it."""

    statistics: Statistics
    affected: list[int]


def bring_up(conn: Connection, rules: RulesDocument, records: Sequence[int] | None, because: str) -> Brought:
    """Count the values and keys of these records (None: all) and, where a verdict changed, make a version of it."""
    before = current(conn)
    values, keys = _values(conn, rules, records), _keys(conn, rules, records)
    new_values, gone_values = values.keys() - before.generic, before.generic - values.keys()
    new_keys, gone_keys = keys.keys() - before.crowded, before.crowded - keys.keys()
    if before.version and not (new_values or gone_values or new_keys or gone_keys):
        return Brought(before, [])
    version = before.version + 1
    count = conn.execute(text("SELECT count(*) FROM party.source_record")).scalar_one()
    conn.execute(_VERSION, {"version": version, "records": count, "because": because})
    _write(conn, version, {one: values[one] for one in new_values}, gone_values)
    told = {"version": version, "gone": sorted(gone_keys)}
    conn.execute(_END_KEYS, told)
    conn.execute(_NEW_KEYS, told | {"keys": sorted(new_keys), "records": [keys[key] for key in sorted(new_keys)]})
    affected: set[int] = set()
    if records is not None:
        affected = _stating(conn, rules, new_values | gone_values) | _sharing(conn, new_keys | gone_keys)
    return Brought(current(conn), sorted(affected))


_VERSION = text("INSERT INTO party.statistics (version, records, because) VALUES (:version, :records, :because)")
_END_KEYS = text("""
    UPDATE party.crowded_key SET until_version = :version WHERE until_version IS NULL AND key = ANY(:gone)""")
_NEW_KEYS = text("""
    INSERT INTO party.crowded_key (key, records, since_version)
    SELECT k, n, :version FROM unnest(CAST(:keys AS bigint[]), CAST(:records AS int[])) AS t (k, n)""")
_END_VALUES = text("""
    UPDATE party.generic_value g SET until_version = :version
    FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[])) AS t (kind, value)
    WHERE g.until_version IS NULL AND g.kind = t.kind AND g.value = t.value""")
_NEW_VALUES = text("""
    INSERT INTO party.generic_value (kind, value, names, since_version)
    SELECT kind, value, names, :version
    FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[]), CAST(:names AS int[])) AS t (kind, value, names)""")


def _columns(values: Iterable[Value]) -> dict[str, list[str]]:
    listed = sorted(values)
    return {"kinds": [kind for kind, _ in listed], "values": [value for _, value in listed]}


def _write(conn: Connection, version: int, new: Mapping[Value, int], gone: Iterable[Value]) -> None:
    conn.execute(_END_VALUES, {"version": version, **_columns(gone)})
    conn.execute(_NEW_VALUES, {"version": version, **_columns(new), "names": [new[one] for one in sorted(new)]})


def _columns_of(kind: str) -> tuple[str, ...]:
    return PHONES if kind == "phone" else (kind,)


def _values(conn: Connection, rules: RulesDocument, records: Sequence[int] | None) -> dict[Value, int]:
    """The generic values among those of the records, and among those that were generic: (kind, value) → names."""
    made: dict[Value, int] = {}
    for kind, limit in rules.generic.items():
        query = _asked(rules, kind) if records is not None else _COUNTED.format(stated=_stated(kind))
        given = {"limit": limit, **({"kind": kind, "ids": list(records)} if records is not None else {})}
        made |= {(kind, row.value): row.names for row in conn.execute(text(query), given)}
    return made


_COUNTED = """
WITH stated AS MATERIALIZED ({stated})
SELECT value, count(DISTINCT name_key) AS names FROM stated
WHERE value IN (SELECT value FROM stated GROUP BY value HAVING count(*) > :limit)
GROUP BY value HAVING count(DISTINCT name_key) > :limit"""
"""The many values of few are left out before names are sorted."""


def _stated(kind: str) -> str:
    """SELECT of (value, name_key) of all records."""
    return " UNION ALL ".join(
        f"SELECT {name} AS value, name_key FROM party.source_record WHERE {name} IS NOT NULL"  # noqa: S608
        for name in _columns_of(kind)
    )


def _asked(rules: RulesDocument, kind: str) -> str:
    """The same of the values that records state, or that were generic."""
    own = " UNION ".join(
        f"SELECT {name} FROM party.source_record WHERE id = ANY(:ids) AND {name} IS NOT NULL"  # noqa: S608
        for name in _columns_of(kind)
    )
    return f"""
        WITH asked (value) AS MATERIALIZED (
            SELECT value FROM party.generic_value WHERE until_version IS NULL AND kind = :kind UNION {own})
        SELECT h.value, count(DISTINCT r.name_key) AS names
        FROM ({_holders(rules, kind)}) AS h JOIN party.source_record r ON r.id = h.id
        WHERE h.value IN ({", ".join(f"r.{name}" for name in _columns_of(kind))})
        GROUP BY h.value HAVING count(DISTINCT r.name_key) > :limit"""  # noqa: S608


def _holders(rules: RulesDocument, kind: str) -> str:
    """SELECT of (value, id): the records that state the values of `asked`, and perhaps some more. By match keys, where
    the rules have a block of this attribute alone, as those shipped do; else by the column."""
    if all([kind] in rules.of(one).blocks for one in KINDS):
        keys = [f"'{prefix(one, [kind])}' || a.value" for one in KINDS]
        numbers = ", ".join(f"({NUMBER.format(key)})" for key in keys)
        return f"""SELECT a.value, m.record_id AS id FROM asked a CROSS JOIN LATERAL (VALUES {numbers}) AS n (key)
                   JOIN party.match_key m ON m.key = n.key"""  # noqa: S608
    return " UNION ".join(
        f"SELECT a.value, c.id FROM asked a JOIN party.source_record c ON c.{name} = a.value"  # noqa: S608
        for name in _columns_of(kind)
    )


def _keys(conn: Connection, rules: RulesDocument, records: Sequence[int] | None) -> dict[int, int]:
    """The crowded keys among those of the records, and among those that were crowded: key → records."""
    asked = ""
    if records is not None:
        asked = """WHERE m.key IN (SELECT key FROM party.match_key WHERE record_id = ANY(:ids)
                                   UNION SELECT key FROM party.crowded_key WHERE until_version IS NULL)"""
    counted = text(f"""SELECT m.key, count(*) AS records FROM party.match_key m {asked}
                       GROUP BY m.key HAVING count(*) > :most""")  # noqa: S608
    parameters = {"most": rules.largest_block, **({} if records is None else {"ids": list(records)})}
    return {row.key: row.records for row in conn.execute(counted, parameters)}


def _stating(conn: Connection, rules: RulesDocument, values: Iterable[Value]) -> set[int]:
    """The records that state any of these values, and perhaps some more."""
    found: set[int] = set()
    for kind in sorted({kind for kind, _ in values}):
        own = [value for of, value in values if of == kind]
        asked = "WITH asked (value) AS (SELECT unnest(CAST(:own AS text[])))"
        rows = conn.execute(text(f"{asked} SELECT id FROM ({_holders(rules, kind)}) AS h"), {"own": own})  # noqa: S608
        found |= set(rows.scalars())
    return found


def _sharing(conn: Connection, keys: Iterable[int]) -> set[int]:
    rows = conn.execute(text("SELECT record_id FROM party.match_key WHERE key = ANY(:keys)"), {"keys": list(keys)})
    return set(rows.scalars())
