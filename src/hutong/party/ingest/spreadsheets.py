"""CSV that people open in spreadsheets: no cell is taken for a formula."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select, text

from hutong.party.tables import load, rejected_record
from hutong.platform.errors import NotFound

_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,\s]*$)")
"""How texts begin that a spreadsheet would run. Phones and amounts with a sign are none."""


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, marked as text."""
    return "'" + value if isinstance(value, str) and _FORMULA.match(value) else value


def csv_line(values: Sequence[Any]) -> str:
    """One line of CSV that no spreadsheet takes for formulas."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([harmless(value) for value in values])
    return buffer.getvalue()


def export_rejects(conn: Connection, load_id: int) -> Iterator[str]:
    """A load's rejected rows as CSV lines, with their reasons first, to be mended at the source and sent again."""
    found = conn.execute(select(load.c.id).where(load.c.id == load_id)).one_or_none()
    if found is None:
        raise NotFound("party-load-unknown", id=load_id)
    names = list(
        conn.execute(
            text(
                """SELECT name FROM (SELECT k.name, min(k.position) AS place FROM party.rejected_record r,
                       json_object_keys(r.raw) WITH ORDINALITY AS k (name, position)
                   WHERE r.load_id = :load GROUP BY k.name) AS names ORDER BY place, name"""
            ),
            {"load": load_id},
        ).scalars()
    )
    yield csv_line(["row", "reasons", *names])
    rows = conn.execute(
        select(rejected_record.c.row_number, rejected_record.c.reasons, rejected_record.c.raw)
        .where(rejected_record.c.load_id == load_id)
        .order_by(rejected_record.c.id)
        .execution_options(yield_per=5000)
    )
    for row in rows:
        yield csv_line([row.row_number, " ".join(row.reasons), *(row.raw.get(name) for name in names)])
