"""EC-08: gathered contact data betters golden records under trust rules, with a report, and is taken back exactly."""

import pytest
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person, resident
from tests.party.state import parties, state

from hutong.identity import SYSTEM, Principal
from hutong.party import get
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import enhancement as enhance
from hutong.party.stewardship.enhancement_report import batch, batches
from hutong.party.stewardship.enhancement_rows import read_csv
from hutong.party.stewardship.merge import merge
from hutong.platform.errors import Conflict, Forbidden, Invalid, Unprocessable

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def two(take_in: Importer) -> dict[str, int]:
    """A customer with a phone, and one without any contact."""
    take_in(person("A", "王小明", 联系电话="13912340001", **ids(1)), person("B", "李丽", **ids(2)))
    resolve()
    return parties()


def test_previewed_applied_taken_back(two: dict[str, int]) -> None:
    """EC-08: the preview changes nothing and is what applying does; taken back, the state is the one before."""
    rows = [
        {"party_id": str(two["A"]), "mobile": "138 0000 0001", "email": "w@163.com"},
        {"id_number": resident(2), "mobile": "13800000002", "address": "浙江省杭州市西湖区文三路1号"},
        {"party_id": "999999", "mobile": "13800000003"},
        {"source": "crm", "key": "A", "mobile": "no phone"},
        {"name": "王小明", "mobile": "13912340001", "postcode": "310000"},
    ]
    before = state()
    number = enhance.draft(SYSTEM, "call-backs of May", "callback", rows)
    report = enhance.preview(SYSTEM, number)
    assert state() == before and batch(SYSTEM, number)["report"] == report
    assert (report["rows"], report["parties"], report["bettered"]) == (3, 2, 2)
    assert report["left_out"] == {"party-enhance-mobile": 1, "party-enhance-nobody": 1}
    assert report["gained"] == {"mobile": 1, "email": 1, "address": 1, "postcode": 1}
    assert report["changed"] == {"mobile": 1}
    assert report["reachable_at_all"] == [1, 2]
    assert enhance.apply(SYSTEM, number) == report
    assert get(SYSTEM, two["B"])["mobile"] == "+8613800000002" and get(SYSTEM, two["A"])["email"] == "w@163.com"
    resolve()
    assert parties()[f"{number}/1"] == two["A"]
    with pytest.raises(Conflict):
        enhance.apply(SYSTEM, number)
    assert enhance.withdraw(SYSTEM, number) == 3
    assert state() == before and batches(SYSTEM)[0]["state"] == "withdrawn"
    resolve()
    assert state() == before


def test_what_is_bought_only_fills(two: dict[str, int]) -> None:
    """EC-08: a bought list never replaces what somebody else states; it fills what nobody does."""
    rows = [{"party_id": str(two[key]), "mobile": f"1380000000{n}"} for n, key in enumerate("AB", 1)]
    report = enhance.apply(SYSTEM, enhance.draft(SYSTEM, "list", "bought", rows))
    assert (report["gained"], report["changed"]) == ({"mobile": 1}, {})
    assert get(SYSTEM, two["A"])["mobile"] == "+8613912340001" and get(SYSTEM, two["B"])["mobile"] == "+8613800000002"


def test_confirmed_values_win(two: dict[str, int], take_in: Importer) -> None:
    """EC-08: what the customer said themselves stays, whatever comes later from others."""
    rows = [{"party_id": str(two["A"]), "mobile": "13800000001", "confirmed": "是"}]
    enhance.apply(SYSTEM, enhance.draft(SYSTEM, "confirmed", "bought", rows))
    assert get(SYSTEM, two["A"])["mobile"] == "+8613800000001"
    take_in(person("A", "王小明", 联系电话="13912340009", 更新时间="2027/01/02 10:00:00", **ids(1)))
    resolve()
    assert get(SYSTEM, two["A"])["mobile"] == "+8613800000001"


def test_parties_merged_meanwhile(two: dict[str, int]) -> None:
    """EC-08: a batch finds the survivor; taken back after a later merge, the merge stays."""
    number = enhance.draft(SYSTEM, "late", "claim", [{"party_id": str(two["B"]), "email": "l@163.com"}])
    merge(SYSTEM, [two["A"], two["B"]], "one", force=True)
    merged = state()
    enhance.apply(SYSTEM, number)
    assert get(SYSTEM, two["A"])["email"] == "l@163.com"
    enhance.withdraw(SYSTEM, number)
    assert state() == merged


def test_refusals(two: dict[str, int]) -> None:
    """EC-08, EC-17: who may not, does not; parties out of sight are nobody; heads are named when they are missing."""
    with pytest.raises(Forbidden):
        enhance.draft(Principal(1, "user", "x", frozenset({"party.read"})), "n", "claim", [])
    with pytest.raises(Unprocessable):
        enhance.draft(SYSTEM, "n", "gossip", [])
    limited = Principal(2, "user", "y", frozenset({"party.*"}), scopes={"party": 'row.branch == "west-01"'})
    number = enhance.draft(limited, "n", "claim", [{"party_id": str(two["A"]), "mobile": "13800000001"}])
    assert enhance.apply(limited, number)["left_out"] == {"party-enhance-nobody": 1}
    assert read_csv("客户号,手机,已确认\n1,13800000001,是\n".encode("gb18030")) == [
        {"party_id": "1", "mobile": "13800000001", "confirmed": "是"}
    ]
    for wrong in (b"", b"a,b\n1,2\n", "客户号,手机\n".encode()):
        with pytest.raises(Invalid):
            read_csv(wrong)


def test_a_batch_reaches_no_customer_out_of_sight(two: dict[str, int]) -> None:
    """EC-17: drafted by one who sees them, applied by one who does not: nothing is stated of them."""
    number = enhance.draft(SYSTEM, "n", "claim", [{"party_id": str(two["A"]), "mobile": "13800000001"}])
    limited = Principal(2, "user", "y", frozenset({"party.*"}), scopes={"party": 'row.branch == "west-01"'})
    assert enhance.apply(limited, number)["rows"] == 0
    assert get(SYSTEM, two["A"])["mobile"] == "+8613912340001"
