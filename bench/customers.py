"""Customer master: rows imported a second, records resolved a second, and how well.

./dev bench customers [CUSTOMERS]    # of the demo's operator; default 20000; its insurer has one family in ten
"""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from hutong.cli.demo import INSURED_ONE_IN
from hutong.cli.journey import masters, preparation
from hutong.cli.sample import telecom
from hutong.cli.sample.insurance.generate import generate
from hutong.party.resolution.resolve import resolve
from hutong.platform.i18n import translate


def main() -> None:
    """Print each figure with what it counts."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder)
        telecom(out=sample, customers=customers, events=1000, seed=7)
        generate(sample / "insurance", customers=customers, seed=7, one_in=INSURED_ONE_IN)
        preparation.prepare(datetime(2020, 1, 1, tzinfo=UTC))
        found = masters.bring_in(sample, lambda message, **params: print(translate(message, "en", **params)))
    rows = sum(load.rows for load in found.loads.values())
    print(f"import            {rows / found.load_seconds:12,.0f} rows/s   ({rows:,} rows of six exports)")
    records, parties = found.resolved.records, found.resolved.parties
    print(f"resolve, first    {records / found.resolve_seconds:12,.0f} records/s ({records:,} to {parties:,})")
    started = time.perf_counter()
    resolve()
    print(f"resolve, again    {records / (time.perf_counter() - started):12,.0f} records/s (nothing new)")
    for name, score in found.scores.items():
        print(f"{name:18} precision {score.precision:.5f} recall {score.recall:.5f} F1 {score.f1:.5f}")


if __name__ == "__main__":
    main()
