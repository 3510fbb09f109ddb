"""BL-06, BL-13: the compiled kernel and the slow reference agree on every charge and on all state left behind."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from tests.billing.pricing import reference
from tests.billing.pricing.plans import SHANGHAI, WORDS, compiled, plan_of
from tests.thorough import examples

from hutong.billing.pricing import kernel
from hutong.billing.pricing.run import State, event_order, price_batch, price_one, ranges
from hutong.catalog.price_plan import PricePlan
from hutong.platform.errors import Unprocessable

BERLIN = ZoneInfo("Europe/Berlin")
MEMBERS = 3
TIMES = ["00:00", "07:00", "08:01", "12:00", "17:59", "18:00", "23:59"]
MOMENTS = [  # around borders of bands, midnight, Spring Festival, a make-up workday, and Berlin's clock change
    datetime(2026, 9, 3, 17, 58, tzinfo=SHANGHAI),
    datetime(2026, 9, 3, 23, 57, tzinfo=SHANGHAI),
    datetime(2026, 9, 6, 6, 59, tzinfo=SHANGHAI),
    datetime(2026, 2, 14, 23, 58, tzinfo=SHANGHAI),
    datetime(2026, 2, 16, 11, 58, tzinfo=SHANGHAI),
    datetime(2026, 10, 25, 2, 57, tzinfo=BERLIN),
]
texts = st.sampled_from(["0", "0.01", "0.1", "0.15", "0.006", "1", "1.2345", "0.333333", "3"])
pers = st.sampled_from(["1", "60", "7", "1000"])


@st.composite
def steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Ascending steps, the last open."""
    borders = sorted(draw(st.sets(st.integers(1, 400), max_size=3)))
    made = []
    for border in [*borders, None]:
        step = {"amount": draw(texts), "per": draw(pers), "flat": draw(texts), "started": draw(st.booleans())}
        made.append(step if border is None else step | {"up_to": str(border)})
    return made


@st.composite
def prices(draw: st.DrawFn, *, volume: bool) -> dict[str, Any]:
    """Any form of price for seconds."""
    kind = draw(st.sampled_from(["flat", "package", "graduated", *(["volume"] if volume else [])]))
    if kind == "flat":
        return {"model": "flat", "amount": draw(texts), "per": draw(pers)}
    if kind == "package":
        free = str(draw(st.integers(0, 90)))
        return {"model": "package", "amount": draw(texts), "size": str(draw(st.integers(1, 90))), "free": free}
    return {"model": kind, "steps": draw(steps())}


@st.composite
def clocks(draw: st.DrawFn) -> dict[str, Any]:
    """Up to three bands, overlapping, over midnight, on kinds of days."""
    days = st.lists(st.sampled_from(["workday", "weekend", "holiday", "thu", "sat"]), max_size=2, unique=True)
    bands = [
        {
            "code": f"b{n}",
            "days": draw(days),
            "since": draw(st.sampled_from(TIMES)),
            "until": draw(st.sampled_from([*TIMES[1:], "24:00"])),
        }
        for n in range(draw(st.integers(0, 3)))
    ]
    return {"holidays": draw(st.sampled_from(["none", "CN"])), "bands": bands}


@st.composite
def plans(draw: st.DrawFn) -> PricePlan:
    """Any plan with one voice tariff that the compiler accepts."""
    clock = draw(clocks())
    codes = [band["code"] for band in clock["bands"]]
    banded = bool(codes) and draw(st.booleans())
    price = draw(prices(volume=not banded))
    volume = price["model"] == "volume"
    scale = draw(st.sampled_from(["event", "month"]))
    counts = "charged" if volume else draw(st.sampled_from(["used", "charged"]))
    cumulative = scale == "month" and not banded and draw(st.booleans())
    rounding = {
        "mode": draw(st.sampled_from(["half_up", "half_even", "up", "down"])),
        "unit": draw(st.sampled_from(["0.000001", "0.01", "0.1"])),
        "at": "cumulative" if cumulative else "event",
    }
    first = draw(st.integers(1, 70))
    further = {"after": str(first * draw(st.integers(1, 3))), "size": str(draw(st.integers(1, 30)))}
    tariff = {
        "price": price,
        "by_band": {code: draw(prices(volume=False)) for code in codes} if banded else {},
        "scale": scale,
        "scale_counts": counts,
        "increments": draw(st.sampled_from([[], [{"size": str(first)}, further]])),
        "connection_fee": draw(st.sampled_from(["0", "1", "0.2"])),
        "connection_fee_when": draw(st.sampled_from(["charged", "always"])),
        "cap": None if cumulative else draw(st.sampled_from([None, "0.62", "5"])),
        "rounding": rounding,
    }
    allowances = [
        {
            "code": f"a{n}",
            "name": WORDS,
            "unit": draw(st.sampled_from(["second", "second", "minute", "item"])),
            "quantity": "1",
            "covers": draw(st.sampled_from([["voice.*"], ["sms.*", "voice.local"], ["sms.*"]])),
            "during": draw(st.lists(st.sampled_from(codes), max_size=1)) if codes else [],
        }
        for n in range(2)
    ]
    accumulators = [
        {"code": "month", "unit": "second", "shared": draw(st.booleans()), "counts": counts},
        {"code": "all", "unit": "minute", "shared": draw(st.booleans())},
    ]
    section = {"accumulates": draw(st.sampled_from([[], ["all"]]))}
    plan = plan_of(tariff, clock=clock, allowances=allowances, accumulators=accumulators, section=section)
    try:
        compiled(plan)
    except Unprocessable as refusal:
        assert refusal.message_id == "billing-plan-overflow"
        reject()
    return plan


