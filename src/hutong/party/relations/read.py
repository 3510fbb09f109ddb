"""Relations and roles of a party as read: both ends, sources together, within the rows and masks of the viewer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.living import whom
from hutong.platform import clock, database

Row = dict[str, Any]
_RELATIONS = text("""
    SELECT r.party_id, r.other_id, r.other_is, p.kind AS other_kind, p.name AS other_name, p.mobile AS other_mobile,
           min(r.valid_from) AS valid_from, max(r.percent) AS percent, max(r.note) AS note,
           CASE WHEN bool_or(r.valid_to IS NULL) THEN NULL ELSE max(r.valid_to) END AS valid_to,
           array_agg(DISTINCT r.source) AS sources, array_agg(r.id ORDER BY r.id) AS ids
    FROM party.v1_relation r JOIN party.party p ON p.id = r.other_id
    WHERE r.party_id = ANY(:ids) AND (:ended OR (r.valid_from <= :at AND coalesce(r.valid_to > :at, true)))
    GROUP BY r.party_id, r.other_id, r.other_is, p.id ORDER BY r.party_id, r.other_is, r.other_id LIMIT :limit""")
LARGEST = 500


def relations(viewer: Principal, party_id: int, *, at: datetime | None = None, ended: bool = False) -> list[Row]:
    """Whom a party is related to at an instant (now), or ever: `other_id`, `other_name` (masked), `other_is` (code of
    party_relation: what the other is to the party), validity, `percent`, `sources`, `ids` of the statements.

    Others outside the viewer's rows are left out. At most 500. Needs `party.read`.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        home = whom(conn, viewer, party_id)
        rows = related(conn, viewer, [home], at=at, ended=ended)
    return shown(viewer, rows)


def related(
    conn: Connection, viewer: Principal, ids: Sequence[int], *, at: datetime | None = None, ended: bool = False
) -> list[Row]:
    """Relations of parties to others whom the viewer sees; unmasked."""
    values = {"ids": list(ids), "at": at or clock.now(), "ended": ended, "limit": LARGEST}
    rows = [dict(row) for row in conn.execute(_RELATIONS, values).mappings()]
    seen = visibility.among(conn, viewer, sorted({row["other_id"] for row in rows}))
    return [row for row in rows if row["other_id"] in seen]


def shown(viewer: Principal, rows: Sequence[Row]) -> list[Row]:
    """Related parties with their names masked for the viewer."""
    return protect(viewer, "party", rows, {"other_name": "name", "other_mobile": "phone"}, "other_id")


def roles(viewer: Principal, party_id: int, *, at: datetime | None = None) -> list[Row]:
    """What a party is to us: `role`, `context` (as policy:NUMBER), validity, `source`; roles it took with us in
    general have neither. Those in force at `at`; without, all. Needs `party.read`."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        home = whom(conn, viewer, party_id)
        rows = conn.execute(_ROLES, {"id": home, "at": at})
        return [dict(row) for row in rows.mappings()]


_ROLES = text("""
    SELECT t.id, t.role, t.context, t.share, t.valid_from, t.valid_to, t.source FROM party.v1_party_role t
    WHERE t.party_id = :id AND (CAST(:at AS timestamptz) IS NULL
          OR (t.valid_from <= :at AND coalesce(t.valid_to > :at, true)))
    UNION ALL
    SELECT NULL, r.role, NULL, NULL, r.since, NULL, NULL FROM party.role r
    WHERE r.party_id = :id OR r.party_id IN (SELECT retired_id FROM party.redirect WHERE survivor_id = :id)
    ORDER BY role, context NULLS FIRST, valid_from LIMIT 500""")


def neighbourhood(viewer: Principal, party_id: int, depth: int = 2) -> dict[str, list[Row]]:
    """The graph around a party, to a depth of 1 to 3: `nodes` (id, name, kind, distance) and `edges` (party_id,
    other_id, other_is). One statement per step. Needs `party.read`."""
    require(viewer, "party.read")
    edges: dict[tuple[int, int], Row] = {}
    with database.read("party") as conn:
        home = whom(conn, viewer, party_id)
        distance, edge_of = {home: 0}, [home]
        nodes: dict[int, Row] = {}
        for step in range(1, min(depth, 3) + 1):
            found = related(conn, viewer, edge_of)
            for row in found:
                ends = (row["party_id"], row["other_id"])
                if ends[::-1] not in edges:
                    edges.setdefault(ends, row)
                distance.setdefault(row["other_id"], step)
                nodes[row["other_id"]] = {"id": row["other_id"], "name": row["other_name"], "kind": row["other_kind"]}
            edge_of = [id for id, far in distance.items() if far == step]
            if not edge_of or len(distance) > LARGEST // 2:
                break
    listed = [{**row, "distance": distance[id]} for id, row in nodes.items() if id != home]
    return {
        "nodes": protect(viewer, "party", listed, {"name": "name"}),
        "edges": [{name: row[name] for name in ("party_id", "other_id", "other_is")} for row in edges.values()],
    }
