"""A quote that is opened in a CSV file and never closed: all that comes after it would be one value, and lost."""

import csv
from itertools import chain
from pathlib import Path

from hutong.platform.errors import Invalid

_PART = 1 << 22
_END = "end of the file"
DELIMITERS = ",;\t|"
"""What separates the values of files as people have them."""


def require_closed(path: Path, name: str, delimiter: str | None) -> None:
    """Raise Invalid with the line in which it is opened. `path`: the file `name` in UTF-8; without a delimiter it is
    the one its first line has most of."""
    with path.open("rb") as file:
        quotes = sum(part.count(b'"') for part in iter(lambda: file.read(_PART), b""))
    if quotes % 2 and (line := _opened(path, delimiter)):  # only an odd one can be left open: others cost a count
        raise Invalid("party-file-quote", file=name, line=line)


def _opened(path: Path, delimiter: str | None) -> int | None:
    """The line in which the last row begins, if it takes what is put after the end of the file for its own."""
    begins, following, last = 1, 1, [_END]
    with path.open(encoding="utf-8", newline="") as file:
        used = delimiter or max(DELIMITERS, key=file.readline().count)
        file.seek(0)
        rows = csv.reader(chain(file, ["\n", _END]), delimiter=used)
        try:
            for row in rows:
                begins, following, last = following, rows.line_num + 1, row
        except csv.Error:  # a value longer than any: it began where the row did
            return following
    return None if last == [_END] else begins
