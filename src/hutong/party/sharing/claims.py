"""Priority and route of a claim (EC-15): simplified or standard, by the customer's class and risk and the claim itself.

The rules are a published document; a decision keeps its rule, version and inputs, and explains itself.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.living import living
from hutong.party.sharing import facts
from hutong.party.sharing.document_kinds import CLAIM_ROUTE, ClaimRoute, RouteRule, claim_condition
from hutong.party.sharing.glance import party_row
from hutong.party.tables import claim_decision
from hutong.platform import cel, database, documents
from hutong.platform.errors import NotFound, Unprocessable

RIGHT = "party.claims"
Row = dict[str, Any]
STANDARD = "claim-route"


def decide(viewer: Principal, party_id: int, number: str, claim: Mapping[str, Any], code: str = STANDARD) -> Row:
    """Route a claim: `route`, `priority` (1 first), `rule`, `reason`, `conditions` (which held, with their values).

    `claim`: amount_micros, cause, line, injured (bool), documents_complete (bool), days_since_loss. The first rule that
    holds decides; the decision is kept. Raises NotFound, Unprocessable.
    """
    require(viewer, RIGHT)
    if unknown := sorted(set(claim) - set(facts.CLAIM)):
        raise Unprocessable("party-claim-field-unknown", field=unknown[0], name=unknown[0])
    with database.begin("party") as conn:
        home = party_row(conn, viewer, party_id)["id"]
        document = documents.in_force(conn, CLAIM_ROUTE, code)
        named = {name for rule in document.rules for name in rule.facts()}
        known = facts.of_party(conn, home, named)
        inputs = {"customer": {name: known.get(name) for name in sorted(named)}, "claim": dict(claim)}
        rule, condition = _first(document, inputs)
        values = {
            "claim": number,
            "party_id": home,
            "version": document.version,
            "rule": rule.code,
            "route": rule.route,
            "priority": rule.priority,
            "inputs": json.loads(json.dumps(inputs, default=str)),
            "decided_by": viewer.actor,
        }
        row = conn.execute(claim_decision.insert().values(**values).returning(claim_decision)).mappings().one()
    return {**row, "reason": rule.reason.of(viewer.locale), "sentence": facts.sentence(condition, viewer.locale)}


@lru_cache(maxsize=512)
def _condition(source: str) -> cel.Expression:
    return claim_condition(source)


def _first(document: ClaimRoute, inputs: Row) -> tuple[RouteRule, cel.Expression]:
    for rule in document.rules:
        condition = _condition(rule.when)
        if condition.holds(inputs):
            return rule, condition
    raise Unprocessable("party-claim-no-rule", code=document.code)


def decisions(viewer: Principal, party_id: int, limit: int = 20) -> list[Row]:
    """How a customer's claims were routed, latest first, each with its rule's reason. Raises NotFound."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        home = party_row(conn, viewer, party_id)["id"]
        statement = select(claim_decision).where(claim_decision.c.party_id == home)
        rows = conn.execute(statement.order_by(claim_decision.c.id.desc()).limit(limit)).mappings().all()
        said = {version: _reasons(conn, version, viewer.locale) for version in {row["version"] for row in rows}}
    return [{**row, "reason": said[row["version"]].get(row["rule"], row["rule"])} for row in rows]


def _reasons(conn: Connection, version: int, locale: str) -> dict[str, str]:
    """Rule → its reason, in a version; nothing of a version that is no longer kept."""
    try:
        rules = documents.as_of(conn, CLAIM_ROUTE, STANDARD, version).rules
    except NotFound:
        return {}
    return {rule.code: rule.reason.of(locale) for rule in rules}


def explained(viewer: Principal, decision_id: int) -> Row:
    """A decision with every rule that was asked before it: what of its conditions held. Raises NotFound."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        row = conn.execute(select(claim_decision).where(claim_decision.c.id == decision_id)).mappings().one_or_none()
        if row is None:
            raise NotFound("party-claim-unknown", id=decision_id)
        visibility.check(conn, viewer, living(conn, row["party_id"]))
        document = documents.as_of(conn, CLAIM_ROUTE, STANDARD, row["version"])
    asked = []
    for rule in document.rules:
        condition = _condition(rule.when)
        held = condition.holds(row["inputs"])
        sentence = facts.sentence(condition, viewer.locale)
        asked.append({"rule": rule.code, "reason": rule.reason.of(viewer.locale), "held": held, "sentence": sentence})
        if rule.code == row["rule"]:
            break
    return {**row, "asked": asked}
