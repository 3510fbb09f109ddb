"""Short ways to write price plans in tests."""

from typing import Any
from zoneinfo import ZoneInfo

from hutong.billing.pricing.compile import compile_plans
from hutong.billing.pricing.compiled import CompiledTariffs, Published
from hutong.catalog.price_plan import PricePlan

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORDS = {"zh": "资费", "en": "plan"}


def plan_of(tariff: dict[str, Any], **parts: Any) -> PricePlan:
    """A plan with one section `use`, one tariff `t`, and whatever else is given."""
    section = {"code": "use", "tariff": "t", "usage": "voice.local"} | parts.pop("section", {})
    body = {
        "kind": "price_plan",
        "code": "P",
        "name": WORDS,
        "tariffs": [{"kind": "usage", "code": "t", "unit": "second"} | tariff],
        "sections": [section],
        "strategies": [{"event": "voice", "sections": ["use"]}],
    }
    return PricePlan.model_validate(body | parts)


def compiled(*plans: PricePlan, zone: ZoneInfo = SHANGHAI) -> CompiledTariffs:
    """Version 1 of these plans."""
    return compile_plans([Published(plan, 1) for plan in plans], zone)
