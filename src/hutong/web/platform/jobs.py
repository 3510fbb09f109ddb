"""Jobs (EC-19): what runs, how far it is, why it failed; cancelling, resuming, starting."""

import inspect
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response

from hutong.identity.http import SignedInSession
from hutong.identity.principal import Principal, require
from hutong.platform import clock, database, jobs, subscriptions
from hutong.platform.errors import NotFound
from hutong.web.shell import render, to_page

router = APIRouter(include_in_schema=False)
PAGE = 50
ASKED = ("cycle", "final")
"""What a person may tell a job that is started by hand."""
RIGHT = "platform.jobs"
VIEWS = {
    "all": (),
    "open": ("queued", "running"),
    "failed": ("failed", "cancelled"),
    "done": ("done",),
}


def may_run(viewer: Principal, kind: str) -> bool:
    """Whether a viewer may start, cancel and resume jobs of a kind: those of centers whose `jobs` right they hold."""
    return viewer.may(f"{kind.split('.', maxsplit=1)[0]}.jobs")


def startable(viewer: Principal) -> dict[str, tuple[str, ...]]:
    """Kinds the viewer may start by hand → what they must be told, where that is no more than `ASKED`."""
    subscriptions.load_handlers(database.CENTERS)
    found = {}
    for name, kind in sorted(jobs.kinds().items()):
        parameters = list(inspect.signature(kind.run).parameters.values())[1:]
        needed = {one.name for one in parameters if one.default is inspect.Parameter.empty}
        if may_run(viewer, name) and needed <= {"by", *ASKED}:
            found[name] = tuple(one.name for one in parameters if one.name in ("by", *ASKED))
    return found


def percent(job: jobs.Job) -> int | None:
    """How much is done, in whole percent; None where it is not known."""
    if job.state == "done":
        return 100
    return min(100 * job.done // job.total, 100) if job.total else None


def listed(view: str, kind: str, before: int | None) -> dict[str, Any]:
    """A page of jobs, and the key of the next."""
    found = jobs.recent(PAGE, states=VIEWS[view], kind=kind or None, before=before)
    following = found[-1].id if len(found) == PAGE else None
    return {"jobs": found, "percent": percent, "now": clock.now(), "view": view, "kind": kind, "before": before,
            "following": following, "moving": any(not job.finished for job in found)}  # fmt: skip


View = Annotated[str, Query(pattern="^(all|open|failed|done)$")]
Kind = Annotated[str, Query(max_length=60)]


@router.get("/jobs")
def jobs_page(
    request: Request, session: SignedInSession, view: View = "all", kind: Kind = "", before: int | None = None
) -> Response:
    """The list; while something runs it follows it."""
    require(session.viewer, RIGHT)
    context = {**listed(view, kind, before), "views": list(VIEWS), "startable": startable(session.viewer)}
    return render(request, "platform/jobs.html", context, session)


@router.get("/jobs/rows")
def jobs_rows(
    request: Request, session: SignedInSession, view: View = "all", kind: Kind = "", before: int | None = None
) -> Response:
    """The list alone, for htmx."""
    require(session.viewer, RIGHT)
    return render(request, "platform/jobs_rows.html", listed(view, kind, before), session)


def facts(viewer: Principal, job_id: int) -> dict[str, Any]:
    """One job, and what the viewer may do about it."""
    require(viewer, RIGHT)
    job = jobs.get(job_id)
    mine = may_run(viewer, job.kind)
    return {
        "job": job,
        "percent": percent,
        "now": clock.now(),
        "cancellable": mine and not job.finished and not job.cancel_requested,
        "resumable": mine and job.state in ("failed", "cancelled"),
    }


@router.get("/jobs/{job_id}")
def job_page(request: Request, session: SignedInSession, job_id: int) -> Response:
    """One job."""
    return render(request, "platform/job.html", facts(session.viewer, job_id), session)


@router.get("/jobs/{job_id}/state")
def job_state(request: Request, session: SignedInSession, job_id: int) -> Response:
    """How far it is, for htmx."""
    return render(request, "platform/job_state.html", facts(session.viewer, job_id), session)


@router.post("/jobs")
def start(
    session: SignedInSession,
    *,
    kind: Annotated[str, Form(max_length=60)],
    cycle: Annotated[str, Form(pattern=r"^(\d{6})?$")] = "",
    final: Annotated[bool, Form()] = False,
) -> Response:
    """Start a known kind of job, one of a kind at a time."""
    viewer = session.viewer
    require(viewer, RIGHT)
    require(viewer, f"{kind.split('.')[0]}.jobs")
    known = startable(viewer)
    if kind not in known:
        raise NotFound("platform-job-kind-unknown", kind=kind)
    told = {"by": viewer.actor, "cycle": cycle, "final": final}
    args = {name: told[name] for name in known[kind]}
    return to_page(f"/jobs/{jobs.start(kind, args, viewer.actor, exclusive=kind)}")


@router.post("/jobs/{job_id}/cancel")
def cancel(session: SignedInSession, job_id: int) -> Response:
    """Ask a job to stop."""
    _allowed(session.viewer, job_id)
    jobs.cancel(job_id)
    return to_page(f"/jobs/{job_id}")


@router.post("/jobs/{job_id}/resume")
def resume(session: SignedInSession, job_id: int) -> Response:
    """Let a failed or cancelled job go on from its checkpoint."""
    _allowed(session.viewer, job_id)
    jobs.resume(job_id)
    return to_page(f"/jobs/{job_id}")


def _allowed(viewer: Principal, job_id: int) -> None:
    require(viewer, RIGHT)
    require(viewer, f"{jobs.get(job_id).kind.split('.')[0]}.jobs")
