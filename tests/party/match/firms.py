"""Made organisations with known truth: branches, legal forms, acronyms, renamed ones, Chinese and English, an agency's
many sites."""

# ruff: noqa: SIM905  (long lists of words read better as text)

import random
from collections.abc import Callable
from pathlib import Path

from tests.party.match.damage import Row, file_of, slip, without
from tests.party.match.datasets import Data

_FIRST = """allied apex atlantic beacon bluewater bridgeport capital cardinal cascade central citadel coastal columbia
continental crescent crestview delta diamond dominion eagle eastern empire evergreen everest fairview falcon first
frontier gateway genesis global granite great greenfield guardian hamilton harbor heritage highland horizon imperial
independence integrity keystone lakeside landmark legacy liberty lincoln madison majestic meridian metro midland
millennium monarch monument mountain national northern northstar oakwood olympic orion pacific paramount patriot
pinnacle pioneer platinum premier prestige prime quality redwood regal reliable republic riverside royal sapphire
sentinel sierra silver southern southwest spectrum stellar sterling summit sunrise superior tri-state triangle trinity
united universal valley vanguard victory vista western westside zenith""".split()
_SECOND = """medical logistics financial software construction energy foods pharmaceuticals marketing insurance
consulting electric plumbing landscaping automotive aviation marine textile printing packaging security staffing realty
media telecom robotics chemical steel paper glass furniture""".split()
_THIRD = "group partners solutions services systems associates industries enterprises holdings technologies".split()
_FORMS = ("inc", "inc.", "incorporated", "llc", "l.l.c.", "corp", "corporation", "co", "company", "ltd", "")
_TOWNS = [("chicago", "IL", "606"), ("boston", "MA", "021"), ("dallas", "TX", "752"), ("seattle", "WA", "981"),
          ("atlanta", "GA", "303"), ("denver", "CO", "802"), ("phoenix", "AZ", "850"),
          ("omaha", "NE", "681")]  # fmt: skip
_ROADS = "main oak pine lake hill park washington jackson clark state wells monroe adams madison".split()
_SHORT = {"international": "intl", "services": "svcs", "associates": "assoc", "national": "natl", "group": "grp",
          "technologies": "tech", "industries": "ind", "systems": "sys", "pharmaceuticals": "pharma",
          "construction": "constr", "street": "st", "avenue": "ave"}  # fmt: skip


def _line(chance: random.Random) -> str:
    return f"{chance.randrange(201, 989)}-{chance.randrange(200, 999)}-{chance.randrange(10**4):04d}"


def _place(chance: random.Random) -> Row:
    town, state, code = chance.choice(_TOWNS)
    road = f"{chance.choice(('n', 's', 'e', 'w', ''))} {chance.choice(_ROADS)} {chance.choice(('st', 'ave', 'blvd'))}"
    return {"address": f"{chance.randrange(1, 5000)} {road}".replace("  ", " "), "city": town, "state": state,
            "zip": f"{code}{chance.randrange(60):02d}", "phone": _line(chance)}  # fmt: skip


def _name(chance: random.Random) -> str:
    if chance.random() < 0.2:
        return f"{chance.choice(_FIRST)} {chance.choice(_FIRST)} {chance.choice(_SECOND)} {chance.choice(_THIRD)}"
    return f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {chance.choice(_THIRD)}"


def _written(chance: random.Random, name: str) -> str:
    words = [_SHORT[w] if w in _SHORT and chance.random() < 0.2 else w for w in name.split()]
    if chance.random() < 0.1:
        words = [slip(chance, word) if chance.random() < 0.5 else word for word in words]
    if chance.random() < 0.05:
        return "".join(word[0] for word in name.split()).upper()
    if chance.random() < 0.08 and len(words) > 2:
        words = words[:2]
    whole = f"{' '.join(words)} {chance.choice(_FORMS)}".strip()
    return whole.upper() if chance.random() < 0.3 else whole.title()


