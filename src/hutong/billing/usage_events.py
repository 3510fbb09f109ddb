"""The columns of accepted events in columnar files, and the files of a cycle.

`key` is a digest of exporting system and record id. `start` is in UTC seconds. Empty texts are null, as conditions
expect them. `line` counts the lines of the file that are not empty, from 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from hutong.billing.pricing.cycle import Cycle
from hutong.billing.usage_store import path_of
from hutong.platform.settings import settings

EVENT = """
    l.key, l.record_id, g.system, l.event_type, n.product_instance_id, l.access_number,
    nullif(l.direction, '') AS direction, nullif(l.other_party, '') AS other_party, l.start, l.seconds, l.bytes_up,
    l.bytes_down, l.messages, nullif(l.home_area, '') AS home_area, nullif(l.visited_area, '') AS visited_area,
    l.cell, nullif(l.call_type, '') AS call_type, g.file_id, (l.rowid - g.first_row + 1)::INTEGER AS line
"""
PARTS = text("SELECT id, name, events, run_id FROM billing.usage_part WHERE cycle = ANY(:cycles) ORDER BY id")


@dataclass(frozen=True, slots=True)
class EventPart:
    """A columnar file of accepted events. `run_id`: the first rating that read it."""

    id: int
    name: str
    events: int
    run_id: int | None


def parts_of(conn: Connection, cycles: Sequence[str]) -> list[EventPart]:
    """The files of cycles, in the order of collection."""
    return [EventPart(*row) for row in conn.execute(PARTS, {"cycles": list(cycles)})]


def read_parts(parts: Sequence[EventPart]) -> str:
    """DuckDB's source of all rows of files: their columns, `filename` and `file_row_number`."""
    paths = ", ".join("'" + str(path_of(part.name)).replace("'", "''") + "'" for part in parts)
    return f"read_parquet([{paths}], filename = true, file_row_number = true)"


def cycles_between(first: int, last: int) -> list[Cycle]:
    """The bill cycles of starts from `first` to `last` (UTC seconds)."""
    zone = settings.zone
    cycle = Cycle.of(datetime.fromtimestamp(first, UTC).astimezone(zone).date())
    end = Cycle.of(datetime.fromtimestamp(last, UTC).astimezone(zone).date())
    found = [cycle]
    while cycle < end:
        cycle = cycle.plus(1)
        found.append(cycle)
    return found


def bounds(cycle: Cycle) -> tuple[int, int]:
    """UTC seconds [begin, end) of a cycle."""
    return int(cycle.begins(settings.zone).timestamp()), int(cycle.ends(settings.zone).timestamp())
