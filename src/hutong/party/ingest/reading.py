"""A file read once into parts (EC-03): what a killed load finds again in its folder, and goes on from."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from hutong.party.ingest import parts
from hutong.party.ingest.files import read
from hutong.party.ingest.given import literal
from hutong.party.ingest.headers import quoted
from hutong.party.ingest.mapping import Mapping

_SUMMARY = "read.json"
_UNREADABLE = "unreadable.csv"


@dataclass(frozen=True)
class Read:
    """What a file holds. `raws`: its rows in parts; `repeated`: rows whose key the file has in another row."""

    raws: list[str]
    rows: int
    unreadable: int
    repeated: int

    def parts(self, folder: Path) -> list[Path]:
        """Where the parts lie."""
        return [folder / name for name in self.raws]


def read_once(folder: Path, path: Path, mapping: Mapping) -> Read:
    """Read a file into parts, unless that was done. Raises Invalid when the file is not what the mapping says."""
    summary = folder / _SUMMARY
    if summary.is_file():
        return Read(**json.loads(summary.read_text()))
    with duckdb.connect(config={"temp_directory": str(folder / "spill")}) as duck:
        read(duck, path, mapping)
        key = f"nullif(trim({quoted(mapping.key)}), '')"
        row = duck.execute(f"SELECT count(*), count({key}) - count(DISTINCT {key}) FROM raw").fetchone()  # noqa: S608
        assert row is not None  # noqa: S101  (an aggregate has a row)
        failed = duck.execute(
            f"""COPY (SELECT row_number, NULL, to_json({{line: left(line, 10000)}})::VARCHAR, '{{' || reason || '}}'
                      FROM unreadable ORDER BY row_number)
                TO {literal(str(folder / _UNREADABLE))} (FORMAT csv, HEADER false)"""  # noqa: S608
        ).fetchone()
        raws = [part.name for part in parts.divide(duck, folder)]
    found = Read(raws, row[0], failed[0] if failed else 0, row[1])
    written = summary.with_suffix(".part")
    written.write_text(json.dumps(asdict(found)))
    written.replace(summary)
    return found


def unreadable(folder: Path) -> Path:
    """The rows that could not be read, as COPY takes rejected ones."""
    return folder / _UNREADABLE
