"""BL-06: borders of time, tiers and allowances by example, where random cases seldom fall."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.billing.pricing.plans import SHANGHAI, WORDS, compiled, plan_of

from hutong.billing.pricing import kernel
from hutong.billing.pricing.run import Priced, State, price_one
from hutong.catalog.price_plan import PricePlan

YUAN = 1_000_000
FLAT = {"model": "flat", "amount": "1"}
FREE = {"model": "flat", "amount": "0"}
BERLIN = ZoneInfo("Europe/Berlin")
SOME_DAY = datetime(2026, 9, 3, 12, tzinfo=SHANGHAI)


def priced(
    plan: PricePlan, start: datetime, quantity: int, state: State | None = None, zone: ZoneInfo = SHANGHAI
) -> Priced:
    """One event of the plan's only rate."""
    moment = int(start.timestamp())
    return price_one(compiled(plan, zone=zone), state or State(), rate=0, start=moment, quantity=quantity)


def bucket(since: datetime, until: datetime, remaining: int, owner: int = kernel.EVERYONE) -> list[int]:
    """A kernel bucket of allowance 0."""
    return [0, owner, int(since.timestamp()), int(until.timestamp()), remaining]


def with_allowance(tariff: dict[str, Any], **allowance: Any) -> PricePlan:
    """A plan with an allowance over all its voice."""
    body = {"code": "a", "name": WORDS, "unit": "second", "quantity": "10", "covers": ["voice.*"]}
    return plan_of(tariff, allowances=[body | allowance])


@pytest.mark.parametrize(("counts", "expected"), [("charged", 10 * 1 + 10 * 2), ("used", 5 * 1 + 15 * 2)])
def test_steps_after_an_allowance(counts: str, expected: int) -> None:
    """10 units at 1, then 2; the first 5 of 25 are free: what is free counts along the scale only if so declared."""
    steps = [{"up_to": "10", "amount": "1"}, {"amount": "2"}]
    tariff = {"scale_counts": counts, "price": {"model": "graduated", "steps": steps}}
    state = State(np.array([bucket(SOME_DAY, SOME_DAY + timedelta(days=1), 5)], dtype=np.int64))
    result = priced(with_allowance(tariff), SOME_DAY, 25, state)
    assert (result.free, result.charge) == (5, expected * YUAN)


@pytest.mark.parametrize(("seconds", "free"), [(-1, 0), (0, 5), (3599, 5), (3600, 0)])
def test_an_allowance_is_valid_from_and_until(seconds: int, free: int) -> None:
    """[from, to): by the event's start, to the second."""
    state = State(np.array([bucket(SOME_DAY, SOME_DAY + timedelta(hours=1), 5)], dtype=np.int64))
    assert priced(with_allowance({"price": FLAT}), SOME_DAY + timedelta(seconds=seconds), 60, state).free == free


def test_a_private_allowance_serves_its_member_only() -> None:
    """Member 1 owns the units; member 0 pays."""
    state = State(np.array([bucket(SOME_DAY, SOME_DAY + timedelta(hours=1), 5, owner=1)], dtype=np.int64))
    tariffs, start = compiled(with_allowance({"price": FLAT})), int(SOME_DAY.timestamp())
    assert [price_one(tariffs, state, rate=0, start=start, quantity=4, member=m).free for m in (0, 1, 0, 1)] == [
        0,
        4,
        0,
        1,
    ]


def test_night_minutes_serve_the_night_part_of_a_call() -> None:
    """A call over 21:00 with an allowance for the night: charged before, free after."""
    clock = {"bands": [{"code": "night", "since": "21:00", "until": "07:00"}]}
    body = {"code": "a", "name": WORDS, "unit": "minute", "quantity": "9", "covers": ["voice.*"], "during": ["night"]}
    plan = plan_of({"price": FLAT}, clock=clock, allowances=[body])
    start = datetime(2026, 9, 3, 20, 59, 30, tzinfo=SHANGHAI)
    state = State(np.array([bucket(start, start + timedelta(days=1), 540)], dtype=np.int64))
    result = priced(plan, start, 100, state)
    assert (result.free, result.charge) == (70, 30 * YUAN)


