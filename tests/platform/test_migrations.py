"""SC-09, EC-19: programs that start look whether the tables are there, and leave alone what is."""

import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from hutong.catalog import tables
from hutong.platform import database as live
from hutong.platform import migrations

MARKS = "import hutong.platform.migrations as it; print([it._mark(center) for center in it.installed()])"


@pytest.fixture
def impatient(database: URL) -> None:
    """Whoever waits for a lock gives up after a second."""
    with live.begin("platform") as conn:
        conn.execute(text(f'ALTER DATABASE "{database.database}" SET lock_timeout = 1000'))
    live.dispose()


def test_a_start_beside_a_report_waits_for_nobody(impatient: None) -> None:
    """A report reads a published view for hours; a new process starts at once, and takes nothing from under it."""
    with live.begin("party") as report:
        report.execute(text("SELECT count(*) FROM party.v1_party, billing.v1_bill"))
        migrations.upgrade_at_start(patience=0)
        with pytest.raises(OperationalError, match="lock timeout"):
            migrations.upgrade_all()


def test_a_start_makes_what_is_new_and_leaves_the_other_centers_alone(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new version has one more view in a center; a report reads another center meanwhile."""
    monkeypatch.setattr(tables, "VIEWS", {**tables.VIEWS, "catalog.v1_new": "SELECT 5 AS five"})
    with live.begin("party") as report:
        report.execute(text("SELECT count(*) FROM party.v1_party"))
        migrations.upgrade_at_start(patience=0)
        with live.read("catalog") as conn:
            assert conn.execute(text("SELECT five FROM catalog.v1_new")).scalar_one() == 5


def test_every_process_of_a_version_means_the_same() -> None:
    """What a schema says of itself does not depend on the process that says it."""
    said = subprocess.run(
        [sys.executable, "-c", MARKS], env={"PYTHONHASHSEED": "1", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.strip() == str([migrations._mark(center) for center in migrations.installed()])
