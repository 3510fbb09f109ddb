"""What a line of a bill was made of (XP-02): the days of a monthly fee, the events of a usage charge."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from hutong.billing.queries import READ, Found
from hutong.billing.usage_queries import usage_page
from hutong.identity import Principal, require
from hutong.platform import database

_FEE = text("""
    SELECT sum(days)::bigint AS days, sum(part)::bigint AS part FROM billing.recurring_charge
    WHERE cycle = :source_cycle AND account_id = :account_id
      AND (plan, version, section, tariff) = (:plan, :version, :section, :tariff)
      AND offer_instance_id IS NOT DISTINCT FROM :offer_instance_id
      AND product_instance_id IS NOT DISTINCT FROM :product_instance_id""")


def fee(viewer: Principal, line: Mapping[str, Any]) -> Found:
    """Of a monthly fee: `days` in effect, and the `part` of the cycle due, in 1/377,580; null: not known."""
    require(viewer, READ)
    names = (
        "source_cycle",
        "account_id",
        "plan",
        "version",
        "section",
        "tariff",
        "offer_instance_id",
        "product_instance_id",
    )
    with database.read("billing") as conn:
        return dict(conn.execute(_FEE, {name: line[name] for name in names}).mappings().one())


def events(viewer: Principal, line: Mapping[str, Any], limit: int = 20) -> list[Found]:
    """Of a usage charge: its first events, with their charge; numbers masked as the viewer may see them."""
    if not line["product_instance_id"]:
        return []
    rate = (line["plan"], line["version"], line["section"], line["tariff"])
    found = usage_page(viewer, cycle=line["source_cycle"], product_instance_id=line["product_instance_id"], limit=1000)
    mine = [
        row
        for row in found
        if any((each["plan"], each["version"], each["section"], each["tariff"]) == rate for each in row["rates"])
    ]
    return mine[:limit]
