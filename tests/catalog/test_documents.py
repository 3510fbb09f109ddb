"""Catalog documents: what a pack may say, and how faults are named."""

from decimal import Decimal
from pathlib import Path

import pytest

from hutong.catalog import documents, validation
from hutong.catalog.attributes import AttributeFault, complete, faults
from hutong.catalog.document import Kind, read_yaml
from hutong.catalog.documents import Refused, drafts, read_pack
from hutong.catalog.offer import Offer
from hutong.catalog.order_template import OrderTemplate
from hutong.catalog.snapshot import Catalog, Relation

PACK = Path(__file__).parents[2] / "packs" / "telecom"
WORDS = {"zh": "名", "en": "name"}


def catalog_of(bodies: list[dict[str, object]]) -> Catalog:
    understood = drafts(bodies)
    return Catalog(1, None, {item.key: 1 for item in understood}, {(*item.key, 1): item.body for item in understood})


@pytest.fixture(scope="module")
def telecom() -> Catalog:
    return catalog_of([draft.body for draft in read_pack(PACK)])


def template(*steps: dict[str, object]) -> dict[str, object]:
    stage = {"code": "s", "name": WORDS, "steps": list(steps)}
    return {"kind": "order_template", "code": "t", "name": WORDS, "stages": [stage]}


def step(code: str, **more: object) -> dict[str, object]:
    return {"code": code, "name": WORDS, "kind": "complete", **more}


def test_numbers_stay_exact() -> None:
    """Amounts never pass through a binary fraction; codes like NO and 0571 stay text."""
    text = "a: 0.15\nb: 2015-06-01\nc: NO\nd: true\ne: 59\nf: 0571\ng: 18:00\n"
    assert read_yaml(text) == [
        {"a": "0.15", "b": "2015-06-01", "c": "NO", "d": True, "e": 59, "f": "0571", "g": "18:00"}
    ]


def test_telecom_pack_is_valid(telecom: Catalog) -> None:
    """BL-01, BL-03: the sample's offers, with tiers as values of one attribute."""
    assert validation.faults(telecom) == []
    assert telecom.event_types == {"voice", "sms", "data"}
    tier = next(item for item in telecom.offer("MOBILE-5G").attributes if item.code == "tier")
    assert [choice.value for choice in tier.choices] == ["59", "99", "199"]
    assert tier.billing
    fusion = telecom.components(telecom.offer("FUSION-199"))
    assert [(item.code, item.product, item.maximum) for item in fusion] == [
        ("MOBILE-5G", "MOBILE", 2),
        ("BROADBAND-500M", "BROADBAND", 1),
        ("IP-PHONE", "VOIP", 1),
    ]
    assert Relation("product_requires", "VOIP", "BROADBAND") in telecom.relations
    assert telecom.price_plan_codes(telecom.offer("FUSION-199"), "MOBILE") == (
        "fusion-199",
        "fusion-usage",
        "mobile-standard",
    )
    assert telecom.offer("MOBILE-5G").one_off_prices[0].amount == Decimal("10.00")


def test_retired_offer_is_not_sold(telecom: Catalog) -> None:
    from hutong.platform import clock

    assert not telecom.offer("FUSION-GO-2019").sold_at(clock.now())
    assert telecom.offer("MOBILE-5G").sold_at(clock.now())


@pytest.mark.parametrize("code", ["new-mobile", "new-broadband", "new-voip", "change-offer", "terminate"])
def test_templates_have_the_steps_of_the_requirement(telecom: Catalog, code: str) -> None:
    """OC-07: every flow turns items into instances, tells billing, notifies, completes and archives, in that order."""
    kinds = [planned.step.kind.value for planned in telecom.template(code).plan()]
    assert kinds[-4:] == ["activate_billing", "notify", "complete", "archive"]
    assert any(kind.endswith("_instances") for kind in kinds[:-4])


def test_steps_wait_for_those_before_them() -> None:
    """OC-06: in sequence by default, parallel where `after` says so, stages one after another."""
    body = template(step("a"), step("b", after=[]), step("c", after=["a", "b"]), step("d", after=["a"]))
    body["stages"].append({"code": "s2", "name": WORDS, "steps": [step("e"), step("f", after=[])]})  # type: ignore[attr-defined]
    found = drafts([body])[0].document
    assert isinstance(found, OrderTemplate)
    assert {item.step.code: item.after for item in found.plan()} == {
        "a": (),
        "b": (),
        "c": ("a", "b"),
        "d": ("a",),
        "e": ("c", "d"),
        "f": ("c", "d"),
    }


