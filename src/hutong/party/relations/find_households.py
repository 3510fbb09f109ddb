"""Households found by rule and kept by people (EC-11): pairs that meet a rule are joined by the same kernel that joins
records, under what people said: confirmed members of different households never meet, removed ones stay out. A
household keeps its id by largest overlap of members, so a rerun changes nothing."""

from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, text

from hutong.party.match.clusters import BY_PERSON, Apart, Links, cluster
from hutong.party.match.kernels import Ints
from hutong.party.relation_kinds import KIN
from hutong.party.relations.household_rules import HOUSEHOLD_RULES, HouseholdRules, because_sql
from hutong.party.resolution.identity_of_clusters import keep_ids
from hutong.party.standardise.pinyin import COMPOUND_SURNAMES
from hutong.platform import database
from hutong.platform.documents import in_force


class HouseholdsFound(NamedTuple):
    """`households` in use, `members` of them, `new` ones made, `ended` ones, and groups too large to be a family."""

    households: int
    members: int
    new: int
    ended: int
    too_large: int


_COMPOUND = ", ".join(f"'{name}'" for name in sorted(COMPOUND_SURNAMES))
_PERSONS = f"""
CREATE TEMPORARY TABLE person ON COMMIT DROP AS
SELECT p.id, coalesce(p.city, p.province, '') || '|' || coalesce(p.district, '') || '|' || p.address_key AS place,
       CASE WHEN p.name ~ '^[a-z]' THEN substring(p.name FROM '[^ ]+$')
            WHEN left(p.name, 2) IN ({_COMPOUND}) AND length(p.name) > 2 THEN left(p.name, 2)
            ELSE left(p.name, 1) END AS family_name
FROM party.party p WHERE p.kind = 'person' AND p.state = 'active' {{among}}"""  # noqa: S608  (names of ours)
_CANDIDATES = """
CREATE TEMPORARY TABLE candidate ON COMMIT DROP AS
WITH place AS (
    SELECT place FROM person WHERE place IS NOT NULL GROUP BY place HAVING count(*) BETWEEN 2 AND :largest
), phone AS (
    SELECT v.value FROM party.party_value v JOIN person p ON p.id = v.party_id WHERE v.kind = 'phone'
    GROUP BY v.value HAVING count(DISTINCT v.party_id) BETWEEN 2 AND :largest
), met AS (
    SELECT a.id AS left_id, b.id AS right_id, true AS same_address, false AS same_phone, NULL::text AS relation
    FROM place JOIN person a USING (place) JOIN person b ON b.place = a.place AND a.id < b.id
    UNION ALL
    SELECT DISTINCT a.party_id, b.party_id, false, true, NULL::text
    FROM phone JOIN party.party_value a ON a.kind = 'phone' AND a.value = phone.value
    JOIN party.party_value b ON b.kind = 'phone' AND b.value = phone.value AND a.party_id < b.party_id
    UNION ALL
    SELECT least(party_id, other_id), greatest(party_id, other_id), false, false, other_is FROM party.v1_relation
    WHERE other_is = ANY(:kin) AND valid_from <= now() AND coalesce(valid_to > now(), true)
)
SELECT left_id, right_id, bool_or(same_address) AS same_address, bool_or(same_phone) AS same_phone,
       min(relation) AS relation
FROM met GROUP BY 1, 2"""
_MEMBERS = """
    SELECT m.household_id, m.word, coalesce(x.party_id, 0) AS party_id FROM party.household_member m
    LEFT JOIN party.xref x ON x.source = m.of_source AND x.key = m.of_key
    JOIN party.household h ON h.id = m.household_id {among} ORDER BY 1, 3"""
_OF_PERSONS = """WHERE m.household_id = ANY(ARRAY(
    SELECT o.household_id FROM person JOIN party.xref y ON y.party_id = person.id
    JOIN party.household_member o ON o.of_source = y.source AND o.of_key = y.key))"""


def find_households(by: str) -> HouseholdsFound:
    """Find the households anew, whole or not at all; what people confirmed and removed holds."""
    with database.begin("party") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.household', 0))"))
        rules = in_force(conn, HOUSEHOLD_RULES)
        return _store(conn, grouped(conn, rules), rules.version, by)