offsets = st.sampled_from([0, 50, 100, 180]) | st.integers(0, 200)  # allowances and Berlin's clock change there


@st.composite
def situations(draw: st.DrawFn) -> tuple[PricePlan, list[reference.Use], list[reference.Bucket]]:
    """A plan, events that overlap and share starts, and granted allowances, some expired, some of one member."""
    plan = draw(plans())
    base = int(draw(st.sampled_from(MOMENTS)).timestamp())
    uses = [
        reference.Use(base + draw(offsets), draw(st.integers(0, 400)), draw(st.integers(0, MEMBERS - 1)))
        for _ in range(draw(st.integers(1, 6)))
    ]
    buckets = []
    for _ in range(draw(st.integers(0, 3))):
        since, until = draw(st.sampled_from([(0, 2**40), (base + 50, 2**40), (0, base + 100)]))
        owner = draw(st.sampled_from([None, 0, 1]))
        allowance = draw(st.sampled_from(plan.allowances))
        buckets.append(reference.Bucket(allowance, owner, since, until, draw(st.integers(0, 500))))
    return plan, sorted(uses, key=lambda use: use.start), buckets


def arrays(plan: PricePlan, uses: list[reference.Use], buckets: list[reference.Bucket]) -> tuple[np.ndarray, State]:
    """The kernel's rows and state for one group: members' accumulators first, the group's last."""
    rows = [(0, use.start, use.quantity, use.member, use.member * 2, MEMBERS * 2) for use in uses]
    numbers = {allowance.code: number for number, allowance in enumerate(plan.allowances)}
    held = [
        (
            numbers[b.allowance.code],
            kernel.EVERYONE if b.owner is None else b.owner,
            b.valid_from,
            b.valid_to,
            b.remaining,
        )
        for b in buckets
    ]
    return np.array(rows, dtype=np.int64), State(
        np.array(held, dtype=np.int64).reshape(len(held), 5), np.zeros((MEMBERS * 2 + 2, 2), dtype=np.int64)
    )


def whole_group(rows: np.ndarray, state: State) -> np.ndarray:
    """All rows and buckets as one group."""
    return np.array([[0, len(rows), 0, len(state.buckets)]], dtype=np.int64)


def slot(plan: PricePlan, code: str, member: int | None) -> int:
    """The accumulator row of the layout above."""
    item = next(item for item in plan.accumulators if item.code == code)
    same = [other.code for other in plan.accumulators if other.shared == item.shared]
    return (MEMBERS * 2 if member is None else member * 2) + same.index(code)


EXAMPLES = examples(60)
relaxed = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(situations(), st.sampled_from([SHANGHAI, BERLIN]))
def test_kernel_agrees_with_the_reference(situation: Any, zone: ZoneInfo) -> None:
    """Splits over bands, tiers and days, shared and private allowances, caps, rounding: same charges, same state."""
    plan, uses, buckets = situation
    rows, state = arrays(plan, uses, buckets)
    results = price_batch(compiled(plan, zone=zone), whole_group(rows, state), rows, state)

    group = reference.Group(buckets)
    expected = [reference.price(plan, use, group, zone) * 10**6 for use in uses]
    assert results[:, kernel.STATUS].tolist() == [kernel.PRICED] * len(uses)
    assert results[:, kernel.CHARGE].tolist() == expected
    assert state.buckets[:, kernel.REMAINING].tolist() == [bucket.remaining for bucket in group.buckets]
    for (code, member), values in group.accumulators.items():
        assert state.accumulators[slot(plan, code, member)].tolist() == values


