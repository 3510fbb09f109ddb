"""What came of files taken in (EC-03): loads with their counts, rejected rows with reasons, and their export."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import func, select

from hutong.identity import Principal, require
from hutong.identity.masking import MASKS, mask
from hutong.identity.protection import record_read
from hutong.party.columns import SENSITIVE
from hutong.party.ingest import mappings
from hutong.party.ingest.mappings import Document
from hutong.party.ingest.spreadsheets import csv_line
from hutong.party.tables import load, rejected_record
from hutong.platform import database
from hutong.platform.errors import NotFound

Found = dict[str, Any]
Masks = Mapping[str, str | None]
"""Column of a file → kind of masking, None for a harmless one."""
HIDDEN = "***"
EXPORT_CHUNK = 2000
RIGHT = "party.steward"


def recent(viewer: Principal, *, before: int | None = None, limit: int = 50) -> list[Found]:
    """Loads, newest first; `before` a load's id for the next page."""
    require(viewer, RIGHT)
    statement = select(load).order_by(load.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(load.c.id < before)
    with database.read("party") as conn:
        return [dict(row) for row in conn.execute(statement).mappings()]


def get(viewer: Principal, load_id: int) -> Found:
    """One load with `reasons`: reason → rejected rows, most first. Raises NotFound."""
    require(viewer, RIGHT)
    reason = func.unnest(rejected_record.c.reasons).label("reason")
    each = select(reason).where(rejected_record.c.load_id == load_id).subquery()
    counted = select(each.c.reason, func.count()).group_by(each.c.reason).order_by(func.count().desc(), each.c.reason)
    with database.read("party") as conn:
        row = conn.execute(select(load).where(load.c.id == load_id)).mappings().one_or_none()
        if row is None:
            raise NotFound("party-load-unknown", id=load_id)
        return {**row, "reasons": {found[0]: found[1] for found in conn.execute(counted)}}


def rejected(
    viewer: Principal, load_id: int, *, reason: str | None = None, after: int = 0, limit: int = 50
) -> list[Found]:
    """Rejected rows of a load by key, after a row's id: id, row_number, key, reasons, raw.

    `raw` is the row as it came, sensitive columns masked for the viewer; what stays clear is logged (EC-17).
    """
    get(viewer, load_id)
    statement = select(rejected_record).where(rejected_record.c.load_id == load_id, rejected_record.c.id > after)
    if reason:
        statement = statement.where(func.array_position(rejected_record.c.reasons, reason).is_not(None))
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(statement.order_by(rejected_record.c.id).limit(limit)).mappings()]
    show = shower(viewer, masks_of([load_id])[load_id])
    for row in rows:
        row["raw"] = {name: show(name, value) for name, value in row["raw"].items()}
    clear = sorted({kind for kind in SENSITIVE.values() if viewer.sees(kind)})
    if rows and clear and viewer.kind != "system":
        record_read(viewer, "rejected_record", [row["id"] for row in rows], clear)
    return rows


def export(viewer: Principal, load_id: int) -> Iterator[str]:
    """All rejected rows as CSV lines, reasons first, masked as on the page; to be mended at the source."""
    rows = rejected(viewer, load_id, limit=EXPORT_CHUNK)
    names = list(dict.fromkeys(name for row in rows for name in row["raw"]))
    yield csv_line(["row", "reasons", *names])
    while rows:
        for row in rows:
            yield csv_line([row["row_number"], " ".join(row["reasons"]), *(row["raw"].get(name) for name in names)])
        rows = rejected(viewer, load_id, after=rows[-1]["id"], limit=EXPORT_CHUNK) if len(rows) == EXPORT_CHUNK else []


def documents_of(load_ids: Collection[int]) -> dict[int, Document | None]:
    """Load → the mapping by which its rows were rejected; of loads that did not keep it, the one in force where that is
    still the same version."""
    wanted = select(load.c.id, load.c.mapping, load.c.mapping_version, load.c.document)
    with database.read("party") as conn:
        rows = conn.execute(wanted.where(load.c.id == func.any(list(load_ids)))).all()
    made: dict[int, Document | None] = {row.id: mappings.from_body(row.document) for row in rows if row.document}
    if len(made) < len(rows):
        known = {(each.mapping, each.version): each for each in mappings.in_force().values()}
        made |= {row.id: known.get((row.mapping, row.mapping_version)) for row in rows if row.id not in made}
    return made


def masks_of(load_ids: Collection[int]) -> dict[int, Masks]:
    """Load → how its rejected rows are masked."""
    return {id: document.masks() if document else {} for id, document in documents_of(load_ids).items()}


def shower(viewer: Principal, known: Masks) -> Callable[[str, Any], Any]:
    """How a column's value is shown (EC-17). A column that the rejecting mapping does not name, or says no kind of, may
    hold anything: hidden."""
    if viewer.sees("*"):
        return lambda _name, value: value

    def show(name: str, value: Any) -> Any:
        if value in (None, ""):
            return value
        kind = known.get(name, HIDDEN)
        if kind is None or viewer.sees(kind):
            return value
        return mask(kind, str(value)) if kind in MASKS else HIDDEN

    return show
