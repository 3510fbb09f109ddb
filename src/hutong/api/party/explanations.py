"""Why, why not and how over HTTP (EC-05, XP-02)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from hutong.api.keys import Key
from hutong.api.problems import problems
from hutong.identity.http import Caller
from hutong.party.explanations.how import how
from hutong.party.explanations.why_not import why_not
from hutong.party.reading import queries

router = APIRouter(prefix="/party/v1", tags=["Customer master: explanations"])


@router.get("/parties/{party_id}/why", responses=problems(401, 403, 404, 429))
def why_one(viewer: Caller, party_id: Key) -> list[dict[str, Any]]:
    """Why a party's records are one: every judgement among them: rule, its words, strength, what held, who, when."""
    return [dict(row) for row in queries.why(viewer, party_id)]


@router.get("/parties/{party_id}/why-not/{other}", responses=problems(401, 403, 404, 429))
def why_two(viewer: Caller, party_id: Key, other: Key) -> dict[str, Any]:
    """Why two parties are not one: judgements between them, the match keys they share, and for their closest records
    each rule with the conditions that fail."""
    return why_not(viewer, party_id, other)


@router.get("/parties/{party_id}/how", responses=problems(401, 403, 404, 429))
def how_one(
    viewer: Caller, party_id: Key, further: Annotated[bool, Query(description="also links that joined nothing")] = True
) -> dict[str, Any]:
    """How a party came to be: joins in order, refused links, operations, and where each golden value comes from."""
    made = how(viewer, party_id)
    return made if further else {name: value for name, value in made.items() if name != "further"}
