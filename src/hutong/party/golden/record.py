"""Golden records brought up to date for a set of parties, in one pass; what did not change is not written.

Few parties come as parameters, so that the database keeps its plans; many as the temporary table `stale` (party_id).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, MetaData, Table, literal_column, select, text

from hutong.party.columns import GOLDEN
from hutong.party.golden.survivorship import golden_sql, rules_in_force
from hutong.party.tables import party
from hutong.platform import history

_DERIVED = ("attributes", "owner_id", "unit_path", "record_count", "provenance", "survivorship_version")
_WRITTEN = ("kind", *GOLDEN, *_DERIVED)
_STANDING = ("state", "inactive_because")
_golden = Table("golden", MetaData(), *(Column(name, party.c[name].type) for name in ("id", *_WRITTEN)))
_OF_STALE = "(SELECT x.party_id, x.record_id FROM party.xref x JOIN stale t ON t.party_id = x.party_id)"
_OF_THESE = "(SELECT x.party_id, x.record_id FROM party.xref x WHERE x.party_id = ANY(:parties))"


class Refreshed(NamedTuple):
    """How many golden records were made and altered; for few, which."""

    created: int
    changed: int
    made: Sequence[int] = ()
    altered: Sequence[int] = ()


def refresh_these(conn: Connection, parties: Sequence[int], by: str, cause: str) -> Refreshed:
    """Recompute these parties."""
    if not parties:
        return Refreshed(0, 0)
    listed = sorted(set(parties))
    statement = golden_sql(rules_in_force(conn), _OF_THESE)
    rows = [dict(row) for row in conn.execute(text(statement), {"parties": listed}).mappings()]
    wanted = text(f"SELECT id, {', '.join((*_STANDING, *_WRITTEN))} FROM party.party WHERE id = ANY(:parties)")  # noqa: S608
    known = {row["id"]: row for row in conn.execute(wanted, {"parties": listed}).mappings()}
    rows = [_standing(row, known.get(row["id"])) for row in rows]
    new = [row for row in rows if row["id"] not in known]
    altered = [row for row in rows if row["id"] in known and _differs(row, known[row["id"]])]
    history.insert(conn, party, new, changed_by=by, cause=cause)
    history.change(conn, party, altered, columns=[*_WRITTEN, *_STANDING], changed_by=by, cause=cause)
    conn.execute(text(_FORGET_THESE), {"parties": listed})
    conn.execute(text(_VALUES.format(stale="unnest(CAST(:parties AS bigint[])) AS t (party_id)")), {"parties": listed})
    return Refreshed(len(new), len(altered), [row["id"] for row in new], [row["id"] for row in altered])


def _standing(row: Mapping[str, Any], known: Any) -> dict[str, Any]:
    """The row with the party's state: inactive while no source states it, or as long as people want it so."""
    made = {name: value for name, value in row.items() if name != "live"}
    if known and known["state"] == "inactive" and known["inactive_because"] != "withdrawn":
        return {**made, "state": "inactive", "inactive_because": known["inactive_because"]}
    live = row["live"]
    return {**made, "state": "active" if live else "inactive", "inactive_because": None if live else "withdrawn"}


def _differs(row: Mapping[str, Any], known: Any) -> bool:
    return any(row[name] != known[name] for name in (*_STANDING, *_WRITTEN))


_KEPT = "p.state = 'inactive' AND p.inactive_because IS DISTINCT FROM 'withdrawn'"
_STANDS: list[ColumnElement[str]] = [
    literal_column(f"CASE WHEN {_KEPT} THEN 'inactive' WHEN golden.live THEN 'active' ELSE 'inactive' END").label(
        "state"
    ),
    literal_column(f"CASE WHEN {_KEPT} THEN p.inactive_because WHEN NOT golden.live THEN 'withdrawn' END").label(
        "inactive_because"
    ),
]
"""`_standing` for sets; `p`: the party as it is known, if it is."""


