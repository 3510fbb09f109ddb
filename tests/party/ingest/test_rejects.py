"""EC-03, EC-14: rejected rows worked off, batches by interface, mapping documents in versions."""

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer

from hutong.identity import SYSTEM, Principal
from hutong.party.documents import desk
from hutong.party.ingest import mappings, preview, rejects
from hutong.party.ingest.batch import batch
from hutong.party.ingest.mappings import MAPPING
from hutong.platform import database, documents
from hutong.platform.errors import Conflict, Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")


def steward(*clear: str) -> Principal:
    """A data steward who sees some kinds of sensitive fields."""
    return Principal(7, "user", "s", rights=frozenset({"party.steward", "party.load"}), clear=frozenset(clear))


def one(sql: str) -> object:
    """A single value."""
    with database.read("party") as conn:
        return conn.execute(text(sql)).scalar_one()


def rejected(take_in: Importer) -> list[int]:
    """Three rejected rows: a wrong ID number, no name, an unknown kind."""
    take_in(
        {
            "客户编号": "C1",
            "客户名称": "李丽",
            "证件类型": "01",
            "证件号码": "110105194912310021",
            "联系电话": "13912340001",
        },
        {"客户编号": "C2", "客户名称": "测试"},
        {"客户编号": "C3", "客户名称": "赵云", "客户类型": "7"},
    )
    return [row["id"] for row in rejects.listing(SYSTEM)]


def test_a_row_is_corrected_tried_and_taken_in(take_in: Importer) -> None:
    """EC-03: correct in place, look, submit: the record says who corrected it, the row is closed."""
    wrong = rejected(take_in)[0]
    me = steward("name")
    shown = rejects.get(me, wrong)
    assert shown["raw"]["客户名称"] == "李丽" and "2310021" not in shown["raw"]["证件号码"]
    back = {name: value or "" for name, value in shown["columns"].items()}
    assert rejects.tried(me, wrong, back)["reasons"] == ["bad_id"], "values sent back masked stay what they were"
    assert rejects.resubmit(me, wrong, back) is False
    right = back | {"证件号码": "11010519491231002X"}
    assert rejects.tried(me, wrong, right)["id_valid"] is True
    assert one("SELECT count(*) FROM party.source_record") == 0
    assert rejects.resubmit(me, wrong, right) is True
    assert one("SELECT id_number || mobile FROM party.source_record") == "11010519491231002X+8613912340001"
    assert one("SELECT corrected_by FROM party.source_version") == "user:7"
    assert one(f"SELECT state || closed_by FROM party.rejected_record WHERE id = {wrong}") == "correcteduser:7"
    assert one(f"SELECT raw ->> '证件号码' FROM party.rejected_record WHERE id = {wrong}") == "110105194912310021"
    with pytest.raises(Conflict):
        rejects.resubmit(me, wrong, right)


def test_rows_are_dismissed_with_a_reason(take_in: Importer) -> None:
    """EC-03: never dropped without a word."""
    ids = rejected(take_in)
    with pytest.raises(Unprocessable):
        rejects.dismiss(steward(), ids, "  ")
    assert rejects.dismiss(steward(), ids[:2], "test data") == 2
    assert rejects.dismiss(steward(), ids, "again") == 1
    assert [row["note"] for row in rejects.listing(steward(), state="dismissed")] == ["test data"] * 2 + ["again"]


def text_of(name: str) -> str:
    """The text in force."""
    return desk.source(steward(), MAPPING, name)[1]


def published(by: Principal, name: str, body: str, reason: str, based_on: int | None) -> int:
    """Put a text in force; its version."""
    return desk.publish(by, MAPPING, body, name=name, reason=reason, based_on=based_on).version


