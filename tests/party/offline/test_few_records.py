"""EC-05: files of a few records teach nothing of how common values are; what agrees there is no chance."""

from pathlib import Path

import pytest

from hutong.party.offline.mapping import FileMapping
from hutong.party.offline.resolve import resolve_files

MAPPING = FileMapping.model_validate(
    {"region": "US", "columns": {"first_name": "f", "last_name": "l", "dob": "d", "phone": "p", "zip": "z"}}
)
ANN, ANNE = "Ann,Lee,1980-01-02,2025551234,01234", "Anne,Lee,1980-01-02,2025551234,01234"
BOB, ROBERT = "Bob,Ray,1970-05-06,,02345", "Robert,Ray,1970-05-06,,02345"
CY, DI, ED = "Cy,Fox,1960-07-08,2025559999,", "Di,Hall,1950-01-01,,", "Ed,King,1990-10-11,2025550007,03333"
FLO, GUS = "Flo,May,1991-01-11,,04444", "Gus,Orr,1985-12-12,2025551111,05555"


@pytest.mark.parametrize(
    ("rows", "parties"),
    [
        ([ANN, ANNE], [1, 1]),
        ([ANN, CY], [1, 2]),
        ([ANN] * 5 + [CY] * 3, [1] * 5 + [2] * 3),
        ([ANN, ANNE, BOB, ROBERT, CY, DI, ED, ED, FLO, GUS], [1, 1, 2, 2, 3, 4, 5, 5, 6, 7]),
        ([CY, DI, ED, FLO, GUS], [1, 2, 3, 4, 5]),
    ],
    ids=["two", "two strangers", "whole rows again", "ten", "strangers"],
)
def test_who_agrees_is_found_among_a_few(tmp_path: Path, rows: list[str], parties: list[int]) -> None:
    """In order of rows: rows are numbered as text."""
    (tmp_path / "few.csv").write_text("\n".join(["f,l,d,p,z", *rows]) + "\n", encoding="utf-8")
    made = resolve_files([(tmp_path / "few.csv", MAPPING)]).clusters
    by_row = {int(row["key"]): row["party"] for row in made.to_pylist()}
    found = [by_row[row] for row in sorted(by_row)]
    first = {party: place for place, party in reversed(list(enumerate(found)))}
    assert [sorted(first.values()).index(first[party]) + 1 for party in found] == parties
