"""Customer master (ECIF): one true record of every person and organisation, fed by every source.

The public functions open their own transaction; the viewer comes first. They are loaded when first used: processes
that only standardise (`ingest/standardising.py`) start without the compiled kernels behind them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hutong.party.reading.queries import get, search, source_records, survivor_ids, why
    from hutong.party.realtime.intake import Found, find_or_create, update
from hutong.party.realtime.stated import PartyData

__all__ = ["Found", "PartyData", "find_or_create", "get", "search", "source_records", "survivor_ids", "update", "why"]
_READING = ("get", "search", "source_records", "survivor_ids", "why")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    room = "hutong.party.reading.queries" if name in _READING else "hutong.party.realtime.intake"
    return getattr(import_module(room), name)
