"""Billing's long work as jobs, with progress."""

from pathlib import Path

from hutong.billing import bill_run, erasure
from hutong.billing.collect import collect as collect_files
from hutong.billing.quarantine import collect_released
from hutong.billing.rating import rate as rate_cycle
from hutong.platform import jobs
from hutong.platform.jobs import JobContext, job


@job("billing.collect")
def collect(ctx: JobContext, *, paths: list[str], by: str) -> None:
    """Collect usage files and folders. Repeated after a kill, files that were collected count as known."""
    ctx.progress(0, 1, "collect")
    done = collect_files([Path(path) for path in paths], by)
    ctx.progress(
        1,
        1,
        f"{done.records} records: {done.accepted} accepted, {done.duplicates} duplicates, "
        f"{done.quarantined} quarantined",
    )


@job("billing.collect_released")
def collect_again(ctx: JobContext, *, by: str) -> None:
    """Collect the released records of the quarantine again."""
    done = collect_released(by)
    ctx.progress(1, 1, f"{done.accepted} accepted, {done.duplicates} duplicates, {done.held} held again")


@job("billing.rate")
def rate(ctx: JobContext, *, cycle: str, by: str) -> None:
    """Rate what is new or changed in a cycle."""
    done = rate_cycle(cycle, by, progress=ctx.progress)
    ctx.progress(4, 4, f"{done.events} events of {done.groups} groups, {done.unpriced} unpriced")


@job("billing.run")
def run(ctx: JobContext, *, cycle: str, by: str, final: bool = False) -> None:
    """Make the bills of a cycle."""
    done = bill_run.run(cycle, by, final=final, progress=ctx.progress)
    ctx.progress(4, 4, f"{done.bills} bills, {done.lines} lines")
    if final:
        jobs.start(erasure.JOB, {"cycle": cycle}, by, exclusive=erasure.JOB)


@job(erasure.JOB)
def forget_usage(ctx: JobContext, *, cycle: str | None = None) -> None:
    """Take erased customers' personal data out of the usage files of finally billed cycles."""
    files = erasure.forget_usage(cycle)
    ctx.progress(1, 1, f"{files} files")
