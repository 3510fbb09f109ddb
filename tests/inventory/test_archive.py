"""What customers hold: created, changed, ended and undone, in sets, on contiguous history (BL-02, BL-04, BL-10)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from hutong import inventory
from hutong.identity import SYSTEM, Principal
from hutong.inventory.requests import (
    AssignNumber,
    ChangeInstance,
    CreateInstances,
    NewProduct,
    RemoveInstances,
    ReserveNumber,
    TerminateInstances,
)
from hutong.inventory.states import InstanceState
from hutong.inventory.tables import metadata
from hutong.platform import clock, history
from hutong.platform import database as live
from hutong.platform.errors import Forbidden

from .telecom import account, create, day, mobile, publish

FOREVER = history.FOREVER


@pytest.fixture(autouse=True)
def _telecom(database: object) -> Iterator[None]:
    """The catalog in effect since 2015, and at the end of each test every history contiguous (BL-04)."""
    with clock.fixed(day(2015, 1, 1)):
        publish()
    yield
    with live.read("inventory") as conn:
        assert history.check_center(conn, metadata) == []


def rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with live.read("inventory") as conn:
        return [tuple(row) for row in conn.execute(text(statement), parameters)]


def periods(view: str, columns: str) -> list[tuple[Any, ...]]:
    return rows(f"SELECT {columns}, valid_from, valid_to FROM inventory.{view} ORDER BY id, valid_from")


def pool(number: str) -> str:
    return str(rows("SELECT state FROM inventory.number_pool WHERE number = :number", number=number)[0][0])


def codes(outcomes: list[Any]) -> list[str | None]:
    return [item.problem.code if item.problem else None for item in outcomes]


def test_golden_case_of_time_continuity() -> None:
    """BL-04: plan 1G from 2015-04-01, changed on 2015-05-11 to 2G from next month: the table in use shows 2G at once;
    billing sees 1G until 2015-06-01, then 2G. (The tiers 59 and 99 stand for 1G and 2G.)"""
    with clock.fixed(day(2015, 4, 1)):
        [made] = create(mobile("order-1", account_id=account(), offer_attributes={"tier": "59"}))
    with clock.fixed(day(2015, 5, 11, 15)):
        [changed] = inventory.change_instances(
            [
                ChangeInstance(
                    "order-2",
                    offer_instance_id=made.offer_instance_id,
                    attributes={"tier": "99"},
                    effective="next_cycle",
                )
            ]
        )
        assert changed.ok
        assert rows("SELECT attributes->>'tier', changed_at, effective_at FROM inventory.offer_instance") == [
            ("99", day(2015, 5, 11, 15), day(2015, 6, 1))
        ]
        [offer] = inventory.holdings(SYSTEM, 7)["offers"]
        assert offer["attributes"] == {"tier": "59"}
        assert [coming["attributes"] for coming in offer["coming"]] == [{"tier": "99"}]
    assert periods("v1_offer_instance_period", "attributes->>'tier'") == [
        ("59", day(2015, 4, 1), day(2015, 6, 1)),
        ("99", day(2015, 6, 1), FOREVER),
    ]


def test_a_correction_keeps_what_was_recorded_for_later() -> None:
    """BL-04: versions recorded for later keep their own change and take the rest."""
    with clock.fixed(day(2026, 3, 2)):
        [made] = create(mobile("a", account_id=account()))
        [product] = made.product_instance_ids
        ask = [
            ChangeInstance("b", product_instance_id=product, attributes={"network": "4G"}, effective="next_cycle"),
            ChangeInstance("c", product_instance_id=product, attributes={"roaming": True}),
            ChangeInstance("d", product_instance_id=product, state=InstanceState.SUSPENDED, effective=day(2026, 3, 20)),
        ]
        assert codes(inventory.change_instances(ask)) == [None, None, None]
    assert periods("v1_product_instance_period", "state, attributes") == [
        ("active", {"network": "5G", "roaming": True}, day(2026, 3, 2), day(2026, 3, 20)),
        ("suspended", {"network": "5G", "roaming": True}, day(2026, 3, 20), day(2026, 4, 1)),
        ("suspended", {"network": "4G", "roaming": True}, day(2026, 4, 1), FOREVER),
    ]


def fusion(
    key: str, account_id: int, item: str, products: tuple[NewProduct, ...], effective: datetime
) -> CreateInstances:
    return CreateInstances(key, 7, account_id, item, "FUSION-199", products=products, effective=effective)


def test_transition_period_of_a_fusion() -> None:
    """BL-10: package from next month, mobile usable today, broadband from the 23rd; a second card joins later."""
    with clock.fixed(day(2026, 10, 12)):
        owner = account()
        mobile_part = (NewProduct("MOBILE-5G", access_number="13900000000"),)
        [first] = create(fusion("mobile", owner, "item", mobile_part, day(2026, 10, 12)))
        broadband = (NewProduct("BROADBAND-500M", access_number="BB00000"),)
        [second] = create(fusion("broadband", owner, "item", broadband, day(2026, 10, 23)))
    assert first.offer_instance_id == second.offer_instance_id
    assert periods("v1_offer_instance_period", "offer_code") == [("FUSION-199", day(2026, 11, 1), FOREVER)]
    assert periods("v1_product_instance_period", "product_code") == [
        ("MOBILE", day(2026, 10, 12), FOREVER),
        ("BROADBAND", day(2026, 10, 23), FOREVER),
    ]
    with clock.fixed(day(2026, 12, 5)):
        card = (NewProduct("MOBILE-5G", access_number="13900000001"),)
        [third] = create(fusion("card", owner, "item", card, day(2026, 12, 5)))
    assert periods("v1_offer_product_period", "product_instance_id, component") == [
        (first.product_instance_ids[0], "MOBILE-5G", day(2026, 11, 1), FOREVER),
        (second.product_instance_ids[0], "BROADBAND-500M", day(2026, 11, 1), FOREVER),
        (third.product_instance_ids[0], "MOBILE-5G", day(2027, 1, 1), FOREVER),
    ]
    with clock.fixed(day(2026, 10, 25)):
        held = inventory.holdings(SYSTEM, 7)
        [offer] = held["offers"]
        assert offer["valid_from"] == day(2026, 11, 1)
        assert [item["product_code"] for item in offer["products"]] == ["MOBILE", "BROADBAND"]
        assert {item["related_from"] for item in offer["products"]} == {day(2026, 11, 1)}


def test_a_refused_request_does_not_undo_its_siblings() -> None:
    with clock.fixed(day(2026, 3, 2)):
        owner, other = account(), account(8)
        good = mobile("good", 0, account_id=owner)
        made = inventory.create_instances(
            [
                good,
                mobile("taken", 0, account_id=owner),
                mobile("unknown", 99, account_id=owner),
                mobile("tier", 1, account_id=owner, offer_attributes={"tier": "60"}),
                mobile("no-tier", 1, account_id=owner, offer_attributes={}),
                mobile("not-mine", 1, account_id=other),
                CreateInstances("no-offer", 7, owner, "x", "NOTHING"),
                CreateInstances("place", 7, owner, "y", "IP-PHONE", products=(NewProduct("MOBILE-5G"),)),
                CreateInstances("bare", 7, owner, "z", "IP-PHONE", products=(NewProduct("IP-PHONE"),)),
                CreateInstances("attached", 7, owner, "v", "CALLER-DISPLAY", products=(NewProduct("CALLER-DISPLAY"),)),
                CreateInstances("members", 7, owner, "w", "IP-PHONE", members=(1,)),
                mobile("also-good", 1, account_id=owner),
            ]
        )
    assert codes(made) == [
        None,
        "inventory-number-taken",
        "inventory-number-taken",
        "inventory-attribute-choice",
        "inventory-attribute-missing",
        "inventory-no-account",
        "catalog-no-document",
        "inventory-no-component",
        "inventory-number-expected",
        "inventory-attachment",
        "inventory-no-group",
        None,
    ]
    assert rows("SELECT count(*) FROM inventory.product_instance") == [(2,)]
    assert rows("SELECT key FROM inventory.request WHERE operation = 'create_instances' ORDER BY key") == [
        ("also-good",),
        ("good",),
    ]
    for item in made:
        if item.problem:
            assert item.problem.sentence("en") != item.problem.sentence("zh-CN")


def test_a_repeat_gives_the_first_result() -> None:
    """OC-01, OC-07: the same request_key does its work once, also after a refusal was mended."""
    with clock.fixed(day(2026, 3, 2)):
        owner = account()
        [first] = create(mobile("a", 0, account_id=owner))
        again = inventory.create_instances([mobile("a", 5, account_id=owner), mobile("a", 6, account_id=owner)])
        assert [item.offer_instance_id for item in again] == [first.offer_instance_id] * 2
        assert [item.product_instance_ids for item in again] == [first.product_instance_ids] * 2
        assert all(item.repeated for item in again)
        assert pool("13900000005") == "free"
        assert rows("SELECT count(*) FROM inventory.outbox WHERE type = 'inventory.instances_created'") == [(1,)]
        [ended] = inventory.terminate_instances([TerminateInstances("a", first.offer_instance_id)])
        assert (ended.ok, ended.repeated) == (True, False)  # a key counts per operation


def test_reserved_numbers_go_to_whoever_reserved() -> None:
    with clock.fixed(day(2026, 3, 2)):
        owner = account()
        inventory.reserve_numbers([ReserveNumber("cart", "mobile", "13900000000")])
        part = NewProduct("MOBILE-5G", access_number="13900000000")
        mine = NewProduct("MOBILE-5G", access_number="13900000000", reservation_key="cart")

        def ask(key: str, product: NewProduct) -> CreateInstances:
            return CreateInstances(key, 7, owner, key, "MOBILE-5G", None, {"tier": "99"}, (product,))

        assert codes(inventory.create_instances([ask("thief", part), ask("also", part)])) == [
            "inventory-number-taken",
            "inventory-number-taken",
        ]
        [made] = create(ask("buyer", mine))
        assert pool("13900000000") == "assigned"
        found = inventory.find_by_number(SYSTEM, "13900000000")
        assert found is not None
        assert (found["product_instance_id"], found["customer_id"]) == (made.product_instance_ids[0], 7)


def test_termination_ends_everything_and_numbers_rest() -> None:
    """OC-04: the main product takes its attached one along, the offer ends with its last product, the number rests."""
    with clock.fixed(day(2026, 3, 2)):
        owner = account()
        [phone] = create(mobile("a", account_id=owner))
        [main] = phone.product_instance_ids
        display = (NewProduct("CALLER-DISPLAY", attached_to=main),)
        [extra] = create(CreateInstances("b", 7, owner, "b", "CALLER-DISPLAY", products=display))
    with clock.fixed(day(2026, 5, 10)):
        asked = [
            TerminateInstances("t", product_instance_ids=(main,), effective="next_cycle"),
            TerminateInstances("u", product_instance_ids=(999,)),
            TerminateInstances("v"),
        ]
        assert codes(inventory.terminate_instances(asked)) == [
            None,
            "inventory-no-instance",
            "inventory-nothing-to-do",
        ]
        assert pool("13900000000") == "resting"
        assert inventory.find_by_number(SYSTEM, "13900000000") is not None  # until the end of the month
    assert {row[-1] for row in periods("v1_product_instance_period", "id")} == {day(2026, 6, 1)}
    assert periods("v1_offer_instance_period", "id") == [
        (phone.offer_instance_id, day(2026, 3, 2), day(2026, 6, 1)),
        (extra.offer_instance_id, day(2026, 4, 1), day(2026, 6, 1)),  # it starts with the next cycle
    ]
    assert {row[0] for row in rows("SELECT state FROM inventory.product_instance")} == {"terminated"}
    with clock.fixed(day(2026, 6, 2)):
        assert inventory.holdings(SYSTEM, 7)["offers"] == []
        assert inventory.find_by_number(SYSTEM, "13900000000") is None
        [again] = inventory.create_instances([mobile("new", account_id=owner)])
        assert codes([again]) == ["inventory-number-taken"]
    with clock.fixed(day(2026, 9, 15)):
        create(mobile("new", account_id=owner))
        changed = inventory.change_instances(
            [ChangeInstance("x", product_instance_id=main, attributes={"roaming": True})]
        )
        assert codes(changed) == ["inventory-no-instance"]


def test_an_offer_lives_as_long_as_its_last_product() -> None:
    with clock.fixed(day(2026, 3, 2)):
        owner = account()
        parts = (
            NewProduct("MOBILE-5G", access_number="13900000000"),
            NewProduct("BROADBAND-500M", access_number="BB00000"),
        )
        [made] = create(fusion("a", owner, "item", parts, day(2026, 3, 2)))
        phone, line = made.product_instance_ids
    with clock.fixed(day(2026, 5, 10)):
        inventory.terminate_instances([TerminateInstances("t", product_instance_ids=(phone,), effective="next_cycle")])
        assert rows("SELECT ended FROM inventory.offer_instance") == [(False,)]
        inventory.terminate_instances([TerminateInstances("u", product_instance_ids=(line,))])
    assert periods("v1_offer_instance_period", "id") == [(made.offer_instance_id, day(2026, 4, 1), day(2026, 6, 1))]


def test_removal_leaves_no_period() -> None:
    """OC-09: compensation undoes a creation as if it had not been; siblings of the same offer stay."""
    with clock.fixed(day(2026, 3, 2)):
        owner = account()
        line = (NewProduct("BROADBAND-500M", access_number="BB00000"),)
        phone = (NewProduct("MOBILE-5G", access_number="13900000000"),)
        [kept] = create(fusion("phone", owner, "item", phone, day(2026, 3, 2)))
        create(fusion("line", owner, "item", line, day(2026, 3, 3)))
        asked = [RemoveInstances("undo", "line"), RemoveInstances("undo-other", "never")]
        assert codes(inventory.remove_instances(asked)) == [None, None]  # nothing to undo is no failure
        assert [row[0] for row in periods("v1_product_instance_period", "product_code")] == ["MOBILE"]
        assert [row[0] for row in periods("v1_offer_product_period", "component")] == ["MOBILE-5G"]
        assert [row[0] for row in periods("v1_offer_instance_period", "id")] == [kept.offer_instance_id]
        assert (pool("BB00000"), pool("13900000000")) == ("free", "assigned")
        inventory.remove_instances([RemoveInstances("undo-all", "phone")])
        for view in ("offer_instance", "product_instance", "offer_product", "access_number"):
            assert periods(f"v1_{view}_period", "id") == []
        create(mobile("again", account_id=owner))


def test_members_of_a_family() -> None:
    """BL-03: members are expressed once, join, leave and join again."""
    with clock.fixed(day(2026, 3, 2)):
        owner, guest = account(), account(8)
        [mine] = create(mobile("a", 0, account_id=owner))
        [theirs] = create(mobile("b", 1, account_id=guest, customer=8))
        one, two = mine.product_instance_ids[0], theirs.product_instance_ids[0]
        [family] = create(CreateInstances("f", 7, owner, "f", "FAMILY-SHARE", members=(one,)))

    def ask(key: str, at: datetime, **more: Any) -> list[str | None]:
        with clock.fixed(at):
            return codes(
                inventory.change_instances([ChangeInstance(key, offer_instance_id=family.offer_instance_id, **more)])
            )

    assert ask("join", day(2026, 4, 1), join=(two, one)) == [None]
    assert ask("leave", day(2026, 5, 1), leave=(two,)) == [None]
    assert ask("back", day(2026, 6, 1), join=(two,)) == [None]
    assert ask("stranger", day(2026, 6, 1), join=(999,)) == ["inventory-no-member"]
    assert periods("v1_offer_member_period", "product_instance_id") == [
        (one, day(2026, 3, 2), FOREVER),
        (two, day(2026, 4, 1), day(2026, 5, 1)),
        (two, day(2026, 6, 1), FOREVER),
    ]


def test_state_follows_the_table() -> None:
    with clock.fixed(day(2026, 3, 2)):
        [made] = create(mobile("a", account_id=account()))
        [product] = made.product_instance_ids

        def ask(key: str, state: InstanceState) -> str | None:
            return codes(inventory.change_instances([ChangeInstance(key, product_instance_id=product, state=state)]))[0]

        assert ask("1", InstanceState.SUSPENDED) is None
        assert ask("2", InstanceState.SUSPENDED) == "inventory-state"
        assert ask("3", InstanceState.PRE_ACTIVATED) == "inventory-state"
        assert ask("4", InstanceState.TERMINATED) == "inventory-state"  # terminate_instances does that
        assert ask("5", InstanceState.ACTIVE) is None


def test_a_new_number_lets_the_old_one_rest() -> None:
    with clock.fixed(day(2026, 3, 2)):
        [made] = create(mobile("a", 0, account_id=account()))
        [product] = made.product_instance_ids
    with clock.fixed(day(2026, 4, 2)):
        asked = [
            AssignNumber("n", product, "13900000003"),
            AssignNumber("o", 999, "13900000004"),
            AssignNumber("p", product, "13900000005"),
        ]
        assert codes(inventory.assign_numbers(asked)) == [None, "inventory-no-instance", "inventory-no-instance"]
    assert periods("v1_access_number_period", "number") == [
        ("13900000000", day(2026, 3, 2), day(2026, 4, 2)),
        ("13900000003", day(2026, 4, 2), FOREVER),
    ]
    assert (pool("13900000000"), pool("13900000003")) == ("resting", "assigned")


def test_who_may_look_and_what_they_see() -> None:
    with clock.fixed(day(2026, 3, 2)):
        [made] = create(mobile("a", 0, account_id=account()))
        clerk = Principal(5, "user", "clerk", frozenset({"inventory.read"}))
        [offer] = inventory.holdings(clerk, 7)["offers"]
        assert "13900000000" not in str(offer)
        assert inventory.product_instance(SYSTEM, made.product_instance_ids[0])["number"] == "13900000000"
        assert [item["id"] for item in inventory.product_instances(SYSTEM, customer_id=7)] == list(
            made.product_instance_ids
        )
        assert [(item["offer_code"], item["product_code"]) for item in inventory.held([7, 8])] == [
            ("MOBILE-5G", "MOBILE")
        ]
        assert [item["what"] for item in inventory.over_time(clerk, 7)] == ["offer", "product"]
        assert "13900000000" not in inventory.free_numbers("mobile")
        with pytest.raises(Forbidden):
            inventory.holdings(Principal(6, "user", "guest", frozenset()), 7)


def test_attached_products_come_with_the_main_one_of_their_request() -> None:
    from hutong import catalog
    from hutong.catalog.documents import drafts

    offer = {
        "kind": "offer",
        "code": "MOBILE-PLUS",
        "name": {"zh": "套餐加来显", "en": "Plan with caller display"},
        "lifecycle": "launched",
        "components": [{"code": "display", "product": "CALLER-DISPLAY"}, {"code": "line", "product": "MOBILE"}],
    }
    with clock.fixed(day(2026, 3, 2)):
        catalog.publish(drafts([offer]), by="test")
        parts = (NewProduct("display"), NewProduct("line", access_number="13900000000"))
        [made] = create(CreateInstances("a", 7, account(), "a", "MOBILE-PLUS", products=parts))
    display, line = made.product_instance_ids
    assert rows("SELECT id, product_code, attached_to FROM inventory.product_instance ORDER BY id") == [
        (line, "MOBILE", None),
        (display, "CALLER-DISPLAY", line),
    ]


def test_instances_follow_merged_customers_and_return_after_a_split() -> None:
    """EC: what a retired customer id holds is the survivor's; a split gives it back, later acquisitions stay."""
    from hutong.inventory.subscriptions import follow_customers
    from hutong.platform.outbox import Delivered

    def tell(kind: str, party: int, **more: Any) -> None:
        with live.begin("inventory") as conn:
            follow_customers(conn, [Delivered(kind, f"party:{party}", {"party_id": party, **more})])

    def owners() -> list[tuple[Any, ...]]:
        return rows("SELECT customer_id FROM inventory.product_instance ORDER BY id")

    with clock.fixed(day(2026, 3, 2)):
        one, two = account(7), account(8)
        create(mobile("a", 0, account_id=one), mobile("b", 1, account_id=two, customer=8))
    with clock.fixed(day(2026, 4, 2)):
        tell("party.merged", 8, survivor_id=7)
        assert owners() == [(7,), (7,)]
        create(mobile("c", 2, account_id=two))
    with clock.fixed(day(2026, 5, 2)):
        tell("party.split", 8, split_from=[7])
        tell("party.split", 8, split_from=[7])
        assert owners() == [(7,), (8,), (7,)]
        assert len(inventory.holdings(SYSTEM, 8)["offers"]) == 1
        assert len(inventory.holdings(SYSTEM, 7)["offers"]) == 2
