"""Rows of parties and source records as a viewer may see them (EC-17): columns and declared attributes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping

from hutong.identity import Principal, protect
from hutong.party.columns import SENSITIVE
from hutong.party.model import extension


def masked(viewer: Principal, rows: Sequence[Mapping[str, Any] | RowMapping], key: str = "id") -> list[dict[str, Any]]:
    """Rows of parties or source records with sensitive columns masked for the viewer; what stays clear is logged."""
    shown = protect(viewer, "party", [dict(row) for row in rows], SENSITIVE, key)
    return extension.protected(viewer, shown, key)
