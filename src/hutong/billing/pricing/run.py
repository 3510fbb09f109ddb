"""Drivers of the kernel: a batch of many groups, and one event online. Both call `kernel.price_groups`.

Rated state (`buckets`, `accumulators`) goes in and comes out, so a batch continues where the last one ended, and
re-rating (BL-13) prices a cycle again from the state at its beginning and posts the differences.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from hutong.billing.pricing import kernel
from hutong.billing.pricing.compiled import CompiledTariffs
from hutong.billing.pricing.kernel import Run, Table

NO_TRACE: Table = np.empty((0, 7), dtype=np.int64)


@dataclass
class State:
    """Rated state. `buckets` and `accumulators` have the kernel's columns; pricing changes them in place."""

    buckets: Table = field(default_factory=lambda: np.empty((0, 5), dtype=np.int64))
    accumulators: Table = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))

    def copy(self) -> "State":
        """An independent copy, to price again from here."""
        return State(self.buckets.copy(), self.accumulators.copy())


@dataclass(frozen=True, slots=True)
class Priced:
    """One priced event: micros, base units, and a status of `kernel` (PRICED, NO_RATE, ...)."""

    charge: int
    billed: int
    free: int
    status: int


def event_order(group: Table, start: Table, sequence: Table) -> Table:
    """The order in which rows must be priced: by group, start, and a sequence that settles equal starts for good."""
    return np.lexsort((sequence, start, group))


def ranges(sorted_keys: Table, group_count: int) -> Table:
    """Half-open row ranges (first, end) of groups 0..group_count-1 in rows sorted by group."""
    numbers = np.arange(group_count, dtype=np.int64)
    return np.column_stack(
        (np.searchsorted(sorted_keys, numbers), np.searchsorted(sorted_keys, numbers, side="right"))
    ).astype(np.int64)


def bucket_order(group: Table, priority: Table, valid_to: Table, valid_from: Table, sequence: Table) -> Table:
    """The order in which allowances are used: by group, priority, then what expires first."""
    return np.lexsort((sequence, valid_from, valid_to, priority, group))


def price_batch(tariffs: CompiledTariffs, groups: Table, rows: Table, state: State, *, threads: int = 1) -> Table:
    """Prices rows sorted by `event_order`; changes `state`; returns results (charge, billed, free, status) a row.

    `groups` holds (row_first, row_end, bucket_first, bucket_end). Groups share no buckets and no accumulators, so with
    several threads each takes a range of groups with about as many rows.
    """
    results = np.zeros((len(rows), 4), dtype=np.int64)
    run = Run(groups, rows, state.buckets, state.accumulators, results, NO_TRACE)
    if threads == 1 or len(groups) < threads:
        kernel.price_groups(*tariffs.tables, *run, 0, len(groups))
        return results
    borders = np.searchsorted(groups[:, kernel.ROW_FIRST], np.linspace(0, len(rows), threads + 1)[1:-1])
    edges = [0, *borders.tolist(), len(groups)]
    with ThreadPoolExecutor(threads) as pool:
        parts = [pool.submit(kernel.price_groups, *tariffs.tables, *run, first, end) for first, end in pairwise(edges)]
        for part in parts:
            part.result()
    return results


def price_one(
    tariffs: CompiledTariffs,
    state: State,
    *,
    rate: int,
    start: int,
    quantity: int,
    member: int = 0,
    member_slot: int = 0,
    group_slot: int = 0,
) -> Priced:
    """Prices one event of the group whose state this is (online charging); changes `state`.

    `start` in UTC seconds, `quantity` in base units of the rate's dimension. `state.buckets` are all of the group, in
    `bucket_order`.
    """
    rows = np.array(((rate, start, quantity, member, member_slot, group_slot),), dtype=np.int64)
    groups = np.array(((0, 1, 0, len(state.buckets)),), dtype=np.int64)
    results = np.empty((1, 4), dtype=np.int64)
    kernel.price_groups(*tariffs.tables, groups, rows, state.buckets, state.accumulators, results, NO_TRACE, 0, 1)
    return Priced(*results[0].tolist())


def expand(tariffs: CompiledTariffs, leaves: Sequence[int] | Table) -> tuple[Table, Table]:
    """Leaves of events → (event number, rate) of each priced row: a surcharge makes an event two rows. NONE stays."""
    counts = np.array([len(leaf.rates) for leaf in tariffs.leaves] + [1], dtype=np.int64)
    flat = np.array([rate for leaf in tariffs.leaves for rate in leaf.rates] + [kernel.NONE], dtype=np.int64)
    firsts = np.cumsum(counts) - counts
    leaf = np.asarray(leaves, dtype=np.int64)  # NONE = -1 addresses the last entry
    events = np.repeat(np.arange(len(leaf), dtype=np.int64), counts[leaf])
    part = np.arange(len(events), dtype=np.int64) - np.repeat(np.cumsum(counts[leaf]) - counts[leaf], counts[leaf])
    return events, flat[firsts[leaf][events] + part]
