"""Instances to bill and usage files to collect: short ways to write them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from tests.inventory.telecom import account, create, day, mobile, publish

from hutong.inventory.requests import CreateInstances, NewProduct
from hutong.platform import database

__all__ = ["account", "create", "day", "family", "fusion", "mobile", "publish", "rows", "usage_file", "voice"]
NUMBER = "139000{:05}"


def fusion(
    key: str, account_id: int, *, effective: datetime, places: Sequence[int] = (), customer: int = 7, **more: Any
) -> CreateInstances:
    """The fused package with mobiles at these places of the number pool; relations from the next cycle."""
    products = tuple(NewProduct("MOBILE-5G", access_number=NUMBER.format(place)) for place in places)
    products += tuple(more.pop("products", ()))
    return CreateInstances(
        key,
        customer,
        account_id,
        f"item-{more.pop('offer', key)}",
        "FUSION-199",
        products=products,
        effective=effective,
        **more,
    )


def family(
    key: str, account_id: int, members: Sequence[int], *, effective: datetime, customer: int = 7
) -> CreateInstances:
    """A family group that shares 30 GB."""
    return CreateInstances(
        key, customer, account_id, f"item-{key}", "FAMILY-SHARE", members=tuple(members), effective=effective
    )


def voice(record: int, place: int, start: datetime, seconds: int, **more: Any) -> str:
    """A line of a call or, with `kind` sms or data, another use; times in UTC."""
    kind = more.get("kind", "voice")
    values = [
        "D", more.get("record", f"{kind[0].upper()}{record:012}"), kind, more.get("number", NUMBER.format(place)),
        more.get("direction", "" if kind == "data" else "MO"), more.get("other", "13811112222"),
        start.astimezone(UTC).strftime("%Y%m%d%H%M%S"), str(seconds), str(more.get("up", 0)), str(more.get("down", 0)),
        str(more.get("messages", 1 if kind == "sms" else 0)), "0571", more.get("visited", "0571"), "1",
        more.get("call_type", "local" if kind == "voice" else "home"),
    ]  # fmt: skip
    return ",".join(values)


def usage_file(folder: Path, name: str, lines: Sequence[str], *, trailer: int = 0, system: str = "MSC01") -> Path:
    """A usage file with a true trailer (`trailer`: so many records more than there are)."""
    records = [line.split(",") for line in lines if line.startswith("D,")]
    whole = [record for record in records if len(record) == 15]

    def total(place: int) -> int:
        return sum(int(record[place]) for record in whole if record[place].lstrip("-").isdigit())

    text_of = [
        f"H,1,{name},{system},20260901000000,UTC",
        *lines,
        f"T,{len(records) + trailer},{total(7)},{total(8)},{total(9)}",
    ]
    path = folder / f"{name}.csv"
    path.write_text("".join(f"{line}\n" for line in text_of), encoding="utf-8")
    return path


def rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """What billing stores."""
    with database.read("billing") as conn:
        return [tuple(row) for row in conn.execute(text(statement), parameters)]
