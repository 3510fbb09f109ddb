"""The clock: every time the product writes comes from here, so that tests and replays can set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime

from hutong.platform.settings import settings

_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """The current instant, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """The current business day, in the business time zone."""
    return now().astimezone(settings.zone).date()


def start_of_day(day: date) -> datetime:
    """The instant at which a business day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=settings.zone)


def zoned(instant: datetime) -> datetime:
    """An instant as a caller gave it; one without a zone is UTC."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@contextmanager
def fixed(instant: datetime) -> Iterator[None]:
    """Hold the clock at an aware instant within the block."""
    if instant.tzinfo is None:
        raise ValueError("the clock needs an aware datetime")
    token = _fixed.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
