"""EC-05: with a model that merges, by its own blocks and under its guard, any order of files, real time, withdrawals
and runs gives the parties and judgements of one run over everything."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import URL
from tests.party.ingest.test_deliveries import changes, taken
from tests.party.models.test_models import rows
from tests.party.realtime.test_sets import judgements
from tests.party.resolution.test_resolve import clear
from tests.party.state import partition

from hutong.identity import SYSTEM
from hutong.party import PartyData
from hutong.party.defaults import FOLDER
from hutong.party.ingest.mapping import Mapping
from hutong.party.match.rules import RULES, read_rules
from hutong.party.models import sampling
from hutong.party.realtime.intake import Found, Request, take
from hutong.party.resolution.resolve import resolve
from hutong.platform.database import begin
from hutong.platform.documents import publish

CUSTOMERS = 60
FIELDS = {"客户名称": "name", "联系电话": "mobile", "电子邮箱": "email"}
Row = dict[str, str]


def loosely() -> list[Row]:
    """Customers stated twice by name, birth date, phone and e-mail, and often damaged the second time, so that rules
    leave much to the model."""
    made = [dict(row, 客户状态="U", 更新时间="2026/01/01 10:00:00") for row in rows(CUSTOMERS)]
    for number, row in enumerate(made):
        if number % 2 and number % 3:
            name = row["客户名称"]
            row["客户名称"] = name[0] + name[2:] + name[1] if number % 4 == 1 else name[:2]
    return made


@pytest.fixture
def merging(database: URL, tmp_path: Path, crm: Mapping, monkeypatch: pytest.MonkeyPatch) -> Mapping:
    """A model in force that merges from 6 bits on, beside rules that only know documents; the change file's mapping."""
    monkeypatch.setattr("hutong.party.resolution.resolve.MOST_CHANGES", 1.0)
    mapping = changes(crm)
    taken(tmp_path, mapping, *loosely())
    resolve()
    model = sampling.train_new("person", "user:2")
    body = read_rules(FOLDER / "rules.yaml").model_dump()
    body["person"] |= {"model": "merges", "blocks": [["id_number"]]}
    with begin("party") as conn:
        publish(conn, RULES, body, "user:1")
        in_force = "UPDATE party.model_version SET state = 'in_force', merge_bits = 6 WHERE id = :id"
        conn.execute(text(in_force), {"id": model})
    return mapping


def enter(part: Sequence[Row], way: str, tmp_path: Path, mapping: Mapping) -> None:
    """Bring records in by a file or as a set; then perhaps a run."""
    if way.startswith("file"):
        taken(tmp_path, mapping, *part)
    else:
        asked = [PartyData("person", birth_date=date.fromisoformat(row["出生日期"]),
                           **{FIELDS[name]: row[name] for name in FIELDS if name in row}) for row in part]  # fmt: skip
        answers = take([Request(SYSTEM, data, row["客户编号"], "crm") for data, row in zip(asked, part, strict=True)])
        assert all(isinstance(answer, Found) for answer in answers)
    if way.endswith("run"):
        resolve()


def gone(part: Sequence[Row]) -> list[Row]:
    """Deletes of these records."""
    return [{"客户编号": row["客户编号"], "客户状态": "D", "更新时间": "2026/01/03 10:00:00"} for row in part]


@settings(max_examples=4, deadline=None, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data())
def test_any_way_in_gives_the_same_with_a_model(merging: Mapping, tmp_path: Path, data: st.DataObject) -> None:
    """Files, sets in real time and runs in any order are one run over everything; so are withdrawals; the model merges
    what no block of the rules brings together."""
    listed = loosely()
    leaving = data.draw(st.lists(st.sampled_from(listed), unique_by=lambda row: row["客户编号"], max_size=20))
    clear()
    enter(listed, "file", tmp_path, merging)
    if leaving:
        taken(tmp_path, merging, *gone(leaving))
    resolve()
    at_once = partition(), judgements()
    assert any(len(group) > 1 for group in at_once[0]) and any(one[3].startswith("model:") for one in at_once[1])
    clear()
    order = data.draw(st.permutations(listed))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
    for first, last in zip([0, *cuts], [*cuts, len(order)], strict=True):
        if order[first:last]:
            enter(
                order[first:last], data.draw(st.sampled_from(["file", "file+run", "set", "set+run"])), tmp_path, merging
            )
    if leaving:
        taken(tmp_path, merging, *gone(leaving))
    resolve()
    assert (partition(), judgements()) == at_once
    again = resolve(full=True)
    assert (again.judgements_made, again.judgements_ended, again.created, again.changed) == (0, 0, 0, 0)
