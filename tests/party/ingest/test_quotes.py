"""EC-03: a quote that is never closed takes the rest of a CSV file into one value; that is told, not taken in."""

from pathlib import Path

import duckdb
import pytest
from tests.party.conftest import MAPPINGS

from hutong.party.ingest.files import read
from hutong.party.ingest.mapping import FileForm, Mapping, read_mapping
from hutong.platform.errors import Invalid


@pytest.fixture
def crm() -> Mapping:
    """A mapping of UTF-8 CSV."""
    return read_mapping(MAPPINGS / "crm.yaml").model_copy(update={"file": FileForm(format="csv", encoding="utf-8")})


def taken(path: Path, mapping: Mapping, *lines: str) -> int:
    """How many rows there are of a file of these lines, after its header."""
    path.write_text("\n".join([",".join(mapping.needed()), *lines, ""]), encoding="utf-8")
    with duckdb.connect() as duck:
        read(duck, path, mapping)
        return len(duck.execute("SELECT row_number FROM raw").fetchall())


@pytest.mark.parametrize("place", [1, 3, 8])
def test_the_line_is_named(tmp_path: Path, crm: Mapping, place: int) -> None:
    """Wherever it is, also in the last row, and after a value of two lines."""
    width = len(crm.needed())
    lines = ['"two\nlines"' + "," * (width - 1), *(f"A{n}" + "," * (width - 1) for n in range(8))]
    assert taken(tmp_path / "whole.csv", crm, *lines) == 9
    lines[place] = '"' + lines[place]
    with pytest.raises(Invalid) as problem:
        taken(tmp_path / "open.csv", crm, *lines)
    assert problem.value.message_id == "party-file-quote"
    assert problem.value.params["line"] == place + 3, "the header is line 1, the first row has two"


def test_a_very_long_rest(tmp_path: Path, crm: Mapping) -> None:
    """As one value it is larger than a reader takes; the line is named all the same."""
    rows = [f"A{n}" + "," * (len(crm.needed()) - 1) for n in range(10_000)]
    with pytest.raises(Invalid) as problem:
        taken(tmp_path / "open.csv", crm, '"' + rows[0], *rows)
    assert problem.value.params["line"] == 2


def test_a_quote_within_a_value_is_none(tmp_path: Path, crm: Mapping) -> None:
    """An odd number of quotes alone is no mistake: an inch mark opens nothing."""
    commas = "," * (len(crm.needed()) - 1)
    assert taken(tmp_path / "inch.csv", crm, '5" pipe' + commas, "A2" + commas, "A3" + commas) >= 2
