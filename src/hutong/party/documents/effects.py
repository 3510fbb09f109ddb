"""What a document that is being written would do to the data as it is, beside what the one in force does."""

from collections.abc import Callable, Mapping
from typing import Any

from hutong.identity import Principal, require
from hutong.party.effect import Effect, Told
from hutong.party.golden import effects as of_survivorship
from hutong.party.lifecycle import effects as of_policies
from hutong.party.model import effects as of_model
from hutong.party.quality import effects as of_quality
from hutong.party.relations import household_effects as of_households
from hutong.party.resolution import effects as of_rules
from hutong.party.sharing import effects as of_sharing
from hutong.platform import database, documents
from hutong.platform.documents import Kind
from hutong.platform.errors import NotFound

Measure = Callable[[Principal, Any, Any], Told | list[Effect]]
"""Of a viewer, the document in force (None: a new one) and the one being written."""
MEASURES: Mapping[str, Measure] = {
    "rules": of_rules.effects,
    "survivorship": of_survivorship.effects,
    "model": of_model.effects,
    "households": of_households.effects,
    "quality": of_quality.effects,
    "policy": of_policies.effects,
    "export": of_sharing.of_export,
    "call-list": of_sharing.of_call_list,
    "scripts": of_sharing.of_scripts,
    "needs": of_sharing.of_needs,
    "claim-route": of_sharing.of_claim_route,
}
"""By kind; mappings are tried on a sample of the source's file in an editor of their own."""


def effects(viewer: Principal, kind: Kind[Any], name: str, body: str) -> Told:
    """What a text would do; nothing for kinds that are not measured here. For those who may write it: conditions could
    ask for what masks hide. Raises Unprocessable for a text that is not valid."""
    require(viewer, kind.writes)
    written = documents.checked(kind, body)
    if kind.code not in MEASURES:
        return Told()
    with database.read(kind.center) as conn:
        try:
            before = documents.in_force(conn, kind, name)
        except NotFound:
            before = None
    found = MEASURES[kind.code](viewer, before, written)
    return found if isinstance(found, Told) else Told(found)
