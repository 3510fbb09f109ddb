"""The data model documented from its declarations (EC-10): each entity with its attributes, meaning, codes, masking; so
the documentation cannot differ from what is stored."""

from typing import Any, NamedTuple

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from hutong.identity import Principal, require
from hutong.party import tables
from hutong.party.columns import ATTRIBUTES
from hutong.party.information import AREAS, Field
from hutong.party.model.extension import MODEL, ExtensionAttribute, active
from hutong.platform import database
from hutong.platform.documents import versions

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves dialects untyped
_CODES = {"gender": "gender", "id_type": "id_type", "grade": "customer_grade", "kind": "party_kind"}
_CORE = ("party", "source_record", "xref", "party_value", "redirect", "role", "household", "household_member",
         "customer_group", "group_member", "judgement", "operation", "suspect_group", "source", "load",
         "rejected_record")  # fmt: skip


class Documented(NamedTuple):
    """One attribute of an entity."""

    name: str
    type: str
    meaning: str
    code_set: str
    sensitive: str
    required: bool


class Entity(NamedTuple):
    """A table, as its declaration tells of it. `group`: core or area."""

    name: str
    group: str
    meaning: str
    attributes: list[Documented]


def entities() -> list[Entity]:
    """The whole model: core entities, then areas. Pure."""
    core = [_entity(getattr(tables, name), "core", {}) for name in _CORE]
    areas = [
        _entity(tables.area_tables[name], "area", {f.name: f for f in area.fields}) for name, area in AREAS.items()
    ]
    return [*core, *areas]


def _entity(table: Table, group: str, fields: dict[str, Field]) -> Entity:
    known = {attribute.name: attribute for attribute in ATTRIBUTES} if "name_key" in table.c else {}
    made = []
    for column in table.columns:
        field, attribute = fields.get(column.name), known.get(column.name)
        sensitive = (field.sensitive if field else attribute.sensitive if attribute else None) or ""
        codes = (field.code_set if field else _CODES.get(column.name) if known else None) or ""
        kind = str(column.type.compile(_DIALECT)).lower()
        made.append(Documented(column.name, kind, column.comment or "", codes, sensitive, not column.nullable))
    return Entity(table.name, group, table.comment or "", made)


def model(viewer: Principal) -> dict[str, Any]:
    """The documented model with the declared attributes in force and their versions. Needs `party.read`."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        extension: list[ExtensionAttribute] = active(conn).attributes
        published = versions(conn, MODEL)
    return {"entities": entities(), "extension": extension, "versions": published}
