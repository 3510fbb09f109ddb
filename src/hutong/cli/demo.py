"""`hutong demo`: the first customer's journey on this machine, from messy source records to a bill that adds up."""

import os
import shutil
import signal
import socket
import threading
from pathlib import Path

import typer
from rich.console import Console

from hutong.cli.words import say, t
from hutong.platform.settings import settings

console = Console(highlight=False)
INSURED_ONE_IN = 10
"""Of so many families and firms, one has to do with the insurer."""


def demo(  # noqa: PLR0917 (one parameter per option of the command)
    once: bool = typer.Option(False, "--once", help=t("cli-help-demo-once")),
    customers: int = typer.Option(20_000, help=t("cli-help-demo-customers")),
    events: int = typer.Option(1_000_000, help=t("cli-help-demo-events")),
    seed: int = typer.Option(7, help=t("cli-help-sample-seed")),
    port: int = typer.Option(settings.port, help=t("cli-help-demo-port")),
    keep: bool = typer.Option(False, help=t("cli-help-demo-keep")),
) -> None:
    """Run the journey: import, resolve, order, rate, bill, audit; then keep the console up."""
    from hutong.cli.journey import preparation, processes, story, summary
    from hutong.platform import database

    folder = settings.data_dir / "demo"
    if settings.database_url is None:
        settings.data_dir = folder / "data"
    if not keep and settings.database_url is None:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    sample = _sample(folder / f"sample-{customers}-{events}-{seed}", customers, events, seed)
    env = {**os.environ, "HUTONG_DATA_DIR": str(settings.data_dir)}
    say("journey-starting")
    prepared = preparation.prepare(story.CATALOG_FROM)
    free, peers_port = port or _free_port(), _free_port()
    with processes.installation(port=free, peers_port=peers_port, log_dir=folder / "logs", env=env) as address:
        told = story.tell(sample, prepared, address, f"http://127.0.0.1:{peers_port}", say)
        holds = summary.show(console, told)
        if not once:
            summary.invite(console, address, prepared.passwords)
            _wait_for_the_end()
    database.dispose()
    raise typer.Exit(0 if holds else 1)


def _sample(folder: Path, customers: int, events: int, seed: int) -> Path:
    """The sample's files, written unless they are there: an operator's, and its insurer's about a part of the same
    people."""
    from hutong.cli.sample import telecom
    from hutong.cli.sample.insurance.generate import generate

    if not (folder / "manifest.json").is_file():
        say("journey-sample", customers=customers, events=events)
        generate(folder / "insurance", customers=customers, seed=seed, one_in=INSURED_ONE_IN)
        telecom(out=folder, customers=customers, events=events, seed=seed)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_the_end() -> None:
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    ending.wait()
