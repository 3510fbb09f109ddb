"""The running of jobs: Procrastinate brings queued jobs to this worker, each lane with its own room.

A killed worker's job stays 'doing' in the queue; every worker looks for such jobs and queues them again.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate import exceptions
from sqlalchemy.exc import SQLAlchemyError

from hutong.platform import database, jobs, periodic, schedules
from hutong.platform.subscriptions import load_handlers

log = structlog.get_logger(__name__)
STALLED_AFTER = 30.0
"""Seconds without a sign of life after which a worker counts as dead."""
AFTER_FAILURE = 1.0
RETRY_AFTER = 1
"""Seconds until a job is tried again that could not be begun or ended: what goes wrong in the job itself is its state,
so an exception that reaches the queue is a database that did not answer. Without that the queue would drop its entry,
and the job wait for ever."""


def _application(pool: int) -> procrastinate.App:
    url = database.primary_url().set(drivername="postgresql").render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(
        conninfo=url, min_size=1, max_size=pool, kwargs={"options": "-c search_path=procrastinate"}
    )
    app = procrastinate.App(connector=connector)
    app.task(name="hutong.job", retry=procrastinate.RetryStrategy(wait=RETRY_AFTER))(_run)
    for name, (cron, work) in periodic.DECLARED.items():
        app.periodic(cron=cron)(
            app.task(name=name, queue="platform.online", queueing_lock=name, lock=name)(_upkeep(name, work))
        )
    return app


def _run(job: int, ticket: int) -> None:
    try:
        jobs.run(job, ticket)
    except Exception as failure:
        log.warning("job not begun or not ended; trying again", job=job, error=type(failure).__name__)
        raise


def _upkeep(name: str, work: Callable[[], object]) -> Callable[[int], None]:
    def run(timestamp: int) -> None:
        del timestamp
        try:
            work()
        except Exception:
            log.exception("upkeep failed", name=name)

    return run


def run_worker(
    stop: threading.Event,
    centers: Iterable[str] | None = None,
    *,
    lanes: Sequence[str] = tuple(jobs.LANES),
    stalled_after: float = STALLED_AFTER,
) -> None:
    """Run the jobs of some centers (all by default) until `stop` is set; then running jobs put themselves back.

    Returns once they have, or after 30 s: what does not look (`raise_if_cancelled`) is taken up by another worker.
    """
    chosen = tuple(database.CENTERS if centers is None else centers)
    load_handlers(chosen)
    if "platform" in chosen:
        from hutong.platform import upkeep  # noqa: F401  (declares the ground's own)

        load_handlers(database.CENTERS)
    jobs.stopping.clear()
    while not stop.is_set():
        try:
            if "platform" in chosen:
                schedules.synchronise()
            asyncio.run(_work(stop, chosen, lanes, stalled_after))
        except (SQLAlchemyError, psycopg.Error, exceptions.ConnectorException) as failure:  # no database to begin with
            log.warning("jobs not begun; trying again", error=type(failure).__name__)
            stop.wait(AFTER_FAILURE)


async def _work(stop: threading.Event, centers: Sequence[str], lanes: Sequence[str], stalled_after: float) -> None:
    room = sum(jobs.LANES[lane] for lane in lanes)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_executor(room + 2))
    async with _application(pool=len(lanes) * 2 + 4).open_async() as app:
        workers = [
            asyncio.create_task(
                _staying(
                    partial(
                        app.run_worker_async,
                        queues=[f"{center}.{lane}" for center in centers],
                        name=lane,
                        concurrency=jobs.LANES[lane],
                        fetch_job_polling_interval=1.0,
                        install_signal_handlers=False,
                        delete_jobs="always",
                        shutdown_graceful_timeout=30,
                        update_heartbeat_interval=stalled_after / 3,
                        stalled_worker_timeout=stalled_after,
                    )
                )
            )
            for lane in lanes
        ]
        watch = asyncio.create_task(_retry_stalled(app, stalled_after))
        while not stop.is_set():
            await asyncio.sleep(0.1)
        jobs.stopping.set()
        watch.cancel()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, watch, return_exceptions=True)


async def _staying(run: Callable[[], Awaitable[None]]) -> None:
    """Run the library's worker anew when it ends: it does when the database goes away, and never comes back itself."""
    while not jobs.stopping.is_set():
        try:
            await run()
        except Exception as failure:
            log.warning("job lane interrupted", error=repr(failure)[:500])
        await asyncio.sleep(AFTER_FAILURE)


def _executor(size: int) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(size, thread_name_prefix="job")


async def _retry_stalled(app: procrastinate.App, stalled_after: float) -> None:
    """Queue again what a dead worker left behind. Several workers may do so at once: one succeeds."""
    while True:
        try:
            for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_after):
                log.warning("stalled job queued again", queue_job=stalled.id)
                await app.job_manager.retry_job(stalled)
        except exceptions.ProcrastinateException as failure:
            log.warning("looking for stalled jobs failed", error=repr(failure)[:500])
        await asyncio.sleep(stalled_after / 3)
