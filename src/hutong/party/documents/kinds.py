"""The kinds of documents of the customer master. Each is declared where its rules are."""

from typing import Any

from hutong.party.golden.survivorship import SURVIVORSHIP
from hutong.party.ingest.mappings import MAPPING
from hutong.party.match.rules import RULES
from hutong.party.model.extension import MODEL
from hutong.party.policies import POLICY
from hutong.party.quality.rules import QUALITY_RULES
from hutong.party.relations.household_rules import HOUSEHOLD_RULES
from hutong.party.sharing.document_kinds import CALL_LIST, CLAIM_ROUTE, EXPORT, NEEDS, SCRIPTS
from hutong.platform.documents import Kind
from hutong.platform.errors import NotFound

KINDS: dict[str, Kind[Any]] = {
    kind.code: kind
    for kind in (RULES, SURVIVORSHIP, MODEL, HOUSEHOLD_RULES, POLICY, QUALITY_RULES, EXPORT, CALL_LIST, SCRIPTS, NEEDS,
                 CLAIM_ROUTE, MAPPING)
}  # fmt: skip


def kind_of(code: str) -> Kind[Any]:
    """A kind by its code. Raises NotFound."""
    if code not in KINDS:
        raise NotFound("party-document-kind-unknown", field="kind", kind=code)
    return KINDS[code]
