"""The console on a sample installation: as an application in this process, and as a server with a browser before it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import URL

sys.path.insert(0, str(Path(__file__).parent))

import sample_site
from sample_site import PASSWORD, Site

from hutong.server import create_app
from hutong.web.static_files import LIBRARIES

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip
SignIn = Callable[[str], TestClient]


@pytest.fixture(scope="module")
def site(module_database: URL, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A filled database of the test file's own."""
    return sample_site.build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def sign_in(site: Site) -> Iterator[SignIn]:
    """Makes a client that is signed in as a role; it sends the CSRF token with every request."""
    clients: list[TestClient] = []

    def signed_in(role: str) -> TestClient:
        client = TestClient(create_app(), headers={"accept": "text/html"}, follow_redirects=False)
        clients.append(client)
        answer = client.post("/sign-in", data={"login": role, "password": PASSWORD, "to": "/"})
        assert answer.status_code == 303
        page = client.get("/").text
        client.headers["x-csrf-token"] = page.split('name="csrf" content="')[1].split('"')[0]
        return client

    yield signed_in
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator[str]:
    """The address of the real server, a process of its own, on that database."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "hutong.cli.main", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ.copy(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/healthz", process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers."""
    for _ in range(240):
        try:
            with urllib.request.urlopen(address, timeout=1):  # noqa: S310 (our own server)
                return
        except OSError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.25)
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
