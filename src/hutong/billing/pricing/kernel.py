"""The pricing kernel (BL-06): prices runs of events of sharing groups, in event order, in exact integers.

One compiled function serves online charging (one event), the bill run (millions) and re-rating, so they cannot differ.
Everything is an int64 table; a row of a table is addressed by the column names below. Amounts inside a tariff are
numerators over its common denominator: multiplied first, divided once, where the tariff says that it rounds.
`bounds.py` proves at compile time that no sum or product here leaves int64.

The column names stand in this file because Numba's cache on disk notices changes of the function's own file only.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np
from numba import int64, njit
from numpy.typing import NDArray

# ruff: noqa: PLR0917  compiled functions are called by position
# An element of an int64 table is an int to the compiler:
# mypy: disable-error-code="no-any-return"

# rates: one row for each tariff as reached from one section
(DENOMINATOR, FEE, FEE_ALWAYS, CAP, INCREMENT_FIRST, INCREMENT_END, PRICE_FIRST, CLOCK, TIMED, SCALE) = range(10)
(SCALE_COUNTS_CHARGED, COUNTED_FIRST, COUNTED_END, ROUNDING, ROUNDING_UNIT, CUMULATIVE, BOUND) = range(10, 17)
RATE_COLUMNS: Final = 17
# prices: one row for each band of a rate's clock (one row where it has no clock)
STEP_FIRST, STEP_END, COVERAGE = range(3)
# steps of a price, ascending: F(x) = BEFORE + ceil((x - ORIGIN) / SIZE) · PRICE in the step with FROM < x
FROM, ORIGIN, SIZE, PRICE, BEFORE = range(5)
# increments: after this position, blocks of this size
AFTER, BLOCK = range(2)
# counters: accumulators as the plan defines them; SLOT counts from the member's or the group's first slot
SHARED, SLOT, CHARGED_ONLY, COUNTER_BOUND = range(4)
# borders of a day's schedule: from this second of the local day on, this band; closed by second 86400
SECOND, BAND = range(2)
# offsets: from this UTC second on, local time is this many seconds ahead
SINCE, AHEAD = range(2)
# groups: their rows and buckets, as half-open ranges
ROW_FIRST, ROW_END, BUCKET_FIRST, BUCKET_END = range(4)
# rows: one use to price; START in UTC seconds, QUANTITY in base units; slots are rows of the accumulator table
RATE, START, QUANTITY, MEMBER, MEMBER_SLOT, GROUP_SLOT = range(6)
ROW_COLUMNS: Final = 6
# buckets: granted allowances of a group, in the order of their use; OWNER is a member, EVERYONE, or -2 less a mask of
# members (below 62)
ALLOWANCE, OWNER, VALID_FROM, VALID_TO, REMAINING = range(5)
EVERYONE: Final = -1
# accumulators
VALUE, EVENTS = range(2)
# results
CHARGE, BILLED, FREE, STATUS = range(4)
PRICED, NO_RATE, OUT_OF_BOUNDS, OUTSIDE_CALENDAR = range(4)
# trace: why; AMOUNT is a numerator; REFERENCE is the bucket of COVERED, the scale position of CHARGED
T_ROW, T_KIND, T_FROM, T_TO, T_BAND, T_REFERENCE, T_AMOUNT = range(7)
OPENED, COVERED, CHARGED, CONNECTED, CAPPED = range(5)

NONE: Final = -1
HALF_UP, HALF_EVEN, UP, DOWN = range(4)
DAY: Final = 86400
FOREVER: Final = 2**62

Table = NDArray[np.int64]


class Plan(NamedTuple):
    """Compiled price plans, all versions in force."""

    rates: Table
    prices: Table
    steps: Table
    increments: Table
    counters: Table
    counted: Table
    covers: Table  # allowance × class of use
    days: Table  # clock × day: first row in borders, or NONE
    borders: Table
    offsets: Table
    first_day: int  # of the columns of days, since 1970-01-01


class Run(NamedTuple):
    """What is priced, the rated state it changes, and what comes out."""

    groups: Table
    rows: Table
    buckets: Table
    accumulators: Table
    results: Table
    trace: Table


# The kernel allocates nothing, so it does without Numba's reference counts: ten times faster (ADR 0003).
OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """A part of the kernel, compiled into it."""
    return cast(Function, njit(forceinline=True, **OPTIONS)(function))


@compiled
def billed_quantity(increments: Table, first: int, end: int, quantity: int) -> int:
    """The quantity with its last block rounded up. Blocks never cross the start of the next increment."""
    if quantity <= 0:
        return 0
    row = first
    while row + 1 < end and quantity > increments[row + 1, AFTER]:
        row += 1
    after, block = increments[row, AFTER], increments[row, BLOCK]
    return after + (quantity - after + block - 1) // block * block


@compiled
def cost(plan: Plan, price: int, position: int) -> int:
    """F(position): the exact price of the scale from its beginning, as a numerator, flats of entered steps included."""
    row, end = plan.prices[price, STEP_FIRST], plan.prices[price, STEP_END]
    while row + 1 < end and position > plan.steps[row + 1, FROM]:
        row += 1
    beyond = position - plan.steps[row, ORIGIN]
    size = plan.steps[row, SIZE]
    if size > 1:
        beyond = (beyond + size - 1) // size
    return plan.steps[row, BEFORE] + beyond * plan.steps[row, PRICE]


@compiled
def rounded(plan: Plan, rate: int, numerator: int) -> int:
    """A numerator as micros, rounded as the rate declares; halves and directions are away from or towards zero."""
    unit, mode = plan.rates[rate, ROUNDING_UNIT], plan.rates[rate, ROUNDING]
    divisor = plan.rates[rate, DENOMINATOR] * unit
    size = abs(numerator)
    whole = size // divisor
    rest = size - whole * divisor
    if rest > 0:
        if mode == UP:
            whole += 1
        elif mode == HALF_UP:
            whole += 2 * rest >= divisor
        elif mode == HALF_EVEN:
            whole += 2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1)
    return whole * unit if numerator >= 0 else -whole * unit


@compiled
def ahead(plan: Plan, moment: int) -> tuple[int, int]:
    """Seconds that local time is ahead of UTC, and the UTC second until which this holds."""
    row = 0
    while row + 1 < len(plan.offsets) and plan.offsets[row + 1, SINCE] <= moment:
        row += 1
    return plan.offsets[row, AHEAD], plan.offsets[row + 1, SINCE] if row + 1 < len(plan.offsets) else FOREVER


@compiled
def band_at(plan: Plan, clock: int, moment: int) -> tuple[int, int]:
    """The band of the clock at a UTC second, and the UTC second at which it may next change."""
    offset, until = ahead(plan, moment)
    day = (moment + offset) // DAY
    second = moment + offset - day * DAY
    row = plan.days[clock, day - plan.first_day]
    while plan.borders[row + 1, SECOND] <= second:
        row += 1
    return plan.borders[row, BAND], min(moment + plan.borders[row + 1, SECOND] - second, until)


@compiled
def accumulator(plan: Plan, run: Run, row: int, counter: int) -> int:
    """The row of `accumulators` in which a counter counts this use."""
    first = run.rows[row, GROUP_SLOT if plan.counters[counter, SHARED] else MEMBER_SLOT]
    return first + plan.counters[counter, SLOT]


@compiled
def on_calendar(plan: Plan, clock: int, start: int, end: int) -> bool:
    """Whether the clock knows every day between two UTC seconds, and the next (a last block may pass midnight)."""
    first = (start + ahead(plan, start)[0]) // DAY - plan.first_day
    last = (end + ahead(plan, end)[0]) // DAY - plan.first_day + 1
    if first < 0 or last >= plan.days.shape[1]:
        return False
    return plan.days[clock, first] != NONE and plan.days[clock, last] != NONE


@compiled
def refusal(plan: Plan, run: Run, row: int) -> int:
    """Why a row cannot be priced, or PRICED. Nothing has been counted or taken yet."""
    rate, start, quantity = run.rows[row, RATE], run.rows[row, START], run.rows[row, QUANTITY]
    if rate < 0:
        return NO_RATE
    if quantity < 0 or quantity > plan.rates[rate, BOUND]:
        return OUT_OF_BOUNDS
    for entry in range(plan.rates[rate, COUNTED_FIRST], plan.rates[rate, COUNTED_END]):
        counter = plan.counted[entry, 0]
        value = run.accumulators[accumulator(plan, run, row, counter), VALUE]
        if value + quantity > plan.counters[counter, COUNTER_BOUND]:
            return OUT_OF_BOUNDS
    clock = plan.rates[rate, CLOCK]
    end = start + quantity if plan.rates[rate, TIMED] else start
    if clock != NONE and not on_calendar(plan, clock, start, end):
        return OUTSIDE_CALENDAR
    return PRICED


@compiled
def note(run: Run, used: int, row: int, kind: int, start: int, end: int, band: int, reference: int, amount: int) -> int:
    """Writes one line of explanation, if there is room; returns the number of lines written."""
    if used >= len(run.trace):
        return used
    run.trace[used, T_ROW] = row
    run.trace[used, T_KIND] = kind
    run.trace[used, T_FROM] = start
    run.trace[used, T_TO] = end
    run.trace[used, T_BAND] = band
    run.trace[used, T_REFERENCE] = reference
    run.trace[used, T_AMOUNT] = amount
    return used + 1


@compiled
def cover(
    plan: Plan, run: Run, group: int, row: int, price: int, position: int, until: int, used: int
) -> tuple[int, int]:
    """Takes what allowances give for [position, until), in their order; returns where charging begins."""
    coverage = plan.prices[price, COVERAGE]
    if coverage == NONE:
        return position, used
    start, member = run.rows[row, START], run.rows[row, MEMBER]
    for bucket in range(run.groups[group, BUCKET_FIRST], run.groups[group, BUCKET_END]):
        if position >= until:
            break
        remaining, owner = run.buckets[bucket, REMAINING], run.buckets[bucket, OWNER]
        if (
            remaining > 0
            and plan.covers[run.buckets[bucket, ALLOWANCE], coverage]
            and run.buckets[bucket, VALID_FROM] <= start < run.buckets[bucket, VALID_TO]
            and (owner in (EVERYONE, member) or (owner < EVERYONE and (-2 - owner) >> member & 1))
        ):
            taken = min(remaining, until - position)
            run.buckets[bucket, REMAINING] = remaining - taken
            used = note(run, used, row, COVERED, position, position + taken, NONE, bucket, 0)
            position += taken
    return position, used


@compiled
def price_row(plan: Plan, run: Run, group: int, row: int, used: int) -> int:
    """Prices one use: measure, split over bands, cover by allowances, price on the scale, cap, round, count."""
    rate, start = run.rows[row, RATE], run.rows[row, START]
    rates = plan.rates[rate]
    clock, cumulative, scale = rates[CLOCK], rates[CUMULATIVE], rates[SCALE]
    first, end = rates[INCREMENT_FIRST], rates[INCREMENT_END]
    billed = billed_quantity(plan.increments, first, end, run.rows[row, QUANTITY])
    origin, opening, band, border = 0, True, 0, FOREVER
    if scale != NONE:
        slot = accumulator(plan, run, row, scale)
        origin, opening = run.accumulators[slot, VALUE], run.accumulators[slot, EVENTS] == 0
    if clock != NONE:
        band, border = band_at(plan, clock, start)

    exact = 0  # numerator, rounded once at the end
    posted = 0  # micros of shares rounded on the running total
    if opening:
        flat = cost(plan, rates[PRICE_FIRST] + band, 0)
        if cumulative:
            posted = rounded(plan, rate, flat)
        else:
            exact = flat
        used = note(run, used, row, OPENED, 0, 0, band, NONE, flat)

    position, charged = 0, 0
    while position < billed:
        if clock != NONE and start + position >= border:
            band, border = band_at(plan, clock, start + position)
        # a block belongs to the band in which it begins
        until = min(billed, billed_quantity(plan.increments, first, end, border - start)) if rates[TIMED] else billed
        price = rates[PRICE_FIRST] + band
        position, used = cover(plan, run, group, row, price, position, until, used)
        if position < until:
            since = origin + (charged if rates[SCALE_COUNTS_CHARGED] else position)
            before, after = cost(plan, price, since), cost(plan, price, since + until - position)
            if cumulative:
                posted += rounded(plan, rate, after) - rounded(plan, rate, before)
            else:
                exact += after - before
            used = note(run, used, row, CHARGED, position, until, band, since, after - before)
            charged += until - position
        position = until

    if rates[FEE] != 0 and (charged > 0 or billed == 0 or rates[FEE_ALWAYS]):
        exact += rates[FEE]
        used = note(run, used, row, CONNECTED, 0, 0, NONE, NONE, rates[FEE])
    if rates[CAP] != NONE and exact > rates[CAP]:
        used = note(run, used, row, CAPPED, 0, billed, NONE, NONE, rates[CAP] - exact)
        exact = rates[CAP]
    run.results[row, CHARGE] = posted + rounded(plan, rate, exact)
    run.results[row, BILLED] = billed
    run.results[row, FREE] = billed - charged
    count(plan, run, row, billed, charged)
    return used


@compiled
def count(plan: Plan, run: Run, row: int, billed: int, charged: int) -> None:
    """Advances the accumulators of the row's rate."""
    rate = run.rows[row, RATE]
    for entry in range(plan.rates[rate, COUNTED_FIRST], plan.rates[rate, COUNTED_END]):
        counter = plan.counted[entry, 0]
        slot = accumulator(plan, run, row, counter)
        run.accumulators[slot, VALUE] += charged if plan.counters[counter, CHARGED_ONLY] else billed
        run.accumulators[slot, EVENTS] += 1


