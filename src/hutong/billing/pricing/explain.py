"""Why this price (XP-02): the same kernel priced again with its trace on, told line by line.

Nothing is stored for it but what rating stores anyway: the rows of the group, in order, and the state they began with.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hutong.billing.pricing import kernel
from hutong.billing.pricing.compiled import CompiledTariffs, Rate
from hutong.billing.pricing.kernel import Table
from hutong.billing.pricing.run import State, price_batch
from hutong.billing.pricing.units import UNITS
from hutong.platform.i18n import translate

KINDS = {
    kernel.OPENED: "opened",
    kernel.COVERED: "covered",
    kernel.CHARGED: "charged",
    kernel.CONNECTED: "connected",
    kernel.CAPPED: "capped",
}

TRACE_LINES = 2**16
"""Room for the longest use (115 days) over the most bands, and for more allowances than a group holds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a part of the use [since, until) in base units and its exact amount in micros."""

    kind: str
    since: int
    until: int
    band: str
    allowance: str
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Explanation:
    """A charge (micros) with the rule that made it. The lines' exact amounts add up to the charge; the last line tells
    what rounding added or took."""

    rate: Rate
    billed: int
    free: int
    charge: int
    lines: tuple[Line, ...]

    def sentences(self, locale: str) -> list[str]:
        """Its lines for people."""
        return [self.sentence(line, locale) for line in self.lines]

    def sentence(self, line: Line, locale: str) -> str:
        """One line: quantities in the tariff's unit, amounts in currency units to eight decimals."""
        size = UNITS[self.rate.unit].size
        values: dict[str, Any] = {
            "since": plain(Fraction(line.since, size)),
            "until": plain(Fraction(line.until, size)),
            "unit": self.rate.unit,
            "band": line.band,
            "allowance": line.allowance,
            "amount": plain(line.amount / 10**6),
        }
        kind = "charged-band" if line.kind == "charged" and line.band else line.kind
        return translate(f"billing-why-{kind}", locale, **values)


def plain(value: Fraction) -> str:
    """A number with up to eight decimals and no superfluous zeros."""
    scaled = round(value * 10**8)
    text = f"{abs(scaled) // 10**8}.{abs(scaled) % 10**8:08d}".rstrip("0").rstrip(".")
    return f"-{text}" if scaled < 0 else text


def explain(tariffs: CompiledTariffs, rows: Table, state: State, row: int) -> Explanation:
    """Why the row of a group's run costs what it costs. `rows` is the run of one group in event order, `state` the
    group's state before the run; neither is changed. Raises ValueError for a row that could not be priced."""
    held = state.copy()
    before = np.array([[0, row, 0, len(held.buckets)]], dtype=np.int64)
    price_batch(tariffs, before, rows, held)
    trace = np.zeros((TRACE_LINES, 7), dtype=np.int64)
    results = np.zeros((len(rows), 4), dtype=np.int64)
    group = np.array([[row, row + 1, 0, len(held.buckets)]], dtype=np.int64)
    used = kernel.price_groups(*tariffs.tables, group, rows, held.buckets, held.accumulators, results, trace, 0, 1)
    charge, billed, free, status = results[row].tolist()
    if status != kernel.PRICED:
        raise ValueError(f"the row was not priced: status {status}")
    number = int(rows[row, kernel.RATE])
    rate, denominator = tariffs.rates[number], int(tariffs.tables.rates[number, kernel.DENOMINATOR])
    found: list[Line] = []
    for _, kind, since, until, band, reference, amount in trace[:used].tolist():
        line = Line(
            KINDS[kind],
            since,
            until,
            rate.bands[band] if rate.bands and band >= 0 else "",
            allowance_of(tariffs, held, reference) if kind == kernel.COVERED else "",
            Fraction(amount, denominator),
        )
        found = joined(found, line)
    lines = [line for line in found if line.amount or line.kind in ("covered", "charged")]
    rest = charge - sum((line.amount for line in lines), Fraction(0))
    if rest:
        lines.append(Line("rounded", 0, 0, "", "", rest))
    return Explanation(rate, billed, free, charge, tuple(lines))


def allowance_of(tariffs: CompiledTariffs, state: State, bucket: int) -> str:
    """The code of the allowance of a bucket."""
    return tariffs.allowances[int(state.buckets[bucket, kernel.ALLOWANCE])].allowance.code


def joined(lines: list[Line], line: Line) -> list[Line]:
    """Adds a line, or lengthens the last one that it continues (midnight splits a band in two)."""
    if lines:
        last = lines[-1]
        same = (last.kind, last.band, last.allowance, last.until) == (line.kind, line.band, line.allowance, line.since)
        if same and line.kind in ("charged", "covered"):
            grown = Line(line.kind, last.since, line.until, line.band, line.allowance, last.amount + line.amount)
            return [*lines[:-1], grown]
    return [*lines, line]
