"""EC-03, EC-05: a record that its source withdrew gives neither links nor values, whenever that is seen; what is left
of its party keeps its id; it all comes back with the record."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from tests.party.ingest.test_deliveries import changes, row, taken
from tests.party.resolution.test_resolve import clear
from tests.party.state import parties, partition

from hutong.identity import SYSTEM
from hutong.party import PartyData, find_or_create
from hutong.party.ingest.mapping import Mapping
from hutong.party.match.clusters import BY_RULE, Apart, Links, cluster
from hutong.party.resolution.resolve import resolve
from hutong.platform import database

A = {"联系电话": "13912340001"}
B = {"电子邮箱": "b@163.com"}


def came(key: str, day: int = 1, **more: str) -> dict[str, str]:
    """An insert or update of a change file."""
    return dict(row(key, day=day, 客户状态="U", **more))


def gone(key: str, day: int) -> dict[str, str]:
    """A delete of a change file."""
    return dict(row(key, day=day, 客户状态="D"))


def golden(key: str) -> tuple[object, ...]:
    """State, reason, mobile, e-mail and values of the party of a record."""
    with database.read("party") as conn:
        party = conn.execute(
            text("SELECT id, state, inactive_because, mobile, email FROM party.party WHERE id = :id"),
            {"id": parties()[key]},
        ).one()
        values = conn.execute(
            text("SELECT value FROM party.party_value WHERE party_id = :id AND kind <> 'name'"), {"id": party.id}
        ).scalars()
        return (*party[1:], set(values))


@pytest.mark.usefixtures("database")
def test_a_withdrawn_record_gives_no_links_and_no_values(tmp_path: Path, crm: Mapping) -> None:
    """It stays with the party of its strongest link; what only it held together falls apart; a run over everything, or
    one that saw it only then, says the same; when it comes back, they are one again."""
    mapping = changes(crm)
    taken(tmp_path, mapping, came("A", **A), came("W", **A, **B), came("B", **B))
    resolve()
    held, ids = golden("A"), parties()
    assert partition() == {frozenset("AWB")}
    taken(tmp_path, mapping, gone("W", 2))
    resolve()
    assert partition() == {frozenset("A"), frozenset("WB")}
    assert set(parties().values()) > {ids["W"]} == {parties()["W"]}, "the larger part keeps the id"
    assert golden("B") == ("active", None, None, "b@163.com", {"b@163.com"})
    again = resolve(full=True)
    assert (again.judgements_made, again.judgements_ended, again.created, again.changed) == (0, 0, 0, 0)
    taken(tmp_path, mapping, came("W", 3, **A, **B))
    resolve()
    assert parties() == ids and golden("A") == held
    clear()
    taken(tmp_path, mapping, came("A", **A), came("W", **A, **B), came("B", **B))
    taken(tmp_path, mapping, gone("W", 2))
    resolve()
    assert partition() == {frozenset("A"), frozenset("WB")} and golden("B")[2] is None


@pytest.mark.usefixtures("database")
def test_a_party_that_no_source_states_is_inactive(tmp_path: Path, crm: Mapping) -> None:
    """It shows what it last was, its ids lead to it, and the same person coming back takes it up again."""
    mapping = changes(crm)
    taken(tmp_path, mapping, came("A", **A), came("C", name="李丽", 联系电话="13912340009"))
    resolve()
    ids = parties()
    taken(tmp_path, mapping, gone("A", 2), gone("C", 2))
    resolve()
    assert parties() == ids
    assert golden("A")[:3] == ("inactive", "withdrawn", "+8613912340001")
    found = find_or_create(SYSTEM, PartyData("person", "王小明", mobile="13912340001"), "k")
    assert found.party_id == ids["A"] and not found.created
    assert golden("A")[:3] == ("active", None, "+8613912340001")
    taken(tmp_path, mapping, came("C", 3, name="李丽", 联系电话="13912340009"))
    resolve()
    assert golden("C")[:2] == ("active", None) and parties()["C"] == ids["C"]
    again = resolve(full=True)
    assert (again.judgements_made, again.judgements_ended, again.created, again.changed) == (0, 0, 0, 0)


def test_clusters_meet_over_no_withdrawn_record_but_by_a_persons_word() -> None:
    """0 - 1 - 2 with 1 withdrawn: it goes with the stronger link; people's links hold."""
    none = np.zeros(0, dtype=np.int64)
    apart = Apart(none, none, none)
    live = np.array([True, False, True])
    links = Links(np.array([0, 1]), np.array([1, 2]), np.array([900, 920]), np.zeros(2, dtype=np.bool_))
    assert cluster(np.zeros(3, dtype=np.int64), links, apart, live).label.tolist() == [0, 1, 1]
    refused = Apart(np.array([1]), np.array([2]), np.array([BY_RULE]))
    assert cluster(np.zeros(3, dtype=np.int64), links, refused, live).label.tolist() == [0, 0, 2]
    said = links._replace(forced=np.ones(2, dtype=np.bool_))
    assert cluster(np.zeros(3, dtype=np.int64), said, apart, live).label.tolist() == [0, 0, 0]
