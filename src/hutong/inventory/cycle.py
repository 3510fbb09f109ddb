"""Bill cycles: calendar months in business time."""

from datetime import date, datetime

from hutong.inventory.requests import When
from hutong.platform import clock
from hutong.platform.settings import settings


def next_cycle_start(instant: datetime) -> datetime:
    """The start of the cycle after the one an instant is in."""
    day = instant.astimezone(settings.zone).date()
    return clock.start_of_day(date(day.year + day.month // 12, day.month % 12 + 1, 1))


def first_cycle_start(instant: datetime) -> datetime:
    """The first start of a cycle that is not before an instant."""
    local = instant.astimezone(settings.zone)
    start = clock.start_of_day(local.date().replace(day=1))
    return start if start == instant else next_cycle_start(instant)


def instant_of(when: When, now: datetime) -> datetime:
    """The instant a request's `effective` means."""
    if when == "now":
        return now
    if when == "next_cycle":
        return next_cycle_start(now)
    assert isinstance(when, datetime)  # noqa: S101 (the two words are done)
    return when
