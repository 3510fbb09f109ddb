"""Masking, and the log of what was shown, applied in this one place below API and pages (EC-17)."""

from collections.abc import Mapping, Sequence
from typing import Any

from hutong.identity.masking import mask
from hutong.identity.principal import Principal
from hutong.identity.read_log import note

Row = dict[str, Any]
KEPT = frozenset({"id", "kind", "state", "provenance", "roles"})
"""What of a row is no attribute of the thing itself: field lists do not ask for it."""


def protect(
    viewer: Principal, entity: str, rows: Sequence[Mapping[str, Any]], fields: Mapping[str, str], key: str = "id"
) -> list[Row]:
    """Rows with sensitive fields masked for the viewer; what stays clear is logged.

    `fields` maps column → kind of sensitive field. What the viewer's interface may not have is None: it gets `key`,
    `KEPT` and what its field list names (EC-17). The product itself (SYSTEM) is neither masked nor logged.
    """
    if viewer.kind == "system":
        return [dict(row) for row in rows]
    if entity in viewer.fields:
        kept = viewer.fields[entity] | KEPT | {key}
        rows = [{name: value if name in kept else _nothing(value) for name, value in row.items()} for row in rows]
    hidden = {column: kind for column, kind in fields.items() if not viewer.sees(kind)}
    present = sorted(column for column in fields if column not in hidden and any(row.get(column) for row in rows))
    if present:
        kinds = sorted({fields[column] for column in present})
        record_read(viewer, entity, [row[key] for row in rows], kinds, fields=present)
    return [{name: mask_field(hidden.get(name), value) for name, value in row.items()} for row in rows]


def _nothing(value: Any) -> Any:
    return type(value)() if isinstance(value, dict | list) else None


def mask_field(kind: str | None, value: Any) -> Any:
    """One field: masked when hidden under a kind; lists element by element."""
    if kind is None or value is None:
        return value
    if isinstance(value, list):
        return [mask_field(kind, element) for element in value]
    return mask(kind, str(value))


def record_read(
    viewer: Principal,
    entity: str,
    ids: Sequence[int],
    kinds: Sequence[str],
    reason: str | None = None,
    *,
    fields: Sequence[str] = (),
) -> None:
    """Write the access log, whatever becomes of the read afterwards (`read_log` says when)."""
    note({
        "actor": viewer.actor, "entity": entity, "entity_ids": [id for id in ids if id is not None],
        "kinds": list(kinds), "fields": list(fields), "reason": reason,
    })  # fmt: skip
