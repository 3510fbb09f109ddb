"""How many of the last month's changes and decisions a policy that is being written would have wanted approved
(EC-02, EC-06)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.identity.actors import viewer_of
from hutong.party.effect import Effect, compared
from hutong.party.policies import PolicyDocument
from hutong.platform import clock, database
from hutong.platform.i18n import translate

BACK = timedelta(days=30)
MOST = 20_000
Facts = Mapping[str, Any]

_CHANGES = text("""
    SELECT c.kind, ARRAY(SELECT jsonb_object_keys(c.before) ORDER BY 1) AS attributes,
           coalesce(CAST(c.change ->> 'force' AS boolean), false) AS force, c.requested_by,
           coalesce(p.records, 0) AS records, coalesce(p.kind, c.change #>> '{attributes,kind}', '') AS party_kind,
           coalesce(p.grades, '{}') AS grades, coalesce(p.state, '') AS state
    FROM party.change_request c LEFT JOIN LATERAL (
        SELECT sum(record_count)::bigint AS records, min(kind) AS kind, min(state) AS state,
               array_agg(DISTINCT grade) FILTER (WHERE grade IS NOT NULL) AS grades
        FROM party.party WHERE id = ANY(c.party_ids) HAVING count(*) > 0) p ON true
    WHERE c.requested_at > :since ORDER BY c.id DESC LIMIT :most""")
_DECISIONS = text("""
    SELECT g.kind, g.strength, g.rules, cardinality(g.party_ids) AS parties, p.records, p.grades,
           CASE WHEN EXISTS (SELECT FROM party.operation o WHERE o.id = ANY(n.operations) AND o.kind = 'merge')
                THEN 'same' ELSE 'not_same' END AS verdict,
           EXISTS (SELECT FROM party.operation o WHERE o.id = ANY(n.operations) AND o.forced) AS force
    FROM party.suspect_note n JOIN party.suspect_group g ON g.id = n.group_id CROSS JOIN LATERAL (
        SELECT coalesce(sum(record_count), 0)::bigint AS records,
               coalesce(array_agg(DISTINCT grade) FILTER (WHERE grade IS NOT NULL), '{}') AS grades
        FROM party.party WHERE id = ANY(g.party_ids)) p
    WHERE n.action IN ('decide', 'propose') AND n.done_at > :since ORDER BY n.id DESC LIMIT :most""")


def effects(viewer: Principal, before: PolicyDocument | None, after: PolicyDocument) -> list[Effect]:
    """By rule: changes (or decisions on suspects) of the last 30 days for which it would have been the one to want a
    second person, and how many would have gone through at once. Facts of parties are those of now."""
    require(viewer, "party.model")
    asked = {"since": clock.now() - BACK, "most": MOST}
    with database.read("party") as conn:
        found = list(_changes(conn, asked) if after.policy == "lifecycle" else _decisions(conn, asked))
    return compared(
        _counted(before, found, viewer.locale) if before else {}, _counted(after, found, viewer.locale), len(found)
    )


def _counted(document: PolicyDocument, found: Iterable[Facts], locale: str) -> dict[str, tuple[str, int]]:
    counts = Counter(document.asks(facts) for facts in found)
    made = {rule.rule: (document.words(rule.rule, locale), counts[rule.rule]) for rule in document.rules}
    return {**made, "": (translate("party-policy-at-once", locale), counts[None])}


def _changes(conn: Connection, asked: Mapping[str, Any]) -> Iterable[Facts]:
    @cache
    def requester(actor: str) -> Facts:
        found = viewer_of(actor)
        roles, path = (list(found.roles), found.unit_path) if found else ([], "")
        return {"kind": actor.partition(":")[0], "roles": roles, "unit_path": path}

    for row in conn.execute(_CHANGES, asked):
        yield {
            "change": {"kind": row.kind, "attributes": row.attributes, "force": row.force, "records": row.records},
            "party": {"kind": row.party_kind, "grades": row.grades, "state": row.state},
            "requester": requester(row.requested_by),
        }


def _decisions(conn: Connection, asked: Mapping[str, Any]) -> Iterable[Facts]:
    for row in conn.execute(_DECISIONS, asked):
        group = {"kind": row.kind, "strength": row.strength, "conflict": "conflict" in row.rules,
                 "parties": row.parties, "records": row.records, "grades": row.grades,
                 "rules": row.rules}  # fmt: skip
        yield {"group": group, "decision": {"verdict": row.verdict, "force": row.force}}