@pytest.mark.parametrize(
    ("body", "path", "part"),
    [
        (template(step("a", after=["b"]), step("b")), "", "not before it"),
        (template(step("a"), step("a")), "", "used twice"),
        (template(step("a", mode="remote")), "stages[0].steps[0]", "names its port"),
        (template(step("a", compensation="refund")), "stages[0].steps[0]", "does not undo"),
        (template(step("a", timeout_seconds="60")), "stages[0].steps[0].timeout_seconds", "integer"),
        (template(step("a", colour="red")), "stages[0].steps[0].colour", "not permitted"),
        ({"kind": "offer", "code": "X", "name": WORDS, "lifecycle": "launched"}, "", "contains a package"),
        ({"kind": "offer", "code": "X Y", "name": WORDS, "lifecycle": "launched"}, "code", "pattern"),
        ({"kind": "tariff", "code": "X"}, "", "tag"),
    ],
)
def test_faulty_form_is_refused_with_its_place(body: dict[str, object], path: str, part: str) -> None:
    with pytest.raises(Refused) as refused:
        drafts([body])
    assert [(fault.path, part in fault.sentence("en")) for fault in refused.value.faults] == [(path, True)]
    assert refused.value.faults[0].document == f"{body['kind']} {body['code']}"


def change(bodies: list[dict[str, object]], code: str, **fields: object) -> list[dict[str, object]]:
    return [{**body, **fields} if body["code"] == code else body for body in bodies]


@pytest.mark.parametrize(
    ("code", "fields", "path", "message_id"),
    [
        ("MOBILE-5G", {"requires": ["NOTHING"]}, "requires[0]", "catalog-fault-missing"),
        ("MOBILE-5G", {"requires": ["FUSION-GO-2019"]}, "requires", "catalog-fault-requires-excluded"),
        ("MOBILE-5G", {"eligibility": "customer.height > 3"}, "eligibility", "platform-cel"),
        ("MOBILE-5G", {"price_plans": ["mobile-5g", "none"]}, "price_plans[1]", "catalog-fault-missing"),
        ("FUSION-199", {"package": "NO-PACK"}, "package", "catalog-fault-missing"),
        ("BROADBAND", {"requires": ["VOIP"]}, "requires", "catalog-fault-circle"),
        ("BROADBAND", {"price_plans": ["fusion-199"]}, "price_plans[0]", "catalog-fault-level"),
        ("BROADBAND", {"fulfilment": {"add": "no-template"}}, "fulfilment.add", "catalog-fault-missing"),
        ("CALLER-DISPLAY", {"attaches_to": ["DATA-PACK"]}, "attaches_to[0]", "catalog-fault-not-main"),
    ],
)
def test_faults_between_documents_are_named(code: str, fields: dict[str, object], path: str, message_id: str) -> None:
    bodies = [draft.body for draft in read_pack(PACK)]
    if code == "CALLER-DISPLAY":  # a product and an offer have this code; the product is meant
        bodies = [{**body, **fields} if (body["kind"], body["code"]) == ("product", code) else body for body in bodies]
    else:
        bodies = change(bodies, code, **fields)
    found = validation.faults(catalog_of(bodies))
    assert (path, True) in [(fault.path, fault.message_id.startswith(message_id)) for fault in found]
    for fault in found:
        assert code in fault.document or "circle" in fault.message_id
        assert fault.sentence("en") != fault.sentence("zh-CN")


def test_event_types_of_plans_are_known() -> None:
    bodies = [draft.body for draft in read_pack(PACK)]
    bodies = [{**body, "emits": []} if body["code"] in {"MOBILE", "VOIP"} else body for body in bodies]
    named = {fault.params["event"] for fault in validation.faults(catalog_of(bodies))}
    assert named == {"voice", "sms"}


def test_attribute_values_are_checked(telecom: Catalog) -> None:
    offer = telecom.offer("MOBILE-5G")
    assert list(faults(offer.attributes, {"tier": "99"})) == []
    assert list(faults(offer.attributes, {"tier": "98"})) == [AttributeFault("tier", "choice", "59, 99, 199")]
    assert list(faults(offer.attributes, {})) == [AttributeFault("tier", "missing")]
    broadband = telecom.product("BROADBAND").attributes
    assert complete(broadband, {}) == {"speed_mbps": 500}
    assert {fault.reason for fault in faults(broadband, {"speed_mbps": True, "colour": "red"})} == {"type", "unknown"}
    assert [fault.reason for fault in faults(broadband, {"speed_mbps": 50})] == ["range"]


def test_relations_read_like_documents(telecom: Catalog) -> None:
    assert isinstance(telecom.document(Kind.OFFER, "IP-PHONE"), Offer)
    assert set(documents.type_of) == set(Kind)
