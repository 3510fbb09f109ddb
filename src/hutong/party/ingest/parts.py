"""A file's rows shared out in parts to standardising processes, one for each core."""

import json
import os
import queue
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import duckdb

from hutong.party.ingest import standardising
from hutong.party.ingest.mapping import Mapping
from hutong.party.ingest.staging import Codes, conditions, literal
from hutong.party.ingest.standardising import Task
from hutong.platform import clock
from hutong.platform.settings import settings

ROWS = 25_000
"""Rows of a part: what one process standardises at once, and one COPY stores."""
WORTH_SHARING = 80_000
"""Rows from which starting processes (about a second) pays."""
_COMMAND = [sys.executable, "-m", standardising.__name__]


class Processes:
    """Standardising processes, or none: then this process does the work. Use as a context."""

    def __init__(self, count: int) -> None:
        self._all = [
            subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
            for _ in range(count)
        ]
        self._idle: queue.SimpleQueue[subprocess.Popen[str]] = queue.SimpleQueue()
        for process in self._all:
            self._idle.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._all:
            with suppress(OSError):  # it may have ended by itself
                if process.stdin:
                    process.stdin.close()
            if kind is not None:
                process.kill()
        for process in self._all:
            process.wait()
            if process.stdout:
                process.stdout.close()

    def answers(self, tasks: Sequence[Task]) -> Iterator[Task]:
        """The answers in the order of the tasks, while later tasks are worked on."""
        if not self._all:
            yield from map(standardising.work, tasks)
            return
        pool = ThreadPoolExecutor(len(self._all))
        waiting: list[Future[Task]] = [pool.submit(self._ask, task) for task in tasks]
        try:
            for future in waiting:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, task: Task) -> Task:
        process = self._idle.get()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101  (both are pipes)
        try:
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            self._idle.put(process)
        if not line:
            raise RuntimeError(f"a standardising process ended with {process.wait()}")
        answer: Task = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


def worth_sharing(duck: duckdb.DuckDBPyConnection) -> bool:
    """Whether `raw` has so many rows that more processes are quicker."""
    row = duck.execute("SELECT count(*) FROM raw").fetchone()
    return row is not None and row[0] >= WORTH_SHARING and cores() > 1


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def divide(duck: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write `raw` in parts to a folder, and drop it."""
    row = duck.execute("SELECT min(row_number), max(row_number) FROM raw").fetchone()
    made: list[Path] = []
    if row is not None and row[0] is not None:
        for number, first in enumerate(range(row[0], row[1] + 1, ROWS)):
            path = folder / f"raw-{number:05}.parquet"
            duck.execute(
                f"""COPY (SELECT * FROM raw WHERE row_number BETWEEN {first} AND {first + ROWS - 1})
                    TO {literal(str(path))} (FORMAT parquet, COMPRESSION lz4)"""  # noqa: S608
            )
            made.append(path)
    duck.execute("DROP TABLE raw")
    return made


def tasks(raws: Sequence[Path], mapping: Mapping, codes: Codes, form: str) -> list[Task]:
    """What processes are to do with parts."""
    common: dict[str, Any] = {
        "mapping": mapping.model_dump_json(), "codes": codes, "conditions": conditions(mapping), "form": form,
        "zone": settings.business_timezone, "now": clock.now().isoformat(),
    }  # fmt: skip
    return [{**common, "raw": str(raw), "out": str(raw.with_name(f"made-{raw.stem[4:]}"))} for raw in raws]


def stage_shared(duck: duckdb.DuckDBPyConnection, mapping: Mapping, codes: Codes) -> None:
    """`staging.stage` by other processes: the same tables `staged` and `unmapped`."""
    with TemporaryDirectory(prefix="hutong-parts-") as folder, Processes(cores()) as processes:
        raws = divide(duck, Path(folder))
        found = list(processes.answers(tasks(raws, mapping, codes, "parquet")))
        made = [f"{answer['out']}.parquet" for answer in found]
        duck.execute("CREATE TABLE staged AS FROM read_parquet(?) ORDER BY row_number", [made])
    duck.execute("CREATE TABLE unmapped (code_set VARCHAR, source_code VARCHAR, occurrences BIGINT)")
    entries = [entry for answer in found for entry in answer["unmapped"]]
    if entries:
        duck.executemany("INSERT INTO unmapped VALUES (?, ?, ?)", entries)
        duck.execute(
            """CREATE OR REPLACE TABLE unmapped AS
               SELECT code_set, source_code, sum(occurrences)::BIGINT AS occurrences FROM unmapped GROUP BY ALL"""
        )
