"""Published for reports (EC-13): merges and splits, suspected groups, files taken in, contact enhancement."""

REPORT_VIEWS = {
    "party.v1_operation": """
        SELECT o.id AS operation_id, o.kind, o.done_at, o.undoes_id,
               CASE WHEN split_part(o.done_by, ':', 1) IN ('user', 'client') THEN split_part(o.done_by, ':', 1)
                    ELSE 'system' END AS by_kind,
               count(r.record_id) AS records, count(DISTINCT r.before_id) AS parties_before,
               count(DISTINCT r.after_id) AS parties_after
        FROM party.operation o LEFT JOIN party.operation_record r ON r.operation_id = o.id GROUP BY o.id""",
    "party.v1_suspect_group": """
        SELECT id AS group_id, kind, state, strength, cardinality(party_ids) AS parties, opened_at, closed_at
        FROM party.suspect_group""",
    "party.v1_load": "SELECT id AS load_id, source, rows, admitted, rejected, unchanged, loaded_at FROM party.load",
    "party.v1_enhancement": """
        SELECT b.id AS batch_id, b.channel, b.state, b.applied_at, count(r.id) AS rows,
               count(r.record_id) AS records, count(r.problem) AS left_out, b.report
        FROM party.enhancement_batch b LEFT JOIN party.enhancement_row r ON r.batch_id = b.id GROUP BY b.id""",
    "party.v1_source": "SELECT code, name_zh, name_en, trust FROM party.source",
}
"""Counts and states only; no personal data."""
