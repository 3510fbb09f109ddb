"""What a report is: declared once, with the figures it takes, how it is drawn, who may see it, and its way down."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from hutong.identity import Principal

Row = dict[str, Any]
Chart = Literal["lines", "stack", "bars", "ring", "heat"]
RIGHT = "insight.read"
READS = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+\.[a-z0-9_]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Dimension:
    """One way a report divides its figures. `words`: `code:<code set>`, `word:<message prefix>`, `source`, `actor` or
    `rule`; else the value is shown as it is."""

    name: str
    words: str = ""


@dataclass(frozen=True)
class Drill:
    """The records behind a row of figures: page by page by a key, masked and within the viewer's rows.

    `rows(viewer, row, after, limit)` gets the row's dimensions by name; each record has `key`, the key to go on after.
    `columns`: the fields to show; `page`: the address of a record, with its fields in braces.
    """

    columns: tuple[str, ...]
    page: str
    rows: Callable[[Principal, Mapping[str, str], int, int], list[Row]]


@dataclass(frozen=True)
class Report:
    """A report (EC-13).

    `sql` reads published views only and gives its dimensions and measures, in their order, of the business day `:day`
    that begins at `:begin` and ends before `:end`. `stock`: figures that stand (a day's snapshot is taken on that day);
    otherwise what happened on a day, which can be counted later too. `ratio`: two measures (part, whole) whose quotient
    is the headline; `inverse`: one minus it. `link`: the page that a row leads to, instead of `drill`.
    """

    id: str
    group: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[str, ...]
    sql: str
    chart: Chart
    stock: bool = True
    ratio: tuple[str, str] | None = None
    inverse: bool = False
    trend_by: str | None = None
    right: str = RIGHT
    drill: Drill | None = None
    link: str | None = None

    @property
    def reads(self) -> set[str]:
        """The views it reads."""
        return {name for name in READS.findall(self.sql) if "." in name}

    def rated(self, row: Mapping[str, Any]) -> float | None:
        """The headline of a row of figures, in percent; None where nothing was counted."""
        if self.ratio is None:
            return None
        part, whole = (int(row[name] or 0) for name in self.ratio)
        if not whole:
            return None
        share = 100 * part / whole
        return 100 - share if self.inverse else share


@dataclass(frozen=True)
class Taken:
    """A report's figures of a day: `day` None where none were taken yet."""

    report: Report
    day: date | None
    rows: list[Row]
