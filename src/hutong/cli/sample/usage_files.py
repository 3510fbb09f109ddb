"""The usage files, written a file at a time from columns; format in packs/telecom/usage/README.md."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hutong.cli.sample import usage
from hutong.cli.sample.delivery import BROKEN, PERIODS, Lines, files_of_type
from hutong.cli.sample.subscriptions import Subscriptions
from hutong.cli.sample.text import Mask, Months, Whole
from hutong.cli.sample.usage import CALL_TYPES, DIRECTIONS, TYPES, Events

_ZONES = ("Asia/Shanghai", "UTC", "explicit")
_SYSTEMS = ("MSC01", "SMSC01", "PGW01")
_DAY, _OFFSET = 86_400, 8 * 3600
_BAD_TIMES = ("", "20261399250000", "00000000000000", "N/A")
_TRAILER_ERROR = 7
_UNKNOWN = 17_099_000_000
_FAULT = {kind: place + 1 for place, kind in enumerate(BROKEN)}


def write_usage(
    folder: Path, events: Events, lines: Lines, held: Subscriptions, months: Months
) -> list[dict[str, Any]]:
    """All files under `folder`; returns what is in each, for the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    bounds = np.searchsorted(lines.file, np.arange(len(TYPES) * files_of_type(len(months)) + 1))
    written = []
    for kind, slot, month, number in _slots(months):
        file = kind * files_of_type(len(months)) + slot
        rows = slice(int(bounds[file]), int(bounds[file + 1]))
        extra = slot == PERIODS * len(months)
        if extra and TYPES[kind] == "data":
            continue
        cycle = str(month).replace("-", "")
        name = f"{cycle}_{TYPES[kind]}_{number:02d}.csv"
        body, totals = _body(events, _part(lines, rows), held, kind)
        declared = totals["lines"] + (_TRAILER_ERROR if extra and totals["lines"] else 0)
        header = f"H,1,{name[:-4]},{_SYSTEMS[kind]},{_delivered(month, number)},{_ZONES[kind]}\n"
        trailer = f"T,{declared},{totals['duration']},{totals['bytes_up']},{totals['bytes_down']}\n"
        (folder / name).write_bytes(header.encode() + body + trailer.encode())
        written.append(
            {
                "file": name,
                "cycle": cycle,
                "type": TYPES[kind],
                "trailer_records": declared,
                "trailer_wrong": declared != totals["lines"],
                **totals,
            }
        )
    return sorted(written, key=lambda entry: str(entry["file"]))


def _slots(months: Months) -> Iterator[tuple[int, int, np.datetime64, int]]:
    for kind in range(len(TYPES)):
        for slot in range(files_of_type(len(months))):
            month = min(slot // PERIODS, len(months) - 1)
            yield kind, slot, months[month], slot - month * PERIODS + 1


def _delivered(month: np.datetime64, number: int) -> str:
    """When the file was made: the night after its last day, or the month's last minute."""
    end = (month + 1).astype("datetime64[D]").astype("datetime64[s]") - np.timedelta64(60, "s")
    night = month.astype("datetime64[D]").astype("datetime64[s]") + np.timedelta64(number * 3 * _DAY + 3600, "s")
    return str(min(end, night) if number < PERIODS else end).translate(str.maketrans("", "", "-T:"))


def _part(lines: Lines, rows: slice) -> Lines:
    return Lines(*(getattr(lines, name)[rows] for name in Lines.__dataclass_fields__))


def _body(events: Events, lines: Lines, held: Subscriptions, kind: int) -> tuple[bytes, dict[str, int]]:
    at = lines.event
    fault = lines.fault
    duration = events.duration[at]
    duration = np.where(fault == _FAULT["negative_duration"], -duration, duration)
    columns = [
        pa.scalar("D"),
        _record_ids(at, kind),
        pa.scalar(TYPES[kind]),
        _numbers(held, events.holder[at], fault),
        _taken(DIRECTIONS, events.direction[at]),
        _parties(events, at),
        _times(events.start[at], kind, fault),
        *(_whole(values) for values in (duration, events.bytes_up[at], events.bytes_down[at], events.units[at])),
        _taken(usage.area_codes(), events.home[at]),
        _taken(usage.visited_areas(), events.visited[at]),
        _whole(events.cell[at]),
        _taken([f"{word}\n" for word in CALL_TYPES], events.call_type[at]),
    ]
    written = _with_wrong_columns(pc.binary_join_element_wise(*columns, ","), fault) if len(at) else None
    sums = fault != _FAULT["column_count"]
    totals = {
        "lines": len(at),
        "valid": int(((fault == 0) & ~lines.within & ~lines.across).sum()),
        "duplicate_within": int(lines.within.sum()),
        "duplicate_across": int(lines.across.sum()),
        "late": int(lines.late.sum()),
        "late_cycle": int(lines.late_month.sum()),
        **{f"broken_{name}": int((fault == code).sum()) for name, code in _FAULT.items()},
        "duration": int(duration[sums].sum()),
        "bytes_up": int(events.bytes_up[at][sums].sum()),
        "bytes_down": int(events.bytes_down[at][sums].sum()),
    }
    return _joined(written), totals


def _joined(lines: pa.Array | None) -> bytes:
    """An array of strings without nulls holds its values end to end: that is the file."""
    if lines is None:
        return b""
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[: len(lines) + 1]
    data: bytes = lines.buffers()[2].to_pybytes()[offsets[0] : offsets[-1]]
    return data


def _whole(values: Whole) -> pa.Array:
    return pc.cast(pa.array(values), pa.string())


def _taken(words: list[str] | tuple[str, ...], places: Whole) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(places))


