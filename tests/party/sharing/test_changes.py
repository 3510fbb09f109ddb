"""EC-14: the feed of changes misses nothing under concurrent writers, and keeps to each follower's rows and masks."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from tests.party.resolution.test_resolve import resident

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create
from hutong.party.lifecycle.changes import apply_change
from hutong.party.realtime import statements
from hutong.party.sharing.changes import changes
from hutong.party.stewardship.merge import merge
from hutong.party.stewardship.split import undo
from hutong.platform import database, worker
from hutong.platform.errors import Forbidden, Gone
from hutong.platform.relay import relay_once

pytestmark = pytest.mark.usefixtures("database")


def made(number: int, **more: str) -> int:
    """A party of its own."""
    data = PartyData("person", f"王{chr(0x4E00 + number)}", id_type="resident_id", id_number=resident(number), **more)
    return find_or_create(SYSTEM, data, f"k{number}").party_id


def followed(viewer: Principal = SYSTEM, after: int = 0, limit: int = 100) -> list[tuple[str, int]]:
    """Everything from a cursor on, page by page."""
    found: list[tuple[str, int]] = []
    while True:
        page = changes(viewer, after, limit)
        assert [change.cursor for change in page.changes] == sorted(change.cursor for change in page.changes)
        found += [(change.type, change.party_id) for change in page.changes]
        after = page.cursor
        if not page.more:
            return found


def test_nothing_is_missed_and_nothing_comes_twice_however_many_write() -> None:
    """EC-14: writers commit in any order, some roll back, one stays open long; a follower reads meanwhile."""
    ended, followed_ids, cursor = threading.Event(), [], 0
    slow, holding = threading.Event(), threading.Event()

    def follow() -> None:
        nonlocal cursor
        last = False
        while True:
            relay_once("party")
            page = changes(SYSTEM, cursor, random.randint(1, 7), records=False)
            followed_ids.extend((change.type, change.party_id) for change in page.changes)
            cursor = page.cursor
            if last and not page.more and not relay_once("party"):
                return
            last = ended.is_set()

    def hold() -> None:
        with database.begin("party") as conn:
            conn.execute(
                text("""INSERT INTO party.outbox (type, aggregate, payload, occurred_at)
                        VALUES ('party.role_taken', 'party:999999', '{"party_id": 999999, "kind": "person"}', now())""")
            )
            holding.set()
            slow.wait(60)

    def write(number: int) -> int:
        party_id = made(number)
        if number % 3 == 0:
            statements.take_role(SYSTEM, party_id, "customer")
        if number % 5 == 0:
            with pytest.raises(ZeroDivisionError), database.begin("party") as conn:
                statements.give_role(conn, {party_id: "person"}, "agent")
                raise ZeroDivisionError
        return party_id

    follower, holder = threading.Thread(target=follow), threading.Thread(target=hold)
    holder.start()
    holding.wait(60)
    follower.start()
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(write, range(60)))
    slow.set()
    holder.join()
    ended.set()
    follower.join(120)
    assert not follower.is_alive()
    wanted = [("party.created", id) for id in ids] + [("party.role_taken", id) for id in ids[::3]]
    assert sorted(followed_ids) == sorted([*wanted, ("party.role_taken", 999999)])
    assert all(
        followed_ids.index(("party.created", id)) < followed_ids.index(("party.role_taken", id)) for id in ids[::3]
    )
    assert followed() == followed_ids, "read again, it is the same, in the same order"


def test_what_happens_is_told() -> None:
    """EC-14: created, changed, merged with the survivor, roles, end of use; with the record as it is now."""
    one, other = made(1, mobile="13912340001"), made(2)
    apply_change(SYSTEM, "modify", [one], body={"attributes": {"email": "one@hutong.cn"}})
    merge(SYSTEM, [one, other], "same person", force=True)
    worker.drain()
    page = changes(SYSTEM, 0)
    survivor = {change.detail["survivor_id"] for change in page.changes if change.type == "party.merged"}.pop()
    retired = ({one, other} - {survivor}).pop()
    assert [(change.type, change.party_id) for change in page.changes] == [
        ("party.created", one), ("party.created", other), ("party.changed", one),
        *sorted([("party.merged", retired), ("party.changed", survivor)], key=lambda pair: pair[1]),
    ]  # fmt: skip
    shown = {change.party_id: change.record for change in page.changes}
    assert shown[retired] is None
    assert shown[survivor] is not None
    assert shown[survivor]["mobile"] == "+8613912340001"
    assert changes(SYSTEM, page.cursor) == ([], page.cursor, False)


def test_each_follower_has_its_own_rows_and_masks() -> None:
    """EC-17: other rows are not told of, nor named; what leaves them is withdrawn; masks and field lists hold."""
    east, west = made(1, branch="east", mobile="13912340001"), made(2, branch="west")
    worker.drain()
    mine = Principal(
        9, "client", "east", frozenset({"party.read"}), scopes={"party": 'row.branch == "east"'},
        fields={"party": frozenset({"mobile", "branch"})},
    )  # fmt: skip
    page = changes(mine, 0)
    (only,) = page.changes
    assert (only.type, only.party_id) == ("party.created", east)
    assert only.record is not None
    assert (only.record["mobile"], only.record["branch"], only.record["name"]) == ("+86139****0001", "east", None)
    assert page.cursor == 2, "the cursor passes what is not to be seen"
    find_or_create(
        SYSTEM, PartyData("person", "王一", id_type="resident_id", id_number=resident(1), branch="west"), "later"
    )
    apply_change(SYSTEM, "modify", [east], body={"attributes": {"branch": "west"}})
    apply_change(SYSTEM, "modify", [west], body={"attributes": {"grade": "gold"}})
    worker.drain()
    after = [(change.type, change.party_id, change.record) for change in changes(mine, page.cursor).changes]
    assert after[-1:] == [("party.withdrawn", east, None)]
    assert {party for _, party, _ in after} == {east}
    merge(SYSTEM, [east, west], "same", force=True)
    worker.drain()
    assert str(west) not in [str(change.detail.get("survivor_id")) for change in changes(mine, 0).changes]
    with pytest.raises(Forbidden):
        changes(Principal(10, "client", "none", frozenset()), 0)


def test_a_cursor_the_log_has_left_behind_is_refused() -> None:
    """EC-14: rather than a silent gap, the follower is told to begin anew."""
    made(1)
    worker.drain()
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.event_log SET position = 50"))
        conn.execute(text("UPDATE party.relay SET position = 50"))
    for behind in (3, 48):
        with pytest.raises(Gone):
            changes(SYSTEM, behind)
    assert len(changes(SYSTEM, 49).changes) == 1


def test_others_are_named_only_to_who_sees_them() -> None:
    """EC-17: where a record came from, and whom a party was merged into: not told where that party is out of sight."""
    west, east = made(1, branch="west"), made(2, branch="east")  # the older one survives
    mine = Principal(9, "client", "east", frozenset({"party.read"}), scopes={"party": 'row.branch == "east"'})
    done = merge(SYSTEM, [east, west], "same", force=True)
    undo(SYSTEM, done.operation_id or 0, "not the same")
    worker.drain()
    page = changes(SYSTEM, 0).changes
    assert west in {each for change in page for each in change.detail.get("split_from", [])} | {
        change.detail.get("survivor_id") for change in page
    }
    told = changes(mine, 0).changes
    assert len([change for change in told if change.party_id == east]) > 1
    for change in told:
        assert change.party_id == east or change.type == "party.withdrawn", "what was seen while they were one"
        assert west not in flat(change.detail)


def flat(detail: dict[str, object]) -> list[object]:
    """The single values of a change's detail."""
    return [one for value in detail.values() for one in (value if isinstance(value, list) else [value])]


def test_who_left_is_told_once_and_what_concerns_no_party_is_passed() -> None:
    """EC-14, EC-17: after it was withdrawn nothing more of a party is told; a page without a change of a party leads
    on; one out of use is told with its state."""
    east = made(1, branch="east")
    mine = Principal(9, "client", "east", frozenset({"party.read"}), scopes={"party": 'row.branch == "east"'})
    apply_change(SYSTEM, "modify", [east], body={"attributes": {"branch": "west"}})
    apply_change(SYSTEM, "modify", [east], body={"attributes": {"email": "one@hutong.cn"}})
    apply_change(SYSTEM, "modify", [east], body={"attributes": {"name": "王小二"}})  # waits: told of no party
    worker.drain()
    assert [change.type for change in changes(mine, 0).changes] == ["party.withdrawn"]
    last = changes(SYSTEM, 0).cursor
    assert changes(SYSTEM, last - 1) == ([], last, False)
    apply_change(SYSTEM, "deactivate", [east])
    worker.drain()
    [ended] = changes(SYSTEM, last).changes
    assert ended.type == "party.deactivated" and ended.record is not None and ended.record["state"] == "inactive"