_US = """kind: organisation
region: US
columns: {name: name, address: address, city: city, state: state, zip: zip, phone: phone, url: url}
"""
_GAPS = {"phone": 0.3, "url": 0.5, "zip": 0.1}


def _firm(chance: random.Random) -> Row:
    name = _name(chance)
    return {"name": name, **_place(chance), "url": f"www.{''.join(name.split()[:2])}.com"}


def _copy(chance: random.Random, firm: Row) -> Row:
    row = firm | {"name": _written(chance, firm["name"])}
    if chance.random() < 0.12:
        row |= _place(chance)
    if chance.random() < 0.1:
        row["address"] = slip(chance, row["address"])
    if chance.random() < 0.04:
        row["name"] = _written(chance, _name(chance))
    return without(row, _GAPS, chance)


def _number(chance: random.Random) -> int:
    return chance.choice((1, 1, 1, 2, 2, 3, 5))


def registry(folder: Path, seed: int) -> Data:
    """Firms of a country: legal forms in all spellings, some moved, renamed or known by an acronym."""
    chance = random.Random(f"registry {seed}")
    rows = [
        (str(n), _copy(chance, firm)) for n in range(1300) for firm in (_firm(chance),) for _ in range(_number(chance))
    ]
    return file_of(folder, "registry", _US, rows, seed)


def agencies(folder: Path, seed: int) -> Data:
    """Agencies with up to forty sites that share name, line and website: each site is a party of its own."""
    chance = random.Random(f"agencies {seed}")
    rows, number = [], 0
    for _ in range(120):
        head = _firm(chance)
        for _ in range(chance.choice((1, 1, 2, 3, 5, 12, 40))):
            place = _place(chance)
            site = head | place | {"phone": head["phone"] if chance.random() < 0.6 else place["phone"]}
            site["name"] = f"{head['name']} - {chance.choice(_ROADS)} {chance.choice(('center', 'branch', 'clinic'))}"
            for _ in range(_number(chance)):
                row = site | {"name": site["name"] if chance.random() < 0.6 else head["name"]}
                if chance.random() < 0.1:
                    row["address"] = slip(chance, row["address"])
                rows.append((str(number), without(row, _GAPS, chance)))
            number += 1
    return file_of(folder, "agencies", _US, rows, seed)


def two_registers(folder: Path, seed: int) -> Data:
    """Two lists, each with every firm once: names and addresses, the second without states."""
    chance = random.Random(f"two registers {seed}")
    rows = []
    for number in range(1500):
        firm = _firm(chance)
        for source in ("a", "b"):
            if chance.random() < 0.7:
                row = _copy(chance, firm) | ({"state": ""} if source == "b" else {})
                rows.append((str(number), {"source": source} | row))
    return file_of(folder, "two_registers", _US, rows, seed)


_BRANDS = (
    "华为腾讯阿里京东百度小米美团滴滴联想海尔格力三一中联徐工蒙牛伊利"
    "娃哈农夫山泉茅台古井洋河恒瑞复星迈瑞药明宁德比亚吉利长城奇瑞"
)
_TRADES = ("科技", "贸易", "物流", "建筑工程", "医疗器械", "餐饮管理", "信息技术", "文化传媒", "机械设备", "房地产开发",
           "食品", "服装", "化工", "电子商务", "人力资源")  # fmt: skip
_FORMS_CN = ("有限公司", "有限责任公司", "股份有限公司", "")
_PLACES = (
    ("浙江省", "杭州市", "西湖区文三路"),
    ("广东省", "深圳市", "南山区科技园路"),
    ("江苏省", "苏州市", "工业园区星湖街"),
    ("四川省", "成都市", "武侯区人民南路"),
    ("湖北省", "武汉市", "洪山区珞喻路"),
)


def _chinese(chance: random.Random) -> Row:
    province, city, road = chance.choice(_PLACES)
    brand = "".join(chance.sample(_BRANDS, 2))
    phone = f"0{chance.randrange(571, 899)}{chance.randrange(20000000, 89999999)}"
    return {"brand": brand, "trade": chance.choice(_TRADES), "province": province, "city": city, "phone": phone,
            "address": f"{province}{city}{road}{chance.randrange(1, 900)}号", "contact":
            chance.choice("王李张刘陈") + chance.choice(("伟", "芳", "建国", "秀英", "晓明", "丽"))}  # fmt: skip


