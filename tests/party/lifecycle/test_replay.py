"""EC-02, EC-19: a restored backup brings nobody back: what was erased since it was taken is erased again."""

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.lifecycle.test_erasure import found_in_database
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties
from tests.platform.test_backup import Elsewhere, elsewhere
from typer.testing import CliRunner

from hutong.cli.main import app
from hutong.identity import SYSTEM, Principal
from hutong.party.lifecycle import journal
from hutong.party.lifecycle.changes import apply_change, approve
from hutong.party.lifecycle.tombstones import tombstones
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import merge
from hutong.platform import backup, database
from hutong.platform.settings import settings

__all__ = ["elsewhere"]
ADA, LEAD = (Principal(n, "user", f"user{n}", frozenset({"*"}), clear=frozenset({"*"})) for n in (1, 2))


def erase(party: int) -> None:
    approve(LEAD, apply_change(ADA, "erase", [party], reason="asked").request_id)


def test_restore_erases_again_who_was_erased_since(elsewhere: Elsewhere, take_in: Importer, tmp_path: Path) -> None:
    take_in(person("A", "诸葛亮", **ids(1)), person("B", "诸葛孔明", **ids(2)), person("C", "司徒雷", **ids(3)),
            person("M", "皇甫嵩", **ids(4)), person("N", "皇甫嵩", **ids(4)),
            person("K", "王小明", **ids(6)))  # fmt: skip
    resolve()
    home = parties()
    backup.take(tmp_path / "backup")
    take_in(person("D", "欧阳修", **ids(5)))
    resolve()
    merge.merge(LEAD, [home["A"], home["B"]], "one person", force=True)
    for key in ("A", "C", "D"):
        erase(parties()[key])
    kept = settings.data_dir / journal.NAME
    assert len(journal.read(kept)) == 3 and "诸葛" not in kept.read_text("utf-8")
    with kept.open("a", encoding="utf-8") as file:
        file.write('{"party_id": 9, "cut o')
    elsewhere()
    restored = ["restore", str(tmp_path / "backup"), "--erasures", str(kept.parent)]
    done = CliRunner().invoke(app, restored)
    assert done.exit_code == 0, done.output
    assert found_in_database(["诸葛亮", "诸葛孔明", "司徒雷", "欧阳修"]) == []
    assert set(parties()) == {"M", "N", "K"}
    assert {row["party_id"] for row in tombstones(SYSTEM)} == {home["A"], home["B"], home["C"]}
    report = take_in(person("A", "诸葛亮", **ids(1)), person("D", "欧阳修", **ids(5)), person("E", "赵云", **ids(8)))
    assert report.admitted == 1, "nor does their next load bring them back"


def test_a_party_that_holds_others_records_too_is_left_to_people(take_in: Importer) -> None:
    from hutong.party.lifecycle.replay import replay

    take_in(person("M", "皇甫嵩", **ids(4)), person("N", "皇甫嵩", **ids(4)))
    resolve()
    home = parties()["M"]
    with database.read("party") as conn:
        query = text("SELECT id FROM party.source_record WHERE key = 'M'")
        keys = journal.hashes(conn, [conn.execute(query).scalar_one()])
    entry = journal.Entry(999, [999], keys, 5, ADA.actor, LEAD.actor, "asked", "2026-01-01T00:00:00+00:00")
    done = replay([entry])
    assert (done.erased, done.mixed) == ([], [home])
    assert set(parties()) == {"M", "N"}


pytestmark = pytest.mark.usefixtures("database")
