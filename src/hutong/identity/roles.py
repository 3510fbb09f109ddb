"""Roles: what they may do, see and reach; declared in documents, loaded as a set."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from hutong.identity.tables import role, unit

FieldKind = Literal["*", "name", "id_card", "phone", "address", "bank_card", "email"]


class RoleDocument(BaseModel):
    """One role. `scopes`: entity → CEL condition over `row` and `viewer`; absent means every row."""

    model_config = ConfigDict(extra="forbid")

    code: str
    name_zh: str
    name_en: str
    rights: list[str]
    clear: list[FieldKind] = Field(default_factory=list)
    scopes: dict[str, str] = Field(default_factory=dict)


class UnitDocument(BaseModel):
    """One unit of the organisation tree, with those below it."""

    model_config = ConfigDict(extra="forbid")

    code: str
    name_zh: str
    name_en: str
    units: list["UnitDocument"] = Field(default_factory=list)


class IdentityDocument(BaseModel):
    """Roles and units of an installation."""

    model_config = ConfigDict(extra="forbid")

    roles: list[RoleDocument]
    units: list[UnitDocument]


class Grants(NamedTuple):
    """What several roles give together."""

    rights: frozenset[str]
    clear: frozenset[str]
    scopes: Mapping[str, str]


def load_documents(conn: Connection, path: Path) -> None:
    """Load roles and units from a YAML document; existing codes are updated."""
    document = IdentityDocument.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    rows = [entry.model_dump() for entry in document.roles]
    statement = insert(role)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["code"],
            set_={name: statement.excluded[name] for name in ("name_zh", "name_en", "rights", "clear", "scopes")},
        ),
        rows,
    )
    _load_units(conn, document.units, None, "/")


def _load_units(conn: Connection, units: Sequence[UnitDocument], parent: int | None, path: str) -> None:
    """One statement per level of a parent; the tree of an enterprise is small and shallow."""
    for entry in units:
        here = f"{path}{entry.code}/"
        statement = insert(unit).values(
            code=entry.code, parent_id=parent, path=here, name_zh=entry.name_zh, name_en=entry.name_en
        )
        saved = conn.execute(
            statement.on_conflict_do_update(
                index_elements=["code"],
                set_={name: statement.excluded[name] for name in ("parent_id", "path", "name_zh", "name_en")},
            ).returning(unit.c.id)
        ).scalar_one()
        _load_units(conn, entry.units, saved, here)


def combine(roles: Iterable[Mapping[str, Any]]) -> Grants:
    """Rights and clear kinds add up. A scope holds only where every role limits the entity: then any of them may let
    a row through; a role without a scope for it lifts the limit."""
    held = list(roles)
    entities = set.intersection(*(set(entry["scopes"]) for entry in held)) if held else set()
    return Grants(
        frozenset(right for entry in held for right in entry["rights"]),
        frozenset(kind for entry in held for kind in entry["clear"]),
        MappingProxyType(
            {entity: " || ".join(f"({entry['scopes'][entity]})" for entry in held) for entity in sorted(entities)}
        ),
    )
