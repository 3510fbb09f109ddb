"""Events priced a second by one core, kernel alone, and the cost of one online event.

Three plans: flat per minute in blocks; the same by bands of the clock; graduated along a monthly accumulator with a
shared allowance. A million events of 50,000 groups.
"""

import time
from typing import Any

import numpy as np

from hutong.billing.pricing.compile import compile_plans
from hutong.billing.pricing.compiled import CompiledTariffs, Published
from hutong.billing.pricing.kernel import EVERYONE, Table
from hutong.billing.pricing.run import State, price_batch, price_one
from hutong.catalog.price_plan import PricePlan
from hutong.platform.settings import settings

EVENTS, GROUPS = 1_000_000, 50_000
START = 1_788_000_000  # in August 2026
FLAT = {"model": "flat", "amount": "0.15", "per": "60"}
PLANS: dict[str, dict[str, Any]] = {
    "flat": {"price": FLAT},
    "by band": {"price": FLAT, "by_band": {"night": FLAT | {"amount": "0.08"}}},
    "allowance and tiers": {
        "scale": "month",
        "price": {
            "model": "graduated",
            "steps": [{"up_to": "6000", "amount": "0.15", "per": "60"}, {"amount": "0.002"}],
        },
    },
}


def compiled(tariff: dict[str, Any]) -> CompiledTariffs:
    """One plan with one tariff, a night band, an accumulator and an allowance."""
    words = {"zh": "测速", "en": "bench"}
    plan = {
        "kind": "price_plan",
        "code": "BENCH",
        "name": words,
        "clock": {"holidays": "CN", "bands": [{"code": "night", "since": "21:00", "until": "07:00"}]},
        "accumulators": [{"code": "month", "unit": "second"}],
        "allowances": [{"code": "free", "name": words, "unit": "minute", "quantity": "30", "covers": ["voice.*"]}],
        "tariffs": [{"kind": "usage", "code": "t", "unit": "second", "increments": [{"size": "60"}]} | tariff],
        "sections": [{"code": "use", "tariff": "t", "usage": "voice.local"}],
        "strategies": [{"event": "voice", "sections": ["use"]}],
    }
    return compile_plans([Published(PricePlan.model_validate(plan))], settings.zone)


def events(generator: np.random.Generator) -> tuple[Table, Table]:
    """Groups and their rows in event order: exponential durations over ten days, one bucket a group."""
    group = np.sort(generator.integers(0, GROUPS, EVENTS))
    start = START + generator.integers(0, 10 * 86400, EVENTS)
    order = np.lexsort((start, group))
    quantity = generator.exponential(120, EVENTS).astype(np.int64)
    zero = np.zeros(EVENTS, dtype=np.int64)
    rows = np.column_stack((zero, start[order], quantity, zero, group, group)).astype(np.int64)
    numbers = np.arange(GROUPS)
    first, end = np.searchsorted(group, numbers), np.searchsorted(group, numbers, side="right")
    return np.column_stack((first, end, numbers, numbers + 1)).astype(np.int64), rows


def state(minutes: int) -> State:
    """A fresh accumulator and a granted bucket for every group."""
    bucket = np.array([[0, EVERYONE, 0, 2**40, minutes * 60]], dtype=np.int64)
    return State(np.repeat(bucket, GROUPS, axis=0), np.zeros((GROUPS, 2), dtype=np.int64))


def main() -> None:
    """Prints one line a plan: million events a second, microseconds an online event."""
    groups, rows = events(np.random.default_rng(7))
    for name, tariff in PLANS.items():
        tariffs = compiled(tariff)
        times = []
        for _ in range(5):
            held = state(30 if "allowance" in name else 0)
            began = time.perf_counter()
            results = price_batch(tariffs, groups, rows, held)
            times.append(time.perf_counter() - began)
        assert not results[:, 3].any()
        own, count = State(state(0).buckets[:1], np.zeros((1, 2), dtype=np.int64)), 100_000
        began = time.perf_counter()
        for number in range(count):
            price_one(tariffs, own, rate=0, start=START + number, quantity=61)
        each = (time.perf_counter() - began) / count
        rate = EVENTS / min(times)
        print(
            f"{name:20} {rate / 1e6:6.2f} M events/s on one core ({1e9 / rate:.0f} ns); price_one {each * 1e6:.1f} us"
        )


if __name__ == "__main__":
    main()
