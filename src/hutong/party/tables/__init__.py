"""What the customer master stores: source records as they came, judgements, and what is derived from the two.

One file per theme; here all of it together, with the views other centers may read.
"""

from hutong.party.tables.base import metadata
from hutong.party.tables.judgements import document, judgement, operation, operation_record, suspect_group
from hutong.party.tables.lifecycle import change_request, erased_key, policy, tombstone, widened
from hutong.party.tables.parties import party, party_value, redirect, xref
from hutong.party.tables.relations import relation, role
from hutong.party.tables.sharing import (
    call_list,
    call_result,
    call_target,
    claim_decision,
    export_run,
    portal_account,
    portal_code,
    portal_session,
    sharing_document,
)
from hutong.party.tables.sources import load, rejected_record, source, source_record, source_version
from hutong.party.tables.stewardship import enhancement_batch, enhancement_row, suspect_note
from hutong.platform.history import period_views
from hutong.platform.outbox import outbox_tables

__all__ = [
    "call_list",
    "call_result",
    "call_target",
    "change_request",
    "claim_decision",
    "document",
    "enhancement_batch",
    "enhancement_row",
    "erased_key",
    "export_run",
    "judgement",
    "load",
    "metadata",
    "operation",
    "operation_record",
    "party",
    "party_value",
    "policy",
    "portal_account",
    "portal_code",
    "portal_session",
    "redirect",
    "rejected_record",
    "relation",
    "role",
    "sharing_document",
    "source",
    "source_record",
    "source_version",
    "suspect_group",
    "suspect_note",
    "tombstone",
    "xref",
]  # fmt: skip

outbox_tables(metadata)

EXTENSIONS = ("pg_trgm",)

STATEMENTS = (
    widened(operation, "kind", ("resolve", "merge", "split", "undo", "intake", "enhance", "unflag")),
    widened(suspect_group, "state", ("open", "claimed", "decided", "obsolete", "proposed")),
)

VIEWS = {
    **period_views(party),
    "party.v1_party": """
        SELECT id AS party_id, kind, state, name AS display_name, name_key AS name_pinyin, gender, birth_date,
               id_type, id_number, mobile, phone, email, address, province, city, district, postcode, branch, grade,
               record_count, changed_at
        FROM party.party WHERE state <> 'merged'""",
    "party.v1_redirect": "SELECT retired_id, survivor_id FROM party.redirect",
    "party.v1_xref": "SELECT source, key, party_id FROM party.xref",
    "party.v1_role": """
        SELECT coalesce(d.survivor_id, r.party_id) AS party_id, r.role, min(r.since) AS since
        FROM party.role r LEFT JOIN party.redirect d ON d.retired_id = r.party_id GROUP BY 1, 2""",
}
