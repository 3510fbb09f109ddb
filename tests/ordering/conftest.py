"""The shop, and simulated peers on a free port, with a book of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ordering.shop import dispatching, open_shop

from hutong.ordering.dispatch import Dispatcher
from hutong.simulators.server import Simulators


@pytest.fixture
def customers(database: object) -> list[tuple[int, int]]:
    """(customer, account) pairs in a shop just opened."""
    return open_shop()


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Simulators]:
    """Simulated peers that serve HTTP."""
    server = Simulators("127.0.0.1", 0, tmp_path / "book.sqlite")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def used(peers: Simulators) -> Iterator[Dispatcher]:
    """A dispatcher on those peers."""
    with dispatching(peers.url) as made:
        yield made
