"""What is known about a party over HTTP (EC-01, EC-11, EC-12, EC-16): areas, values, relations, household, timeline, as
it was; and what a caller states."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from hutong.api.instants import Instant
from hutong.api.keys import Key
from hutong.api.problems import problems
from hutong.identity.http import Caller
from hutong.party.areas import as_it_was, due, people, read, timeline, values
from hutong.party.relations import households, relate
from hutong.party.relations import read as relations

router = APIRouter(prefix="/party/v1/parties", tags=["Customer master: information"])
_REFUSALS = problems(401, 403, 404, 422, 429)
Rows = list[dict[str, Any]]


class Stated(BaseModel):
    """A row of an area: its fields, and `key`, under which stating it again replaces it."""

    values: dict[str, Any]
    key: str | None = Field(None, max_length=200)


class ValueStated(BaseModel):
    """A name, contact or document. `confirmed`: the customer said so just now; `main`: the one to be shown."""

    kind: str
    value: str = Field(max_length=400)
    use: str | None = None
    detail: str | None = None
    main: bool = False
    confirmed: bool = False


class Related(BaseModel):
    """The party is the other's `kind` (code set party_relation). `percent` in hundredths of a per cent."""

    other: int
    kind: str
    percent: int | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    note: str | None = Field(None, max_length=400)


@router.get("/{party_id}/areas/{area}", responses=_REFUSALS)
def area_rows(
    party_id: Key, area: str, viewer: Caller, *, at: Instant | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Rows:  # fmt: skip
    """Rows of an area, latest first; `at`: those in force then."""
    return read.of_party(viewer, party_id, area, at=at, limit=limit)


@router.post("/{party_id}/areas/{area}", status_code=201, responses=_REFUSALS)
def state_row(party_id: Key, area: str, stated: Stated, viewer: Caller) -> dict[str, Any]:
    """State a row; `ids` is empty when nothing is new."""
    return {"ids": people.state(viewer, party_id, area, stated.values, stated.key)}


@router.post("/{party_id}/areas/{area}/{row_id}/confirmation", status_code=204, responses=_REFUSALS)
def confirm_row(party_id: Key, area: str, row_id: Key, viewer: Caller) -> None:
    """The customer confirmed a row just now; who heard it is written down."""
    people.confirm(viewer, party_id, area, row_id)


@router.get("/{party_id}/values", responses=_REFUSALS)
def value_rows(party_id: Key, viewer: Caller, at: Instant | None = None) -> Rows:
    """Names, contacts, addresses and documents with use, validity, sources and confirmation."""
    return values.values(viewer, party_id, at)


@router.post("/{party_id}/values", status_code=201, responses=_REFUSALS)
def add_value(party_id: Key, stated: ValueStated, viewer: Caller) -> dict[str, str]:
    """State a value; it is answered as it is kept. `state`: done, or pending where the change must be approved."""
    said = values.add(viewer, party_id, stated.kind, stated.value, use=stated.use, detail=stated.detail,
                      main=stated.main, confirmed=stated.confirmed)  # fmt: skip
    return {"value": said.value, "state": said.state}


@router.get("/{party_id}/relations", responses=_REFUSALS)
def related(party_id: Key, viewer: Caller, at: Instant | None = None) -> Rows:
    """Whom the party is related to, and what they are to it."""
    return relations.relations(viewer, party_id, at=at)


@router.post("/{party_id}/relations", status_code=201, responses=_REFUSALS)
def relate_to(party_id: Key, stated: Related, viewer: Caller) -> dict[str, int]:
    """State a relation."""
    return {"id": relate.relate(viewer, party_id, stated.other, stated.kind, percent=stated.percent, note=stated.note,
                                valid_from=stated.valid_from, valid_to=stated.valid_to)}  # fmt: skip


@router.get("/{party_id}/household", responses=_REFUSALS)
def household(party_id: Key, viewer: Caller) -> dict[str, Any] | None:
    """The household and its members; null where none is known."""
    return households.household_of(viewer, party_id)


@router.get("/{party_id}/timeline", responses=_REFUSALS)
def happened(
    party_id: Key, viewer: Caller, *, kinds: Annotated[list[str] | None, Query()] = None,
    before: Instant | None = None, kind: str = "", id: int = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Rows:  # fmt: skip
    """What happened, latest first, after the place (`before`, `kind`, `id`) of the last row of the page before."""
    place = timeline.Place(before, kind, id) if before else None
    found = timeline.timeline(viewer, party_id, kinds=kinds or timeline.KINDS, after=place, limit=limit)
    return [{"at": each.at, "kind": each.kind, "id": each.id, "row": each.row} for each in found]


@router.get("/{party_id}/as-it-was", responses=_REFUSALS)
def was(party_id: Key, at: Instant, viewer: Caller) -> dict[str, Any]:
    """Basic data, contacts and what was in force at an instant."""
    return as_it_was.as_it_was(viewer, party_id, at)


renewals = APIRouter(prefix="/party/v1", tags=["Customer master: information"])


@renewals.get("/renewals-due", responses=_REFUSALS)
def renewals_due(
    first: date, end: date, viewer: Caller, *, after_day: date | None = None, after_id: int = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Rows:  # fmt: skip
    """Policies in force due from `first` to before `end`, by day."""
    return due.renewals_due(viewer, first, end, after=(after_day, after_id) if after_day else None, limit=limit)
