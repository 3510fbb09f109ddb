"""`hutong peers`: the simulated network, payment and SMS centers, in a process of their own."""

import signal
import threading
from pathlib import Path

import typer

from hutong.cli.words import say, t


def peers(
    host: str = typer.Option("127.0.0.1", help=t("cli-help-host")),
    port: int = typer.Option(8090, help=t("cli-help-port")),
    book: str = typer.Option("", help=t("cli-help-peers-book")),
) -> None:
    """Run the SIMULATED peer centers (network, payment, SMS) until interrupted."""
    from hutong.platform.settings import settings
    from hutong.simulators.server import Simulators

    server = Simulators(host, port, Path(book) if book else settings.data_dir / "peers.sqlite")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    server.start()
    say("cli-peers-ready", url=server.url)
    ending.wait()
    server.stop()
