"""Attributes declared without code (EC-10): name, type, labels, validation in CEL, masking, survivorship. Values are
kept in `attributes` of source records and golden records. Pure but for reading the document in force."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection, text

from hutong import masterdata
from hutong.identity import Principal
from hutong.identity.masking import MASKS
from hutong.identity.protection import mask_field, record_read
from hutong.party.columns import NAMES
from hutong.party.defaults import shipped
from hutong.platform import cel, database, documents
from hutong.platform.errors import Unprocessable

Kind = Literal["text", "number", "date", "boolean", "code"]
_CEL: dict[Kind, str] = {"text": "string", "number": "int", "date": "date", "boolean": "bool", "code": "string"}


class ExtensionAttribute(BaseModel):
    """One declared attribute. `number`: a whole number; `sensitive`: kind of masking; `survives`: which source's value
    the golden record takes; `searchable`: customers are found by its whole value; `validation`: CEL over `value`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")
    zh: str
    en: str
    type: Kind
    of: Literal["person", "organisation", "both"] = "both"
    code_set: str | None = None
    validation: str | None = None
    sensitive: str | None = None
    searchable: bool = False
    survives: Literal["trust", "recency"] = "trust"

    @model_validator(mode="after")
    def sound(self) -> Self:
        """Refuse names the model has, unknown kinds of masking, codes without set, and validations not accepted."""
        if self.name in NAMES:
            raise ValueError(f"{self.name} is an attribute of the model already")
        if self.sensitive and self.sensitive not in MASKS:
            raise ValueError(f"no kind of masking {self.sensitive}; known: {', '.join(MASKS)}")
        if (self.type == "code") != (self.code_set is not None):
            raise ValueError("`code_set` belongs to type code, and only to it")
        if self.searchable and self.type == "boolean":
            raise ValueError("yes or no tells no customer apart: not searchable")
        if self.validation:
            cel.parse_condition(self.validation, self.environment())
        return self

    def environment(self) -> cel.Environment:
        """What the validation may look at."""
        return cel.Environment({"value": _CEL[self.type]})

    def label(self, locale: str) -> str:
        """The attribute's name for people."""
        return self.zh if locale == "zh-CN" else self.en

    def read(self, raw: Any) -> Any:
        """A value as it is kept: text, whole number, ISO date, true or false. Raises ValueError when it is none."""
        if self.type == "number":
            return int(str(raw).strip())
        if self.type == "date":
            return date.fromisoformat(str(raw).strip()).isoformat()
        if self.type == "boolean":
            if str(raw).lower() not in ("true", "false", "1", "0", "yes", "no", "y", "n", "是", "否"):
                raise ValueError(raw)
            return str(raw).lower() in ("true", "1", "yes", "y", "是")
        return str(raw).strip()

    def holds(self, kept: Any) -> bool:
        """Whether a kept value meets the validation."""
        if not self.validation:
            return True
        value = date.fromisoformat(kept) if self.type == "date" else kept
        return cel.parse(self.validation, self.environment()).holds({"value": value})


