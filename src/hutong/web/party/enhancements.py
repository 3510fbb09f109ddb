"""Batch enhancement (EC-08): a file of gathered contact data taken in, its before/after report, applied, taken back."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile

from hutong.identity.http import SignedInSession
from hutong.identity.principal import require
from hutong.party.stewardship import enhancement, enhancement_report
from hutong.party.stewardship.enhancement_rows import VALUES, read_csv
from hutong.platform import jobs
from hutong.platform.http import locale_of
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 100
AT_ONCE = 500
"""Rows up to which a batch is worked on while one waits; larger ones by a job."""
LARGEST_BYTES = 8 << 20
DO = {"preview": enhancement.preview, "apply": enhancement.apply, "withdraw": enhancement.withdraw}


@router.get("/enhancements")
def enhancements_page(
    request: Request, session: SignedInSession, before: Annotated[str, Query(pattern=r"^\d{0,18}$")] = ""
) -> Response:
    """Batches, newest first, and the form for a new one."""
    rows = enhancement_report.batches(session.viewer, int(before) if before else None)
    locale = locale_of(request)
    channels = [(code, found.zh if locale == "zh-CN" else found.en) for code, found in enhancement.CHANNELS.items()]
    context = {"batches": rows, "channels": channels, "names": dict(channels),
               "following": rows[-1]["id"] if len(rows) == 50 else None}  # fmt: skip
    return render(request, "party/enhancements.html", context, session)


@router.post("/enhancements")
def take_in(
    session: SignedInSession,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    channel: Annotated[str, Form(max_length=30)],
    file: Annotated[UploadFile, File()],
) -> Response:
    """Take a CSV file in as a batch, look at what it would do, and show it."""
    require(session.viewer, enhancement.RIGHT)
    rows = read_csv(file.file.read(LARGEST_BYTES + 1)[:LARGEST_BYTES])
    batch_id = enhancement.draft(session.viewer, name, channel, rows)
    _do(session, batch_id, "preview", len(rows))
    return to_page(f"/enhancements/{batch_id}")


@router.get("/enhancements/{batch_id}")
def enhancement_page(
    request: Request, session: SignedInSession, batch_id: int, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """A batch: its report before and after, and its rows."""
    batch = enhancement_report.batch(session.viewer, batch_id, after, PAGE)
    locale = locale_of(request)
    channel = enhancement.CHANNELS[batch["channel"]]
    context = {
        "batch": batch,
        "channel": channel.zh if locale == "zh-CN" else channel.en,
        "attributes": [name for name in VALUES if any(row[name] for row in batch["rows"])],
        "following": batch["rows"][-1]["row_number"] if len(batch["rows"]) == PAGE else None,
    }
    return render(request, "party/enhancement.html", context, session)


@router.post("/enhancements/{batch_id}")
def act(
    session: SignedInSession, batch_id: int, action: Annotated[str, Form(pattern="^(preview|apply|withdraw)$")]
) -> Response:
    """Preview, apply or take back."""
    require(session.viewer, enhancement.RIGHT)
    found = next((row["rows"] for row in enhancement_report.batches(session.viewer, batch_id + 1, 1)), 0)
    _do(session, batch_id, action, found)
    return to_page(f"/enhancements/{batch_id}")


def _do(session: SignedInSession, batch_id: int, action: str, rows: int) -> None:
    if rows <= AT_ONCE:
        DO[action](session.viewer, batch_id)
    else:
        args = {"batch": batch_id, "action": action, "user": session.viewer.id}
        jobs.start("party.enhance", args, by=session.viewer.actor, exclusive=f"party.enhance:{batch_id}")


@router.get("/enhancements/sample/file")
def sample(session: SignedInSession) -> Response:
    """The heads a file may have, to begin with."""
    require(session.viewer, enhancement.RIGHT)
    content = "\ufeff客户号,来源系统,来源键,证件号码,姓名,手机,固定电话,电子邮箱,通信地址,邮政编码,联系人,已确认\r\n"
    headers = {"Content-Disposition": 'attachment; filename="enhancement.csv"', "Cache-Control": "no-store"}
    return Response(content.encode(), media_type="text/csv", headers=headers)
