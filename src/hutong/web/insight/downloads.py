"""Tables as files: CSV and XLSX in which nothing a customer's record says becomes a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import Any, Literal

from fastapi import Response
from fastapi.responses import StreamingResponse

from hutong.platform.settings import settings

Form = Literal["csv", "xlsx"]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE = 1 << 18


def cell(value: Any) -> Any:
    """A value as a sheet holds it: numbers as numbers, moments in the business zone, all else as text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set):
        return "; ".join(str(item) for item in value)
    return str(value)


def harmless(value: Any) -> Any:
    """For CSV: a text that a spreadsheet would take for a formula is led by an apostrophe."""
    made = cell(value)
    return f"'{made}" if isinstance(made, str) and made.startswith(FORMULA) else made


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV for people: UTF-8 with a mark at the front, so that spreadsheets read Chinese."""
    buffer = io.StringIO("\ufeff")
    buffer.seek(1)
    writer = csv.writer(buffer)
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(value) for value in row])
        if buffer.tell() > PIECE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def xlsx_pieces(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A workbook with one sheet; texts are written as texts, whatever they begin with. Rows pass through a file."""
    import xlsxwriter

    with TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            sheet = book.add_worksheet("".join(c for c in title if c not in "[]:*?/\\'")[:31] or "Hutong")
            bold = book.add_format({"bold": True, "bottom": 1})
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, max(len(head) - 1, 0), 18)
            for column, words in enumerate(head):
                sheet.write_string(0, column, words, bold)
            for number, row in enumerate(rows, start=1):
                _write(sheet, number, row)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _write(sheet: Any, number: int, row: Sequence[Any]) -> None:
    for column, value in enumerate(row):
        made = cell(value)
        if isinstance(made, bool):
            sheet.write_boolean(number, column, made)
        elif isinstance(made, int | float):
            sheet.write_number(number, column, made)
        elif made is not None:
            sheet.write_string(number, column, made)


def download(form: Form, name: str, title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The answer that a browser saves as `<name>.<form>`."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    if form == "csv":
        return StreamingResponse(csv_lines(head, rows), media_type="text/csv; charset=utf-8", headers=headers)
    return StreamingResponse(xlsx_pieces(title, head, rows), media_type=XLSX, headers=headers)
