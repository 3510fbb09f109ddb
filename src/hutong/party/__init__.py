"""Customer master (ECIF): one true record of every person and organisation, fed by every source.

The public functions open their own transaction; the viewer comes first.
"""

from hutong.party.intake import Found, PartyData, find_or_create, update
from hutong.party.queries import get, search, source_records, survivor_ids, why

__all__ = ["Found", "PartyData", "find_or_create", "get", "search", "source_records", "survivor_ids", "update", "why"]
