"""Reveal over HTTP (EC-17): one sensitive value in clear, for a reason that goes to the access log."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from hutong.api.problems import problems
from hutong.identity.http import Caller
from hutong.party.reading.reveal import reveal

router = APIRouter(prefix="/party/v1", tags=["Customer master: protection"])


class Asked(BaseModel):
    """Which attribute, and why."""

    field: str = Field(max_length=100, description="mobile; values/<token>")
    reason: str = Field(min_length=4, max_length=300)


class Revealed(BaseModel):
    """The value in clear."""

    field: str
    value: str | None


@router.post("/parties/{key}/reveal", response_model=Revealed, responses=problems(401, 403, 404, 422, 429))
def reveal_value(caller: Caller, key: Annotated[int, Path(ge=1, le=2**62)], asked: Asked) -> Revealed:
    """One sensitive value of a party; the caller, the party, the field and the reason are logged first."""
    return Revealed(field=asked.field, value=reveal(caller, key, asked.field, asked.reason))
