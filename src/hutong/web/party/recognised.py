"""How a sample file is written, told by the file itself (EC-03): a mapping's author need not know encodings."""

import csv
from pathlib import Path

from hutong.party.ingest.mapping import FileForm
from hutong.party.ingest.quotes import DELIMITERS
from hutong.party.offline.encodings import encoding_of

LOOKED_AT = 1 << 16
"""Bytes of the file that are looked at."""
LINES = 20
_BOOK = b"PK\x03\x04"


def form_of(path: Path, stated: FileForm) -> FileForm:
    """How a file is written: as stated where it reads so, else in the encoding and with the delimiter that its
    beginning shows. Of a sheet nothing is asked."""
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    if start.startswith(_BOOK):
        return stated if stated.format == "xlsx" else FileForm(format="xlsx")
    encoding = _read_as(start, stated.encoding) or encoding_of(start)
    if encoding is None:
        return stated
    text = start.decode(encoding, errors="replace").lstrip("\ufeff").lstrip()
    if text.startswith("{"):
        return stated.model_copy(update={"format": "jsonl", "encoding": encoding})
    found = {"format": "csv", "encoding": encoding, "delimiter": _delimiter(text, stated.delimiter)}
    return stated.model_copy(update=found)


def _read_as(start: bytes, encoding: str) -> str | None:
    """The encoding where the beginning reads in it, but for a character cut in two at the end."""
    try:
        start.decode(encoding)
    except UnicodeDecodeError as problem:
        return encoding if problem.start >= len(start) - 4 and len(start) == LOOKED_AT else None
    except LookupError:
        return None
    return encoding


def _delimiter(text: str, stated: str) -> str:
    """What divides the first lines into equally many columns, more than one; the stated one where it does or none."""
    lines = [line for line in text.splitlines()[:LINES] if line.strip()]

    def columns(delimiter: str) -> int:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        usual = max(set(counts), key=counts.count, default=1)
        return usual if counts and counts[0] == usual else 1

    if not lines or columns(stated) > 1:
        return stated
    best = max(DELIMITERS, key=columns)
    return best if columns(best) > 1 else stated
