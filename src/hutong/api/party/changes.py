"""The feed of changes of the customer master over HTTP (EC-14): read on from a cursor, waiting for news if wished."""

import asyncio
import time
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from hutong.api.problems import problems
from hutong.identity.http import Caller
from hutong.party.sharing import changes as feed

router = APIRouter(prefix="/party/v1", tags=["Customer master: changes"])
LOOK_EVERY = 0.2
LONGEST_WAIT = 25


class ChangeShown(BaseModel):
    """One change. `record`: the party as it is now, as this interface may see it; `detail`: survivor_id and such."""

    cursor: int
    type: str
    party_id: int
    kind: str | None
    at: datetime
    detail: dict[str, Any]
    record: dict[str, Any] | None


class ChangesShown(BaseModel):
    """A page: go on with `cursor`, at once where there is `more`."""

    changes: list[ChangeShown]
    cursor: int
    more: bool


@router.get("/changes", response_model=ChangesShown, responses=problems(401, 403, 410, 429))
async def changes(
    viewer: Caller,
    after: Annotated[int, Query(ge=0, le=2**62, description="cursor of the page before; 0: the log's beginning")] = 0,
    limit: Annotated[int, Query(ge=1, le=feed.MOST)] = 100,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for news")] = 0,
    records: Annotated[bool, Query(description="with each party as it is now")] = True,
) -> ChangesShown:
    """Every change of parties after a cursor, in commit order, nothing left out: party.created, changed, merged, split,
    deactivated, role_taken, role_left, erased; party.withdrawn where a party left the rows this interface may see."""
    until = time.monotonic() + wait
    while True:
        found = await run_in_threadpool(feed.changes, viewer, after, limit, records=records)
        if found.changes or found.more or time.monotonic() >= until:
            break
        after = found.cursor
        await asyncio.sleep(LOOK_EVERY)
    return ChangesShown(
        changes=[ChangeShown(**change._asdict()) for change in found.changes], cursor=found.cursor, more=found.more
    )
