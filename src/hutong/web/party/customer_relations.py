"""Whom a customer is related to (EC-11, EC-12): the graph, the relations as a list, the household, the hierarchy."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from hutong.identity.principal import Principal
from hutong.party.relations import hierarchy, households, read
from hutong.party.relations.groups import groups_of
from hutong.web import words_of_codes

Facts = dict[str, Any]
PERSON, ORGANISATION, HOME = 0, 1, 2


def relations(viewer: Principal, customer: Mapping[str, Any], locale: str) -> Facts:
    """The relations tab."""
    party = customer["id"]
    person = customer["kind"] == "person"
    household = households.household_of(viewer, party) if person else None
    around = read.neighbourhood(viewer, party)
    tree = [] if person else hierarchy.hierarchy(viewer, party)
    return {
        "relations": read.relations(viewer, party, ended=True),
        "household": household,
        "tree": tree if len(tree) > 1 else [],
        "roles": roles_played(read.roles(viewer, party)),
        "groups": groups_of(viewer, party),
        "graph": graph(customer, around, household, locale) if around["nodes"] or household else None,
        "kinds": words_of_codes.code_labels("party_relation", locale),
        "household_roles": words_of_codes.code_labels("household_role", locale),
    }


def roles_played(rows: Sequence[Mapping[str, Any]]) -> list[Facts]:
    """One entry for each role: `since` (the first), `ended` (no longer held anywhere) and `policies`, each once with
    its validity, those in force first."""
    made: list[Facts] = []
    for role, held in groupby(rows, itemgetter("role")):
        each = list(held)
        policies = {row["context"].removeprefix("policy:"): row for row in each if row["context"]}
        made.append({
            "role": role,
            "since": min((row["valid_from"] for row in each if row["valid_from"]), default=None),
            "ended": all(row["valid_to"] for row in each),
            "policies": sorted(policies.items(), key=lambda found: found[1]["valid_to"] is not None),
        })  # fmt: skip
    return made


def graph(customer: Mapping[str, Any], around: Facts, household: Facts | None, locale: str) -> Facts:
    """An ECharts graph of the neighbourhood: persons, organisations, the household; a click leads to the customer."""
    centre = {"id": customer["id"], "name": customer["name"], "kind": customer["kind"], "distance": 0}
    members = [{**row, "kind": "person", "distance": 1} for row in household["members"]] if household else []
    people = {row["id"]: row for row in [*members, *around["nodes"], centre]}
    nodes = [_node(row) for row in people.values()]
    links: list[Facts] = [
        {"source": str(row["other_id"]), "target": str(row["party_id"]),
         "value": words_of_codes.code("party_relation", row["other_is"], locale)}
        for row in around["edges"]
        if row["party_id"] in people and row["other_id"] in people
    ]  # fmt: skip
    if household:
        name = household["name"] or words_of_codes.word("web-graph", "household", locale)
        nodes.append({"id": "home", "name": name, "category": HOME, "symbol": "roundRect", "symbolSize": [56, 22]})
        belongs = {"target": "home", "value": "", "symbol": "none", "lineStyle": {"type": "dashed"}}
        links += [{"source": str(row["id"]), **belongs} for row in household["members"]]
    names = [words_of_codes.code("party_kind", kind, locale) for kind in ("person", "organisation")]
    categories = [*names, words_of_codes.word("web-graph", "household", locale)]
    shown = sorted({node["category"] for node in nodes})
    return {
        "legend": {"data": [categories[each] for each in shown], "bottom": 0},
        "series": [{
            "type": "graph", "layout": "force", "roam": "move", "draggable": True, "data": nodes, "links": links,
            "categories": [{"name": each} for each in categories],
            "force": {"repulsion": 900, "edgeLength": [110, 170], "gravity": 0.12, "friction": 0.2},
            "label": {"show": True, "position": "bottom"}, "edgeSymbol": ["none", "arrow"], "edgeSymbolSize": 7,
            "edgeLabel": {"show": True, "formatter": "{c}", "fontSize": 11},
            "lineStyle": {"color": "#98a2b3", "curveness": 0.12}, "emphasis": {"focus": "adjacency"},
        }],
    }  # fmt: skip


def _node(row: Facts) -> Facts:
    size = {0: 46, 1: 32}.get(row["distance"], 24)
    category = PERSON if row["kind"] == "person" else ORGANISATION
    return {
        "id": str(row["id"]), "name": row["name"] or f"#{row['id']}", "symbolSize": size,
        "category": category, "href": f"/customers/{row['id']}?tab=relations",
    }  # fmt: skip
