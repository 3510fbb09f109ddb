"""Suspected groups (疑似分组, EC-06): parties that rules suspect to be the same, queued for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hutong.party.resolution.suspect_states import UNFINISHED
from hutong.platform import clock

LARGEST_GROUP = 12
"""Parties a person can compare at a glance; further ones come in groups of their own."""
POOL = "steward"


@dataclass
class Group:
    """A suspected group before it is stored."""

    parties: set[int]
    rules: set[str]
    strength: int
    kind: str


_EDGES = """
WITH judged AS MATERIALIZED (
    SELECT least(l.party_id, r.party_id) AS one, greatest(l.party_id, r.party_id) AS other, l.party_id AS left_party,
           j.left_id, j.right_id, j.verdict, j.rule, j.strength, j.made_by_kind = 'person' AS by_person
    FROM {judgements} j JOIN party.xref l ON l.record_id = j.left_id JOIN party.xref r ON r.record_id = j.right_id
    WHERE j.ended_at IS NULL AND l.party_id <> r.party_id
), apart AS MATERIALIZED (
    SELECT one, other, bool_or(by_person) AS by_person FROM judged WHERE verdict = 'not_same' GROUP BY 1, 2
)
SELECT j.one, j.other, p.kind, max(j.strength),
       array_agg(DISTINCT CASE j.verdict WHEN 'same' THEN 'conflict' ELSE j.rule END)
FROM judged j JOIN party.party p ON p.id = j.left_party LEFT JOIN apart a ON a.one = j.one AND a.other = j.other
WHERE p.state = 'active' AND (j.verdict = 'same' OR j.verdict = 'unsure'
        AND NOT j.by_person AND a.one IS NULL)  -- a person's 'unsure' is a note, no cause of its own
  AND a.by_person IS NOT TRUE
  AND j.left_id NOT IN (SELECT id FROM party.source_record WHERE withdrawn_at IS NOT NULL)
  AND j.right_id NOT IN (SELECT id FROM party.source_record WHERE withdrawn_at IS NOT NULL)
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1, 2"""
"""`judged`: what is said between parties, which is little of all that is said; only that is looked at further."""
_ALL = "party.judgement"
_NEAR = """(SELECT own.* FROM party.xref x JOIN party.judgement own ON own.left_id = x.record_id
            WHERE x.party_id = ANY(CAST(:near AS bigint[])))"""


_NEXT = """
SELECT DISTINCT other.party_id FROM party.xref own
CROSS JOIN LATERAL (
    SELECT j.right_id AS id FROM party.judgement j
    WHERE j.left_id = own.record_id AND j.ended_at IS NULL AND j.verdict IN ('same', 'unsure')
    UNION ALL SELECT j.left_id FROM party.judgement j
    WHERE j.right_id = own.record_id AND j.ended_at IS NULL AND j.verdict IN ('same', 'unsure')) AS tied
JOIN party.xref other ON other.record_id = tied.id AND other.party_id <> own.party_id
WHERE own.party_id = ANY(:parties)
UNION SELECT unnest(g.party_ids) FROM party.suspect_group g
WHERE g.state = ANY(:states) AND g.party_ids && CAST(:parties AS bigint[])"""


def refresh(conn: Connection, near: Sequence[int] | None = None) -> int:
    """Bring the queue to the judgements: new groups are opened, groups that lost their cause become obsolete.

    A group a person holds keeps its id and holder while any two of its parties remain. `near`: only what hangs together
    with these parties; the outcome is the same as for all when nothing else changed. Returns how many groups it found.
    """
    region = None if near is None else _region(conn, near)
    groups = _groups(conn, region)
    waiting = conn.execute(
        text(
            """SELECT id, party_ids FROM party.suspect_group WHERE state = ANY(:states)
               AND (CAST(:near AS bigint[]) IS NULL OR party_ids && CAST(:near AS bigint[])) ORDER BY id"""
        ),
        {"states": list(UNFINISHED), "near": region},
    ).all()
    by_party: dict[int, int] = {}
    for row in waiting:
        for party in row.party_ids:
            by_party.setdefault(party, row.id)
    kept: dict[int, Group] = {}
    fresh: list[Group] = []
    for group in groups:
        held = sorted({by_party[party] for party in group.parties if party in by_party} - set(kept))
        if held:
            kept[held[0]] = group
        else:
            fresh.append(group)
    _write(conn, kept, fresh, [row.id for row in waiting if row.id not in kept])
    return len(groups)


def _region(conn: Connection, near: Sequence[int]) -> list[int]:
    """These parties and all that suspicion or groups tie them to."""
    found, edge = set(near), list(near)
    while edge:
        step = conn.execute(text(_NEXT), {"parties": edge, "states": list(UNFINISHED)}).scalars()
        edge = sorted(set(step) - found)
        found.update(edge)
    return sorted(found)


def _groups(conn: Connection, near: list[int] | None) -> list[Group]:
    """Connected parties, strongest ties first, in groups of bounded size."""
    of: dict[int, Group] = {}
    edges = _EDGES.format(judgements=_ALL if near is None else _NEAR)
    for left, right, kind, strength, rules in conn.execute(text(edges), {} if near is None else {"near": near}):
        one = of.get(left) or Group({left}, set(), 0, kind)
        two = of.get(right) or Group({right}, set(), 0, kind)
        if one is not two:
            if len(one.parties) + len(two.parties) > LARGEST_GROUP:
                continue
            one.parties |= two.parties
            one.rules |= two.rules
            one.strength = max(one.strength, two.strength)
        one.rules.update(rules)
        one.strength = max(one.strength, strength)
        for party in one.parties:
            of[party] = one
    unique = {id(group): group for group in of.values() if len(group.parties) > 1}
    return list(unique.values())


def _write(conn: Connection, kept: dict[int, Group], fresh: list[Group], gone: list[int]) -> None:
    if gone:
        conn.execute(
            text(
                """UPDATE party.suspect_group SET state = 'obsolete', proposal = NULL, closed_at = :now
                   WHERE id = ANY(:ids)"""
            ),
            {"ids": gone, "now": clock.now()},
        )
    if kept:
        conn.execute(
            text(
                """UPDATE party.suspect_group SET party_ids = :parties, rules = :rules, strength = :strength
                   WHERE id = :id AND (party_ids, rules, strength) IS DISTINCT FROM
                         (CAST(:parties AS bigint[]), CAST(:rules AS text[]), :strength)"""
            ),
            [{"id": id, **_values(group)} for id, group in kept.items()],
        )
    if fresh:
        conn.execute(
            text(
                """INSERT INTO party.suspect_group (kind, party_ids, rules, strength, pool)
                   VALUES (:kind, :parties, :rules, :strength, :pool)"""
            ),
            [{"kind": group.kind, "pool": POOL, **_values(group)} for group in fresh],
        )


def _values(group: Group) -> dict[str, object]:
    return {"parties": sorted(group.parties), "rules": sorted(group.rules), "strength": group.strength}
