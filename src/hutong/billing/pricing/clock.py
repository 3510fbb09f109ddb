"""Clocks: a plan's bands as day schedules, local time offsets, and the holiday calendar (BL-06).

Band 0 is every time that no band of the plan names; band i is the i-th of the document.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np

from hutong.billing.pricing.kernel import DAY, NONE
from hutong.catalog.price_plan import Band, Clock

EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY = date(2015, 1, 1)
LAST_DAY = date(2049, 12, 31)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def day_number(day: date) -> int:
    """Days since 1970-01-01, as the kernel counts them."""
    return day.toordinal() - EPOCH


@cache
def day_kinds(day: date, holidays: str) -> frozenset[str] | None:
    """What a day is: its weekday, and workday, weekend or holiday; None where the calendar is not published yet.

    `CN`: the State Council's notice of days off and make-up workdays; a make-up Saturday is a workday.
    """
    weekday = WEEKDAYS[day.weekday()]
    if holidays == "none":
        return frozenset({weekday, "weekend" if day.weekday() >= 5 else "workday"})
    try:
        off, festival = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    kind = "workday" if not off else "holiday" if festival else "weekend"
    return frozenset({weekday, kind})


def holds_on(band: Band, kinds: frozenset[str]) -> bool:
    """Whether the band begins on such a day."""
    return not band.days or not kinds.isdisjoint(band.days)


def seconds(time_of_day: str) -> int:
    """`18:30` as seconds since midnight."""
    hours, minutes = time_of_day.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def spans(band: Band) -> tuple[tuple[int, int], tuple[int, int]]:
    """The part of the band on the day on which it begins, and the part on the day after (empty: 0, 0)."""
    since, until = seconds(band.since), seconds(band.until)
    if until > since:
        return (since, until), (0, 0)
    return (since, DAY), (0, until)


Schedule = tuple[tuple[int, int], ...]


def schedule(bands: Sequence[Band], today: frozenset[str], yesterday: frozenset[str]) -> Schedule:
    """Borders of a day as (second, band from then on), closed by (86400, 0)."""
    pieces = []
    for number, band in enumerate(bands, start=1):
        own, overnight = spans(band)
        pieces += [(number, *own)] if holds_on(band, today) else []
        pieces += [(number, *overnight)] if holds_on(band, yesterday) else []
    borders = sorted({0, *(edge for _, since, until in pieces for edge in (since, until) if edge < DAY)})
    held = [next((number for number, since, until in pieces if since <= at < until), 0) for at in borders]
    changes = [
        (at, band) for i, (at, band) in enumerate(zip(borders, held, strict=True)) if i == 0 or held[i - 1] != band
    ]
    return (*changes, (DAY, 0))


def days_of(clock: Clock, borders: list[tuple[int, int]]) -> np.ndarray:
    """For each day of the horizon the row in `borders` at which its schedule begins; missing schedules are added.
    NONE for days that the holiday calendar does not know."""
    rows: dict[tuple[frozenset[str], frozenset[str]], int] = {}
    numbers = []
    day, before = FIRST_DAY, day_kinds(FIRST_DAY - timedelta(days=1), clock.holidays)
    while day <= LAST_DAY:
        kinds = day_kinds(day, clock.holidays)
        if kinds is None or before is None:
            numbers.append(NONE)
        else:
            if (kinds, before) not in rows:
                rows[kinds, before] = len(borders)
                borders.extend(schedule(clock.bands, kinds, before))
            numbers.append(rows[kinds, before])
        day, before = day + timedelta(days=1), kinds
    return np.array(numbers, dtype=np.int64)


@cache
def offsets_of(zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """The zone's offsets over the horizon as (UTC second, seconds ahead of UTC), found to the second."""

    def ahead(moment: int) -> int:
        offset = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset()
        return int((offset or timedelta()).total_seconds())

    first = day_number(FIRST_DAY) * DAY - DAY
    last = day_number(LAST_DAY) * DAY + DAY
    found = [(first, ahead(first))]
    for moment in range(first, last, DAY):
        if ahead(moment + DAY) == ahead(moment):
            continue
        low, high = moment, moment + DAY
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if ahead(middle) == ahead(moment) else (low, middle)
        found.append((high, ahead(high)))
    return tuple(found)
