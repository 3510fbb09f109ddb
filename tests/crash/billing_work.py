"""What a biller does in a month, from wherever it stands: `python -m tests.crash.billing_work USAGE_FOLDER STEPS_FILE`.

File after file: collect, rate, now and then pro-forma bills; at the end final bills. Asked again it goes on: what was
collected counts as known, what was rated is not rated again. Each step done adds a byte to STEPS_FILE; the end is `.`.
Where a file `kills` beside it has a byte for each kill, it waits (`w`) until enough were: however fast it is,
it is not done before the last of as many kills as there are files.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from hutong.billing import bill_run, rating
from hutong.billing.collect import collect
from hutong.platform import database

CYCLES = ("202609", "202610")
BILLS_EVERY = 4
AHEAD = 4
"""Files it may do beyond one a kill."""


def main(usage: Path, steps: Path) -> None:
    """Work until final bills are made."""

    def tell(what: str) -> None:
        with steps.open("a") as file:
            file.write(what)

    files = sorted(usage.glob("*.csv"))
    for place, path in enumerate(files):
        if path.name in collected():
            continue
        wait_for_kills(steps.with_name("kills"), place - AHEAD, tell)
        collect([path], "test")
        tell("c")
        rating.rate(CYCLES[place % len(CYCLES)], "test")
        tell("r")
        if place % BILLS_EVERY == 0:
            bill_run.run(CYCLES[0], "test")
            tell("b")
    wait_for_kills(steps.with_name("kills"), len(files) - 1, tell)
    for cycle in CYCLES:
        rating.rate(cycle, "test")
        bill_run.run(cycle, "test", final=True)
    tell(".")


def wait_for_kills(kills: Path, wanted: int, tell: Callable[[str], None]) -> None:
    """Until so many were."""
    if kills.exists() and kills.stat().st_size < wanted:
        tell("w")
        while kills.stat().st_size < wanted:
            time.sleep(0.02)


def collected() -> set[str]:
    """Names of the files that were collected."""
    with database.read("billing") as conn:
        return set(conn.execute(text("SELECT name FROM billing.usage_file")).scalars())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    while "--stay" in sys.argv:
        time.sleep(3600)
