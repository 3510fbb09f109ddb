"""Records given in batches over HTTP (EC-14): the way of files, once for each idempotency key."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel, Field

from hutong.api.problems import problems
from hutong.identity.http import Caller
from hutong.party.ingest import batch as batches

router = APIRouter(prefix="/party/v1/sources", tags=["Customer master: records"])
Source = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{1,30}$")]


class Batch(BaseModel):
    """Records by the columns of the source's mapping. `mapping`: its name, where the source has several."""

    records: list[dict[str, Any]] = Field(min_length=1, max_length=batches.MOST)
    mapping: str | None = Field(None, max_length=100)


class BatchReport(BaseModel):
    """What became of a batch. `again`: its key came before, so nothing was done; `reasons`: reason → rejected."""

    load: int
    rows: int
    admitted: int
    rejected: int
    unchanged: int
    withdrawn: int
    reasons: dict[str, int]
    unmapped: dict[str, dict[str, int]]
    again: bool


@router.post("/{source}/records", response_model=BatchReport, responses=problems(401, 403, 404, 422, 429))
def take_in(
    source: Source,
    body: Batch,
    viewer: Caller,
    key: Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)],
) -> BatchReport:
    """Take records of a source in: standardised, admitted or rejected each for its reasons, stored all at once."""
    report = batches.batch(viewer, source, body.records, key, mapping=body.mapping)
    return BatchReport(
        load=report.load_id, **{name: getattr(report, name) for name in list(BatchReport.model_fields)[1:]}
    )