def refresh(conn: Connection, by: str, cause: str) -> Refreshed:
    """Recompute the parties of the temporary table `stale`."""
    statement = golden_sql(rules_in_force(conn), _OF_STALE)
    conn.execute(text("DROP TABLE IF EXISTS golden"))
    conn.execute(text("ANALYZE stale"))
    conn.execute(text(f"CREATE TEMPORARY TABLE golden ON COMMIT DROP AS {statement}"))
    conn.execute(text("ANALYZE golden (id)"))
    known = party.alias("p")
    joined = select(*_golden.c, *_STANDS).select_from(_golden.outerjoin(known, known.c.id == _golden.c.id))
    created = history.insert_from(conn, party, joined.where(known.c.id.is_(None)), changed_by=by, cause=cause)
    differs = " OR ".join(f"golden.{name} IS DISTINCT FROM p.{name}" for name in _WRITTEN)
    standing = " OR ".join(f"{stands.element} IS DISTINCT FROM p.{stands.name}" for stands in _STANDS)
    altered = joined.where(known.c.id.isnot(None), literal_column(f"({differs} OR {standing})"))
    changed = 0
    if conn.execute(select(select(altered.subquery()).exists())).scalar_one():
        changed = history.change(conn, party, altered, columns=[*_WRITTEN, *_STANDING], changed_by=by, cause=cause)
    conn.execute(text("DELETE FROM party.party_value v USING stale t WHERE v.party_id = t.party_id"))
    conn.execute(text(_VALUES.format(stale="stale t")))
    return Refreshed(created, changed)


_FORGET_THESE = "DELETE FROM party.party_value WHERE party_id = ANY(:parties)"
_VALUES = """
INSERT INTO party.party_value (party_id, kind, value, detail, records, sources, current, first_seen_at, last_seen_at)
SELECT x.party_id, v.kind, v.value, coalesce(max(v.detail), ''), count(DISTINCT r.id),
       array_agg(DISTINCT r.source ORDER BY r.source), bool_or(v.value IS NOT DISTINCT FROM v.golden),
       min(coalesce(r.source_created_at, r.source_changed_at)), max(r.source_changed_at)
FROM {stale} JOIN party.xref x ON x.party_id = t.party_id JOIN party.source_record r ON r.id = x.record_id
JOIN party.party p ON p.id = x.party_id AND (r.withdrawn_at IS NULL OR p.inactive_because = 'withdrawn')
CROSS JOIN LATERAL (VALUES
    ('name', r.name, NULL, p.name), ('phone', r.mobile, 'mobile', p.mobile), ('phone', r.phone, 'fixed', p.phone),
    ('phone', r.other_phone, 'mobile', p.mobile), ('email', r.email, NULL, p.email),
    ('bank_card', r.bank_card, NULL, p.bank_card), ('identifier', r.id_number, r.id_type, p.id_number),
    ('address', r.address, r.address_key, p.address)) AS v (kind, value, detail, golden)
WHERE v.value IS NOT NULL
GROUP BY x.party_id, v.kind, v.value"""
"""All names, contacts, addresses and documents of the stale parties, with who states them: of live records, where there
are any (`_standing`)."""


def mark_stale(conn: Connection, version: int) -> None:
    """Add to `stale` the parties whose values another version chose, or whose unit has another path now."""
    conn.execute(
        text(
            """INSERT INTO stale
               SELECT id FROM party.party WHERE survivorship_version <> :version AND state <> 'merged'
               UNION SELECT p.id FROM party.party p LEFT JOIN identity.v1_unit u
                   ON u.code = CASE WHEN p.owner_id IS NULL THEN p.branch ELSE split_part(p.unit_path, '/', -2) END
               WHERE p.state <> 'merged' AND p.unit_path IS DISTINCT FROM u.path
               ON CONFLICT DO NOTHING"""
        ),
        {"version": version},
    )
