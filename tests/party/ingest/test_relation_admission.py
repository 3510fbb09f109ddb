"""EC-03, EC-11: relations loaded from files are checked for overlap in time and circles; the refused are kept and
worked off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.relations.test_relations import firms, known

from hutong.identity import SYSTEM, Principal
from hutong.party.ingest import preview, rejects
from hutong.party.ingest.areas.load import load_area_file
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.load import LoadReport
from hutong.party.relations import hierarchy
from hutong.platform import database

pytestmark = pytest.mark.usefixtures("database")
MAPPING = {
    "area": "party_relation", "mapping": "register", "version": 1,
    "source": {"code": "register", "zh": "工商登记", "en": "Company register", "trust": 90},
    "file": {"format": "csv"}, "keys": ["id"], "of": {"column": "one", "source": "crm"},
    "to": {"column": "other", "source": "crm"},
    "columns": {"kind": "kind", "valid_from": {"column": "from", "date": "%Y-%m-%d"},
                "valid_to": {"column": "to", "date": "%Y-%m-%d"}},
}  # fmt: skip
Loader = Callable[..., LoadReport]


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    """Relations as the register's file states them: id, one, kind, other, from, to."""
    numbers = iter(range(100))

    def run(*rows: str, version: int = 1) -> LoadReport:
        path = tmp_path / f"relations-{next(numbers)}.csv"
        path.write_text("\n".join(["id,one,kind,other,from,to", *rows]), encoding="utf-8")
        return load_area_file(path, AreaMapping.model_validate(MAPPING | {"version": version}), "test")

    return run


def stored() -> list[str]:
    """The keys of the relations there are."""
    with database.read("party") as conn:
        return list(conn.execute(text("SELECT key FROM party.party_relation ORDER BY key")).scalars())


def refused() -> dict[str, list[str]]:
    """Key → reasons of what waits."""
    return {row["key"]: row["reasons"] for row in rejects.listing(SYSTEM)}


def test_a_source_states_a_kind_once_at_a_time(take_in: Importer, load: Loader) -> None:
    """From either end, beside what is stored and within the file; another period, and another source, is fine."""
    known(take_in, "王小明", "李丽华")
    first = load(
        "1,A,guardian,B,2010-01-01,2015-01-01", "2,A,guardian,B,2015-01-01,", "3,B,ward,A,2012-01-01,2013-01-01"
    )
    assert (first.admitted, first.rejected, first.reasons) == (2, 1, {"relation_overlaps": 1})
    again = load(
        "4,A,guardian,B,2020-01-01,2021-01-01", "5,A,guardian,B,2009-01-01,2010-01-01", "2,A,guardian,B,2015-01-01,"
    )
    assert (again.admitted, again.unchanged, again.reasons) == (2, 1, {"relation_overlaps": 1})
    assert stored() == ["1", "2", "5"] and refused() == {"3": ["relation_overlaps"], "4": ["relation_overlaps"]}


def test_no_company_is_its_own_ancestor(take_in: Importer, load: Loader) -> None:
    """A circle over rows of the file and of before is refused, all its new rows; what never held at once is none."""
    names = "云海集团有限公司", "云海物流有限公司", "云海置业有限公司", "云海科技有限公司"
    head, *_ = firms(take_in, *names)
    one, two, three, four = names
    good = load(f"1,{two},subsidiary,{one},2020-01-01,", f"2,{two},parent_company,{three},2020-01-01,")
    assert good.rejected == 0
    made = load(
        f"3,{one},branch,{three},2021-01-01,",
        f"4,{four},subsidiary,{three},2020-01-01,",
        f"5,{one},subsidiary,{two},2001-01-01,2002-01-01",
        f"6,{one},subsidiary,{one},2020-01-01,",
    )
    assert made.reasons == {"relation_circle": 1, "relation_self": 1} and stored() == ["1", "2", "4", "5"]
    assert len(hierarchy.hierarchy(SYSTEM, head)) == 4
    both = load("7,X1,subsidiary,X2,2020-01-01,", "8,X2,branch,X1,2020-01-01,", "9,X2,subsidiary,X3,2020-01-01,")
    assert both.reasons == {"relation_circle": 2} and both.waiting == 1, "of companies not here yet, too"


def test_the_kind_fits_the_parties(take_in: Importer, load: Loader) -> None:
    """Kinship ties persons, a hierarchy organisations; kinds nobody knows and periods that end before they begin."""
    known(take_in, "王小明", "李丽华")
    firms(take_in, "云海集团有限公司")
    made = load(
        "1,A,spouse,云海集团有限公司,2020-01-01,",
        "2,A,subsidiary,云海集团有限公司,2020-01-01,",
        "3,A,nobody,B,2020-01-01,",
        "4,A,sibling,B,2020-01-01,2019-01-01",
        "5,A,shareholder,云海集团有限公司,2020-01-01,",
    )
    assert made.reasons == {"relation_parties": 2, "bad_period": 1, "relation_kind": 1} and stored() == ["5"]


def test_a_refused_relation_is_worked_off(take_in: Importer, load: Loader) -> None:
    """EC-03: the row shows its reason, a correction is tried beside what is stored, taken in, and closes it; what is
    masked is what the mapping it was rejected by says."""
    known(take_in, "王小明", "李丽华")
    load("1,A,guardian,B,2010-01-01,2015-01-01", "2,A,guardian,B,2014-01-01,")
    [row] = rejects.listing(SYSTEM)
    me = Principal(7, "user", "s", rights=frozenset({"party.steward"}))
    assert rejects.get(me, row["id"])["columns"]["kind"] == "guardian"
    right = {"from": "2015-01-01"}
    assert rejects.tried(me, row["id"], {})["reasons"] == ["relation_overlaps"]
    assert rejects.tried(me, row["id"], right)["reasons"] == []
    assert stored() == ["1"], "trying stores nothing"
    assert rejects.resubmit(me, row["id"], {}) is False and rejects.resubmit(me, row["id"], right) is True
    assert stored() == ["1", "2"] and not rejects.listing(SYSTEM)
    with database.read("party") as conn:
        assert conn.execute(text("SELECT stated_by FROM party.party_relation WHERE key = '2'")).scalar() == "user:7"


def test_a_preview_judges_relations_too(take_in: Importer, load: Loader) -> None:
    """What a mapping makes of a sample is what a load would make of it."""
    known(take_in, "王小明", "李丽华")
    load("1,A,guardian,B,2010-01-01,")
    row: dict[str, Any] = {"id": "2", "one": "A", "kind": "guardian", "other": "B", "from": "2011-01-01"}
    made = preview.of_rows(AreaMapping.model_validate(MAPPING), [row, row | {"id": "3", "kind": "friend"}])
    assert [each["reasons"] for each in made] == [["relation_overlaps"], []]
    assert made[0]["valid_from"].year == 2011 and made[1]["of_key"] == "A"