@relaxed
@given(situations(), st.integers(0, 6))
def test_online_batch_and_rerating_are_one(situation: Any, cut: int) -> None:
    """BL-13: one by one, in two batches, or all at once; and pricing again from the start posts no difference."""
    plan, uses, buckets = situation
    tariffs = compiled(plan)
    rows, start = arrays(plan, uses, buckets)
    at_once, batched, online = start.copy(), start.copy(), start.copy()
    whole = price_batch(tariffs, whole_group(rows, at_once), rows, at_once)
    parts = [price_batch(tariffs, whole_group(part, batched), part, batched) for part in (rows[:cut], rows[cut:])]
    single = [
        price_one(tariffs, online, rate=r, start=t, quantity=q, member=m, member_slot=ms, group_slot=gs)
        for r, t, q, m, ms, gs in rows.tolist()
    ]
    assert np.array_equal(np.vstack(parts), whole)
    assert [one.charge for one in single] == whole[:, kernel.CHARGE].tolist()
    for other in (batched, online):
        assert np.array_equal(other.buckets, at_once.buckets)
        assert np.array_equal(other.accumulators, at_once.accumulators)
    again = price_batch(tariffs, whole_group(rows, start), rows, start)
    assert np.array_equal(whole[:, kernel.CHARGE], again[:, kernel.CHARGE])


@relaxed
@given(st.lists(situations(), min_size=3, max_size=3))
def test_groups_do_not_touch_each_other(several: Any) -> None:
    """Many groups in two threads give each group what it gets alone; rows arrive in any order."""
    plan = several[0][0]
    tariffs = compiled(plan)
    held = {allowance.code: allowance for allowance in plan.allowances}
    alone, all_rows, states = [], [], []
    for _, uses, buckets in several:
        own = [
            reference.Bucket(held[b.allowance.code], b.owner, b.valid_from, b.valid_to, b.remaining) for b in buckets
        ]
        rows, state = arrays(plan, uses, own)
        all_rows.append(rows.copy())
        states.append(state.copy())
        alone.append(price_batch(tariffs, whole_group(rows, state), rows, state))
    width = len(states[0].accumulators)
    for number, rows in enumerate(all_rows):
        rows[:, [kernel.MEMBER_SLOT, kernel.GROUP_SLOT]] += number * width
    group_of = np.repeat(np.arange(3), [len(rows) for rows in all_rows])
    rows = np.vstack(all_rows)
    sequence = np.arange(len(rows))
    shuffled = np.random.default_rng(len(rows)).permutation(len(rows))
    order = shuffled[event_order(group_of[shuffled], rows[shuffled, kernel.START], sequence[shuffled])]
    bucket_group = np.repeat(np.arange(3), [len(state.buckets) for state in states])
    together = State(np.vstack([s.buckets for s in states]), np.vstack([s.accumulators for s in states]))
    groups = np.hstack([ranges(group_of[order], 3), ranges(bucket_group, 3)])
    results = price_batch(tariffs, groups, np.ascontiguousarray(rows[order]), together, threads=2)
    assert np.array_equal(results, np.vstack(alone))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=12))
def test_cumulative_rounding_adds_up(quantities: list[int]) -> None:
    """Posted parts of a graduated tariff rounded to fen are exactly the rounded total: round(F(C2)) - round(F(C1))."""
    tiers = [{"up_to": "100", "amount": "0.00333"}, {"up_to": "333", "amount": "0.0177"}, {"amount": "0.001"}]
    plan = plan_of(
        {
            "scale": "month",
            "price": {"model": "graduated", "steps": tiers},
            "rounding": {"unit": "0.01", "at": "cumulative"},
        },
        accumulators=[{"code": "month", "unit": "second"}],
    )
    tariffs = compiled(plan)
    state = State(accumulators=np.zeros((1, 2), dtype=np.int64))
    parts = [price_one(tariffs, state, rate=0, start=1_788_000_000, quantity=q).charge for q in quantities]
    total = reference.total_price(plan.tariffs[0].price, sum(quantities), 1)  # type: ignore[union-attr]
    rounded = reference.round_money(total, plan.tariffs[0].rounding)
    assert Decimal(sum(parts)) == rounded * 10**6