table = int64[:, ::1]


@njit(int64(*[table] * 10, int64, *[table] * 6, int64, int64), **OPTIONS)
def price_groups(
    rates: Table, prices: Table, steps: Table, increments: Table, counters: Table, counted: Table, covers: Table,
    days: Table, borders: Table, offsets: Table, first_day: int,
    groups: Table, rows: Table, buckets: Table, accumulators: Table, results: Table, trace: Table,
    first_group: int, end_group: int,
) -> int:  # fmt: skip
    """Prices the rows of groups [first_group, end_group), each group's rows in their order, which is event start order.

    Takes the fields of Plan and Run one by one, which halves the cost of a call. Changes `buckets` and `accumulators`
    (rated state), writes `results`, and `trace` as far as it has room; returns the number of trace lines. Groups share
    no state, so ranges of groups may run in parallel threads: the interpreter's lock is released.
    """
    plan = Plan(rates, prices, steps, increments, counters, counted, covers, days, borders, offsets, first_day)
    run = Run(groups, rows, buckets, accumulators, results, trace)
    used = 0
    for group in range(first_group, end_group):
        for row in range(groups[group, ROW_FIRST], groups[group, ROW_END]):
            status = refusal(plan, run, row)
            results[row, CHARGE] = results[row, BILLED] = results[row, FREE] = 0
            results[row, STATUS] = status
            if status == PRICED:
                used = price_row(plan, run, group, row, used)
    return used
