"""Chapter 5: usage files are collected, rated and billed."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hutong.billing import bill_run, rating
from hutong.billing.bill_run import BillRunReport
from hutong.billing.collect import CollectReport, collect
from hutong.billing.rating import RatingReport

BY = "system:0"


@dataclass(frozen=True)
class Billed:
    """What came of the usage, by cycle where it is by cycle; seconds of wall time."""

    collected: CollectReport
    collect_seconds: float
    rated: dict[str, RatingReport]
    rate_seconds: float
    bills: dict[str, BillRunReport]
    bill_seconds: float


def bill(sample: Path, say: Callable[..., None]) -> Billed:
    """Collect all usage files of the sample, rate each cycle, and make its bills final."""
    cycles = json.loads((sample / "manifest.json").read_text(encoding="utf-8"))["cycles"]
    started = time.perf_counter()
    collected = collect([sample / "usage"], BY)
    collected_at = time.perf_counter()
    say("journey-collected", records=collected.records, seconds=f"{collected_at - started:.1f}")
    rated = {cycle: rating.rate(cycle, BY) for cycle in cycles}
    rated_at = time.perf_counter()
    say("journey-rated", seconds=f"{rated_at - collected_at:.1f}")
    bills = {cycle: bill_run.run(cycle, BY, final=True) for cycle in cycles}
    billed_at = time.perf_counter()
    return Billed(collected, collected_at - started, rated, rated_at - collected_at, bills, billed_at - rated_at)
