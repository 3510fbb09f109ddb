"""Mapping documents of information areas (EC-16): what the columns of a system's file of policies, claims, events,
roles or relations mean. Beside the mappings of parties, in the folder `summaries` of a pack."""

from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from hutong.party.information import AREAS, Area, timing_columns
from hutong.party.ingest.mapping import FileForm, GivenField, SourceSystem, Strict
from hutong.platform import cel
from hutong.platform.errors import Invalid

_CEL = {"text": "string", "bigint": "int", "date": "date", "instant": "timestamp", "boolean": "bool", "jsonb": "string"}


class Reference(Strict):
    """Whom a row is about: the key of that party's record in a source (the file's own, unless named)."""

    column: str
    source: str | None = None


def _reference(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Of = Annotated[Reference, BeforeValidator(_reference)]


class AreaAdmission(Strict):
    """A row is admitted only if every rule is true of it; `code` is the reason of the rejection."""

    code: str = Field(pattern=r"^[a-z_]+$")
    rule: str


class AreaMapping(Strict):
    """One mapping document of an area.

    `keys`: the columns that make the row's own key; `prefix` goes before it, so that one file may state several things
    in a row. `optional`: rows without the reference state nothing and are passed over.
    """

    area: str
    mapping: str
    version: int = Field(ge=1)
    source: SourceSystem
    file: FileForm
    keys: list[str] = Field(min_length=1)
    prefix: str = ""
    of: Of
    to: Of | None = None
    optional: bool = False
    columns: dict[str, GivenField]
    constants: dict[str, str] = Field(default_factory=dict)
    admission: list[AreaAdmission] = Field(default_factory=list)

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
        known = {f.name for f in self.form.fields} | {name for name, _ in timing_columns(self.form)} | {"changed"}
        if unknown := sorted({*self.columns, *self.constants} - known):
            raise ValueError(f"unknown fields {unknown} of {self.area}; known: {', '.join(sorted(known))}")
        if (self.area == "party_relation") != (self.to is not None):
            raise ValueError("`to` belongs to relations, and only to them")
        for admission in self.admission:
            try:
                cel.parse_condition(admission.rule, environment(self.form))
            except cel.ExpressionError as problem:
                raise ValueError(problem.message("en")) from problem
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


def environment(area: Area) -> cel.Environment:
    """What an admission rule may look at: the fields of the row as they are kept."""
    fields = {field.name: _CEL[field.type] for field in area.fields}
    return cel.Environment({"row": fields | {name: _CEL[kind] for name, kind in timing_columns(area)}})


def is_area_mapping(path: Path) -> bool:
    """Whether a mapping document is one of an area: it names it."""
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return isinstance(body, dict) and "area" in body


def read_area_mapping(path: Path) -> AreaMapping:
    """A mapping document of an area from a YAML file. Raises Invalid naming the place."""
    try:
        return AreaMapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as problem:
        first = problem.errors()[0] if isinstance(problem, ValidationError) else None
        where = ".".join(str(part) for part in first["loc"]) if first else str(problem).splitlines()[0]
        why = first["msg"] if first else "not YAML"
        raise Invalid("party-mapping-invalid", file=path.name, where=where, why=why) from problem