def grouped(conn: Connection, rules: HouseholdRules, among: str = "") -> "Grouped":
    """Who lives together by rules and by what people said. `among`: a condition on `p.id` that chooses some persons, as
    SQL of the program's own. Makes the temporary tables `person` and `candidate`."""
    conn.execute(text("DROP TABLE IF EXISTS person, candidate"))
    conn.execute(text(_PERSONS.format(among=among)))
    conn.execute(text("CREATE UNIQUE INDEX ON person (id)"))
    conn.execute(text("ANALYZE person"))
    conn.execute(text(_CANDIDATES), {"largest": rules.largest, "kin": list(KIN)})
    pairs = conn.execute(
        text(
            f"""SELECT * FROM (
                    SELECT c.left_id, c.right_id, {because_sql(rules)} AS because FROM candidate c
                    JOIN person l ON l.id = c.left_id JOIN person r ON r.id = c.right_id) AS judged
                WHERE cardinality(because) > 0 ORDER BY 1, 2"""  # noqa: S608  (checked document)
        )
    ).all()
    told = conn.execute(text(_MEMBERS.format(among=_OF_PERSONS if among else ""))).all()
    return _grouped(pairs, [tuple(row) for row in told], rules.largest)


class Grouped(NamedTuple):
    """Persons with their household: its id, or below zero a new one (equal numbers together), and the rules met."""

    party: Ints
    household: Ints  # below zero: new, equal numbers together
    because: list[str]
    too_large: int


def _grouped(pairs: Any, told: list[tuple[int, str, int]], largest: int) -> Grouped:
    """Persons by household, from pairs (left, right, because) and what is known (household, word, party). Pure."""
    confirmed = {party: house for house, word, party in told if word == "confirmed" and party}
    removed = {(house, party) for house, word, party in told if word == "removed" and party}
    found_in = {party: house for house, word, party in told if word == "found" and party}
    said = {*confirmed.values(), *(house for house, _ in removed)}
    held = {id for id, house in found_in.items() if house in said}
    party = np.array(sorted({id for row in pairs for id in row[:2]} | set(confirmed) | held), dtype=np.int64)
    number = {id: place for place, id in enumerate(party.tolist())}
    links = [(number[row[0]], number[row[1]], len(row[2]), False) for row in pairs]
    first: dict[int, int] = {}
    for id, house in [*sorted(found_in.items()), *sorted(confirmed.items())]:
        if id in confirmed and house in first:  # what people confirmed hangs together by their word
            links.append((first[house], number[id], 1000, True))
        if house in said:
            first.setdefault(house, number[id])
    apart = [
        (number[id], number[other])
        for house, id in removed
        if id in number
        for other, home in {**found_in, **confirmed}.items()
        if home == house and other in number and other != id
    ]
    codes = np.array([confirmed.get(id, 0) for id in party.tolist()], dtype=np.int64)
    label = cluster(codes, _links(links), _apart(apart)).label
    prior = _prior(party, label, number, confirmed=confirmed, found_in=found_in)
    alone = np.isin(prior, sorted({house for house, _ in removed}))  # so that who was taken out stays out
    numbers, counts = np.unique(label, return_counts=True)
    size = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    many = np.array([size[one] for one in label.tolist()], dtype=np.int64)
    kept = ((many >= 2) & (many <= largest)) | (codes > 0) | alone
    because: dict[int, set[str]] = {}
    for one, other, why in pairs:
        if label[number[one]] == label[number[other]]:
            because.setdefault(one, set()).update(why)
            because.setdefault(other, set()).update(why)
    houses = keep_ids(label[kept], prior[kept], {}) if kept.any() else np.zeros(0, dtype=np.int64)
    listed = [",".join(sorted(because.get(id, ()))) for id in party[kept].tolist()]
    return Grouped(party[kept], houses, listed, int((counts > largest).sum()))


