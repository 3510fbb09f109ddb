"""Customer master (ECIF): one true record of every person and organisation, fed by every source.

The public functions open their own transaction; the viewer comes first. They are loaded when first used: processes
that only standardise (`ingest/standardising.py`) start without the compiled kernels behind them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hutong.party.living import survivor_ids
    from hutong.party.reading.queries import get, search, source_records, why
    from hutong.party.realtime.intake import Found, find_or_create, update
from hutong.party.realtime.stated import PartyData

__all__ = ["Found", "PartyData", "find_or_create", "get", "search", "source_records", "survivor_ids", "update", "why"]
_ROOMS = {"survivor_ids": "living", **dict.fromkeys(("get", "search", "source_records", "why"), "reading.queries")}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"hutong.party.{_ROOMS.get(name, 'realtime.intake')}"), name)
