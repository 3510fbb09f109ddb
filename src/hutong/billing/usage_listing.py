"""Single usage events for the border (TMF635): taken one at a time, and found again in the columnar files.

Volume comes as files (`collect`); a record sent alone is collected as a file of one line, by the same rules.
"""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from hutong.billing.collect import CollectReport, collect
from hutong.billing.columnar import workshop
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.queries import READ
from hutong.billing.usage_events import EventPart, read_parts
from hutong.billing.usage_queries import SENSITIVE, read_events
from hutong.identity import Principal, protect, require
from hutong.platform import clock, database, paging
from hutong.platform.settings import settings

WRITE = "billing.collect"
FILTERS = ("batch", "cycle", "event_type", "system", "record_id", "access_number", "product_instance_id")
LINE = (
    *("record_id", "event_type", "access_number", "direction", "other_party", "start", "seconds", "bytes_up"),
    *("bytes_down", "messages", "home_area", "visited_area", "cell", "call_type"),
)
"""The fields of a record, in the order of a line; `start` as RFC 3339 with whole seconds and offset."""

PARTS = text("""
    SELECT id, name, events, run_id FROM billing.usage_part
    WHERE (CAST(:cycles AS text[]) IS NULL OR cycle = ANY(CAST(:cycles AS text[])))
      AND (CAST(:batches AS text[]) IS NULL OR batch_id = ANY(CAST(CAST(:batches AS text[]) AS bigint[])))
    ORDER BY id
""")


def take(viewer: Principal, record: Mapping[str, Any]) -> CollectReport:
    """Collect one record of the viewer's system. Its fields must hold neither commas nor line ends.

    Tells `billing.usage_taken` of an accepted one; files, of millions of records, are not told of one by one.
    """
    require(viewer, WRITE)
    created = clock.now().astimezone(settings.zone).strftime("%Y%m%d%H%M%S")
    sums = ",".join(str(record[name]) for name in ("seconds", "bytes_up", "bytes_down"))
    lines = [
        f"H,1,{uuid4().hex},{viewer.name},{created},explicit",
        ",".join(["D", *(str(record[name]) for name in LINE)]),
        f"T,1,{sums}",
    ]
    with tempfile.TemporaryDirectory(prefix="hutong-usage-") as folder:
        path = Path(folder) / f"{viewer.name}-{uuid4().hex}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return collect([path], viewer.actor, single=True)


def cycle_of(start: int) -> str:
    """The bill cycle of a start (UTC seconds)."""
    return str(Cycle.of(datetime.fromtimestamp(start, UTC).astimezone(settings.zone).date()))


def usage(viewer: Principal, filters: Mapping[str, Sequence[str]], offset: int = 0, limit: int = 100) -> paging.Rows:
    """Accepted events, latest first: as `read_events`, with `cycle`, and `rated`: whether a rating has read them.

    `filters`: names of `FILTERS` → values.
    """
    require(viewer, READ)
    unknown = set(filters) - set(FILTERS)
    if unknown:
        raise KeyError(min(unknown))
    with database.read("billing") as conn:
        places = {"cycles": filters.get("cycle"), "batches": filters.get("batch")}
        parts = [EventPart(*row) for row in conn.execute(PARTS, places)]
    if not parts:
        return paging.Rows([], 0)
    names = [name for name in filters if name not in ("batch", "cycle")]
    where = " AND ".join(f"list_contains(?, {name}::VARCHAR)" for name in names) or "true"
    values = [list(filters[name]) for name in names]
    rated = {part.id for part in parts if part.run_id is not None}
    with workshop() as (duck, _):
        total = duck.execute(f"SELECT count(*) FROM {read_parts(parts)} WHERE {where}", values).fetchall()[0][0]
    tail = "ORDER BY e.start DESC, e.key, e.filename LIMIT ? OFFSET ?"
    rows = read_events(parts, where, [*values, limit, offset], tail) if limit else []
    for row in rows:
        row["rated"] = row["part_id"] in rated
        row["cycle"] = cycle_of(row["start"])
    return paging.Rows(protect(viewer, "usage", rows, SENSITIVE, key="product_instance_id"), total)
