"""A file read once into parts (EC-03): what a killed load finds again in its folder, and goes on from."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from hutong.party.ingest import parts
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


class Reading:
    """A file that is being read into the parts of a folder. `known`: how many are there so far."""

    def __init__(self, folder: Path, path: Path, mapping: Mapping) -> None:
        self._folder, self._path, self._mapping = folder, path, mapping
        self._found: Read | None = None
        self.known = 0

    @property
    def found(self) -> Read:
        """What the file holds, once all of its parts were given."""
        if self._found is None:
            raise RuntimeError("the file is still being read")
        return self._found

    @property
    def unreadable(self) -> Path:
        """The rows that could not be read, as COPY takes rejected ones, once all parts were given."""
        return self._folder / _UNREADABLE

    def parts(self) -> Iterator[Path]:
        """Each part as soon as it is there; read from the file, unless that was done. Raises Invalid when the file is
        not what the mapping says, if need be after its last part: nothing of it may be kept before."""
        summary = self._folder / _SUMMARY
        if not summary.is_file():
            yield from self._read(summary)
            return
        self._found = Read(**json.loads(summary.read_text()))
        self.known = len(self._found.raws)
        yield from (self._folder / name for name in self._found.raws)

    def _read(self, summary: Path) -> Iterator[Path]:
        raws: list[str] = []
        with duckdb.connect(config={"temp_directory": str(self._folder / "spill")}) as duck:
            for part in parts.divide(duck, self._folder, self._path, self._mapping):
                raws.append(part.name)
                self.known = len(raws)
                yield part
            key = f"nullif(trim({quoted(self._mapping.key)}), '')"
            row = duck.execute(f"SELECT count(*), count({key}) - count(DISTINCT {key}) FROM raw").fetchone()  # noqa: S608
            assert row is not None  # noqa: S101  (an aggregate has a row)
            failed = duck.execute(
                f"""COPY (SELECT row_number, NULL, to_json({{line: left(line, 10000)}})::VARCHAR, '{{' || reason || '}}'
                          FROM unreadable ORDER BY row_number)
                    TO {literal(str(self.unreadable))} (FORMAT csv, HEADER false)"""  # noqa: S608
            ).fetchone()
        self._found = Read(raws, row[0], failed[0] if failed else 0, row[1])
        written = summary.with_suffix(".part")
        written.write_text(json.dumps(asdict(self._found)))
        written.replace(summary)
