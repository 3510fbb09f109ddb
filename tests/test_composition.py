"""What a process composes holds however documents are published."""

from pathlib import Path

import pytest

from hutong import catalog, composition, server
from hutong.catalog import validation
from hutong.catalog.document import Kind
from hutong.catalog.documents import Draft, Refused, drafts, read_pack

PACK = Path(__file__).parents[1] / "packs" / "telecom"


def with_an_overflowing_plan() -> list[Draft]:
    """The telecom pack, with a price that leaves int64."""
    pack = read_pack(PACK)
    bodies = [draft.body for draft in pack]
    plan = next(body for body, draft in zip(bodies, pack, strict=True) if draft.key[0] is Kind.PRICE_PLAN)
    dear = {"model": "flat", "amount": "999999999999"}
    tariffs = [item | {"price": dear} if item["code"] == "call" else item for item in plan["tariffs"]]
    plan_with = plan | {"tariffs": tariffs}
    return drafts([plan_with if body is plan else body for body in bodies])


@pytest.mark.usefixtures("database")
def test_a_plan_the_kernel_cannot_price_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """BL-01, BL-03: whoever publishes, once the process is composed."""
    monkeypatch.setattr(validation, "_plan_checks", [])
    composition.compose()
    composition.compose()
    with pytest.raises(Refused) as refused:
        catalog.publish(with_an_overflowing_plan(), by="ann")
    assert [fault.message_id for fault in refused.value.faults] == ["billing-plan-overflow"]
    assert catalog.load().release == 0
    assert catalog.publish(read_pack(PACK), by="ann").number == 1


def test_the_server_is_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """BL-01: documents published over HTTP are checked too."""
    checks: list[object] = []
    monkeypatch.setattr(validation, "_plan_checks", checks)
    server.create_app()
    assert checks == [composition.compiles]
