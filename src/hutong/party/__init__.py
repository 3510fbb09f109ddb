"""Customer master (ECIF): one true record of every person and organisation, fed by every source.

The public functions open their own transaction; the viewer comes first.
"""

from hutong.party.reading.queries import get, search, source_records, survivor_ids, why
from hutong.party.realtime.intake import Found, PartyData, find_or_create, update

__all__ = ["Found", "PartyData", "find_or_create", "get", "search", "source_records", "survivor_ids", "update", "why"]
