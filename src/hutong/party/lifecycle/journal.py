"""Erasures beside the database (EC-02, EC-19): a restored backup brings erased persons back, so what was erased since
it was taken is erased again.

`erasures.jsonl` in the data folder has one line per erasure: numbers of parties, keyed hashes of their records' keys,
who asked and approved, when. Nothing in it tells a person. It is written before the erasure commits; an erasure cut off
in between is repeated by its request.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from hutong.party import erased_keys
from hutong.platform.settings import settings

NAME = "erasures.jsonl"


@dataclass(frozen=True)
class Entry:
    """One erasure. `keys`: source and keyed hash of each record; `party_ids`: the party and what was merged into it."""

    party_id: int
    party_ids: list[int]
    keys: list[tuple[str, str]]
    request_id: int
    by: str
    approved_by: str | None
    reason: str
    at: str


def path() -> Path:
    """Where this installation's journal lies."""
    return settings.data_dir / NAME


def append(entry: Entry) -> None:
    """Write an erasure down, so that it survives a crash of the machine."""
    path().parent.mkdir(parents=True, exist_ok=True)
    with path().open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(journal: Path) -> list[Entry]:
    """The erasures of a journal, oldest first; none where there is no file. A line cut off by a crash is left out: its
    erasure did not take effect."""
    made = []
    lines = journal.read_text(encoding="utf-8").split("\n") if journal.is_file() else []
    for line in lines:
        try:
            given = json.loads(line)
        except ValueError:
            continue
        made.append(Entry(**{**given, "keys": [tuple(pair) for pair in given["keys"]]}))
    return made


def keep(entries: Sequence[Entry]) -> list[Entry]:
    """Add entries that this installation's journal does not have. Returns all of it."""
    known = {(entry.request_id, entry.party_id) for entry in read(path())}
    for entry in entries:
        if (entry.request_id, entry.party_id) not in known:
            append(entry)
    return read(path())


def hashes(conn: Connection, records: Sequence[int]) -> list[tuple[str, str]]:
    """Source and keyed hash of records' keys."""
    asked = text("SELECT source, key FROM party.source_record WHERE id = ANY(:records) ORDER BY id")
    return [
        (row.source, erased_keys.hash_of(row.source, row.key))
        for row in conn.execute(asked, {"records": list(records)})
    ]
