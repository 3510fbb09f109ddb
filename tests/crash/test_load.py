"""EC-03, XP-06: a load whose process is killed leaves nothing half done, and goes on from what it had."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from tests.party.conftest import MAPPINGS
from tests.party.ingest.nasty import write_nasty

from hutong.party.ingest import parts
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.platform import database as stored

ROWS = 20_000
_LOADING = """
import sys
from pathlib import Path
from hutong.party.ingest import load, parts
from hutong.party.ingest.mapping import read_mapping
parts.ROWS = 2000
load.SHARED_BYTES = 1
load.load_file(Path(sys.argv[1]), read_mapping(Path(sys.argv[2])), "user:1", folder=Path(sys.argv[3]))
"""


def counted() -> tuple[int, int]:
    """Loads and records that anybody sees."""
    with stored.read("party") as conn:
        row = conn.execute(
            text("SELECT (SELECT count(*) FROM party.load) AS l, (SELECT count(*) FROM party.source_record) AS r")
        ).one()
        return row.l, row.r


def killed_with(folder: Path, done: int, loading: "subprocess.Popen[bytes]") -> set[str]:
    """Kill a load once so many parts are standardised; returns those that are."""
    deadline = time.monotonic() + 240
    while len(found := {path.name for path in folder.glob("*/made-*.json")}) < done:
        assert loading.poll() is None, "the load ended before it could be killed"
        assert time.monotonic() < deadline, "no part was standardised"
        time.sleep(0.02)
    os.kill(loading.pid, signal.SIGKILL)
    loading.wait()
    return found


def test_a_killed_load_goes_on(tmp_path: Path, database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed twice while parts are standardised and stored; then to its end, on the parts that were done."""
    monkeypatch.setattr(parts, "ROWS", 2000)
    path, folder, mapping = tmp_path / "nasty.csv", tmp_path / "parts", MAPPINGS / "crm.yaml"
    expected = write_nasty(path, ROWS)
    # Behind all others: it is not over before this process has seen how far it is.
    command = ["nice", "-n", "19", sys.executable, "-c", _LOADING, str(path), str(mapping), str(folder)]
    environment = {**os.environ, "HUTONG_DATABASE_URL": database.render_as_string(hide_password=False)}
    before: set[str] = set()
    for done in (2, 6):
        found = killed_with(folder, done, subprocess.Popen(command, env=environment))
        assert found >= before
        assert counted() == (0, 0)
        before = found
    times = {path.name: path.stat().st_mtime_ns for path in folder.glob("*/made-*.json") if path.name in before}
    report = load_file(path, read_mapping(mapping), "user:1", folder=folder)
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*/made-*.json") if path.name in before} == times
    assert (report.rows, report.admitted) == (ROWS, expected[""])
    assert counted() == (1, expected[""] - ROWS // 1000)
