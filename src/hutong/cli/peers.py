"""`hutong peers`: the simulated network, payment and SMS centers, in a process of their own."""

import signal
import threading
from pathlib import Path

import typer
from rich.console import Console

console = Console()


def peers(
    host: str = typer.Option("127.0.0.1", help="address to listen on"),
    port: int = typer.Option(8090, help="port to listen on; 0: any free one"),
    book: str = typer.Option("", help="file of what they did; default: peers.sqlite in the data folder"),
) -> None:
    """Run the SIMULATED peer centers (network, payment, SMS) until interrupted."""
    from hutong.platform.settings import settings
    from hutong.simulators.server import Simulators

    server = Simulators(host, port, Path(book) if book else settings.data_dir / "peers.sqlite")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    server.start()
    console.print(f"simulated network, payment and SMS centers on {server.url} (nothing here is real)")
    ending.wait()
    server.stop()
