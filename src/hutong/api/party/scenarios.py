"""The sharing scenarios over HTTP (EC-15): issue, pop, glance, papers on file, routing of claims."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hutong.api.keys import Key
from hutong.api.problems import problems
from hutong.identity.http import Caller
from hutong.party import PartyData
from hutong.party.sharing import claims, glance, issue, on_file, pop

router = APIRouter(prefix="/party/v1", tags=["Customer master: scenarios"])
NO_NUL = r"^[^\x00]*$"
Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_-]*$")]
Text40 = Annotated[str, Field(max_length=40, pattern=NO_NUL)]
Text60 = Annotated[str, Field(max_length=60, pattern=NO_NUL)]
Text200 = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Text500 = Annotated[str, Field(max_length=500, pattern=NO_NUL)]
Micros = Annotated[int, Field(ge=0, le=2**62)]


class Applicant(BaseModel):
    """Who applies, as the counter knows them. `key`: the caller's own key: asked again, it gives the same customer."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
    kind: Literal["person", "organisation"] = "person"
    name: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
    id_type: Code | None = None
    id_number: Text60 | None = None
    birth_date: date | None = None
    mobile: Text40 | None = None
    email: Text200 | None = None
    address: Text500 | None = None


class Paper(BaseModel):
    """A paper, consent or value that the business needs: `valid` ones need not be asked for again."""

    title: str
    any_of: list[str]
    state: Literal["valid", "expired", "missing"]
    what: str | None
    since: datetime | None
    until: datetime | None
    source: str | None


class Issued(BaseModel):
    """The customer with its one id. `outside`: found, but not among the rows this interface sees."""

    party_id: int
    created: bool
    outside: bool
    customer: dict[str, Any] | None
    facts: dict[str, Any]
    warnings: list[str]
    papers: list[Paper]
    suspects: list[dict[str, Any]]


class Glance(BaseModel):
    """Class, value, history and warnings."""

    customer: dict[str, Any]
    facts: dict[str, Any]
    warnings: list[str]
    history: list[dict[str, Any]]


class Candidate(BaseModel):
    """Who may be calling."""

    customer: dict[str, Any]
    uses: dict[str, Any]
    facts: dict[str, Any]
    warnings: list[str]
    scripts: list[dict[str, str]]
    matters: list[dict[str, Any]]
    lists: list[dict[str, Any]]


class Pop(BaseModel):
    """Candidates for a number, most likely first. `shared`: whose number it is: own, household, company, many."""

    number: str | None
    holders: int
    shared: Literal["own", "household", "company", "many"]
    candidates: list[Candidate]


class Claim(BaseModel):
    """A claim to be routed; amounts in micro currency units (10⁻⁶)."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
    party_id: Annotated[int, Field(ge=1, le=2**62)]
    amount_micros: Micros | None = None
    cause: Text60 | None = None
    line: Text60 | None = None
    injured: bool | None = None
    documents_complete: bool | None = None
    days_since_loss: Annotated[int, Field(ge=0, le=100_000)] | None = None


class Routed(BaseModel):
    """How the claim goes, by which rule, on which facts."""

    id: int
    claim: str
    route: Literal["simplified", "standard", "investigation"]
    priority: int
    rule: str
    version: int
    reason: str
    sentence: str
    inputs: dict[str, Any]


@router.post("/issue", response_model=Issued, responses=problems(401, 403, 422, 429))
def issue_policy(applicant: Applicant, viewer: Caller) -> Issued:
    """Issue a policy, open an account: the customer, found or else made, and which papers need not be asked for."""
    data = PartyData(**applicant.model_dump(exclude={"key"}))
    return Issued(**issue.issue(viewer, data, f"{viewer.name}:{applicant.key}"))


@router.get("/pop", response_model=Pop, responses=problems(401, 403, 429))
def screen_pop(viewer: Caller, number: Annotated[str, Query(max_length=40)]) -> Pop:
    """Who may be calling from a number, and what is open with them."""
    return Pop(**pop.pop(viewer, number))


@router.get("/parties/{key}/glance", response_model=Glance, responses=problems(401, 403, 404, 429))
def at_a_glance(key: Key, viewer: Caller) -> Glance:
    """Class, value and history at a glance, for underwriting."""
    return Glance(**glance.glance(viewer, key))


@router.get("/parties/{key}/papers", response_model=list[Paper], responses=problems(401, 403, 404, 429))
def papers(key: Key, viewer: Caller, business: Annotated[str, Query(max_length=60)] = "policy-issue") -> list[Paper]:
    """Which papers, consents and values a business needs, and which of them are on file and valid: ask only once."""
    return [Paper(**paper) for paper in on_file.reusable(viewer, key, business)]


@router.post("/claims", response_model=Routed, responses=problems(401, 403, 404, 422, 429))
def route_claim(claim: Claim, viewer: Caller) -> Routed:
    """Priority and route of a claim, by published rules; the decision is kept with its reasons."""
    given = claim.model_dump(exclude={"number", "party_id"}, exclude_none=True)
    decided = claims.decide(viewer, claim.party_id, claim.number, given)
    return Routed(**{name: decided[name] for name in Routed.model_fields})
