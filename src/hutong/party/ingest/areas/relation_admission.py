"""Which relations of a file cannot hold beside what is known (EC-03, EC-11): of one kind twice at a time, of a party
with itself, of the wrong kind of party, and circles in a hierarchy; a set at a time.

Ends are parties where their records are here, else the references themselves; so rows that wait for their parties are
judged too. What a source states again as it is stays admitted; what two sources state alike is one relation to readers.

What people and interfaces state is judged in `relations.relate`, apart, since both the question and the way differ.
There one row is asked of indexes, here all that is stored is laid beside a file once. There both ends are parties, and
whoever states what another source says already is told so; a file is only held against its own source. There no circle
may close in anything that holds or is to come, for the person asking can end or date it; a file tells of years, so here
a circle is one only through what holds at one time.
"""

from sqlalchemy import Connection, text

from hutong.party.relation_kinds import BELOW, HIERARCHY, INVERSES, PERSONS, inverse_sql


def refuse(conn: Connection, source: str) -> list[tuple[int, str]]:
    """Take the refused ones out of the temporary table `given` (row_number and the columns of `party_relation`, all of
    one source). Returns row and reason of each."""
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.relation', 0))"))
    words = {
        "source": source, "known": list(INVERSES), "persons": list(PERSONS), "hierarchy": list(HIERARCHY),
        "below": list(BELOW),
    }  # fmt: skip
    for statement in (_TIES, "CREATE INDEX ON tie (low, high, as_low)", "ANALYZE tie"):
        conn.execute(text(statement), {name: words[name] for name in words if f":{name}" in statement})
    made: list[tuple[int, str]] = []
    for reason, statement in (("", _WRONG), ("relation_overlaps", _OVERLAPS), ("relation_circle", _CIRCLES)):
        bound = {name: words[name] for name in words if f":{name}" in statement}
        found = [(row[0], reason or row[1]) for row in conn.execute(text(statement), bound)]
        gone = {"rows": [row for row, _ in found]}
        conn.execute(text("DELETE FROM tie WHERE row_number = ANY(:rows)"), gone)
        conn.execute(text("DELETE FROM given WHERE row_number = ANY(:rows)"), gone)
        made += found
    return made


_SAID = "of_source, of_key, to_source, to_key, source, key, kind, valid_from, valid_to"
_TIES = f"""
CREATE TEMPORARY TABLE tie ON COMMIT DROP AS
WITH said AS (
    SELECT row_number, {_SAID}, NOT EXISTS (
        SELECT FROM party.party_relation r WHERE r.source = g.source AND r.key = g.key
        AND (r.of_source, r.of_key, r.to_source, r.to_key, r.kind, r.valid_from, r.valid_to)
            IS NOT DISTINCT FROM (g.of_source, g.of_key, g.to_source, g.to_key, g.kind, g.valid_from, g.valid_to)
    ) AS fresh FROM given g
    UNION ALL
    SELECT NULL, {_SAID}, false FROM party.party_relation r
    WHERE (r.source = :source OR r.kind = ANY(:hierarchy))
      AND NOT EXISTS (SELECT FROM given g WHERE g.source = r.source AND g.key = r.key)
), ended AS (
    SELECT s.row_number, s.fresh, s.source, s.kind, {inverse_sql("s.kind")} AS inverse, p.kind AS one_kind,
           q.kind AS other_kind, tstzrange(s.valid_from, s.valid_to) AS held,
           coalesce(CAST(x.party_id AS text), s.of_source || '/' || s.of_key) AS one,
           coalesce(CAST(y.party_id AS text), s.to_source || '/' || s.to_key) AS other
    FROM said s LEFT JOIN party.xref x ON x.source = s.of_source AND x.key = s.of_key
    LEFT JOIN party.xref y ON y.source = s.to_source AND y.key = s.to_key
    LEFT JOIN party.party p ON p.id = x.party_id LEFT JOIN party.party q ON q.id = y.party_id
)
SELECT *, least(one, other) AS low, greatest(one, other) AS high,
       CASE WHEN one <= other THEN kind ELSE inverse END AS as_low FROM ended"""  # noqa: S608  (names of ours)
"""`tie`: what the file says and what is stored, each with both ends; `low`, `high`, `as_low`: the same from either."""

_WRONG = """
SELECT row_number, reason FROM (
    SELECT row_number, CASE
        WHEN kind <> ALL(:known) THEN 'relation_kind'
        WHEN one = other THEN 'relation_self'
        WHEN kind = ANY(:persons) AND 'organisation' IN (one_kind, other_kind)
          OR kind = ANY(:hierarchy) AND 'person' IN (one_kind, other_kind) THEN 'relation_parties' END AS reason
    FROM tie WHERE fresh) AS judged
WHERE reason IS NOT NULL ORDER BY 1"""

_OVERLAPS = """
SELECT DISTINCT t.row_number FROM tie t
JOIN tie o ON o.low = t.low AND o.high = t.high AND o.as_low = t.as_low AND o.source = t.source AND o.held && t.held
    AND (NOT o.fresh OR o.row_number < t.row_number)
WHERE t.fresh ORDER BY 1"""
"""A source contradicts itself: the later row of the file, or what is not stored yet, is refused."""

_CIRCLES = """
WITH RECURSIVE step AS MATERIALIZED (
    SELECT row_number, fresh, held, CASE WHEN kind = ANY(:below) THEN one ELSE other END AS lower,
           CASE WHEN kind = ANY(:below) THEN other ELSE one END AS upper
    FROM tie WHERE kind = ANY(:hierarchy)
), climb (row_number, start, at, held) AS (
    SELECT row_number, lower, upper, held FROM step WHERE fresh
    UNION
    SELECT c.row_number, c.start, s.upper, c.held * s.held FROM climb c
    JOIN step s ON s.lower = c.at AND s.held && c.held WHERE c.at <> c.start
)
SELECT DISTINCT row_number FROM climb WHERE at = start ORDER BY 1"""
"""Whoever climbs from a company through what holds at one time, and comes to itself, went in a circle: each new row of
it is refused. Periods only shrink on the way, so the climb ends."""
