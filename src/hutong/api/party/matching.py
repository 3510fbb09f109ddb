"""Find-or-create and match over HTTP (EC-14): past the framework, gathered into sets."""

from collections.abc import Mapping
from datetime import date
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


class Stated(msgspec.Struct, forbid_unknown_fields=True):
    """What a caller states. `id_type`: code set id_type; `gender`: code set gender (GB/T 2261.1). No text
    longer than files may have it.
    """

    name: Annotated[str, msgspec.Meta(min_length=1)]
    kind: Literal["person", "organisation"] = "person"
    id_type: str | None = None
    id_number: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    mobile: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    postcode: str | None = None
    contact_name: str | None = None
    bank_card: str | None = None
    grade: str | None = None
    branch: str | None = None
    attributes: dict[str, Any] | None = None


class Keyed(Stated, forbid_unknown_fields=True, kw_only=True):
    """What a caller states under a key of its own: asked again with it, the answer is the same party."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


_FIELDS = tuple(name for name in PartyData.__dataclass_fields__)
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


def _data(stated: Stated) -> PartyData:
    return PartyData(**{name: getattr(stated, name) for name in _FIELDS})


@direct.post("/parties", responses={**problems(401, 403, 422, 429), 201: {}}, openapi_extra=dict(_schema(Keyed)))
async def find_or_create(request: Request) -> JsonAnswer:
    """The party this is, made if there is none (201): however many ask at once, one person is one party. The caller's
    own key makes it idempotent."""
    viewer = await quick_caller(request)
    require(viewer, "party.create")
    stated = await body.structure(request, _keyed)
    asked = intake.Request(viewer, _data(stated), f"{viewer.name}:{stated.key}")
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
    answer = await _matching().submit(match.Question(viewer, _data(await body.structure(request, _stated))))
    if isinstance(answer, Problem):
        raise answer
    return JsonAnswer({"candidates": [one._asdict() for one in answer]})
