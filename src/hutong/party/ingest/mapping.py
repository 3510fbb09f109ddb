"""Mapping documents (EC-03, EC-04, EC-09): what a source's columns, codes and rules mean, declared and checked."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from hutong.party.columns import ATTRIBUTES, SENSITIVE
from hutong.platform import cel

KNOWN = ("name", "gender", "birth_date", "id_type", "id_number", "mobile", "phone", "email", "bank_card", "address",
          "postcode", "contact_name", "grade", "branch", "created", "changed")  # fmt: skip
TEXTS = tuple(name for name in KNOWN if name not in ("birth_date", "created", "changed"))
"""Attributes given as text."""
CODED = ("id_type", "gender", "grade", "branch")
"""Attributes whose values may be codes of the source."""
ADMISSION = cel.Environment(
    {
        "row": {
            **{
                attribute.name: {"text": "string", "boolean": "bool"}.get(attribute.type, "date")
                for attribute in ATTRIBUTES
            },
            "key": "string",
            "kind": "string",
            "issues": "list<string>",
        }
    }
)
"""What an admission rule may look at: the standardised row, and what standardisation could not use."""


class Strict(BaseModel):
    """Documents refuse what they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSystem(Strict):
    """The system records come from. `trust` 0..100 is what survivorship compares."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")
    zh: str
    en: str
    trust: int = Field(ge=0, le=100)


class FileForm(Strict):
    """How the file is written."""

    format: Literal["csv", "xlsx", "jsonl"]
    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    sheet: str | None = None


class Given(Strict):
    """Where a value comes from: one column, or several joined; as a date, an instant, or a code of a code set."""

    columns: list[str] = Field(min_length=1)
    join: str = " "
    date: list[str] | None = Field(None, description="strptime forms, tried in order")
    time: list[str] | None = Field(None, description="strptime forms or `iso`; without zone: business time zone")
    code_set: str | None = None
    codes: dict[str, str] = Field(default_factory=dict)


def _given(value: Any) -> Any:
    if isinstance(value, str):
        return {"columns": [value]}
    if isinstance(value, dict) and "column" in value:
        value = {**value, "columns": [value["column"]]}
        del value["column"]
    if isinstance(value, dict):
        for name in ("date", "time"):
            if isinstance(value.get(name), str):
                value = {**value, name: [value[name]]}
    return value


GivenField = Annotated[Given, BeforeValidator(_given)]


class KindRule(Strict):
    """Person or organisation: by a column's codes, or always the same."""

    column: str | None = None
    codes: dict[str, Literal["person", "organisation"]] = Field(default_factory=dict)
    always: Literal["person", "organisation"] | None = None

    @model_validator(mode="after")
    def one_way(self) -> Self:
        """Exactly one of the two."""
        if (self.always is None) == (self.column is None):
            raise ValueError("give either `column` with `codes`, or `always`")
        return self


class Operation(Strict):
    """The column of a change file that says what happened to the record."""

    column: str
    codes: dict[str, Literal["insert", "update", "delete"]] = Field(min_length=1)


class Delivery(Strict):
    """What a file holds: all records (`full`), some (`incremental`), or changes with an operation (`changes`).

    `missing`: what becomes of records that a full file no longer states: kept, or ended. More than
    `missing_most` percent of the source's records missing is taken for a file cut short: nothing is ended.
    """

    form: Literal["full", "incremental", "changes"] = "incremental"
    missing: Literal["keep", "end"] = "keep"
    missing_most: int = Field(20, ge=0, le=100)


class AdmissionRule(Strict):
    """A row is admitted only if every rule is true of it; `code` is the reason of the rejection."""

    code: str = Field(pattern=r"^[a-z_]+$")
    rule: str


class Admission(AdmissionRule):
    """An admission rule over a standardised record."""

    @field_validator("rule")
    @classmethod
    def readable(cls, rule: str) -> str:
        """Refuse a rule that the expression language does not accept, with its place."""
        cel.parse_condition(rule, ADMISSION)
        return rule


class Tabular(Protocol):
    """What reading a file asks of a mapping document."""

    @property
    def file(self) -> FileForm:
        """How the file is written."""

    @property
    def key(self) -> str:
        """A column that every file has."""

    def needed(self) -> list[str]:
        """The columns a file must have."""


class Document(Strict, ABC):
    """What mapping documents of parties and of information areas have in common; both have `admission` rules too."""

    mapping: str
    version: int = Field(0, ge=0, description="given when published")
    source: SourceSystem
    file: FileForm
    columns: dict[str, GivenField]

    @abstractmethod
    def masks(self) -> dict[str, str | None]:
        """Column of the source's file → kind of masking, None for a harmless one (EC-17). Others may hold anything."""

    @abstractmethod
    def environment(self) -> cel.Environment:
        """What an admission rule may look at: the row as it would be kept."""


class Mapping(Document):
    """One mapping document of parties."""

    region: str = Field("CN", description="ISO 3166 code where phones without country code belong")
    key: str
    kind: KindRule
    delivery: Delivery = Delivery()
    operation: Operation | None = None
    attributes: dict[str, str] = Field(default_factory=dict, description="further attribute → column, kept as text")
    admission: list[Admission] = Field(default_factory=list)

    @field_validator("columns")
    @classmethod
    def known(cls, columns: dict[str, Given]) -> dict[str, Given]:
        """Refuse attributes the model does not have."""
        if unknown := sorted(set(columns) - set(KNOWN)):
            raise ValueError(f"unknown attributes {unknown}; known: {', '.join(KNOWN)}")
        return columns

    @model_validator(mode="after")
    def changes_tell(self) -> Self:
        """A change file has an operation column, and only a change file."""
        if (self.operation is None) == (self.delivery.form == "changes"):
            raise ValueError("`operation` belongs to `delivery: {form: changes}`, and only to it")
        return self

    def needed(self) -> list[str]:
        """The columns a file must have."""
        names = [self.key, *([self.kind.column] if self.kind.column else [])]
        names += [self.operation.column] if self.operation else []
        names += [column for given in self.columns.values() for column in given.columns]
        return [name for name in dict.fromkeys([*names, *self.attributes.values()]) if name]

    def masks(self) -> dict[str, str | None]:
        """As `Document.masks`."""
        made: dict[str, str | None] = {self.key: None}
        if self.kind.column:
            made[self.kind.column] = None
        for attribute, given in self.columns.items():
            made |= {column: SENSITIVE.get(attribute) for column in given.columns}
        return made

    def environment(self) -> cel.Environment:
        """As `Document.environment`."""
        return ADMISSION


def read_mapping(path: Path) -> Mapping:
    """A mapping document of parties from a YAML file. Raises Unprocessable naming the place."""
    from hutong.platform.documents import read_file  # the database's library, which standardising does without

    return read_file(Mapping.model_validate, path)