def _prior(
    party: Ints, label: Ints, number: dict[int, int], *, confirmed: dict[int, int], found_in: dict[int, int]
) -> Ints:
    """The household of each person before; what people confirmed names the whole group, and no other."""
    prior = np.array([found_in.get(id, 0) for id in party.tolist()], dtype=np.int64)
    for id, house in confirmed.items():
        prior[prior == house] = 0
        prior[label == label[number[id]]] = 0
    for id, house in confirmed.items():
        prior[label == label[number[id]]] = house
    return prior


def _links(links: list[tuple[int, int, int, bool]]) -> Links:
    columns = list(zip(*links, strict=True)) or [(), (), (), ()]
    left, right, strength = (np.array(column, dtype=np.int64) for column in columns[:3])
    return Links(left, right, strength, np.array(columns[3], dtype=np.bool_))


def _apart(pairs: list[tuple[int, int]]) -> Apart:
    left = np.array([pair[0] for pair in pairs], dtype=np.int64)
    right = np.array([pair[1] for pair in pairs], dtype=np.int64)
    return Apart(left, right, np.full(len(pairs), BY_PERSON, dtype=np.int64))


def _store(conn: Connection, found: Grouped, version: int, by: str) -> HouseholdsFound:
    """Bring the found members to what was found; people's rows stay. Households without members end."""
    house = found.household.copy()
    fresh = np.unique(house[house < 0])
    if len(fresh):
        made = conn.execute(
            text(
                """INSERT INTO party.household (rule_version, made_by)
                   SELECT :version, :by FROM generate_series(1, :count) RETURNING id"""
            ),
            {"version": version, "by": by, "count": len(fresh)},
        ).scalars()
        ids = np.array(sorted(made), dtype=np.int64)
        new = house < 0
        house[new] = ids[np.searchsorted(-fresh[::-1], -house[new])]
    conn.execute(
        text("CREATE TEMPORARY TABLE now_in (household_id bigint, party_id bigint, because text) ON COMMIT DROP")
    )
    rows = zip(house.tolist(), found.party.tolist(), found.because, strict=True)
    database.copy_rows(conn, "now_in", ("household_id", "party_id", "because"), rows)
    conn.execute(text(_REFERENCED))
    conn.execute(text(_GONE))
    conn.execute(text(_COME))
    ended = conn.execute(text(_ENDED)).rowcount
    conn.execute(text(_BACK))
    count, members = conn.execute(
        text("SELECT count(DISTINCT household_id), count(*) FROM party.household_member WHERE word <> 'removed'")
    ).one()
    return HouseholdsFound(count, members, len(fresh), ended, found.too_large)


_REFERENCED = """
CREATE TEMPORARY TABLE member ON COMMIT DROP AS
SELECT n.household_id, n.party_id, n.because, f.source AS of_source, f.key AS of_key FROM now_in n
CROSS JOIN LATERAL (SELECT source, key FROM party.xref x WHERE x.party_id = n.party_id ORDER BY record_id LIMIT 1) f
WHERE NOT EXISTS (SELECT 1 FROM party.v1_household_member m WHERE m.party_id = n.party_id AND (
                  m.word = 'confirmed' OR (m.word = 'removed' AND m.household_id = n.household_id)))"""
_GONE = """
DELETE FROM party.household_member m WHERE m.word = 'found' AND NOT EXISTS (
    SELECT 1 FROM member f
    WHERE (f.household_id, f.of_source, f.of_key) = (m.household_id, m.of_source, m.of_key))"""
_COME = """
INSERT INTO party.household_member (household_id, of_source, of_key, word, because)
SELECT household_id, of_source, of_key, 'found', because FROM member
ON CONFLICT (household_id, of_source, of_key) DO UPDATE SET because = excluded.because
WHERE household_member.word = 'found' AND household_member.because <> excluded.because"""
_ENDED = """
UPDATE party.household h SET ended_at = now() WHERE ended_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM party.household_member m WHERE m.household_id = h.id AND m.word <> 'removed')"""
_BACK = """
UPDATE party.household h SET ended_at = NULL WHERE ended_at IS NOT NULL AND EXISTS (
    SELECT 1 FROM party.household_member m WHERE m.household_id = h.id AND m.word <> 'removed')"""
