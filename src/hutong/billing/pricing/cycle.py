"""Bill cycles (账期): calendar months of business time, written YYYYMM."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Cycle:
    """One calendar month."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`202609` → September 2026. Raises ValueError."""
        found = datetime.strptime(text, "%Y%m")  # noqa: DTZ007  a month has no zone
        return cls(found.year, found.month)

    @classmethod
    def of(cls, day: date) -> Self:
        """The cycle of a business day."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}{self.month:02d}"

    def plus(self, cycles: int) -> "Cycle":
        """So many cycles later."""
        months = self.year * 12 + self.month - 1 + cycles
        return Cycle(months // 12, months % 12 + 1)

    def since(self, other: "Cycle") -> int:
        """How many cycles after another."""
        return (self.year - other.year) * 12 + self.month - other.month

    @property
    def days(self) -> int:
        """28 to 31."""
        return monthrange(self.year, self.month)[1]

    @property
    def first_day(self) -> date:
        """Its first business day."""
        return date(self.year, self.month, 1)

    @property
    def end_day(self) -> date:
        """The first business day after it."""
        return self.plus(1).first_day

    def begins(self, zone: ZoneInfo) -> datetime:
        """Its first instant."""
        return datetime.combine(self.first_day, time(), zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The first instant after it."""
        return self.plus(1).begins(zone)


@dataclass(frozen=True, slots=True)
class Days:
    """Business days [since, until); until None: without end."""

    since: date
    until: date | None = None

    @classmethod
    def between(cls, valid_from: datetime, valid_to: datetime | None, zone: ZoneInfo) -> Self:
        """The days that a period of instants counts for: those at whose end it is in effect. So contiguous versions
        share out the days, each day to one of them."""
        return cls(valid_from.astimezone(zone).date(), valid_to.astimezone(zone).date() if valid_to else None)

    def within(self, cycle: Cycle) -> frozenset[date]:
        """Its days inside a cycle."""
        first = max(self.since, cycle.first_day)
        end = min(self.until or cycle.end_day, cycle.end_day)
        return frozenset(first + timedelta(days=number) for number in range((end - first).days))