def _chinese_copy(chance: random.Random, firm: Row) -> Row:
    place = chance.choice((firm["city"], firm["city"][:-1], firm["province"] + firm["city"], ""))
    trade = firm["trade"] if chance.random() < 0.9 else ""
    brand = firm["brand"] if chance.random() < 0.95 else firm["brand"][0] + chance.choice(_BRANDS)
    inside = f"({firm['city'][:-1]})" if not place and chance.random() < 0.3 else ""
    address = firm["address"] if chance.random() < 0.6 else firm["address"].removeprefix(firm["province"])
    return {"name": place + brand + inside + trade + chance.choice(_FORMS_CN), "address": address, "phone":
            firm["phone"] if chance.random() < 0.85 else f"1{chance.randrange(3, 9)}{chance.randrange(10**9):09d}",
            "contact": firm["contact"]}  # fmt: skip


_CN = "kind: organisation\ncolumns: {name: name, address: address, phone: phone, contact_name: contact}\n"


def chinese_firms(folder: Path, seed: int) -> Data:
    """Chinese firms: places before, within or off the name, legal forms and trades left out."""
    chance = random.Random(f"chinese firms {seed}")
    rows = [(str(n), without(_chinese_copy(chance, f), {"address": 0.3, "phone": 0.3, "contact": 0.3}, chance))
            for n in range(1300) for f in (_chinese(chance),) for _ in range(_number(chance))]  # fmt: skip
    return file_of(folder, "chinese_firms", _CN, rows, seed)


def chinese_branches(folder: Path, seed: int) -> Data:
    """Head offices and their branches, each a party of its own: only the branch and the place differ."""
    chance = random.Random(f"chinese branches {seed}")
    rows, number = [], 0
    for _ in range(300):
        head = _chinese(chance)
        places = chance.sample(["滨江", "余杭", "萧山", "临平", "富阳", "上城", "拱墅"], chance.choice((0, 0, 1, 2, 5)))
        for branch in ("", *(f"{place}分公司" for place in places)):
            site = head | {"address": head["address"][:6] + f"{branch[:2]}路{chance.randrange(1, 900)}号"}
            for _ in range(_number(chance)):
                row = _chinese_copy(chance, site)
                form = "" if row["name"].endswith("公司") else "有限公司"
                rows.append((str(number), without(row | {"name": row["name"] + (form + branch if branch else "")},
                                                  {"address": 0.3, "phone": 0.3}, chance)))  # fmt: skip
            number += 1
    return file_of(folder, "chinese_branches", _CN, rows, seed)


def chinese_names(folder: Path, seed: int) -> Data:
    """Names of Chinese firms and nothing else."""
    chance = random.Random(f"chinese names {seed}")
    rows = [(str(n), {"name": _chinese_copy(chance, f)["name"]})
            for n in range(1300) for f in (_chinese(chance),) for _ in range(_number(chance))]  # fmt: skip
    return file_of(folder, "chinese_names", "kind: organisation\ncolumns: {name: name}\n", rows, seed)


def firms_many_each(folder: Path, seed: int) -> Data:
    """Few firms with very many records each: deliveries of three hundred suppliers."""
    chance = random.Random(f"firms many each {seed}")
    rows = []
    for number in range(150):
        firm = _firm(chance)
        rows += [(str(number), _copy(chance, firm)) for _ in range(int(2 + chance.paretovariate(0.9)) % 150)]
    return file_of(folder, "firms_many_each", _US, rows, seed)


FIRMS: dict[str, Callable[[Path, int], Data]] = {
    "registry": registry,
    "agencies": agencies,
    "two_registers": two_registers,
    "chinese_firms": chinese_firms,
    "chinese_branches": chinese_branches,
    "chinese_names": chinese_names,
    "firms_many_each": firms_many_each,
}
