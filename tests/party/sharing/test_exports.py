"""EC-14, EC-17: an export holds the consumer's rows and fields, masked as it may see them, in every format alike."""

import csv
import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text, update
from tests.party.resolution.test_resolve import resident

from hutong.identity import SYSTEM, Principal, clients
from hutong.identity.queries import client_by_code
from hutong.identity.tables import api_client, sensitive_read
from hutong.party import PartyData, find_or_create
from hutong.party.documents import desk
from hutong.party.lifecycle.changes import apply_change, approve
from hutong.party.model.extension import MODEL
from hutong.party.sharing import exports
from hutong.party.sharing.changes import changes
from hutong.party.sharing.document_kinds import EXPORT, Export
from hutong.platform import clock, database, documents, jobs, worker
from hutong.platform.errors import Conflict, Forbidden, Gone, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
COLUMNS: list[dict[str, Any]] = [
    {"fact": "id"}, {"fact": "name", "heading": "客户姓名"}, {"fact": "mobile"}, {"fact": "branch"},
    {"fact": "birth_date"}, {"fact": "contact_name"}, {"fact": "roles"},
]  # fmt: skip
EVIL = '=cmd|" /C calc"!A0'


def consumer(code: str, **grants: Any) -> Principal:
    with database.begin("identity") as conn:
        clients.register(conn, code=code, name=code, rights=["party.read", "party.export"], per_second=10, **grants)
    found = client_by_code(code)
    assert found is not None
    return found


def published(form: str, who: str | None = "dwh", **more: Any) -> Export:
    body = {
        "code": f"all-{form}",
        "title": {"zh": "全", "en": "All"},
        "consumer": who,
        "columns": COLUMNS,
        "format": form,
    }
    with database.begin("party") as conn:
        return documents.publish(conn, EXPORT, {**body, **more}, "user:1")


def customers() -> list[int]:
    ids = []
    for number, (name, branch) in enumerate([("王小明", "east"), ('欧阳"锋,\n号', "east"), ("李丽", "west")]):
        data = PartyData(
            "person",
            name,
            id_type="resident_id",
            id_number=resident(number),
            mobile=f"1391234000{number}",
            branch=branch,
        )
        ids.append(find_or_create(SYSTEM, data, f"k{number}").party_id)
    company = PartyData("organisation", "福州户通科技有限公司", branch=EVIL)
    ids.append(find_or_create(SYSTEM, company, "org").party_id)
    worker.drain()
    return ids