def _replaced(values: pa.Array, mask: Mask, new: pa.Array | pa.Scalar) -> pa.Array:
    return pc.if_else(pa.array(mask), new, values)


def _record_ids(at: Whole, kind: int) -> pa.Array:
    """Unique per event: letter of the type and the event's place among all."""
    return pc.binary_join_element_wise(pa.scalar(TYPES[kind][0].upper()), pc.utf8_lpad(_whole(at + 1), 12, "0"), "")


def _numbers(held: Subscriptions, holder: Whole, fault: Whole) -> pa.Array:
    number = pa.array(held.number, pa.string()).take(pa.array(holder))
    number = _replaced(number, fault == _FAULT["missing_number"], pa.scalar(""))
    return _replaced(number, fault == _FAULT["unknown_number"], _whole(_UNKNOWN + holder))


def _parties(events: Events, at: Whole) -> pa.Array:
    number = events.party_number[at]
    written = _replaced(_whole(number), number == 0, pa.scalar(""))
    return pc.binary_join_element_wise(_taken(usage.party_prefixes(), events.party_prefix[at]), written, "")


def _times(start: Whole, kind: int, fault: Whole) -> pa.Array:
    """Start times in the manner of the file's zone; some broken."""
    zone = _ZONES[kind]
    shown = start - (_OFFSET if zone == "UTC" else 0)
    day, clock = shown // _DAY, shown % _DAY
    first = int(day.min()) if len(day) else 0
    days = np.arange(first, int(day.max()) + 1 if len(day) else 1).astype("datetime64[D]")
    dates = np.datetime_as_string(days).tolist()
    if zone == "explicit":
        separator, end, style = "T", "+08:00", "%02d:%02d:%02d"
    else:
        dates, separator, end, style = [date.replace("-", "") for date in dates], "", "", "%02d%02d%02d"
    clocks = _clock_texts(style + end).take(pa.array(clock))
    written = pc.binary_join_element_wise(_taken(dates, day - first), clocks, separator)
    bad = _taken(_BAD_TIMES, np.arange(len(start)) % len(_BAD_TIMES))
    return _replaced(written, fault == _FAULT["bad_time"], bad)


@cache
def _clock_texts(style: str) -> pa.Array:
    """Every second of a day in the given style, to take from."""
    return pa.array([style % (second // 3600, second // 60 % 60, second % 60) for second in range(_DAY)], pa.string())


def _with_wrong_columns(lines: pa.Array, fault: Whole) -> pa.Array:
    """Half of the faulty lines lose their last two fields, the others get one more."""
    rows = np.flatnonzero(fault == _FAULT["column_count"])
    if not len(rows):
        return lines
    wrong = []
    for place, row in enumerate(rows.tolist()):
        fields = lines[row].as_py().rstrip("\n").split(",")
        wrong.append(",".join(fields[:-2] if place % 2 else [*fields, "0"]) + "\n")
    return pc.replace_with_mask(lines, pa.array(fault == _FAULT["column_count"]), pa.array(wrong))
