"""`hutong worker`: delivers events and runs jobs until it is asked to stop."""

import importlib
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial

import structlog
import typer

from hutong.cli.words import t

FORMS = "hutong.api.webhook_forms"
"""Where the API declares how events look to those who registered at a `/hub`."""


def worker(
    centers: str = typer.Option("", help=t("cli-help-worker-centers")),
    lanes: str = typer.Option("", help=t("cli-help-worker-lanes")),
) -> None:
    """Deliver events (relays, subscriptions, webhooks) and run jobs, until SIGTERM or SIGINT.

    Any number of workers may run, on any machines. Stopping: deliveries finish their set, jobs put themselves back.
    """
    from hutong.composition import compose
    from hutong.platform import database, job_runner, jobs, logs, migrations, subscriptions, webhooks
    from hutong.platform.settings import settings
    from hutong.platform.worker import Source, run_subscriptions, speaking

    logs.configure()
    compose()
    chosen = tuple(part.strip() for part in centers.split(",") if part.strip()) or database.CENTERS
    wanted = tuple(part.strip() for part in lanes.split(",") if part.strip()) or tuple(jobs.LANES)
    subscriptions.load_handlers(chosen)
    if importlib.util.find_spec("hutong.api") and importlib.util.find_spec(FORMS):
        importlib.import_module(FORMS)
    busy = len(subscriptions.registered(chosen)) + len(speaking(chosen)) + sum(jobs.LANES[lane] for lane in wanted)
    loops = _loops(chosen)
    busy += 2 * len(loops)
    settings.pool_size = max(settings.pool_size, busy + 4)
    migrations.upgrade_at_start(chosen)

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    more: Source = webhooks.subscriptions if "platform" in chosen else tuple
    works: dict[str, Callable[[], None]] = {
        "deliveries": lambda: run_subscriptions(stop, chosen, more),
        "jobs": lambda: job_runner.run_worker(stop, chosen, lanes=wanted),
        **{name: partial(loop, stop) for name, loop in loops.items()},
    }
    failed = threading.Event()
    threads = [
        threading.Thread(target=_guarded(work, stop, failed), name=name, daemon=True) for name, work in works.items()
    ]
    for thread in threads:
        thread.start()
    while not stop.wait(0.5):
        pass
    for thread in threads:
        thread.join(timeout=40)
    database.dispose()
    sys.stdout.flush()
    if any(thread.is_alive() for thread in threads):
        os._exit(1)  # a job that does not look whether to stop: another worker takes it up
    raise typer.Exit(1 if failed.is_set() else 0)


def _loops(centers: Iterable[str]) -> dict[str, Callable[[threading.Event], None]]:
    """Loops of the centers' own: what the `loops` of their `worker` modules give, where they have one."""
    made: dict[str, Callable[[threading.Event], None]] = {}
    for center in centers:
        if center == "platform" or not importlib.util.find_spec(f"hutong.{center}"):
            continue
        if importlib.util.find_spec(f"hutong.{center}.worker"):
            found = importlib.import_module(f"hutong.{center}.worker").loops()
            made |= {f"{center}-{number}": loop for number, loop in enumerate(found, 1)}
    return made


def _guarded(work: Callable[[], None], stop: threading.Event, failed: threading.Event) -> Callable[[], None]:
    """A part that fails stops the whole, with status 1: whoever watches the worker starts it anew."""

    def run() -> None:
        try:
            work()
        except Exception:
            structlog.get_logger(__name__).exception("worker part failed")
            failed.set()
        finally:
            stop.set()

    return run