@pytest.mark.parametrize(
    ("when", "charge"),
    [
        (datetime(2026, 9, 3, 20, 59, 59, tzinfo=SHANGHAI), 1),  # the last block begins before the night
        (datetime(2026, 9, 3, 21, 0, 0, tzinfo=SHANGHAI), 0),
        (datetime(2026, 9, 4, 6, 59, 59, tzinfo=SHANGHAI), 0),  # belongs to the night that began yesterday
        (datetime(2026, 9, 4, 7, 0, 0, tzinfo=SHANGHAI), 1),
    ],
)
def test_a_block_belongs_to_the_band_in_which_it_begins(when: datetime, charge: int) -> None:
    """One block of a minute at 1, free from 21:00 to 07:00."""
    clock = {"bands": [{"code": "night", "since": "21:00", "until": "07:00"}]}
    tariff = {"price": FLAT | {"per": "60"}, "by_band": {"night": FREE}, "increments": [{"size": "60"}]}
    assert priced(plan_of(tariff, clock=clock), when, 30).charge == charge * YUAN


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ((2026, 2, 17), "holiday"),  # Spring Festival
        ((2026, 2, 14), "workday"),  # a Saturday worked for it
        ((2026, 9, 5), "weekend"),
        ((2026, 9, 7), "workday"),
    ],
)
def test_days_follow_the_state_councils_calendar(day: tuple[int, int, int], kind: str) -> None:
    """Holidays, make-up workdays, weekends."""
    clock = {"holidays": "CN", "bands": [{"code": name, "days": [name]} for name in ("holiday", "weekend", "workday")]}
    by_band = {name: FLAT | {"amount": str(n)} for n, name in enumerate(("holiday", "weekend", "workday"), start=1)}
    result = priced(plan_of({"price": FREE, "by_band": by_band}, clock=clock), datetime(*day, 12, tzinfo=SHANGHAI), 1)
    assert result.charge == {"holiday": 1, "weekend": 2, "workday": 3}[kind] * YUAN


@pytest.mark.parametrize(("seconds", "charge"), [(-60, 60), (-61, 59), (0, 0), (3539, 59), (3540, 60)])
def test_clock_change(seconds: int, charge: int) -> None:
    """In Berlin on 2026-10-25, 03:00 becomes 02:00 at 01:00 UTC: the band 02:00-02:59 comes a second time, at once."""
    clock = {"bands": [{"code": "two", "since": "02:00", "until": "02:59"}]}
    plan = plan_of({"price": FLAT, "by_band": {"two": FREE}}, clock=clock)
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert priced(plan, change + timedelta(seconds=seconds), 60, zone=BERLIN).charge == charge * YUAN


def test_a_percentage_of_the_events_amount() -> None:
    """5 % of content for 12.34: 0.617, rounded half up to 0.62."""
    tariff = {"unit": "currency", "price": {"model": "percentage", "percent": "5"}, "rounding": {"unit": "0.01"}}
    assert priced(plan_of(tariff), SOME_DAY, 12_340_000).charge == 620_000


def test_a_gigabyte_is_1024_megabytes() -> None:
    """5 per GB: 1.5 GB cost 7.50, one KB is rounded to micros."""
    plan = plan_of({"unit": "GB", "price": FLAT | {"amount": "5"}})
    assert priced(plan, SOME_DAY, 1_572_864).charge == 7_500_000
    assert priced(plan, SOME_DAY, 1).charge == 5


def test_a_volume_tier_reached_gives_back() -> None:
    """At 2 up to 100, then all at 1: after 100 (200), one more unit posts 101 - 200 = -99."""
    steps = [{"up_to": "100", "amount": "2"}, {"amount": "1"}]
    tariff = {"unit": "item", "scale": "month", "price": {"model": "volume", "steps": steps}}
    plan = plan_of(tariff, accumulators=[{"code": "month", "unit": "item", "counts": "charged"}])
    state = State(accumulators=np.zeros((1, 2), dtype=np.int64))
    assert [priced(plan, SOME_DAY, quantity, state).charge // YUAN for quantity in (100, 1, 1)] == [200, -99, 1]
