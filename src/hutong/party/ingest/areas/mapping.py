"""Mapping documents of information areas (EC-16): what the columns of a system's file of policies, claims, events,
roles or relations mean. Beside the mappings of parties, in the folder `summaries` of a pack."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from hutong.party.information import AREAS, VALUE_MASKS, Area, timing_columns
from hutong.party.ingest.mapping import AdmissionRule, Document, Strict
from hutong.platform import cel
from hutong.platform.documents import read_file

_CEL = {"text": "string", "bigint": "int", "date": "date", "instant": "timestamp", "boolean": "bool", "jsonb": "string"}


class Reference(Strict):
    """Whom a row is about: the key of that party's record in a source (the file's own, unless named)."""

    column: str
    source: str | None = None


def _reference(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Of = Annotated[Reference, BeforeValidator(_reference)]


class AreaMapping(Document):
    """One mapping document of an area.

    `keys`: the columns that make the row's own key; `prefix` goes before it, so that one file may state several things
    in a row. `optional`: rows without the reference state nothing and are passed over.
    """

    area: str
    keys: list[str] = Field(min_length=1)
    prefix: str = ""
    of: Of
    to: Of | None = None
    optional: bool = False
    constants: dict[str, str] = Field(default_factory=dict)
    admission: list[AdmissionRule] = Field(default_factory=list)

    @field_validator("area")
    @classmethod
    def an_area(cls, area: str) -> str:
        """Refuse areas the model does not have."""
        if area not in AREAS:
            raise ValueError(f"no area {area}; known: {', '.join(AREAS)}")
        return area

    @model_validator(mode="after")
    def fits(self) -> Self:
        """Refuse fields the area does not have, and conditions the expression language does not accept."""
        known = set(fields_of(self.form))
        if unknown := sorted({*self.columns, *self.constants} - known):
            raise ValueError(f"unknown fields {unknown} of {self.area}; known: {', '.join(sorted(known))}")
        if (self.area == "party_relation") != (self.to is not None):
            raise ValueError("`to` belongs to relations, and only to them")
        for admission in self.admission:
            try:
                cel.parse_condition(admission.rule, self.environment())
            except cel.ExpressionError as problem:
                raise ValueError(f"{admission.code}: {problem.message('en')}") from problem
        return self

    @property
    def form(self) -> Area:
        """The area's declaration."""
        return AREAS[self.area]

    @property
    def key(self) -> str:
        """The first column of the key: what a file must have at least."""
        return self.keys[0]

    def needed(self) -> list[str]:
        """The columns a file must have."""
        names = [*self.keys, self.of.column, *([self.to.column] if self.to else [])]
        return list(dict.fromkeys([*names, *(name for given in self.columns.values() for name in given.columns)]))

    def masks(self) -> dict[str, str | None]:
        """As `Document.masks`."""
        kinds = {field.name: field.sensitive for field in self.form.fields}
        if "kind" in self.constants and self.area == "stated_value":
            kinds["value"] = VALUE_MASKS.get(self.constants["kind"])
        references = [self.of.column, *([self.to.column] if self.to else [])]
        made: dict[str, str | None] = dict.fromkeys([*self.keys, *references])
        for name, given in self.columns.items():
            made |= {column: kinds.get(name) for column in given.columns}
        return made

    def environment(self) -> cel.Environment:
        """As `Document.environment`."""
        return _environment(self.form)


def _environment(area: Area) -> cel.Environment:
    fields = {field.name: _CEL[field.type] for field in area.fields}
    return cel.Environment({"row": fields | {name: _CEL[kind] for name, kind in timing_columns(area)}})


def fields_of(area: Area) -> list[str]:
    """What columns of a file may be mapped to, beside keys and references."""
    return [*(field.name for field in area.fields), *(name for name, _ in timing_columns(area)), "changed"]


def read_area_mapping(path: Path) -> AreaMapping:
    """A mapping document of an area from a YAML file. Raises Unprocessable naming the place."""
    return read_file(AreaMapping.model_validate, path)
