"""The program that parses a sheet: `python -m hutong.party.ingest.sheet_program FILE COLUMNS [SHEET]`.

It writes the sheet's rows as an Arrow stream: at most so many columns, of text, the sheet's first row first. The
stream's metadata name the workbook's sheets; where the one asked for is not among them, the stream has no columns.

A process of its own, with a limit of memory, because the parser lays cells out from the first to the last of them: a
small file with one cell far away would end whoever parses it. Its exit code tells what went wrong (`NO_WORKBOOK`).
"""

import json
import resource
import sys

import fastexcel
import pyarrow as pa

MEMORY = 8 << 30
"""Bytes of address space. A sheet of a million rows and 17 columns takes about two GiB."""
NO_WORKBOOK = 3


def main(path: str, columns: int, asked: str | None) -> int:
    """Parse and write; the exit code."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY if limit == resource.RLIM_INFINITY else min(MEMORY, limit), limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = fastexcel.read_excel(path)
        name = asked or (book.sheet_names or [""])[0]
        cells = pa.table({})
        if name in book.sheet_names:
            sheet = book.load_sheet(
                name, header_row=None, dtypes="string", use_columns=lambda column: column.index < columns
            )
            cells = pa.Table.from_batches([pa.record_batch(sheet)])
    except (fastexcel.FastExcelError, ValueError):
        return NO_WORKBOOK
    cells = cells.replace_schema_metadata({"sheets": json.dumps(book.sheet_names)})
    with pa.ipc.new_stream(sys.stdout.buffer, cells.schema) as stream:
        stream.write_table(cells)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))
