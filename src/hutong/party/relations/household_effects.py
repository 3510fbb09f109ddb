"""Which households rules that are being written would find, beside those in force (EC-11)."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party.effect import EXAMPLES, Effect, Example, Told, choose, compared, names_seen
from hutong.party.relation_kinds import KIN
from hutong.party.relations.find_households import Grouped, grouped
from hutong.party.relations.household_rules import HouseholdRules
from hutong.platform import database
from hutong.platform.i18n import translate

WHOLE = 30_000
"""Persons up to which all are looked at; of more, about `SOME` evenly chosen ones with all whom they may live with."""
SOME = 2_000
RECORDS_EACH = 10
"""Records of one person at one address that are expected, at most, where more live than a household has."""
_CHOSEN = """
CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS SELECT unnest(CAST(:ids AS bigint[])) AS id"""
_AROUND = """
CREATE TEMPORARY TABLE around ON COMMIT DROP AS
WITH place AS (
    SELECT DISTINCT city, province, district, address_key FROM party.party JOIN chosen USING (id)
    WHERE address_key IS NOT NULL)
SELECT id FROM chosen
UNION SELECT b.id FROM place l CROSS JOIN LATERAL (
    SELECT p.id FROM party.source_record r JOIN party.xref x ON x.record_id = r.id
    JOIN party.party p ON p.id = x.party_id AND p.kind = 'person' AND p.state = 'active'
        AND p.address_key = l.address_key AND p.city IS NOT DISTINCT FROM l.city
        AND p.district IS NOT DISTINCT FROM l.district AND p.province IS NOT DISTINCT FROM l.province
    WHERE r.address_key = l.address_key LIMIT :records) AS b
UNION SELECT b.party_id FROM chosen JOIN party.party_value a ON a.party_id = chosen.id AND a.kind = 'phone'
    CROSS JOIN LATERAL (SELECT party_id FROM party.party_value v WHERE v.kind = 'phone' AND v.value = a.value
                        LIMIT :many) AS b
UNION SELECT r.other_id FROM chosen JOIN party.v1_relation r ON r.party_id = chosen.id AND r.other_is = ANY(:kin)
UNION SELECT o.party_id FROM chosen JOIN party.v1_household_member m ON m.party_id = chosen.id
    JOIN party.v1_household_member o USING (household_id)"""
Household = tuple[int, ...]


def effects(viewer: Principal, before: HouseholdRules | None, after: HouseholdRules) -> Told:
    """Households, their members, those who meet each rule, groups too large: with the rules in force and as written,
    under what people said."""
    require(viewer, "party.model")
    in_force = before or after
    with database.begin("party") as conn:
        ids, there = choose(conn, "party.party", "kind = 'person' AND state = 'active'", SOME)
        among = ""
        if there > WHOLE:
            conn.execute(text(_CHOSEN), {"ids": ids})
            conn.execute(text("ANALYZE chosen"))
            many = 1 + max(in_force.largest, after.largest)
            conn.execute(text(_AROUND), {"kin": list(KIN), "many": many, "records": many * RECORDS_EACH})
            among = "AND p.id IN (SELECT id FROM around)"
        found = [grouped(conn, rules, among) for rules in (in_force, after)]
        meant = set(conn.execute(text("SELECT id FROM chosen")).scalars()) if among else None
        old, new = (_households(one, meant) for one in found)
        made = _counted(found, (old, new), viewer.locale)
        rules = [{rule.code: (rule.zh if viewer.locale == "zh-CN" else rule.en, _meeting(one, rule.code, meant))
                  for rule in document.rules}
                 for document, one in zip((in_force, after), found, strict=True)]  # fmt: skip
        examples = _examples(conn, viewer, old, new)
    return Told([*made, *compared(rules[0] if before else {}, rules[1])], examples,
                there if meant is None else len(meant), there)  # fmt: skip


def _households(found: Grouped, meant: set[int] | None) -> set[Household]:
    """The groups of two and more, each as its members; of a choice, those with one of the chosen."""
    members: dict[int, list[int]] = {}
    for person, house in zip(found.party.tolist(), found.household.tolist(), strict=True):
        members.setdefault(house, []).append(person)
    groups = (tuple(sorted(one)) for one in members.values() if len(one) > 1)
    return {one for one in groups if meant is None or not meant.isdisjoint(one)}


def _meeting(found: Grouped, code: str, meant: set[int] | None) -> int:
    rows = zip(found.party.tolist(), found.because, strict=True)
    return sum(code in because.split(",") for person, because in rows if meant is None or person in meant)


def _counted(found: Sequence[Grouped], households: tuple[set[Household], set[Household]], locale: str) -> list[Effect]:
    old, new = households
    return [
        Effect(translate("party-effect-households", locale), len(old), len(new)),
        Effect(translate("party-effect-household-members", locale), *(sum(map(len, one)) for one in households)),
        Effect(translate("party-effect-households-large", locale), found[0].too_large, found[1].too_large),
    ]


def _examples(conn: Connection, viewer: Principal, old: set[Household], new: set[Household]) -> list[Example]:
    """Households that would be made, changed or ended, all of whose members the viewer sees."""
    made: list[Example] = []
    differing = [*sorted(new - old), *sorted(one for one in old - new if not any(set(one) & set(n) for n in new - old))]
    names = names_seen(conn, viewer, sorted({id for one in differing[:200] for id in one}))
    before = {person: one for one in old for person in one}
    after = {person: one for one in new for person in one}
    for one in differing[:200]:
        if not all(id in names for id in one) or len(made) == EXAMPLES:
            continue
        lists = [
            sorted({", ".join(names.get(id, "?") for id in home) for person in one if (home := homes.get(person))})
            for homes in (before, after)
        ]
        made.append(Example([(id, names[id]) for id in one], "", *(" | ".join(each) or "–" for each in lists)))
    return made
