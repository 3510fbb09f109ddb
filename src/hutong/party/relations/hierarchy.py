"""Enterprise hierarchies (EC-11): group → subsidiary → branch, with what their members hold rolled up."""

from typing import Any

from sqlalchemy import text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.living import whom
from hutong.party.relations.relate import ancestors
from hutong.platform import database

Row = dict[str, Any]
LARGEST = 2000
"""Members shown; the roll-up is over these."""

_TREE = text("""
WITH RECURSIVE tree (id, parent_id, tied_by, depth, path) AS (
    SELECT CAST(:root AS bigint), NULL::bigint, NULL::text, 0, ARRAY[CAST(:root AS bigint)]
    UNION ALL
    SELECT r.other_id, t.id, r.other_is, t.depth + 1, t.path || r.other_id
    FROM tree t JOIN party.v1_relation r ON r.party_id = t.id
    WHERE r.other_is IN ('subsidiary', 'branch') AND r.valid_from <= now() AND coalesce(r.valid_to > now(), true)
      AND NOT r.other_id = ANY (t.path) AND t.depth < 20
), member AS (
    SELECT DISTINCT ON (id) * FROM tree ORDER BY id, depth, parent_id LIMIT :limit
), held AS (
    SELECT m.id, (SELECT count(*) FROM party.xref x WHERE x.party_id = m.id) AS records,
           (SELECT count(*) FROM party.v1_policy_summary s WHERE s.party_id = m.id) AS policies,
           (SELECT coalesce(sum(s.premium_micros), 0)::bigint FROM party.v1_policy_summary s
            WHERE s.party_id = m.id AND s.state = 'in_force') AS premium_micros
    FROM member m
)
SELECT m.id, m.parent_id, m.tied_by, m.depth, p.name, p.city, h.records, h.policies, h.premium_micros,
       count(d.id) - 1 AS below, sum(dh.policies)::bigint AS all_policies,
       sum(dh.premium_micros)::bigint AS all_premium_micros
FROM member m JOIN party.party p ON p.id = m.id JOIN held h ON h.id = m.id
JOIN member d ON m.id = ANY (d.path) JOIN held dh ON dh.id = d.id
GROUP BY m.id, m.parent_id, m.tied_by, m.depth, m.path, p.name, p.city, h.records, h.policies, h.premium_micros
ORDER BY m.path""")


def hierarchy(viewer: Principal, party_id: int) -> list[Row]:
    """The whole hierarchy an organisation belongs to, from its head, a member a row in order of the tree: `depth`,
    `parent_id`, `tied_by`, own `policies` and `premium_micros`, and with `all_` those of everything below too.

    Members the viewer does not see are left out, and so are their figures. A member with several above is shown under
    the nearest the head. Needs `party.read`.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        home = whom(conn, viewer, party_id)
        above = ancestors(conn, home, begun=True)
        heads = [id for id in above if len(ancestors(conn, id, begun=True)) == 1] if len(above) > 1 else [home]
        root = min(heads, default=home)
        if not visibility.among(conn, viewer, [root]):
            root = home
        rows = [dict(row) for row in conn.execute(_TREE, {"root": root, "limit": LARGEST}).mappings()]
        seen = visibility.among(conn, viewer, [row["id"] for row in rows])
    if len(seen) < len(rows):
        rows = [_without_sums(row) for row in rows if row["id"] in seen]
    return protect(viewer, "party", rows, {"name": "name"})


def _without_sums(row: Row) -> Row:
    """Sums over members that a viewer does not see would tell about them."""
    return {**row, "below": None, "all_policies": None, "all_premium_micros": None}
