"""A world of canaries: parties whose every sensitive value is a text found nowhere else, some in scope, some not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text
from tests.ordering import shop

from hutong import masterdata
from hutong.identity import Principal, clients, roles, users
from hutong.insight.snapshots import take_all
from hutong.inventory import accounts
from hutong.inventory.requests import OpenAccount
from hutong.party import PartyData, find_or_create
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.quality.measure import measure
from hutong.party.realtime import statements
from hutong.party.relations import groups
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship.merge import merge
from hutong.platform import database, jobs

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "packs"
ORGANISATION = PACKS / "base" / "identity" / "organisation.yaml"
PASSWORD = "a-good-password"
KEY = "k" * 43


def resident_id(birth: str, order: str) -> str:
    """A valid resident ID number (GB 11643)."""
    body = f"310115{birth}{order}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def bank_card(body: str) -> str:
    """A number with the check digit of Luhn."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))]
    return body + str(-sum(number - 9 if number > 9 else number for number in doubled) % 10)


@dataclass(frozen=True)
class Canary:
    """A party of the world: kind of field → texts that betray it."""

    party: int
    values: Mapping[str, tuple[str, ...]]


@dataclass
class World:
    """Who there is, and which parties: `own` made by the east's salesperson, the others by the west's."""

    own: Canary
    hidden: list[Canary]
    retired: int
    people: dict[str, Principal]
    orders: list[int]
    raw: tuple[str, ...]
    client: Principal
    places: dict[str, list[Any]] = field(default_factory=dict)


PEOPLE = (
    ("诸葛琭瑄", "zhugeluxuan", "19810307", "117", "13871650341", "琭瑄", "1"),
    ("皇甫翾翀", "huangfuxuanchong", "19820409", "235", "13871650352", "翾翀", "2"),
    ("欧阳珩瓒", "ouyanghengzan", "19830511", "353", "13871650363", "珩瓒", "3"),
    ("司徒璟琬", "situjingwan", "19840613", "471", "13871650374", "璟琬", "4"),
)


def _stated(person: tuple[str, ...]) -> tuple[PartyData, dict[str, tuple[str, ...]]]:
    name, key, birth, order, mobile, road, number = person
    id_number, card = resident_id(birth, order), bank_card(f"62226003{number}734551{number}")
    email = f"canary{number}.mail@domain-of-nest{number}.cn"
    address = f"上海市浦东新区{road}路77{number}号"
    data = PartyData(
        "person", name, id_type="resident_id", id_number=id_number, mobile=mobile, email=email, bank_card=card,
        address=address, attributes={"note": f"free-feather{number}-text"},
    )  # fmt: skip
    betray = {
        "name": (name, key), "id_card": (id_number,), "phone": (mobile,), "email": (email, f"canary{number}.mail"),
        "bank_card": (card,), "address": (f"{road}路",), "free": (f"freefeather{number}text", f"domainofnest{number}"),
    }  # fmt: skip
    return data, betray


def build(folder: Path) -> World:
    """Fill the database the settings point at."""
    people, client = _identity()
    with database.begin("masterdata") as conn:
        masterdata.load_documents(conn, PACKS / "base" / "codes")
    made: list[Canary] = []
    for place, person in enumerate(PEOPLE):
        data, betray = _stated(person)
        maker = people["salesperson"] if place == 0 else people["west"]
        made.append(Canary(find_or_create(maker, data, f"canary-{place}").party_id, betray))
    made.append(_organisation(people["west"]))
    for canary in made:
        statements.take_role(people["administrator"], canary.party, "customer")
    raw = _rejected(folder)
    resolve()
    survivor, retired = _merged(people["administrator"], made[1].party, made[2].party)
    made[1:3] = [Canary(survivor, made[1].values), Canary(survivor, made[2].values)]
    orders = _orders([made[0].party, made[1].party, made[3].party])
    listed = groups.define(people["administrator"], "canaries", "名单", "List")
    groups.put_in(people["administrator"], listed, [canary.party for canary in made])
    measure()
    take_all()
    jobs.run(jobs.start("party.measure_quality", by=people["steward"].actor))
    world = World(made[0], made[1:], retired, people, orders, raw, client)
    world.places = _places()
    return world


