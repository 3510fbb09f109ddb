"""CONTRIBUTING tells where a requirement's code stands: each place it names is there, and cites the requirement."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = re.findall(r"^\| (EC-\d\d) \| [^|]+ \| ([^|]+) \|$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)


def test_every_requirement_of_the_customer_master_has_a_place() -> None:
    assert [name for name, _ in ROWS] == [f"EC-{number:02}" for number in range(1, 20)]


@pytest.mark.parametrize(("name", "places"), ROWS)
def test_the_places_cite_it(name: str, places: str) -> None:
    for place in re.findall("`([^`]+)`", places):
        path = ROOT / "src" / "hutong" / place
        files = [path] if path.suffix else sorted(path.rglob("*.py"))
        assert any(name in file.read_text("utf-8") for file in files), f"{place} does not tell of {name}"