def rows_of(path: Path) -> list[list[Any]]:
    if path.suffix == ".csv":
        return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    if path.suffix == ".xlsx":
        sheet = load_workbook(path).active
        return [[cell if cell is not None else "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    found = duckdb.sql(f"SELECT * FROM '{path}'")
    return [found.columns, *([("" if cell is None else cell) for cell in row] for row in found.fetchall())]


def made(viewer: Principal, code: str) -> tuple[dict[str, Any], list[list[Any]]]:
    run = exports.start(viewer, code)
    with pytest.raises(Conflict):
        exports.fetch(viewer, run["id"])
    jobs.run_queued()
    done, path = exports.fetch(viewer, run["id"])
    content = path.read_bytes()
    assert (done["bytes"], done["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    return done, rows_of(path)


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_every_format_holds_the_same(form: str) -> None:
    """EC-14: counts and hash in the manifest; no formula runs; one entry in the access log per export."""
    ids = customers()
    dwh = consumer("dwh", clear=["name"])
    published(form)
    done, rows = made(dwh, f"all-{form}")
    assert rows[0] == ["id", "客户姓名", "mobile", "branch", "birth_date", "contact_name", "roles"]
    assert done["rows"] == len(rows) - 1 == 4
    assert [int(row[0]) for row in rows[1:]] == sorted(ids)
    assert rows[1][1:4] == ["王小明", "+86139****0000", "east"]
    evil = rows[4][3]
    assert evil == ("'" + EVIL if form == "csv" else EVIL)
    table = sensitive_read.c
    entries = select(table.entity_ids, table.kinds, table.reason).where(table.entity == exports.ENTITY)
    with database.read("identity") as conn:
        logged = conn.execute(entries.where(table.actor == dwh.actor))
        assert [tuple(row) for row in logged] == [([done["id"]], ["name"], f"all-{form} v1: 4 rows")]


def test_a_sheet_shows_formulas_as_text(tmp_path: Path) -> None:
    customers()
    consumer("dwh")
    published("xlsx")
    viewer = client_by_code("dwh")
    assert viewer is not None
    run = exports.start(viewer, "all-xlsx")
    jobs.run_queued()
    cells = {
        cell.value: cell.data_type for row in load_workbook(exports.fetch(viewer, run["id"])[1]).active for cell in row
    }
    assert cells[EVIL] == "s"


def test_rows_fields_and_masks_are_the_consumers() -> None:
    """EC-17: scope, field list and masks of the interface hold below the export."""
    customers()
    east = consumer("dwh", scopes={"party": 'row.branch == "east"'}, fields={"party": ["id", "name"]})
    published("csv")
    _, rows = made(east, "all-csv")
    assert [row[1:5] for row in rows[1:]] == [["王**", "", "", ""], [rows[2][1], "", "", ""]]
    assert "*" in rows[2][1]


def test_only_the_consumer_fetches_it_and_not_for_ever() -> None:
    """EC-14: the owner alone; expiry deletes the file."""
    customers()
    dwh, other = consumer("dwh"), consumer("other")
    published("csv")
    done, _ = made(dwh, "all-csv")
    for stranger in (other, SYSTEM):
        with pytest.raises(NotFound):
            exports.fetch(stranger, done["id"])
    with pytest.raises(NotFound):
        exports.start(other, "all-csv")
    with pytest.raises(NotFound):
        exports.run(other, done["id"])
    assert exports.tidy(clock.now() + timedelta(days=8)) == 1
    assert not exports.path_of(done).exists()
    with pytest.raises(Gone):
        exports.fetch(dwh, done["id"])


def test_changes_since_the_run_before_and_what_left() -> None:
    """EC-14: full first; then what changed, and `removed`; then the feed goes on from there."""
    first, second, third, company = customers()
    dwh = consumer("dwh", clear=["*"])
    published("csv", mode="changes", where='customer.kind == "person"')
    done, rows = made(dwh, "all-csv")
    assert (done["mode"], len(rows)) == ("full", 4)
    apply_change(SYSTEM, "modify", [first], body={"attributes": {"email": "one@hutong.cn"}})
    apply_change(SYSTEM, "deactivate", [third])
    apply_change(SYSTEM, "modify", [company], body={"attributes": {"email": "two@hutong.cn"}})
    worker.drain()
    done, rows = made(dwh, "all-csv")
    assert (done["mode"], [row[:3] for row in rows]) == (
        "changes",
        [["party_id", "change", "id"], [str(first), "changed", str(first)], [str(third), "removed", ""],
         [str(company), "removed", ""]],
    )  # fmt: skip
    assert changes(dwh, done["to_position"]).changes == []
    assert second not in {int(row[0]) for row in rows[1:]}
    done, rows = made(dwh, "all-csv")
    assert done["rows"] == 0


def test_schedules_make_what_is_due_once() -> None:
    """EC-14: by itself, every so often; one that failed is tried again."""
    consumer("dwh")
    published("csv", every="day")
    now = clock.now()
    (run,) = exports.make_due(now, "system:1")
    assert exports.make_due(now + timedelta(hours=23), "system:1") == []
    jobs.run_queued()
    assert len(exports.make_due(now + timedelta(hours=25), "system:1")) == 1
    assert run


@pytest.mark.parametrize(
    "wrong",
    [{"columns": [{"fact": "hair"}]}, {"where": "customer.hair == 1"}, {"where": "1"}, {"columns": []},
     {"format": "doc"}, {"columns": [{"fact": "id"}, {"fact": "id"}]}, {"more": 1}],
)  # fmt: skip
def test_wrong_definitions_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable):
        published("csv", **wrong) if "format" not in wrong else documents.checked(EXPORT, {"code": "x", **wrong})


def test_a_long_list_is_one_statement() -> None:
    """EC-14: the database writes the lines; 3,000 rows arrive whole."""
    from hutong.party.tables import party
    from hutong.platform import history

    row = {"kind": "person", "record_count": 1, "provenance": {}, "survivorship_version": 1}
    with database.begin("party") as conn:
        history.insert(conn, party, [{**row, "name": f"王{number}"} for number in range(3000)])
    dwh = consumer("dwh", clear=["*"])
    published("parquet")
    done, rows = made(dwh, "all-parquet")
    assert done["rows"] == 3000
    assert {row[1] for row in rows[1:]} == {f"王{number}" for number in range(3000)}


def test_sensitive_extension_attributes_are_masked_too() -> None:
    """EC-10, EC-17: by themselves and in the whole of them."""
    body = {"model": "test", "attributes": [
        {"name": "ssn", "zh": "社保号", "en": "SSN", "type": "text", "sensitive": "id_card"},
        {"name": "job", "zh": "职业", "en": "Job", "type": "text"}]}  # fmt: skip
    desk.publish(SYSTEM, MODEL, body)
    find_or_create(SYSTEM, PartyData("person", "王小明", attributes={"ssn": "1234567890", "job": "cook"}), "k")
    worker.drain()
    dwh = consumer("dwh", clear=["name"])
    published("csv", columns=[{"fact": "attributes.ssn"}, {"fact": "attributes.job"}, {"fact": "attributes"}])
    _, rows = made(dwh, "all-csv")
    assert rows[1] == ["123*****90", "cook", '{"job": "cook"}']
    assert "1234567890" not in str(changes(dwh, 0))


def test_every_consumer_and_version_begins_with_everything() -> None:
    """EC-14: one's place is not another's; a definition that changed is made whole before changes of it come."""
    customers()
    published("csv", who=None, mode="changes")
    first, second = consumer("dwh"), consumer("crm")
    assert [made(first, "all-csv")[0]["mode"] for _ in range(2)] == ["full", "changes"]
    assert made(second, "all-csv")[0]["mode"] == "full"
    published("csv", who=None, mode="changes", where='customer.kind == "person"')
    assert made(first, "all-csv")[0]["mode"] == "full"


def test_changes_name_nobody_who_was_never_the_consumers() -> None:
    """EC-17: who left the consumer's rows is told as removed; who was never in them is not told at all."""
    first, _, third, _ = customers()
    east = consumer("dwh", scopes={"party": 'row.branch == "east"'})
    published("csv", mode="changes")
    made(east, "all-csv")
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.source_record SET branch = 'west' WHERE key = 'k0'"))
    apply_change(SYSTEM, "modify", [first], body={"attributes": {"branch": "west"}})
    apply_change(SYSTEM, "modify", [third], body={"attributes": {"email": "three@hutong.cn"}})
    worker.drain()
    _, rows = made(east, "all-csv")
    assert [row[:2] for row in rows[1:]] == [[str(first), "removed"]]


def test_files_are_listed_to_whose_they_are() -> None:
    """EC-17: neither another's runs, nor a file whose time is over though nobody has tidied up yet."""
    customers()
    dwh, other = consumer("dwh"), consumer("other")
    published("csv")
    done, _ = made(dwh, "all-csv")
    assert [row["id"] for row in exports.runs(dwh)] == [done["id"]] and exports.runs(other) == []
    with clock.fixed(clock.now() + timedelta(days=8)), pytest.raises(Gone):
        exports.fetch(dwh, done["id"])


def test_a_schedule_tries_again_what_failed() -> None:
    """EC-14: a run that failed does not count as made; one without its consumer fails."""
    consumer("dwh")
    published("csv", every="day")
    now = clock.now()
    (run,) = exports.make_due(now, "system:1")
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.export_run SET state = 'failed'"))
    assert len(exports.make_due(now + timedelta(hours=1), "system:1")) == 1 and run


def test_what_is_out_of_use_is_not_exported() -> None:
    """EC-14: deactivated customers are in no full export."""
    first, *_ = customers()
    published("csv")
    apply_change(SYSTEM, "deactivate", [first])
    _, rows = made(consumer("dwh"), "all-csv")
    assert str(first) not in {row[0] for row in rows}


def test_the_rows_and_the_place_are_the_consumers_whoever_starts_it() -> None:
    """EC-14, EC-17: who administers sees all and starts a run for east: the file is east's; a run that failed leaves
    east where it was."""
    first, second, *_ = customers()
    east = consumer("dwh", scopes={"party": 'row.branch == "east"'})
    published("csv", mode="changes")
    runs = []
    for _ in range(3):
        run = exports.start(SYSTEM, "all-csv")
        jobs.run_queued()
        runs.append(exports.run(SYSTEM, run["id"]))
        if len(runs) == 2:
            with database.begin("party") as conn:
                failed = text("UPDATE party.export_run SET state = 'failed', to_position = NULL WHERE id = :id")
                conn.execute(failed, {"id": run["id"]})
    assert [row["mode"] for row in runs] == ["full", "changes", "changes"]
    assert runs[2]["from_position"] == runs[0]["to_position"]
    listed = rows_of(exports.fetch(east, runs[0]["id"])[1])
    assert [int(row[0]) for row in listed[1:]] == [first, second]


def test_a_place_outlives_its_file_but_not_the_log() -> None:
    """EC-14: changes go on from a file whose time is over; where the log no longer reaches back, all comes anew."""
    first, *_ = customers()
    dwh = consumer("dwh")
    published("csv", mode="changes")
    made(dwh, "all-csv")
    assert exports.tidy(clock.now() + timedelta(days=8)) == 1
    apply_change(SYSTEM, "modify", [first], body={"attributes": {"email": "one@hutong.cn"}})
    worker.drain()
    done, rows = made(dwh, "all-csv")
    assert (done["mode"], [row[:2] for row in rows[1:]]) == ("changes", [[str(first), "changed"]])
    apply_change(SYSTEM, "modify", [first], body={"attributes": {"email": "two@hutong.cn"}})
    worker.drain()
    with database.begin("party") as conn:
        conn.execute(text("DELETE FROM party.event_log WHERE position <= :last"), {"last": done["to_position"]})
        conn.execute(text("UPDATE party.event_log SET position = position + 100"))
        conn.execute(text("UPDATE party.relay SET position = position + 100"))
    assert made(dwh, "all-csv")[0]["mode"] == "full"


def test_who_lost_the_right_gets_no_file() -> None:
    """EC-17: the right is asked for again when the file is made: begun before it was taken away, the run fails."""
    customers()
    dwh = consumer("dwh")
    published("csv")
    run = exports.start(dwh, "all-csv")
    with database.begin("identity") as conn:
        conn.execute(update(api_client).where(api_client.c.code == "dwh").values(rights=["party.read"]))
    with pytest.raises(Forbidden):
        exports.make(run["id"])
    assert exports.run(SYSTEM, run["id"])["state"] == "failed" and not exports.path_of(run).exists()


def test_the_erased_are_removed_from_the_rows_of_who_sees_some() -> None:
    """EC-02, EC-17: nothing is left to tell whose rows an erased customer was in: whoever took them hears of it."""
    first, *_ = customers()
    east = consumer("dwh", scopes={"party": 'row.branch == "east"'})
    published("csv", mode="changes")
    made(east, "all-csv")
    lead = Principal(2, "user", "lead", frozenset({"*"}))
    approve(lead, apply_change(SYSTEM, "erase", [first], reason="asked by the person").request_id)
    worker.drain()
    _, rows = made(east, "all-csv")
    assert [row[:2] for row in rows[1:]] == [[str(first), "removed"]]
