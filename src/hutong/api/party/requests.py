"""Changes with approval (EC-02) and enhancement batches (EC-08) over HTTP: asked for, decided, taken back."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from hutong.api.keys import Key
from hutong.api.problems import problems
from hutong.identity.http import Caller
from hutong.party.lifecycle import changes
from hutong.party.reading import requests
from hutong.party.stewardship import enhancement, enhancement_report
from hutong.party.stewardship.enhancement_rows import LARGEST

router = APIRouter(prefix="/party/v1", tags=["Customer master: changes"])
_REFUSALS = problems(401, 403, 404, 409, 422, 429)


class ChangeAsked(BaseModel):
    """`body`: create {attributes, key}; modify {attributes}; merge {force}; split {records}; others none."""

    kind: Literal["create", "modify", "deactivate", "reactivate", "merge", "split", "erase"]
    parties: list[int] = Field(default_factory=list, max_length=12)
    body: dict[str, Any] = Field(default_factory=dict)
    reason: str = Field("", max_length=500)


class ChangeMade(BaseModel):
    """`state`: done, or pending because of a `rule` of the policy; `result`: what it led to."""

    request: int
    state: str
    rule: str | None
    result: dict[str, Any]


class Decision(BaseModel):
    """What is decided about a request, and why."""

    verdict: Literal["approve", "refuse", "withdraw"]
    note: str = Field("", max_length=500)


class BatchGiven(BaseModel):
    """Rows say whom they are about (party_id, source and key, id_number, or name with a contact) and what was gathered
    (mobile, phone, email, address, postcode, contact_name), with `confirmed`: yes where the customer said so."""

    name: str = Field(min_length=1, max_length=100)
    channel: str
    rows: list[dict[str, str]] = Field(min_length=1, max_length=LARGEST)


def _made(applied: changes.Applied) -> ChangeMade:
    return ChangeMade(request=applied.request_id, state=applied.state, rule=applied.rule, result=applied.result)


@router.post("/change-requests", status_code=201, response_model=ChangeMade, responses={**_REFUSALS, 202: {}})
def ask(asked: ChangeAsked, viewer: Caller, response: Response) -> ChangeMade:
    """Ask for a change: 201 when it is done, 202 when it waits for approval."""
    applied = changes.apply_change(viewer, asked.kind, asked.parties, body=asked.body, reason=asked.reason)
    response.status_code = 202 if applied.state == "pending" else 201
    return _made(applied)


@router.get("/change-requests", responses=_REFUSALS)
def pending(viewer: Caller, after: Annotated[int, Query(ge=0)] = 0) -> list[dict[str, Any]]:
    """Requests that wait, oldest first, after an id; masked for the caller."""
    return requests.pending(viewer, after, 100)


@router.post("/change-requests/{request_id}", responses=_REFUSALS)
def decide(request_id: Key, decision: Decision, viewer: Caller) -> dict[str, Any]:
    """Approve, refuse, or withdraw one's own."""
    if decision.verdict == "approve":
        return _made(changes.approve(viewer, request_id, decision.note)).model_dump()
    if decision.verdict == "refuse":
        changes.refuse(viewer, request_id, decision.note)
    else:
        changes.withdraw(viewer, request_id)
    return {"request": request_id, "state": {"refuse": "refused", "withdraw": "withdrawn"}[decision.verdict]}


@router.post("/enhancements", status_code=201, responses=_REFUSALS)
def draft(given: BatchGiven, viewer: Caller) -> dict[str, Any]:
    """Take gathered contact data in as a batch, and tell what applying it would do; nothing of parties changes yet."""
    batch = enhancement.draft(viewer, given.name, given.channel, given.rows)
    return {"batch": batch, "state": "drafted", "report": enhancement.preview(viewer, batch)}


@router.post("/enhancements/{batch}/{action}", responses=_REFUSALS)
def act(batch: int, action: Literal["apply", "withdraw"], viewer: Caller) -> Mapping[str, Any]:
    """Apply a batch, or take it back."""
    if action == "apply":
        return {"batch": batch, "state": "applied", "report": enhancement.apply(viewer, batch)}
    return {"batch": batch, "state": "withdrawn", "records": enhancement.withdraw(viewer, batch)}


@router.get("/enhancements/{batch}", responses=_REFUSALS)
def batch_of(batch: int, viewer: Caller, after: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
    """A batch with its report and its rows after a row number, masked for the caller."""
    return enhancement_report.batch(viewer, batch, after)
