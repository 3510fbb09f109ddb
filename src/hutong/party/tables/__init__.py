"""What the customer master stores: source records as they came, judgements, and what is derived from the two.

One file per theme; here all of it together, with the views other centers may read.
"""

from hutong.party.tables.area_views import AREA_VIEWS
from hutong.party.tables.areas import area_tables, former_statement
from hutong.party.tables.base import metadata
from hutong.party.tables.judgements import judgement, operation, operation_record, suspect_group
from hutong.party.tables.lifecycle import change_request, erased_key, tombstone, widened
from hutong.party.tables.matching import changed_record, crowded_key, generic_value, match_key, run, statistics
from hutong.party.tables.models import model_review, model_version
from hutong.party.tables.parties import party, party_value, redirect, xref
from hutong.party.tables.quality import (
    QUALITY_VIEWS,
    quality_result,
    quality_rule,
    quality_run,
    quality_score,
    quality_task,
    quality_task_step,
)
from hutong.party.tables.relations import customer_group, group_member, household, household_member, role
from hutong.party.tables.reported import REPORT_VIEWS
from hutong.party.tables.sharing import (
    call_list,
    call_result,
    call_target,
    claim_decision,
    export_run,
    portal_account,
    portal_code,
    portal_session,
)
from hutong.party.tables.sources import load, rejected_record, source, source_record, source_version
from hutong.party.tables.stewardship import enhancement_batch, enhancement_row, suspect_note
from hutong.platform.documents.tables import document_table, keep_versions
from hutong.platform.history import period_views
from hutong.platform.outbox import outbox_tables

__all__ = [
    "area_tables",
    "call_list",
    "call_result",
    "call_target",
    "change_request",
    "changed_record",
    "claim_decision",
    "crowded_key",
    "customer_group",
    "enhancement_batch",
    "enhancement_row",
    "erased_key",
    "export_run",
    "former_statement",
    "generic_value",
    "group_member",
    "household",
    "household_member",
    "judgement",
    "load",
    "match_key",
    "metadata",
    "model_review",
    "model_version",
    "operation",
    "operation_record",
    "party",
    "party_value",
    "portal_account",
    "portal_code",
    "portal_session",
    "quality_result",
    "quality_rule",
    "quality_run",
    "quality_score",
    "quality_task",
    "quality_task_step",
    "redirect",
    "rejected_record",
    "role",
    "run",
    "source",
    "source_record",
    "source_version",
    "statistics",
    "suspect_group",
    "suspect_note",
    "tombstone",
    "xref",
]  # fmt: skip

outbox_tables(metadata)
document_table(metadata)

EXTENSIONS = ("pg_trgm",)

STATEMENTS = (
    keep_versions("party"),
    widened(operation, "kind", ("resolve", "merge", "split", "undo", "intake", "enhance", "unflag")),
    widened(suspect_group, "state", ("open", "claimed", "decided", "obsolete", "proposed")),
)

VIEWS = {
    **period_views(party),
    **AREA_VIEWS,
    "party.v1_party": """
        SELECT id AS party_id, kind, state, name AS display_name, name_key AS name_pinyin, gender, birth_date,
               id_type, id_number, mobile, phone, email, address, province, city, district, postcode, branch, grade,
               record_count, changed_at
        FROM party.party WHERE state <> 'merged'""",
    "party.v1_tombstone": "SELECT party_id, kind, erased_at FROM party.tombstone",
    "party.v1_redirect": "SELECT retired_id, survivor_id FROM party.redirect",
    "party.v1_xref": "SELECT source, key, party_id FROM party.xref",
    "party.v1_role": """
        SELECT party_id, role, min(since) AS since FROM (
            SELECT r.party_id, r.role, r.since FROM party.role r
            WHERE NOT EXISTS (SELECT 1 FROM party.redirect d WHERE d.retired_id = r.party_id)
            UNION ALL
            SELECT d.survivor_id, r.role, r.since FROM party.redirect d JOIN party.role r ON r.party_id = d.retired_id
            UNION ALL
            SELECT x.party_id, s.role, s.valid_from FROM party.party_role s
            JOIN party.xref x ON x.source = s.of_source AND x.key = s.of_key
            WHERE s.valid_from <= now() AND coalesce(s.valid_to > now(), true)) AS taken
        GROUP BY 1, 2""",
    **QUALITY_VIEWS,
    **REPORT_VIEWS,
}
