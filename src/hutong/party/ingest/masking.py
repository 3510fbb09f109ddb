"""Rows that are not kept yet as a viewer may see them (EC-03, EC-17)."""

from collections.abc import Mapping
from typing import Any

from hutong.identity import Principal
from hutong.identity.masking import mask
from hutong.party.columns import SENSITIVE, followers
from hutong.party.information import VALUE_MASKS, Area
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.mappings import Document
from hutong.party.ingest.preview import Row


def as_seen(viewer: Principal, document: Document, made: Row) -> Row:
    """A row as it would be kept, without `raw`: the values masked that the viewer may not see, and what would tell them
    left out."""
    shown = {name: value for name, value in made.items() if name != "raw"}
    if isinstance(document, AreaMapping):
        return _of_area(viewer, document.form, shown)
    for name, kind in SENSITIVE.items():
        if viewer.sees(kind):
            continue
        if shown.get(name) is not None:
            shown[name] = mask(kind, str(shown[name]))
        for follower in followers(name):
            if follower not in _TELLING_NOTHING:
                shown.pop(follower, None)
    return shown


_TELLING_NOTHING = ("id_type", "id_valid", "name_partial", "province", "city")


def _of_area(viewer: Principal, area: Area, row: Mapping[str, Any]) -> Row:
    """A row that is not kept yet, with what the viewer may not see masked."""
    made = dict(row)
    for field in area.fields:
        if field.sensitive and made.get(field.name) is not None:
            of_kind = VALUE_MASKS.get(str(made.get("kind"))) if area.name == "stated_value" else field.sensitive
            made[field.name] = made[field.name] if of_kind is None or viewer.sees(of_kind) else mask(
                of_kind, str(made[field.name]))  # fmt: skip
    return made
