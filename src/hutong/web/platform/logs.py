"""Log search (EC-19): what servers and workers of this machine told, by time, level, event, request, job and text."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.platform import clock, log_files
from hutong.platform.errors import Invalid
from hutong.platform.settings import settings
from hutong.web.shell import render

router = APIRouter(include_in_schema=False)
RIGHT = "platform.logs"
PAGE = 200
HOURS = {"1": 1, "24": 24, "168": 168, "720": 720}
Short = Annotated[str, Query(max_length=100)]


def moment(given: str) -> datetime | None:
    """A local time of a form; None where it is empty. Raises Invalid."""
    try:
        return datetime.fromisoformat(given).replace(tzinfo=settings.zone) if given else None
    except ValueError as wrong:
        raise Invalid("web-input-invalid", field="until") from wrong


@router.get("/logs")
def logs_page(
    request: Request,
    session: SignedInSession,
    *,
    hours: Annotated[str, Query(pattern="^(1|24|168|720)$")] = "24",
    until: Short = "",
    level: Annotated[str, Query(pattern="^(debug|info|warning|error|critical)?$")] = "",
    event: Short = "",
    request_number: Annotated[str, Query(alias="request", max_length=64)] = "",
    job: Annotated[str, Query(pattern=r"^\d{0,18}$")] = "",
    text: Short = "",
) -> Response:
    """The newest lines that match; what is asked stays in the address."""
    require(session.viewer, RIGHT)
    end = moment(until)
    wanted = log_files.Wanted(
        since=(end or clock.now()) - timedelta(hours=HOURS[hours]),
        until=end,
        level=level,
        event=event,
        request=request_number,
        job=int(job) if job else None,
        text=text,
    )
    asked = {"hours": hours, "until": until, "level": level, "event": event, "request": request_number, "job": job,
             "text": text}  # fmt: skip
    found = log_files.search(wanted, PAGE)
    context = {"found": found, "asked": asked, "hours": list(HOURS), "levels": log_files.LEVELS}
    return render(request, "platform/logs.html", context, session)
