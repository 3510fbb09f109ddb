"""Find-or-create and match over HTTP (EC-14): past the framework, gathered into sets."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Request

from hutong.api.problems import problems
from hutong.api.tmf import body
from hutong.api.tmf.direct import DirectRoute
from hutong.api.tmf.resource import JsonAnswer
from hutong.identity import Principal, require
from hutong.identity.http import quick_caller
from hutong.ordering.group_commit import GroupCommit
from hutong.party import PartyData
from hutong.party.realtime import intake, match
from hutong.platform.errors import Problem


class Stated(PartyData, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a caller states: a name that is one, of a person where nothing else is said."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    kind: Literal["person", "organisation"] = "person"


class Keyed(Stated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a caller states under a key of its own: asked again with it, the answer is the same party."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


_stated, _keyed = msgspec.json.Decoder(Stated), msgspec.json.Decoder(Keyed)


def _schema(kind: type[Stated]) -> Mapping[str, Any]:
    described, components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema = components[described[0]["$ref"].rpartition("/")[2]]
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


direct = APIRouter(prefix="/party/v1", tags=["Customer master: matching"], route_class=DirectRoute)


@lru_cache(maxsize=1)
def _intake() -> GroupCommit[intake.Request, intake.Answer]:
    return GroupCommit(intake.take, most=intake.LARGEST_SET)


@lru_cache(maxsize=1)
def _matching() -> GroupCommit[match.Question, list[match.Candidate] | Problem]:
    return GroupCommit(match.match_set, most=intake.LARGEST_SET, writers=1, gather_seconds=0)


@direct.post("/parties", responses={**problems(401, 403, 422, 429), 201: {}}, openapi_extra=dict(_schema(Keyed)))
async def find_or_create(request: Request) -> JsonAnswer:
    """The party this is, made if there is none (201): however many ask at once, one person is one party. The caller's
    own key makes it idempotent."""
    viewer = await quick_caller(request)
    require(viewer, "party.create")
    stated = await body.structure(request, _keyed)
    data = msgspec.convert(stated, PartyData, from_attributes=True)  # kept as stated, but for the key
    asked = intake.Request(viewer, data, f"{viewer.name}:{stated.key}")
    found = await _intake().submit(asked)
    if isinstance(found, Problem):
        raise found
    answer = {"party_id": found.party_id, "record_id": found.record_id, "created": found.created}
    return JsonAnswer(answer, status_code=201 if found.created else 200)


@direct.post("/match", responses=problems(401, 403, 422, 429), openapi_extra=dict(_schema(Stated)))
async def find(request: Request) -> JsonAnswer:
    """The parties these data may mean, best first, with rule, strength and reasons; nothing is stored."""
    viewer: Principal = await quick_caller(request)
    require(viewer, "party.read")
    stated = await body.structure(request, _stated)
    answer = await _matching().submit(match.Question(viewer, stated))
    if isinstance(answer, Problem):
        raise answer
    return JsonAnswer({"candidates": [one._asdict() for one in answer]})
