"""A customer's policies with their coverages, and claims (EC-12, EC-16): at their latest state, of all companies."""

from collections.abc import Mapping
from typing import Any

from hutong.identity.principal import Principal
from hutong.party.areas.read import of_each
from hutong.party.information import AREAS
from hutong.party.relations.read import roles
from hutong.web.party.area_words import value_words

Facts = dict[str, Any]
MOST = 200


def policies(viewer: Principal, customer: Mapping[str, Any], locale: str) -> Facts:
    """Policies held, roles in policies of others, coverages by policy, claims and events."""
    rows = of_each(viewer, customer["id"], ("policy_summary", "coverage_summary", "claim_summary", "customer_event"),
                   limit=MOST)  # fmt: skip
    held = {row["number"] for row in rows["policy_summary"]}
    covers: dict[str, list[Facts]] = {}
    for row in rows["coverage_summary"]:
        covers.setdefault(row["policy_number"], []).append(_said("coverage_summary", row, locale))
    played: dict[str, list[str]] = {}
    for role in roles(viewer, customer["id"]):
        if role["context"]:
            played.setdefault(role["context"], []).append(role["role"])
    return {
        "policies": [_said("policy_summary", row, locale) for row in rows["policy_summary"]],
        "elsewhere": {number: found for number, found in played.items() if number not in held},
        "played": played,
        "covers": covers,
        "claims": [_said("claim_summary", row, locale) for row in rows["claim_summary"]],
        "events": [_said("customer_event", row, locale) for row in rows["customer_event"]],
    }


def _said(area: str, row: Facts, locale: str) -> Facts:
    """A row with its codes in words beside them, under `words`."""
    return {**row, "words": {f.name: value_words(f, row[f.name], locale) for f in AREAS[area].fields}}
