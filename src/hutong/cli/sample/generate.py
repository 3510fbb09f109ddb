"""All files of the telecom sample, and the manifest that says what was put into them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from hutong.cli.sample.delivery import deliver, duplicates
from hutong.cli.sample.population import population
from hutong.cli.sample.sources import exports, write_sources, write_truth
from hutong.cli.sample.subscriptions import subscriptions, summary, write_subscriptions
from hutong.cli.sample.text import Months, Whole
from hutong.cli.sample.usage import TYPES, Events, events
from hutong.cli.sample.usage_files import write_usage


def generate(
    out: Path,
    *,
    customers: int,
    lines: int,
    seed: int,
    active: int,
    orders: int,
    first_cycle: str,
    months: int,
    order_usage: bool,
) -> dict[str, Any]:
    """Write everything under `out` and return the manifest.

    `lines` counts the usage records in the files, repeats and broken ones included. `first_cycle`: `2026-09`. Equal
    arguments give equal bytes.
    """
    out.mkdir(parents=True, exist_ok=True)
    cycles = [np.datetime64(first_cycle, "M") + month for month in range(months)]
    first_day = cycles[0].astype("datetime64[D]")
    days = int(((cycles[-1] + 1).astype("datetime64[D]") - first_day).astype(np.int64))
    people = population(np.random.default_rng([seed, 1]), customers)
    written = exports(seed, people, first_day.astype("datetime64[s]") - np.timedelta64(4 * 3600, "s"))
    write_sources(out / "sources", written)
    write_truth(out / "truth.csv", written)
    held = subscriptions(seed, people, written, active=active, orders=orders, first_day=first_day, days=days)
    write_subscriptions(out / "subscriptions.csv", held)
    begin = int(first_day.astype(np.int64))
    used = events(seed, held, lines - sum(duplicates(lines)), first_day=begin, days=days, order_usage=order_usage)
    laid = deliver(seed, used, lines, cycles)
    files = write_usage(out / "usage", used, laid, held, cycles)
    arguments = {"customers": customers, "events": lines, "seed": seed, "active": active, "orders": orders,
                 "first_cycle": first_cycle, "months": months, "order_usage": order_usage}  # fmt: skip
    manifest = {
        "format": 1,
        "arguments": arguments,
        "cycles": [str(cycle).replace("-", "") for cycle in cycles],
        "timezone": "Asia/Shanghai",
        "customers": {
            "total": len(people),
            "persons": int(people.person.sum()),
            "organisations": int((~people.person).sum()),
        },
        "sources": {export.system.name: export.counts for export in written},
        "subscriptions": summary(held),
        "usage": {"totals": _totals(files), "valid": _valid(used, laid.event[laid.fault == 0], cycles), "files": files},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (out / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest


def _totals(files: list[dict[str, Any]]) -> dict[str, int]:
    """Sums over all files of every count."""
    counts = [key for key, value in files[0].items() if isinstance(value, int) and not isinstance(value, bool)]
    return {"files": len(files), **{key: sum(int(entry[key]) for entry in files) for key in counts}}


def _valid(used: Events, delivered: Whole, cycles: Months) -> list[dict[str, Any]]:
    """What must be rated, once each, by the month of its start and type: events, seconds, bytes, messages."""
    good = np.unique(delivered)
    month = (used.start[good] // 86_400).astype("datetime64[D]").astype("datetime64[M]")
    result = []
    for cycle in cycles:
        for kind, name in enumerate(TYPES):
            rows = good[(month == cycle) & (used.kind[good] == kind)]
            result.append(
                {
                    "cycle": str(cycle).replace("-", ""),
                    "type": name,
                    "events": len(rows),
                    "seconds": int(used.duration[rows].sum()),
                    "bytes": int(used.bytes_up[rows].sum() + used.bytes_down[rows].sum()),
                    "messages": int(used.units[rows].sum()),
                }
            )
    return result
