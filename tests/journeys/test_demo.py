"""The newcomer's command tells its story to the end, and every audit holds."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ARGUMENTS = ["demo", "--once", "--customers", "600", "--events", "8000", "--port", "0"]


SEEDS = ("7", "11", "23", "42")


def test_the_demo_ends_with_every_audit_holding(tmp_path: Path) -> None:
    """The journey of the first customer: records, orders (one fused order fails and is compensated), usage, bills;
    and the insurer beside it: policies, claims, households, renewals.

    A seed a day, so that every day's runs tell another story: HUTONG_DEMO_SEED names one.
    """
    seed = os.environ.get("HUTONG_DEMO_SEED") or SEEDS[datetime.now(UTC).toordinal() % len(SEEDS)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("HUTONG_")}
    told = subprocess.run(
        [sys.executable, "-m", "hutong.cli.main", *ARGUMENTS, "--seed", seed],
        env=env | {"HUTONG_DATA_DIR": str(tmp_path), "HUTONG_DEFAULT_LOCALE": "en", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert told.returncode == 0, f"seed {seed}\n" + told.stdout[-4000:] + told.stderr[-4000:]
    assert "Every audit holds." in told.stdout
    assert "fused order → completed" in told.stdout
    assert "fused order → partial" in told.stdout
    for counted in ("Policies", "Claims", "households found by rule", "policies due", "both operator and insurer"):
        line = next(line for line in told.stdout.splitlines() if counted in line)
        assert re.search(r"[1-9]", line), line
