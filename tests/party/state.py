"""The derived state of the customer master as one hash, and shorthands for tests."""

import hashlib

from sqlalchemy import text

from hutong.party.columns import GOLDEN
from hutong.platform import database

_STATE = f"""
SELECT string_agg(line, E'\\n' ORDER BY line COLLATE "C") FROM (
    SELECT 'xref ' || x.source || ' ' || x.key || ' ' || x.party_id AS line FROM party.xref x
    UNION ALL SELECT 'party ' || (id, kind, state, {", ".join(GOLDEN)}, attributes, owner_id, unit_path, record_count,
                               provenance)::text
              FROM party.party WHERE state <> 'merged'
    UNION ALL SELECT 'value ' || (party_id, kind, value, detail, records, sources, current)::text FROM party.party_value
    UNION ALL SELECT 'judged ' || (left_id, right_id, verdict, rule, made_by_kind)::text FROM party.judgement
              WHERE ended_at IS NULL
) AS lines"""


def state() -> str:
    """A hash of everything derived: cross-references, golden records, values, judgements in force.

    Not redirects: an id that a split gave goes on leading somewhere after the split was taken back.
    """
    with database.read("party") as conn:
        return hashlib.sha256((conn.execute(text(_STATE)).scalar_one() or "").encode()).hexdigest()


def parties() -> dict[str, int]:
    """Source key → party."""
    with database.read("party") as conn:
        return {row[0]: row[1] for row in conn.execute(text("SELECT key, party_id FROM party.xref"))}


def partition() -> set[frozenset[str]]:
    """The sets of source keys that are one party."""
    groups: dict[int, set[str]] = {}
    for key, party in parties().items():
        groups.setdefault(party, set()).add(key)
    return {frozenset(group) for group in groups.values()}