class ModelDocument(BaseModel):
    """A version of the declared attributes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    version: int = Field(0, ge=0, description="given when published")
    attributes: list[ExtensionAttribute] = Field(default_factory=list)

    @model_validator(mode="after")
    def each_once(self) -> Self:
        """A name stands once."""
        names = [attribute.name for attribute in self.attributes]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"declared twice: {', '.join(sorted(twice))}")
        return self

    def of(self, kind: str) -> list[ExtensionAttribute]:
        """The attributes a kind of party has."""
        return [attribute for attribute in self.attributes if attribute.of in (kind, "both")]

    def named(self) -> dict[str, ExtensionAttribute]:
        """By name."""
        return {attribute.name: attribute for attribute in self.attributes}


def _take_up(conn: Connection, before: ModelDocument | None, after: ModelDocument) -> None:
    """Records that state attributes which now survive otherwise follow with the next run."""
    held = before.named() if before else {}
    moved = [one.name for one in after.attributes if one.survives != (held[one.name].survives if one.name in held
                                                                      else "trust")]  # fmt: skip
    if moved:
        conn.execute(
            text(
                """INSERT INTO party.changed_record (record_id)
                   SELECT id FROM party.source_record WHERE attributes ?| CAST(:names AS text[])"""
            ),
            {"names": moved},
        )


MODEL = documents.Kind(
    "party", "model", ModelDocument.model_validate, reads="party.steward", writes="party.model",
    fixed=("model",), shipped=shipped("model"), published=_take_up,
)  # fmt: skip
"""The attributes declared without code."""


def active(conn: Connection) -> ModelDocument:
    """The declared attributes in force."""
    return documents.in_force(conn, MODEL)


def checked(conn: Connection, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of declared attributes as they are kept; None withdraws. Raises Unprocessable naming the attribute that is
    not declared for the kind of party, or whose value is not valid."""
    declared = {attribute.name: attribute for attribute in active(conn).of(kind)}
    made: dict[str, Any] = {}
    for name, raw in given.items():
        attribute = declared.get(name)
        if attribute is None:
            raise Unprocessable("party-extension-unknown", field=name, what=name)
        if raw in (None, ""):
            made[name] = None
            continue
        try:
            kept = attribute.read(raw)
        except ValueError as problem:
            raise Unprocessable("party-extension-invalid", field=name, what=name) from problem
        codes = codes_of(attribute)
        if not attribute.holds(kept) or (codes and kept not in codes):
            raise Unprocessable("party-extension-invalid", field=name, what=name)
        made[name] = kept
    return made


def codes_of(attribute: ExtensionAttribute) -> frozenset[str]:
    """The standard codes an attribute may have; none: any."""
    if attribute.code_set is None:
        return frozenset()
    with database.read("masterdata") as conn:
        return frozenset(masterdata.standard_codes(conn, attribute.code_set))


def protected(viewer: Principal, rows: Sequence[Mapping[str, Any]], key: str = "id") -> list[dict[str, Any]]:
    """As `mask_attributes`, with a connection of its own where there is anything to mask."""
    if viewer.kind == "system" or not any(row.get("attributes") for row in rows):
        return [dict(row) for row in rows]
    with database.read("party") as conn:
        return mask_attributes(conn, viewer, rows, key)


def hidden(viewer: Principal) -> dict[str, str]:
    """Declared attribute → kind of masking, of those the viewer may not see in clear."""
    if viewer.kind == "system":
        return {}
    with database.read("party") as conn:
        declared = active(conn).attributes
    return {one.name: one.sensitive for one in declared if one.sensitive and not viewer.sees(one.sensitive)}


def mask_attributes(
    conn: Connection, viewer: Principal, rows: Sequence[Mapping[str, Any]], key: str = "id"
) -> list[dict[str, Any]]:
    """Rows with the sensitive ones of their `attributes` masked for the viewer; what stays clear is logged (EC-17)."""
    sensitive = {one.name: one.sensitive for one in active(conn).attributes if one.sensitive}
    if viewer.kind == "system" or not sensitive:
        return [dict(row) for row in rows]
    present = {name for row in rows for name in (row.get("attributes") or {}) if name in sensitive}
    clear = sorted({kind for name in present if (kind := sensitive[name]) and viewer.sees(kind)})
    if clear:
        record_read(viewer, "party", [row[key] for row in rows], clear)
    return [{**row, "attributes": _masked(viewer, row["attributes"], sensitive)} if row.get("attributes") else dict(row)
            for row in rows]  # fmt: skip


def _masked(viewer: Principal, given: Mapping[str, Any], sensitive: Mapping[str, str]) -> dict[str, Any]:
    """Values of declared attributes, the sensitive ones masked unless the viewer sees their kind."""
    return {
        name: value if name not in sensitive or viewer.sees(sensitive[name]) else mask_field(sensitive[name], value)
        for name, value in given.items()
    }
