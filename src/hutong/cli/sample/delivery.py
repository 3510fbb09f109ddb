"""How events reach us: in which file, twice, late or broken. One row per `D` line of the usage files."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hutong.cli.sample.text import Mask, Months, Whole
from hutong.cli.sample.usage import TYPES, Events

PERIODS = 10  # files a month for each type; each holds three days, the last the rest
BROKEN = ("bad_time", "negative_duration", "missing_number", "column_count", "unknown_number")
_DAY = 86_400
_DUPLICATES_WITHIN, _DUPLICATES_ACROSS = 0.0015, 0.0015
_LATE, _LATE_INTO_NEXT_MONTH = 0.005, 0.25
_BROKEN_EACH = 0.0005
_WRONG_TRAILER_LINES = 200


@dataclass(frozen=True)
class Lines:
    """`D` lines in order of file and place. `file`: through types and periods; `fault`: 0 or 1 + place in BROKEN."""

    event: Whole
    file: Whole
    fault: Whole
    within: Mask  # a repeat in the same file
    across: Mask  # a repeat in a later file
    late: Mask
    late_month: Mask


def duplicates(lines: int) -> tuple[int, int]:
    """How many of this many lines are repeats: within a file, across files."""
    return round(lines * _DUPLICATES_WITHIN), round(lines * _DUPLICATES_ACROSS)


def files_of_type(months: int) -> int:
    """File slots per type: ten a month and one extra at the end."""
    return PERIODS * months + 1


def deliver(seed: int, events: Events, lines: int, months: Months) -> Lines:
    """Lay out `lines` lines: every event once, and the repeats."""
    rng = np.random.default_rng([seed, 6])
    count, last = len(events), PERIODS * len(months) - 1
    period, place = _periods(events.start, months)
    within, across = duplicates(lines)
    fault, free = _faults(rng, events, period < last)
    once, twice, again, late = np.split(free[: within + across + round(lines * _LATE)], [0, within, within + across])
    del once
    delivered = period.copy()
    delivered[late] = _later(rng, period[late], last, len(months))
    place[late] = rng.random(len(late))
    event = np.concatenate([np.arange(count), twice, again])
    slot = np.concatenate([delivered, period[twice], _later(rng, period[again], last, len(months))])
    where = np.concatenate([place, place[twice] + rng.random(len(twice)), rng.random(len(again))])
    slot = _extra_file(slot, events.kind[event], fault[event], count, last)
    file = events.kind[event] * files_of_type(len(months)) + slot
    order = np.lexsort((np.arange(len(event)), where, file))
    is_late = np.zeros(len(event), dtype=bool)
    is_late[late] = True
    next_month = is_late & (slot // PERIODS > np.concatenate([period, period[twice], period[again]]) // PERIODS)
    number = np.arange(len(event))
    return Lines(
        event=event[order],
        file=file[order],
        fault=fault[event][order],
        within=((number >= count) & (number < count + len(twice)))[order],
        across=(number >= count + len(twice))[order],
        late=is_late[order],
        late_month=next_month[order],
    )


def _periods(start: Whole, months: Months) -> tuple[Whole, npt.NDArray[np.float64]]:
    """The file period of each start, counted through the months, and the place in it from 0 to 1."""
    first = np.array([int(month.astype("datetime64[D]").astype(np.int64)) for month in months])
    day = start // _DAY
    month = np.searchsorted(first, day, side="right") - 1
    in_month = day - first[month]
    period = np.minimum(in_month // 3, PERIODS - 1)
    place = ((in_month - period * 3) * _DAY + start % _DAY) / (4 * _DAY)
    return month * PERIODS + period, place


def _faults(rng: np.random.Generator, events: Events, early: Mask) -> tuple[Whole, Whole]:
    """A fault for a few events, and the unharmed early events in random order."""
    shuffled = rng.permutation(len(events))
    fault = np.zeros(len(events), dtype=np.int64)
    each = max(round(len(events) * _BROKEN_EACH), 1)
    for code in range(len(BROKEN)):
        able = (
            shuffled if BROKEN[code] != "negative_duration" else shuffled[events.kind[shuffled] != TYPES.index("sms")]
        )
        fault[able[fault[able] == 0][:each]] = code + 1
    return fault, shuffled[early[shuffled] & (fault[shuffled] == 0)]


def _later(rng: np.random.Generator, period: Whole, last: int, months: int) -> Whole:
    """A later period: mostly one of the next two, sometimes in the next month if there is one."""
    soon = np.minimum(period + rng.integers(1, 3, len(period)), last)
    following = (period // PERIODS + 1) * PERIODS + rng.integers(0, 3, len(period))
    jump = (rng.random(len(period)) < _LATE_INTO_NEXT_MONTH) & (period // PERIODS + 1 < months)
    return np.where(jump, following, soon)


def _extra_file(slot: Whole, kind: Whole, fault: Whole, count: int, last: int) -> Whole:
    """Move some faultless short messages of the last period to a file of their own: the one whose trailer is wrong."""
    movable = np.flatnonzero(
        (slot == last) & (kind == TYPES.index("sms")) & (fault == 0) & (np.arange(len(slot)) < count)
    )
    slot = slot.copy()
    slot[movable[-min(_WRONG_TRAILER_LINES, len(movable) // 2) :]] = last + 1
    return slot
