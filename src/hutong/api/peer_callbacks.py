"""Where peer centers (network, payment, SMS) post answers that come later: POST /peers/callback (OC-18).

Whoever knows the key of a request may answer it: it holds a number that only its peer was given.
"""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from hutong.api.tmf.body import read
from hutong.ordering.answers import record_callback
from hutong.ordering.remote_steps import CALLBACK_PATH

router = APIRouter(include_in_schema=False)


@router.post(CALLBACK_PATH, status_code=204)
async def answered(request: Request) -> Response:
    """Take an answer; one that comes twice or too late changes nothing and is thanked for all the same."""
    await run_in_threadpool(record_callback, await read(request))
    return Response(status_code=204)
