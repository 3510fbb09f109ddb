"""What a document that is being written would do to the data as it is, beside what the one in force does."""

from collections.abc import Callable, Mapping
from typing import Any

from hutong.identity import Principal, require
from hutong.party.effect import Effect
from hutong.party.lifecycle import effects as of_policies
from hutong.party.quality import effects as of_quality
from hutong.party.sharing import effects as of_sharing
from hutong.platform import database, documents
from hutong.platform.documents import Kind
from hutong.platform.errors import NotFound

Measure = Callable[[Principal, Any, Any], list[Effect]]
"""Of a viewer, the document in force (None: a new one) and the one being written."""
MEASURES: Mapping[str, Measure] = {
    "quality": of_quality.effects,
    "policy": of_policies.effects,
    "export": of_sharing.of_export,
    "call-list": of_sharing.of_call_list,
    "scripts": of_sharing.of_scripts,
    "needs": of_sharing.of_needs,
    "claim-route": of_sharing.of_claim_route,
}
"""By kind. Matching rules and survivorship are tried by a model's measurement and the matching page, the data model and
households by their own pages."""


def effects(viewer: Principal, kind: Kind[Any], name: str, body: str) -> list[Effect]:
    """What a text would do; nothing for kinds that are not measured here. For those who may write it: conditions could
    ask for what masks hide. Raises Unprocessable for a text that is not valid."""
    require(viewer, kind.writes)
    written = documents.checked(kind, body)
    if kind.code not in MEASURES:
        return []
    with database.read(kind.center) as conn:
        try:
            before = documents.in_force(conn, kind, name)
        except NotFound:
            before = None
    return MEASURES[kind.code](viewer, before, written)
