"""A small sample, written once for all tests of this folder."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hutong.cli.sample import app

CUSTOMERS, LINES = 4_000, 60_000


def write(out: Path, *more: str) -> Path:
    """Run the command as a user would."""
    arguments = ["telecom", "--out", str(out), "--customers", str(CUSTOMERS), "--events", str(LINES), *more]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sample with seed 7."""
    return write(tmp_path_factory.mktemp("sample") / "seven", "--seed", "7")


@pytest.fixture(scope="session")
def manifest(sample: Path) -> dict[str, Any]:
    """Its manifest."""
    read: dict[str, Any] = json.loads((sample / "manifest.json").read_text(encoding="utf-8"))
    return read