def test_a_new_mapping_admits_what_waited(take_in: Importer) -> None:
    """EC-03, EC-09: after the mapping knows the code, all that waited is submitted at once."""
    rejected(take_in)
    assert rejects.counted(SYSTEM)[0] == {"source": "crm", "reason": "bad_id", "count": 1}
    assert rejects.resubmit_all(steward()) == (0, 3)
    body = text_of("telecom/crm").replace('"1": person, ', '"1": person, "7": person, ')
    published(steward(), "telecom/crm", body, "code 7", mappings.named("telecom/crm").version)
    assert rejects.resubmit_all(steward(), reason="kind_unmapped") == (1, 1)
    assert one("SELECT string_agg(key || kind, ',') FROM party.source_record") == "C3person"
    assert len(rejects.listing(SYSTEM)) == 2


def test_mappings_have_versions() -> None:
    """EC-03: what is published is in force; two editors do not overwrite each other; back is a version too."""
    me, name = steward(), "telecom/crm"
    first = text_of(name)
    start = mappings.named(name).version
    changed = first.replace("trust: 80", "trust: 81")
    assert published(me, name, changed, "more trust", start) == start + 1
    assert mappings.named(name).source.trust == 81
    with pytest.raises(Conflict):
        published(me, name, first, "late", start)
    assert any(line.startswith("+") and "81" in line for line in documents.difference(first, text_of(name)))
    published(me, name, first, "as it was", start + 1)
    desk.roll_back(me, MAPPING, name, start + 1)
    assert mappings.named(name).version == start + 3
    assert mappings.named(name).source.trust == 81
    assert [found.version for found in desk.versions(me, MAPPING, name)] == [start + 3, start + 2, start + 1]
    with pytest.raises(NotFound):
        desk.roll_back(me, MAPPING, name, 99)
    with pytest.raises(Forbidden):
        published(Principal(8, "user", "c", rights=frozenset({"party.read"})), name, first, "", None)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [("row.id_valid", "row.no_such", "admission"), ("  mobile:", "  mobil:", "columns"),
     ("key: 客户编号", "key: [", "YAML"), ("trust: 80", "trust: 800", "source.trust")],
)  # fmt: skip
def test_mistakes_have_a_line(old: str, new: str, where: str) -> None:
    """EC-03: a document that cannot be read says where."""
    wrong = text_of("telecom/crm").replace(old, new)
    with pytest.raises(Unprocessable) as caught:
        documents.checked(MAPPING, wrong)
    params = caught.value.params
    assert str(params["where"]).startswith(where)
    at = next(number for number, line in enumerate(wrong.splitlines(), start=1) if new in line)
    above = {"columns": next(n for n, line in enumerate(wrong.splitlines(), start=1) if line == "columns:")}
    assert abs(int(str(params["line"])) - above.get(where, at)) <= 2


def test_a_batch_is_taken_in_once() -> None:
    """EC-14: records of an interface go the way of files; the same key again changes nothing."""
    records = [{"客户编号": "B1", "客户类型": "1", "客户名称": "王小明"}, {"客户编号": "B2", "客户类型": "1"}]
    first = batch(steward(), "crm", records, "k-1")
    assert (first.rows, first.admitted, first.rejected, first.again) == (2, 1, 1, False)
    assert batch(steward(), "crm", records[:1], "k-1").again
    assert batch(steward(), "crm", records, "k-2").unchanged == 1
    assert one("SELECT count(*) FROM party.load") == 2
    for wrong in ([], records * 6000):
        with pytest.raises(Unprocessable):
            batch(steward(), "crm", wrong, "k-3")
    with pytest.raises(NotFound):
        batch(steward(), "nobody", records, "k-4")
    with pytest.raises(Forbidden):
        batch(Principal(8, "user", "c", rights=frozenset({"party.read"})), "crm", records, "k-5")


def test_a_mapping_is_guessed() -> None:
    """Columns are told by their names, then by their values; no column twice."""
    found = {"客户名称": ["王小明"], "Cust Mobile": ["13912340001"], "f7": ["11010519491231002X", "110105194912310021"],
             "通信地址": ["文三路90号"], "emailAddr": ["a@b.cn"], "updatedAt": [], "x": ["1", "2"]}  # fmt: skip
    made = preview.guessed(found)
    assert made == {"name": "客户名称", "mobile": "Cust Mobile", "id_number": "f7", "address": "通信地址",
                    "email": "emailAddr", "changed": "updatedAt"}  # fmt: skip
