"""The obvious model of a contiguous history: a list of changes, folded in order of instant, then of acceptance."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Model:
    """Rows as lists of (instant, changes). What a row is at an instant is the fold of all changes up to it."""

    rows: dict[int, list[tuple[datetime, dict[str, Any]]]] = field(default_factory=dict)

    def insert(self, key: int, instant: datetime, values: dict[str, Any]) -> None:
        self.rows[key] = [(instant, {**values, "ended": False})]

    def change(self, key: int, instant: datetime, values: dict[str, Any]) -> bool:
        """False when the instant is before the row began."""
        if instant < self.rows[key][0][0]:
            return False
        self.rows[key].append((instant, values))
        return True

    def at(self, key: int, instant: datetime) -> dict[str, Any] | None:
        """The row at an instant; None before it began."""
        made: dict[str, Any] = {}
        for _, values in sorted((c for c in self.rows[key] if c[0] <= instant), key=lambda c: c[0]):
            made |= values
        return made or None

    def instants(self, key: int) -> list[datetime]:
        return sorted({instant for instant, _ in self.rows[key]})

    def versions(self, key: int) -> list[tuple[datetime, dict[str, Any] | None]]:
        return [(instant, self.at(key, instant)) for instant in self.instants(key)]
