"""Taking sources in: rows standardised and rows stored a second, and a file with everything wrong, killed and resumed.

./dev bench ingest [ROWS [CUSTOMERS]]    # of the nasty file, default 1000000, 0 for none; of the telecom sample, on
                                         # which the rest is measured, default 150000

Wall time tells what a quiet machine does; processor time, of this process and those it starts, what each row costs.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from tests.party.ingest.nasty import write_nasty

from hutong.cli.sample import telecom
from hutong.party.ingest import parts, standardising
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import Mapping, read_mapping
from hutong.platform import database
from hutong.platform.processes import Processes, cores

MAPPINGS = Path(__file__).parents[1] / "packs/telecom/mappings"
CUSTOMERS = 150_000
_LOADING = """
import sys
from pathlib import Path
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
load_file(Path(sys.argv[1]), read_mapping(Path(sys.argv[2])), "bench", folder=Path(sys.argv[3]))
"""


def processor() -> float:
    """Seconds of processor time so far, of this process and its ended children."""
    own, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


@contextmanager
def measured(name: str, rows: int) -> Iterator[None]:
    """Print what the block did a second."""
    wall, cpu = time.perf_counter(), processor()
    yield
    told(name, rows, time.perf_counter() - wall, processor() - cpu)


def told(name: str, rows: int, wall: float, cpu: float) -> None:
    """Print a figure."""
    print(f"{name:34} {rows / wall:9,.0f} rows/s {wall:7.1f} s {cpu / rows * 1e6:6.1f} µs processor a row", flush=True)


def standardise(path: Path, mapping: Mapping) -> None:
    """In this process, then in one for each core, reading included."""
    rows = parts.admitted(path, mapping, Processes(0)).num_rows
    for count in (0, cores()):
        with Processes(count, [standardising.__name__]) as processes:
            time.sleep(3 if count else 0)  # they are ready before the file is read, as in a longer load
            with measured(f"read and standardise, {count or 1} processes", rows):
                parts.admitted(path, mapping, processes)


def stored(path: Path) -> None:
    """From file to stored source records."""
    wall, cpu = time.perf_counter(), processor()
    rows = load_file(path, read_mapping((MAPPINGS / path.name).with_suffix(".yaml")), "bench").rows
    told(f"file to stored, {path.name}", rows, time.perf_counter() - wall, processor() - cpu)


def killed(path: Path, mapping: Path, folder: Path) -> int:
    """A load killed once a third of its parts are standardised; how many those are."""
    loading = subprocess.Popen([sys.executable, "-c", _LOADING, str(path), str(mapping), str(folder)])
    while loading.poll() is None:
        raws, made = (len(list(folder.glob(f"*/{name}"))) for name in ("raw-*.parquet", "made-*.json"))
        if list(folder.glob("*/read.json")) and made * 3 >= raws:
            os.kill(loading.pid, signal.SIGKILL)
            break
        time.sleep(0.05)
    loading.wait()
    with database.read("party") as conn:
        seen = conn.execute(text("SELECT count(*) FROM party.load WHERE source = 'crm' AND file_name = 'nasty.csv'"))
        print(f"  killed with {made} of {raws} parts done; loads seen: {seen.scalar_one()}", flush=True)
    return made


def main() -> None:
    """Print each figure with what it counts."""
    nasty = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    customers = int(sys.argv[2]) if len(sys.argv) > 2 else CUSTOMERS
    crm = read_mapping(MAPPINGS / "crm.yaml")
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        telecom(out=folder, customers=customers, events=2000, seed=7)
        path = folder / "sources/crm.csv"
        standardise(path, crm)
        for name in ("crm.csv", "billing.xlsx", "callcentre.jsonl"):
            stored(folder / "sources" / name)
        if not nasty:
            return
        expected = write_nasty(folder / "nasty.csv", nasty)
        killed(folder / "nasty.csv", MAPPINGS / "crm.yaml", folder / "parts")
        with measured("nasty file, resumed, to stored", nasty):
            report = load_file(folder / "nasty.csv", crm, "bench", folder=folder / "parts")
        assert report.admitted == expected[""] and report.rows == nasty
        print(f"  {report.admitted:,} admitted; {report.reasons}; repeated keys {report.repeated:,}")


if __name__ == "__main__":
    main()