def _identity() -> tuple[dict[str, Principal], Principal]:
    """One person per role there is, login and role alike, all in the east; and one salesperson in the west."""
    codes = [role["code"] for role in yaml.safe_load(ORGANISATION.read_text(encoding="utf-8"))["roles"]]
    people = {}
    with database.begin("identity") as conn:
        roles.load_documents(conn, ORGANISATION)
        for login, role, unit in [*((code, code, "east-01") for code in codes), ("west", "salesperson", "west-01")]:
            number = users.save(
                conn, login=login, name=f"Test {login}", password=PASSWORD, unit_code=unit, roles=[role]
            )
            people[login] = users.principal(conn, number)
        rights = ["party.*", "ordering.*", "inventory.read", "billing.*", "catalog.read", "insight.*"]
        scopes = {"party": 'row.branch == "nowhere"'}
        clients.register(conn, code="blind", name="Blind", rights=rights, per_second=10_000, scopes=scopes, key=KEY)
    return people, clients.authenticate(KEY)


def _organisation(maker: Principal) -> Canary:
    code = "91310115MA1K3YJ12"
    number = code + _uscc_check(code)
    data = PartyData(
        "organisation",
        "翾琭珩贸易（上海）有限公司",
        id_type="uscc",
        id_number=number,
        phone="021-58771643",
        contact_name="令狐瑱璠",
        address="上海市浦东新区翾琭珩路915号",
        email="canary5.office@domain-of-nest5.cn",
    )
    betray = {
        "name": ("翾琭珩贸易", "令狐瑱璠"),
        "phone": ("58771643",),
        "address": ("翾琭珩路",),
        "email": ("canary5.office",),
        "free": ("domain-of-nest5",),
        "id_card": (number, number[8:17]),
    }
    return Canary(find_or_create(maker, data, "canary-org").party_id, betray)


def _uscc_check(body: str) -> str:
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(letters.index(letter) * weight for letter, weight in zip(body, weights, strict=True))
    return letters[(31 - total % 31) % 31]


def _rejected(folder: Path) -> tuple[str, ...]:
    """A file with a row that is refused: kept as it came, with its personal data."""
    from tests.party.conftest import write_crm

    folder.mkdir(parents=True, exist_ok=True)
    row = {"客户编号": "R1", "客户名称": "慕容翀琬", "证件类型": "01", "证件号码": "310115198507170911",
           "联系电话": "13871650385",
           "通信地址": "上海市浦东新区翀琬路778号", "电子邮箱": "rejected.canary@mail.cn"}  # fmt: skip
    path = write_crm(folder / "crm.csv", [row])
    report = load_file(path, read_mapping(PACKS / "telecom" / "mappings" / "crm.yaml"), "user:1")
    assert report.rejected == 1
    return ("慕容翀琬", "310115198507170911", "13871650385", "翀琬路", "rejected.canary")


def _merged(admin: Principal, one: int, other: int) -> tuple[int, int]:
    """(survivor, retired)."""
    merge(admin, [one, other], reason="the same person after all", force=True)
    with database.read("party") as conn:
        row = conn.execute(text("SELECT survivor_id, retired_id FROM party.redirect")).one()
    return row.survivor_id, row.retired_id


def _orders(parties: list[int]) -> list[int]:
    shop.open_shop(customers=1, pool=40)
    opened = accounts.open_accounts([OpenAccount(f"leak-{one}", one) for one in parties])
    made = [(one, account.account_id or 0) for one, account in zip(parties, opened, strict=True)]
    return [shop.accept(shop.fused(who, f"LEAK-{number}")) for number, who in enumerate(made)]


_PLACES = {
    "task_id": "SELECT id FROM party.quality_task ORDER BY id LIMIT 12",
    "group_id": "SELECT id FROM party.suspect_group ORDER BY id LIMIT 5",
    "load_id": "SELECT id FROM party.load ORDER BY id",
    "reject_id": "SELECT id FROM party.rejected_record ORDER BY id",
    "job_id": "SELECT id FROM platform.job ORDER BY id",
    "operation": "SELECT id FROM party.operation ORDER BY id LIMIT 5",
    "step_id": "SELECT id FROM ordering.step ORDER BY id LIMIT 3",
    "product": "SELECT id FROM inventory.product_instance ORDER BY id LIMIT 3",
}


def _places() -> dict[str, list[Any]]:
    """Values of path parameters that only the database knows."""
    with database.read("party") as conn:
        return {name: list(conn.execute(text(query)).scalars()) for name, query in _PLACES.items()}
