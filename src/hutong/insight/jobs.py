"""Insight's long work (EC-13): the daily figures of all reports."""

from hutong.insight.snapshots import take_all
from hutong.party.quality.measure import measure
from hutong.platform import jobs, schedules


@jobs.job("insight.snapshot", lane="report")
def snapshot(ctx: jobs.JobContext) -> None:
    """Take the figures of all reports; those of a day are replaced when taken again."""

    def tell(done: int, total: int, name: str) -> None:
        ctx.raise_if_cancelled()
        ctx.progress(done, total, name)

    ctx.checkpoint({"rows": take_all(tell)})


@jobs.job("insight.measure", lane="report")
def measured(ctx: jobs.JobContext) -> None:
    """Measure data quality now, and take the figures of all reports from it."""
    done = measure(ctx.progress)
    ctx.raise_if_cancelled()
    take_all(ctx.progress)
    ctx.checkpoint({"records": done.records, "checked": done.checked, "failed": done.failed})


schedules.schedule("insight.snapshot", "50 1 * * *", "insight.snapshot")
