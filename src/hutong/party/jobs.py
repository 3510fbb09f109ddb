"""The customer master's long work (EC-19): taking in an uploaded file, and resolving all records."""

from dataclasses import asdict
from typing import Any

from hutong.identity import users
from hutong.party.ingest import mappings, uploads
from hutong.party.ingest.taking import take_in_file
from hutong.party.lifecycle import changes
from hutong.party.models.sampling import train_new
from hutong.party.quality.measure import measure
from hutong.party.quality.tasks import settle_waiting
from hutong.party.relations import find_households as households
from hutong.party.resolution.dated import settle_ended
from hutong.party.resolution.resolve import resolve
from hutong.party.sharing import exports
from hutong.party.stewardship import enhancement
from hutong.platform import clock, database, jobs, schedules

EXCLUSIVE = "party.resolve"


@jobs.job("party.load")
def load(ctx: jobs.JobContext, *, token: str, file: str, mapping: str, by: str, then_resolve: bool = False) -> None:
    """Take an uploaded file in, whole or not at all; then, if wished, resolve all records by a job of its own.

    `file`: its name; `mapping`: as `mappings.in_force` names it. What was read and standardised lies beside the
    file, so that a job whose worker was killed, or that was cancelled, goes on from there; in the end all is deleted.
    """
    if "load" not in ctx.saved:

        def tell(done: int, total: int) -> None:
            ctx.raise_if_cancelled()
            ctx.progress(done, total + 1, "load")

        ctx.progress(0, None, "read")
        path = uploads.path_of(token, file)
        report = take_in_file(path, mappings.named(mapping), by, folder=path.parent / "parts", tell=tell)
        counts = {"rows": report.rows, "admitted": report.admitted, "rejected": report.rejected}
        ctx.checkpoint({"load": report.load_id, **counts, "again": report.again})
    ctx.raise_if_cancelled()
    if then_resolve and "resolve_job" not in ctx.saved:
        with database.begin("platform") as conn:
            resolve_job = jobs.start("party.resolve", by=by, exclusive=EXCLUSIVE, conn=conn)
            ctx.checkpoint({**ctx.saved, "resolve_job": resolve_job}, conn=conn)
    uploads.forget(token)
    ctx.progress(2, 2, "done")


@jobs.job("party.train_model")
def train_model(ctx: jobs.JobContext, *, kind: str, by: str) -> None:
    """Train a version of the model on all records of a kind of party, and draw the sample for its review."""
    steps = iter(range(1, 100))

    def tell(step: str) -> None:
        ctx.raise_if_cancelled()
        ctx.progress(next(steps), None, step)

    ctx.checkpoint({"model": train_new(kind, by, tell)})


@jobs.job("party.resolve")
def resolve_all(ctx: jobs.JobContext) -> None:
    """Resolve all records; until the end nothing is changed, so cancelling leaves everything as it was."""

    def tell(done: int, total: int, message: str) -> None:
        ctx.raise_if_cancelled()
        ctx.progress(done, total, message)

    done = resolve(by=f"system:{ctx.job_id}", progress=tell)
    ctx.checkpoint({"records": done.records, "parties": done.parties, "suspect_groups": done.suspect_groups})


@jobs.job("party.export", lane="report")
def export(ctx: jobs.JobContext, *, run: int) -> None:
    """Make an export's file (EC-14)."""
    ctx.progress(0, 1, "export")
    done = exports.make(run)
    ctx.checkpoint({"rows": done["rows"], "bytes": done["bytes"]})
    ctx.progress(1, 1, "done")


schedules.schedule("party.exports_due", "5 * * * *", "party.exports_due")


@jobs.job("party.exports_due", lane="report")
def exports_due(ctx: jobs.JobContext) -> None:
    """Begin the exports whose schedule is due, and delete files whose time is over; to be run every hour."""
    now = clock.now()
    ctx.checkpoint({"begun": exports.make_due(now, f"system:{ctx.job_id}"), "deleted": exports.tidy(now)})


@jobs.job("party.measure_quality", lane="report")
def measure_quality(ctx: jobs.JobContext) -> None:
    """Measure all quality rules as the result of this business day, settle quality tasks and scores (EC-18)."""
    done = measure(ctx.progress)
    ctx.checkpoint({"records": done.records, "checked": done.checked, "failed": done.failed, **asdict(done.tasks)})


@jobs.job("party.verify_quality_tasks", lane="report")
def verify_quality_tasks(ctx: jobs.JobContext) -> None:
    """Close quality tasks whose records have come back mended; looks only at records that have tasks (EC-18)."""
    with database.begin("party") as conn:
        ctx.checkpoint({"verified": settle_waiting(conn)}, conn=conn)


schedules.schedule("party.measure_quality", "20 1 * * *", "party.measure_quality")
schedules.schedule("party.verify_quality_tasks", "*/10 * * * *", "party.verify_quality_tasks")


@jobs.job("party.find_households")
def find_households(ctx: jobs.JobContext) -> None:
    """Find households anew by rule, under what people said of them (EC-11)."""
    found = households.find_households(by=f"system:{ctx.job_id}")
    ctx.checkpoint(dict(found._asdict()))


@jobs.job("party.changes")
def settle_changes(ctx: jobs.JobContext) -> None:
    """What comes with time: requests whose time is over end, approved changes whose effect was cut off are finished
    (EC-02), values whose end was stated for now show no more (EC-01)."""
    ctx.checkpoint({
        "finished": len(changes.resume_approved()), "expired": changes.expire_due(),
        "ended": settle_ended(f"system:{ctx.job_id}"),
    })  # fmt: skip


@jobs.job("party.enhance")
def run_enhancement(ctx: jobs.JobContext, *, batch: int, action: str, user: int) -> None:
    """Preview, apply or take back a large enhancement batch, for the user who asked (EC-08)."""
    with database.begin("identity") as conn:
        viewer = users.principal(conn, user)
    ctx.progress(0, 1, action)
    done: Any = {"preview": enhancement.preview, "apply": enhancement.apply, "withdraw": enhancement.withdraw}[action](
        viewer, batch
    )
    ctx.checkpoint({"batch": batch, "done": action, "rows": done["rows"] if isinstance(done, dict) else done})
    ctx.progress(1, 1, "done")


schedules.schedule("party.changes", "*/15 * * * *", "party.changes")
schedules.schedule("party.find_households", "40 2 * * *", "party.find_households")
