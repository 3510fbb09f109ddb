"""File mappings: which columns of a file of persons or organisations are which attribute, as a small YAML document."""

from pathlib import Path
from typing import Annotated, Any, Literal

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from hutong.party.ingest.mapping import Mapping as SourceMapping
from hutong.party.offline.dates import form_of
from hutong.platform.documents import read_file

_KINDS = {"organization": "organisation", "company": "organisation", "individual": "person"}
Kind = Annotated[Literal["person", "organisation"], BeforeValidator(lambda kind: _KINDS.get(str(kind).lower(), kind))]
ATTRIBUTES = (
    "name", "given_name", "middle_name", "family_name", "birth_date", "birth_year", "birth_month", "birth_day",
    "gender",
    "id_number", "id_type", "organisation_code", "phone", "email", "url", "bank_card", "address", "street_number",
    "street", "unit", "postcode", "place", "state", "country", "occupation", "organisation", "contact_name",
)  # fmt: skip
OTHER_NAMES = {
    "full_name": "name", "organisation_name": "name", "organization_name": "name", "company": "name",
    "first_name": "given_name", "forename": "given_name", "last_name": "family_name", "surname": "family_name",
    "date_of_birth": "birth_date", "dob": "birth_date", "sex": "gender", "id": "id_number", "ssn": "id_number",
    "mobile": "phone", "telephone": "phone", "phone_number": "phone", "mail": "email", "e_mail": "email",
    "email_address": "email", "website": "url", "homepage": "url", "domain": "url", "full_address": "address",
    "house_number": "street_number", "street_name": "street", "address_2": "unit", "zip": "postcode",
    "zip_code": "postcode", "postal_code": "postcode", "zipcode": "postcode", "city": "place", "suburb": "place",
    "town": "place", "district": "place", "province": "state", "region": "state", "job": "occupation",
    "profession": "occupation", "employer": "organisation", "organization": "organisation", "year_of_birth":
    "birth_year",
    "uscc": "organisation_code", "tax_id": "organisation_code", "registration_number": "organisation_code",
}  # fmt: skip
SEVERAL = {"phone": 3, "email": 2}
"""Attributes of which a record may have several; columns given as a list are alternatives, not parts."""
COMPARE = {
    "exact": "exact", "code": "code", "text": "text", "name": "word", "person": "person", "organisation":
    "organisation",
    "number": "number", "date": "date", "phone": "phone", "email": "email", "url": "url", "address": "address",
}  # fmt: skip


class Strict(BaseModel):
    """Documents refuse what they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(Strict):
    """Where an attribute comes from: columns, joined by `join`; dates in the forms tried first."""

    columns: list[str] = Field(min_length=1)
    join: str = " "
    date: list[str] = Field(default_factory=list)

    @field_validator("date")
    @classmethod
    def forms(cls, date: list[str]) -> list[str]:
        """DD/MM/YYYY is understood as %d/%m/%Y is."""
        return [form_of(written) for written in date]


def _given(value: Any) -> Any:
    if isinstance(value, str | int):
        return {"columns": [str(value)]}
    if isinstance(value, list):
        return {"columns": [str(name) for name in value]}
    if isinstance(value, dict):
        value = dict(value)
        if "column" in value:
            value["columns"] = [value.pop("column")]
        if isinstance(value.get("date"), str):
            value["date"] = [value["date"]]
    return value


GivenField = Annotated[Given, BeforeValidator(_given)]


Name = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
"""A column's name; columns named by numbers need no quotes."""


class Free(Strict):
    """An attribute of the file's own, with the comparator to use."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    column: Name
    compare: str = "text"

    @field_validator("compare")
    @classmethod
    def known(cls, compare: str) -> str:
        """Refuse comparators there are not."""
        if compare not in COMPARE:
            raise ValueError(f"unknown comparator '{compare}'; known: {', '.join(COMPARE)}")
        return compare


class Column(Strict):
    """A value taken from a column; `codes` translate it."""

    column: Name
    codes: dict[str, Kind] = Field(default_factory=dict)


class FileMapping(Strict):
    """One mapping document. Without `key` a record is named by its row; without `source` by its file."""

    key: Name | None = None
    source: str | Column | None = None
    kind: Kind | Column = "person"
    region: str = Field("CN", description="ISO 3166 code of the country phones without country code belong to")
    encoding: str | None = None
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    header: bool = Field(True, description="the first line names the columns; if not, their names are 1, 2, 3 ...")
    unique: bool = Field(False, description="no two records of one source are the same party")
    columns: dict[str, GivenField] = Field(min_length=1)
    free: list[Free] = Field(default_factory=list)

    @field_validator("region")
    @classmethod
    def known_region(cls, region: str) -> str:
        """Refuse regions that no phone belongs to."""
        if region.upper() not in SUPPORTED_REGIONS:
            raise ValueError(f"unknown region '{region}'; give the two letters of ISO 3166, such as CN, US or GB")
        return region.upper()

    @model_validator(mode="before")
    @classmethod
    def usual_names(cls, body: Any) -> Any:
        """Usual names of attributes are understood: surname, dob, zip ..."""
        if not isinstance(body, dict) or not isinstance(body.get("columns"), dict):
            return body
        columns: dict[str, Any] = {}
        for name, given in body["columns"].items():
            known = (
                name if name in ATTRIBUTES else OTHER_NAMES.get(str(name).lower().replace("-", "_").replace(" ", "_"))
            )
            if known is None:
                raise ValueError(
                    f"unknown attribute '{name}'; known: {', '.join(ATTRIBUTES)}. "
                    "Others go under `free` with a comparator"
                )
            if known in columns and known in SEVERAL:
                before = _given(columns[known])["columns"]
                columns[known] = {"columns": [*before, *_given(given)["columns"]]}
            elif known in columns:
                raise ValueError(f"'{known}' is given twice")
            else:
                columns[known] = given
        if isinstance(body.get("free"), dict):
            free = [
                {"name": name, **({"column": given} if isinstance(given, str) else given)}
                for name, given in body["free"].items()
            ]
            body = {**body, "free": free}
        return {**body, "columns": columns}

    def needed(self) -> list[str]:
        """The columns a file must have."""
        names = [self.key] if self.key else []
        names += [part.column for part in (self.source, self.kind) if isinstance(part, Column)]
        names += [column for given in self.columns.values() for column in given.columns]
        return list(dict.fromkeys([*names, *(free.column for free in self.free)]))


def read_mapping(path: Path) -> FileMapping | SourceMapping:
    """A mapping document: one of files, or one of a source system. Raises Unprocessable naming the place."""
    return read_file(lambda body: (SourceMapping if "mapping" in body else FileMapping).model_validate(body), path)
