"""A slow, obvious pricer beside the kernel: unit by unit, with Fraction and datetime, straight from the document.

It shares no code with the kernel or the compiler: it reads the document, walks every base unit of a use, asks what
block it belongs to, which band that block begins in, which allowance has something left, and what one more unit costs.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import chinese_calendar

from hutong.catalog.price_plan import Allowance, Band, PricePlan, Section
from hutong.catalog.tariff import Flat, Package, Percentage, Price, RoundingRule, Stepped, UsageTariff

SIZES = {"second": 1, "minute": 60, "hour": 3600, "KB": 1, "MB": 1024, "item": 1, "unit": 1000, "currency": 10**6}
TIMED = ("second", "minute", "hour")
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass
class Bucket:
    """Granted free units of a group: for everyone (owner None), or one member."""

    allowance: Allowance
    owner: int | None
    valid_from: int
    valid_to: int
    remaining: int


@dataclass
class Use:
    """One event of a member."""

    start: int
    quantity: int
    member: int = 0


@dataclass
class Group:
    """Rated state: buckets in order of use; accumulators by (code, member or None) as [value, events]."""

    buckets: list[Bucket] = field(default_factory=list)
    accumulators: dict[tuple[str, int | None], list[int]] = field(default_factory=dict)


def round_money(amount: Fraction, rule: RoundingRule) -> Fraction:
    """Rounds currency units by the declared rule, away from and towards zero alike on both sides."""
    unit = Fraction(rule.unit)
    if amount < 0:
        return -round_money(-amount, rule)
    whole, rest = divmod(amount, unit)
    match rule.mode:
        case "up":
            more = rest > 0
        case "down":
            more = False
        case "half_up":
            more = rest * 2 >= unit
        case "half_even":
            more = rest * 2 > unit or (rest * 2 == unit and whole % 2 == 1)
    return (whole + more) * unit


def total_price(price: Price, position: int, size: int) -> Fraction:
    """What `position` base units cost in all, flats of entered steps included."""
    x = Fraction(position, size)
    match price:
        case Flat():
            return x * Fraction(price.amount) / Fraction(price.per)
        case Percentage():
            return x * Fraction(price.percent) / 100
        case Package():
            paid = max(x - Fraction(price.free), Fraction(0))
            return -(-paid // Fraction(price.size)) * Fraction(price.amount)
        case Stepped():
            return stepped_price(price, x)


def stepped_price(price: Stepped, x: Fraction) -> Fraction:
    """Graduated: each entered step's part and flat. Volume: all at the last entered step."""
    total, below = Fraction(0), Fraction(0)
    for number, step in enumerate(price.steps):
        if number > 0 and x <= below:
            break
        top = x if step.up_to is None else min(x, Fraction(step.up_to))
        part = x if price.model == "volume" else top - below
        units = part / Fraction(step.per)
        cost = (-(-units // 1) if step.started else units) * Fraction(step.amount) + Fraction(step.flat)
        total = cost if price.model == "volume" else total + cost
        below = top
    return total


def blocks(tariff: UsageTariff, quantity: int) -> list[tuple[int, int]]:
    """The blocks [begin, end) that are billed for a quantity in base units."""
    size = SIZES[tariff.unit]
    steps = [(int(item.after * size), int(item.size * size)) for item in tariff.increments] or [(0, 1)]
    found, position = [], 0
    while position < quantity:
        block = next(length for after, length in reversed(steps) if position >= after)
        found.append((position, position + block))
        position += block
    return found


def kinds_of(day: date, holidays: str) -> set[str]:
    """Weekday, and workday, weekend or holiday."""
    weekday = DAYS[day.weekday()]
    if holidays == "none":
        return {weekday, "weekend" if day.weekday() >= 5 else "workday"}
    if chinese_calendar.is_workday(day):
        return {weekday, "workday"}
    return {weekday, "holiday" if chinese_calendar.get_holiday_detail(day)[1] else "weekend"}


def in_band(band: Band, local: datetime, holidays: str) -> bool:
    """Whether a local time lies in the band."""
    now = local.strftime("%H:%M:%S")
    yesterday = local.date() - timedelta(days=1)
    on_day = not band.days or bool(kinds_of(local.date(), holidays) & set(band.days))
    since_yesterday = not band.days or bool(kinds_of(yesterday, holidays) & set(band.days))
    if band.until > band.since:
        return on_day and band.since + ":00" <= now < band.until + ":00"
    return (on_day and now >= band.since + ":00") or (since_yesterday and now < band.until + ":00")


def band_of(plan: PricePlan, moment: int, zone: ZoneInfo) -> str:
    """The first band that holds at a UTC second, or none."""
    local = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    return next((band.code for band in plan.clock.bands if in_band(band, local, plan.clock.holidays)), "")


def covers(bucket: Bucket, section: Section, tariff: UsageTariff, use: Use, band: str) -> bool:
    """Whether a bucket may give a unit for this use now."""
    allowance = bucket.allowance
    families = [code[:-2] for code in allowance.covers if code.endswith(".*")]
    usage = section.usage or ""
    return (
        bucket.remaining > 0
        and section.usage is not None
        and (allowance.unit in TIMED) == (tariff.unit in TIMED)
        and (usage in allowance.covers or any(usage.startswith(family + ".") for family in families))
        and (not allowance.during or band in allowance.during)
        and bucket.valid_from <= use.start < bucket.valid_to
        and bucket.owner in (None, use.member)
    )


def price(plan: PricePlan, use: Use, group: Group, zone: ZoneInfo) -> Fraction:
    """The charge of one use by the plan's only section, in currency units; changes the group's state."""
    section, tariff = plan.sections[0], plan.tariffs[0]
    assert isinstance(tariff, UsageTariff)
    counted = {item.code: item for item in plan.accumulators if item.code in {*section.accumulates, tariff.scale}}
    states = {
        code: group.accumulators.setdefault((code, None if item.shared else use.member), [0, 0])
        for code, item in counted.items()
    }
    counts_charged = tariff.scale_counts == "charged"
    origin, first_time = 0, True
    if tariff.scale != "event":
        counts_charged = counted[tariff.scale].counts == "charged"
        origin, first_time = states[tariff.scale][0], states[tariff.scale][1] == 0
    cumulative = tariff.rounding.at == "cumulative"
    size = SIZES[tariff.unit]

    def posted(amount: Fraction) -> Fraction:
        return round_money(amount, tariff.rounding) if cumulative else amount

    charge = Fraction(0)
    if first_time:
        opening = tariff.by_band.get(band_of(plan, use.start, zone), tariff.price)
        charge += posted(total_price(opening, 0, size))
    billed = charged = 0
    for begin, end in blocks(tariff, use.quantity):
        band = band_of(plan, use.start + (begin if tariff.unit in TIMED else 0), zone)
        for unit in range(begin, end):
            billed += 1
            bucket = next((b for b in group.buckets if covers(b, section, tariff, use, band)), None)
            if bucket:
                bucket.remaining -= 1
                continue
            at = origin + (charged if counts_charged else unit)
            rate = tariff.by_band.get(band, tariff.price)
            charge += posted(total_price(rate, at + 1, size)) - posted(total_price(rate, at, size))
            charged += 1
    if charged or not billed or tariff.connection_fee_when == "always":
        charge += Fraction(tariff.connection_fee)
    if tariff.cap is not None:
        charge = min(charge, Fraction(tariff.cap))
    for code, item in counted.items():
        states[code][0] += charged if item.counts == "charged" else billed
        states[code][1] += 1
    return charge if cumulative else round_money(charge, tariff.rounding)
