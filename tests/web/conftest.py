"""The console on a sample installation: as an application in this process, and served to a browser."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from granian.constants import Interfaces
from granian.server.embed import Server
from tests.conftest import Filled
from tests.ports import free_ports
from tests.web import sample_site
from tests.web.sample_site import Site, signed_in

from hutong.server import create_app
from hutong.web.static_files import LIBRARIES

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip
SignIn = Callable[[str], TestClient]


@pytest.fixture(scope="module")
def site(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A filled database of the test file's own."""
    with filled("site", lambda: sample_site.build(tmp_path_factory.mktemp("site"))) as made:
        yield made


@pytest.fixture(scope="module")
def sign_in(site: Site) -> Iterator[SignIn]:
    """Makes a client that is signed in as a role; it sends the CSRF token with every request."""
    with ExitStack() as open_clients:
        yield lambda role: signed_in(role, open_clients)


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator[str]:
    """The address of the console on that database, served as `hutong serve` does, by a thread of this process."""
    (port,) = free_ports(1)
    server = Server(create_app(), port=port, interface=Interfaces.ASGI, log_enabled=False)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=[server.serve()])
    thread.start()
    try:
        wait_for(port, thread)
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(timeout=300)
        loop.close()


def wait_for(port: int, server: threading.Thread) -> None:
    """Until the server listens."""
    while server.is_alive():
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Chromium; tests are skipped where there is none, or no page libraries."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium (/usr/bin/chromium)")
    if not (LIBRARIES / "htmx.org").exists():
        pytest.skip("no page libraries (node_modules)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield made
        made.close()
