"""Scoring the cross-references that are stored against a truth made elsewhere."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.party.offline.score import USUAL, Score, TruthColumns, score_table


def score(
    conn: Connection,
    truth: Path | Sequence[Path],
    columns: TruthColumns = USUAL,
    source: str | None = None,
    kind: str | None = None,
) -> Score:
    """Score the cross-references (of a source, of a kind) against a truth; records without an entity do not count."""
    rows = conn.execute(
        text(
            """SELECT x.source, x.key, x.party_id FROM party.xref x JOIN party.source_record r ON r.id = x.record_id
               WHERE (CAST(:source AS text) IS NULL OR x.source = :source)
                 AND (CAST(:kind AS text) IS NULL OR r.kind = :kind)"""
        ),
        {"source": source, "kind": kind},
    ).all()
    made = pa.table({"source": [r[0] for r in rows], "key": [r[1] for r in rows], "party": [r[2] for r in rows]})
    return score_table(made, truth, columns)
