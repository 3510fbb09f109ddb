"""Chapter 1: an empty installation gets its organisation, codes, rules, catalog, number pools and people."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from hutong import catalog, inventory, masterdata
from hutong.catalog.documents import read_pack
from hutong.composition import compose
from hutong.identity import Principal, clients, roles, users
from hutong.party.documents.packs import publish_folder
from hutong.platform import database, migrations

PACKS = Path(__file__).parents[4] / "packs"
PEOPLE = {
    "clerk": ("营业员 林晓", "east-01", ["clerk"]),
    "service": ("客服 陈静", "east", ["service"]),
    "steward": ("数据管理员 周敏", "hq", ["steward"]),
    "billing": ("计费 郑凯", "hq", ["billing"]),
    "manager": ("机构主管 吴越", "3101", ["branch-manager"]),
    "sales": ("客户经理 高翔", "3101-07", ["salesperson"]),
    "seat": ("坐席 何雨", "hq", ["telesales"]),
    "lead": ("电销主管 罗敏", "hq", ["telesales-lead"]),
    "claims": ("核保核赔 谢文", "hq", ["underwriter"]),
    "admin": ("管理员", "hq", ["administrator"]),
}
CHANNELS = {"counter": "营业厅", "web": "网上商城", "hotline": "客服热线"}
CHANNEL_RIGHTS = [
    "ordering.*",
    "party.read",
    "party.create",
    "party.change",
    "catalog.read",
    "inventory.read",
    "billing.read",
]


@dataclass(frozen=True)
class Prepared:
    """What is needed to go on: passwords by login and keys by channel, made anew at each run, never stored in clear."""

    passwords: Mapping[str, str]
    keys: Mapping[str, str]


def prepare(catalog_from: datetime) -> Prepared:
    """Bring the database up, and load what every installation begins with. Repeatable."""
    migrations.upgrade_all()
    compose()
    prepared = Prepared(
        {login: secrets.token_urlsafe(9) for login in PEOPLE}, {code: secrets.token_urlsafe(24) for code in CHANNELS}
    )
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        roles.load_documents(conn, PACKS / "samples" / "group" / "identity" / "organisation.yaml")
        for login, (name, unit, held) in PEOPLE.items():
            users.save(conn, login=login, name=name, password=prepared.passwords[login], unit_code=unit, roles=held)
        for code, name in CHANNELS.items():
            clients.register(
                conn, code=code, name=name, rights=CHANNEL_RIGHTS, per_second=5000, key=prepared.keys[code], clear=["*"]
            )
    with database.begin("masterdata") as conn:
        for pack in ("base", "insurance"):
            masterdata.load_documents(conn, PACKS / pack / "codes")
    with database.begin("party") as conn:
        publish_folder(conn, PACKS / "insurance" / "party", "system:0", PACKS / "samples" / "group" / "party")
    catalog.publish(read_pack(PACKS / "telecom"), by="system", note="telecom pack", effective_from=catalog_from)
    return prepared


def principals() -> dict[str, Principal]:
    """The people of the demo as viewers, by login."""
    asked = text("SELECT login, id FROM identity.user_account WHERE login = ANY(:logins)")
    with database.begin("identity") as conn:
        found = conn.execute(asked, {"logins": list(PEOPLE)}).all()
        return {row.login: users.principal(conn, row.id) for row in found}


def fill_pools(sample: Path) -> int:
    """The number pools that the sample's manifest describes, by offer. Returns how many numbers are new."""
    pools: Mapping[str, Any] = json.loads((sample / "manifest.json").read_text(encoding="utf-8"))["subscriptions"][
        "pools"
    ]
    return sum(inventory.add_numbers(number_class_of(offer), numbers_of(pool)) for offer, pool in pools.items())


def number_class_of(offer: str) -> str:
    """The class of numbers that an offer's product takes."""
    snapshot = catalog.load()
    (component,) = snapshot.components(snapshot.offer(offer))
    number_class = snapshot.product(component.product).number_class
    if number_class is None:
        raise ValueError(f"{offer} takes no number")
    return number_class


def numbers_of(pool: Mapping[str, Any]) -> list[str]:
    """The numbers of a pool: `size` from `first` on, digits counted up after the letters that begin it."""
    first = str(pool["first"])
    letters = first.rstrip("0123456789")
    digits = first[len(letters) :]
    return [f"{letters}{int(digits) + step:0{len(digits)}d}" for step in range(int(pool["size"]))]
