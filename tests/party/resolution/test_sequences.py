"""EC-05, EC-07: random sequences of merge, split, undo, import, find-or-create and rerun (`./dev bench sequences` plays
10,000 of them)."""

from pathlib import Path

import pytest
from bench.sequences import play


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("seed", [1, 2])
def test_random_sequences(tmp_path: Path, seed: int) -> None:
    """After undoing, everything derived is what it was; untouched customers keep their ids; ids resolve for ever; what
    was split stays apart."""
    did = play(seed * 10_000_000, 15, tmp_path)
    assert did["sequences"] == 15 and all(did[kind] for kind in ("merge", "split", "undo", "import", "find_or_create"))
