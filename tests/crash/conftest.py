"""How many kills, and from which seed: `--kills N --seed S`, or HUTONG_CRASH_KILLS and HUTONG_CRASH_SEED."""

import os
from datetime import UTC, datetime

import pytest

FIRST_SEED = 20260


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known when `tests/crash` is named on the command line; else the environment says it."""
    parser.addoption("--kills", type=int, help="kills per run")
    parser.addoption("--seed", type=int, help="seed of the first run")


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int | None:
    """Kills per run, where asked for."""
    asked = request.config.getoption("--kills", None) or os.environ.get("HUTONG_CRASH_KILLS")
    return int(asked) if asked else None


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What all random choices come from; another each day, so that each day's runs break something else."""
    asked = request.config.getoption("--seed", None) or os.environ.get("HUTONG_CRASH_SEED")
    return int(asked or FIRST_SEED + datetime.now(UTC).toordinal())
