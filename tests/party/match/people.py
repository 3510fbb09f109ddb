"""Made persons with known truth: families, namesakes, several countries' ways to write, several sources."""

# ruff: noqa: SIM905  (long lists of words read better as text)

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from tests.party.match.damage import Row, file_of, slip, without
from tests.party.match.datasets import Data

_GIVEN = """james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph
jessica thomas karen christopher sarah charles lisa daniel nancy matthew sandra anthony betty mark ashley donald emily
steven kimberly andrew margaret paul donna joshua michelle kenneth carol kevin amanda brian melissa timothy deborah
ronald stephanie jason rebecca george sharon jeffrey laura ryan cynthia jacob kathleen gary amy nicholas angela eric
shirley jonathan brenda stephen emma larry anna justin pamela scott nicole brandon ruth""".split()
_FAMILY = """smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson
anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker
young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter
roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers
gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez wood
bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross foster jimenez abernathy bixby
crowninshield dellaquila eisenhart fauntleroy grzybowski hollingsworth""".split()
_NICK = {"robert": "bob", "william": "bill", "elizabeth": "liz", "margaret": "peggy", "richard": "dick", "james": "jim",
         "michael": "mike", "thomas": "tom", "jennifer": "jen", "patricia": "pat", "katherine": "kate", "joseph": "joe",
         "daniel": "dan", "matthew": "matt", "anthony": "tony", "steven": "steve"}  # fmt: skip
_ROADS = """main oak pine maple cedar elm washington lake hill park walnut spring north ridge church willow meadow
mill river sunset railroad jackson cherry highland dogwood franklin lincoln center""".split()
_TOWNS = [("springfield", "IL", "62"), ("dayton", "OH", "45"), ("salem", "OR", "97"), ("austin", "TX", "78"),
          ("madison", "WI", "53"), ("albany", "NY", "12"), ("macon", "GA", "31"), ("fresno", "CA", "93"),
          ("tulsa", "OK", "74"), ("mobile", "AL", "36")]  # fmt: skip
_EURO_GIVEN = """jürgen françois maría søren zoë björn andré josé łukasz élise günther chloé håkan iñaki märta hans
pierre giulia marco ingrid dieter margaux paolo astrid klaus beatriz joão stefan ute noémie""".split()
_EURO_FAMILY = """müller lefèvre garcía-lópez sørensen groß d'angelo van-den-berg núñez kowalczyk øverland schäfer
dupont fernández rossi lindström weiß o'connor de-la-cruz bianchi hoffmann moreau jørgensen castro weber nowak fischer
benoît silva petersen koch""".split()
_EURO_ROADS = ("hauptstraße", "rue de la gare", "calle mayor", "bahnhofstr.", "kirkegade")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_CHARACTERS = ("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文斌鹏飞宇浩然子涵欣怡梓轩雨桐思佳俊晓东"
               "志海燕雪梅春龙辉波宁健婷倩")  # fmt: skip
_CITIES = [
    ("杭州市", "文三路"),
    ("上海市", "南京西路"),
    ("成都市", "人民南路"),
    ("武汉市", "中山大道"),
    ("西安市", "长安路"),
]
_COMMON = ["13800000000", "N/A", "未知", "无", "1900-01-01", "none@none.com"]


def _born(chance: random.Random, first: int = 1930, last: int = 2004) -> date:
    return date(first, 1, 1) + timedelta(days=chance.randrange((last - first) * 365))


def _households(chance: random.Random, count: int) -> list[Row]:
    """Western persons in households: one address and line, one family name; twins; sons named like their fathers."""
    made: list[Row] = []
    while len(made) < count:
        town, state, prefix = chance.choice(_TOWNS)
        family = chance.choice(_FAMILY) if chance.random() < 0.8 else chance.choice(_FAMILY[-20:])
        home = {"family": family, "street": f"{chance.randrange(1, 3000)} {chance.choice(_ROADS)} st", "town": town,
                "state": state, "zip": f"{prefix}{chance.randrange(1000):03d}",
                "phone": f"{chance.randrange(201, 989)}{chance.randrange(2, 9)}{chance.randrange(10**6):06d}"
                }  # fmt: skip
        born = _born(chance, 1935, 1975)
        father = chance.choice(_GIVEN)
        people = [(father, born, "")]
        if chance.random() < 0.6:
            people.append((chance.choice(_GIVEN), born + timedelta(days=chance.randrange(-2000, 2000)), ""))
        child = born + timedelta(days=chance.randrange(8500, 13000))
        for _ in range(chance.choice((0, 0, 1, 2))):
            people.append((chance.choice(_GIVEN), child, ""))
            child += timedelta(days=0 if chance.random() < 0.15 else chance.randrange(400, 2500))
        if chance.random() < 0.12:
            people[0] = (father, born, "sr")
            people.append((father, child, "jr"))
        for given, day, suffix in people:
            mobile = f"{chance.randrange(201, 989)}{chance.randrange(2, 9)}{chance.randrange(10**6):06d}"
            mail = f"{given}.{family}{chance.randrange(99)}@{chance.choice(('gmail', 'yahoo', 'aol'))}.com"
            made.append(home | {"given": given, "middle": chance.choice("abcdefghjklmrst"), "suffix": suffix,
                                "born": day.isoformat(), "mobile": mobile, "email": mail})  # fmt: skip
    return made[:count]


def _typed(chance: random.Random, person: Row, errors: float = 0.15) -> Row:
    """A person as a clerk typed it: nicknames, slips, moves, a maiden name, another line."""
    row = dict(person)
    if chance.random() < errors:
        row["given"] = _NICK.get(row["given"]) or slip(chance, row["given"])
    if chance.random() < errors:
        row["family"] = slip(chance, row["family"])
    elif chance.random() < errors / 5:
        row["family"] = chance.choice(_FAMILY)
    if chance.random() < errors:
        row["born"] = (
            row["born"][:5] + row["born"][8:] + "-" + row["born"][5:7]
            if int(row["born"][8:]) < 13
            else (slip(chance, row["born"]))
        )
    if chance.random() < errors:
        row["street"] = (
            row["street"].replace(" st", " street") if chance.random() < 0.6 else slip(chance, row["street"])
        )
    if chance.random() < errors:
        town, state, prefix = chance.choice(_TOWNS)
        row |= {"street": f"{chance.randrange(1, 3000)} {chance.choice(_ROADS)} st", "town": town, "state": state,
                "zip": f"{prefix}{chance.randrange(1000):03d}"}  # fmt: skip
    if chance.random() < errors:
        row["mobile"] = f"{chance.randrange(201, 989)}{chance.randrange(2, 9)}{chance.randrange(10**6):06d}"
    return row


_US = """kind: person
region: US
columns: {given_name: given, middle_name: middle, family_name: family, date_of_birth: born, address: street, city: town,
          state: state, zip: zip, phone: [mobile, phone], email: email}
"""


def _copies(chance: random.Random, most: int) -> int:
    return chance.choice((1, 1, 1, 2, 2, 3, min(4, most)))


def households(folder: Path, seed: int) -> Data:
    """Families of one house in one list."""
    chance = random.Random(f"households {seed}")
    gaps = {"middle": 0.4, "mobile": 0.3, "phone": 0.3, "email": 0.4, "born": 0.1}
    rows = [(str(n), without(_typed(chance, p), gaps, chance)) for n, p in enumerate(_households(chance, 1500))
            for _ in range(_copies(chance, 4))]  # fmt: skip
    return file_of(
        folder, "households", _US, [(n, {k: v for k, v in r.items() if k != "suffix"}) for n, r in rows], seed
    )


def three_sources(folder: Path, seed: int) -> Data:
    """Three systems, each of which knows other columns: a shop without birth dates, a clinic without e-mail, a club
    with names and one line only."""
    chance = random.Random(f"three sources {seed}")
    lacks = {"shop": ("born", "middle", "phone"), "clinic": ("email", "mobile"),
             "club": ("born", "street", "town", "state", "zip", "middle", "email")}  # fmt: skip
    rows = []
    for number, person in enumerate(_households(chance, 1500)):
        for source, missing in lacks.items():
            if chance.random() < 0.5:
                row = without(_typed(chance, person, 0.1), {"mobile": 0.1, "phone": 0.1, "email": 0.15}, chance)
                rows.append((str(number), {"source": source} | {k: "" if k in missing else v for k, v in row.items()}))
    return file_of(
        folder, "three_sources", _US, [(n, {k: v for k, v in r.items() if k != "suffix"}) for n, r in rows], seed
    )


def whole_names(folder: Path, seed: int) -> Data:
    """One column for the name, written in many ways, with a birth date and a town."""
    chance = random.Random(f"whole names {seed}")
    rows = []
    for number, person in enumerate(_households(chance, 1500)):
        for _ in range(_copies(chance, 4)):
            p = _typed(chance, person, 0.1)
            suffix = f" {p['suffix']}" if p["suffix"] and chance.random() < 0.7 else ""
            middle = f" {p['middle']}." if chance.random() < 0.4 else ""
            name = (f"{p['family']}, {p['given']}{middle}{suffix}" if chance.random() < 0.3 else
                    f"{chance.choice(('', '', 'Mr. ', 'Dr. '))}{p['given']}{middle} {p['family']}{suffix}")  # fmt: skip
            row = {
                "name": name.title() if chance.random() < 0.6 else name.upper(),
                "born": p["born"],
                "town": p["town"],
            }
            rows.append((str(number), without(row, {"born": 0.05, "town": 0.1}, chance)))
    mapping = "kind: person\nregion: US\ncolumns: {name: name, date_of_birth: born, city: town}\n"
    return file_of(folder, "whole_names", mapping, rows, seed)


def europeans(folder: Path, seed: int) -> Data:
    """Accents kept or lost, double family names, days before months."""
    chance = random.Random(f"europeans {seed}")
    bare = str.maketrans("üçéèíøöäßñłôõãåâ", "uceeiooasnlooaaa")
    rows = []
    for number in range(1200):
        given, family = chance.choice(_EURO_GIVEN), chance.choice(_EURO_FAMILY)
        born = _born(chance)
        town, code = (
            chance.choice(("münchen", "lyon", "málaga", "århus", "kraków")),
            f"{chance.randrange(10000, 99999)}",
        )
        street = f"{chance.choice(_EURO_ROADS)} {chance.randrange(1, 200)}"
        phone = f"+49{chance.randrange(10**9, 10**10 - 1)}"
        for _ in range(_copies(chance, 4)):
            row = {"vorname": given, "nachname": family.replace("-", chance.choice("- ")), "geburtsdatum":
                   f"{born:%d.%m.%Y}" if chance.random() < 0.9 else slip(chance, f"{born:%d.%m.%Y}"), "strasse": street,
                   "plz": code, "ort": town, "telefon": phone}  # fmt: skip
            if chance.random() < 0.3:
                row = {name: value.translate(bare) for name, value in row.items()}
            if chance.random() < 0.15:
                row["nachname"] = slip(chance, row["nachname"])
            if chance.random() < 0.15:
                row["strasse"] = slip(chance, row["strasse"])
            rows.append((str(number), without(row, {"telefon": 0.4, "geburtsdatum": 0.1, "plz": 0.1}, chance)))
    mapping = ("kind: person\nregion: DE\ncolumns: {given_name: vorname, family_name: nachname, date_of_birth: "
               "geburtsdatum, address: strasse, zip: plz, city: ort, phone: telefon}\n")  # fmt: skip
    return file_of(folder, "europeans", mapping, rows, seed)


def _chinese(chance: random.Random, count: int) -> list[Row]:
    made = []
    for _ in range(count):
        name = chance.choice(_SURNAMES) + "".join(chance.sample(_CHARACTERS, chance.choice((1, 2, 2, 2))))
        born = _born(chance)
        city, road = chance.choice(_CITIES)
        region = chance.choice(("330106", "310101", "510104", "420106", "610113"))
        head = f"{region}{born:%Y%m%d}{chance.randrange(1000):03d}"
        total = sum(
            int(d) * w for d, w in zip(head, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True)
        )
        made.append(
            {
                "name": name,
                "id": head + "10X98765432"[total % 11],
                "born": born.isoformat(),
                "mobile": f"1{chance.choice('3578')}{chance.randrange(10**9):09d}",
                "address": f"{city}{road}{chance.randrange(1, 400)}号{chance.randrange(1, 30)}幢"
                f"{chance.randrange(101, 2000)}室",
            }
        )
    return made


def _chinese_typed(chance: random.Random, person: Row) -> Row:
    row = dict(person)
    if chance.random() < 0.08:
        row["name"] = row["name"][:-1] + chance.choice(_CHARACTERS)
    if chance.random() < 0.1:
        row["mobile"] = f"1{chance.choice('3578')}{chance.randrange(10**9):09d}"
    if chance.random() < 0.2:
        row["address"] = row["address"].replace("号", "弄").replace("幢", "号楼")[chance.choice((0, 3)) :]
    if chance.random() < 0.05:
        row["id"] = slip(chance, row["id"])
    return row


_CN = "kind: person\ncolumns: {name: name, id_number: id, date_of_birth: born, phone: mobile, address: address}\n"


def chinese(folder: Path, seed: int) -> Data:
    """Chinese persons with gaps everywhere."""
    chance = random.Random(f"chinese {seed}")
    gaps = {"id": 0.5, "born": 0.4, "mobile": 0.2, "address": 0.3}
    rows = [(str(n), without(_chinese_typed(chance, p), gaps, chance)) for n, p in enumerate(_chinese(chance, 1500))
            for _ in range(_copies(chance, 4))]  # fmt: skip
    return file_of(folder, "chinese", _CN, rows, seed)


def placeholders(folder: Path, seed: int) -> Data:
    """The same where gaps are filled with what a form accepts: 13800000000, N/A, 1900-01-01, an agent's line."""
    chance = random.Random(f"placeholders {seed}")
    fills = {"id": ["110101190001010000", "无"], "born": ["1900-01-01", "1970-01-01"], "mobile": ["13800000000",
             "13800138000", "13911112222"], "address": ["杭州市文三路1号营业厅", "未知", "N/A"]}  # fmt: skip
    rows = []
    for number, person in enumerate(_chinese(chance, 1500)):
        for _ in range(_copies(chance, 4)):
            row = _chinese_typed(chance, person)
            for name, values in fills.items():
                if chance.random() < 0.3:
                    row[name] = chance.choice(values)
            rows.append((str(number), row))
    return file_of(folder, "placeholders", _CN, rows, seed)


def pinyin_names(folder: Path, seed: int) -> Data:
    """Names and phones of Chinese persons only."""
    chance = random.Random(f"names and phones {seed}")
    rows = [(str(n), without({"name": p["name"], "mobile": p["mobile"]}, {"mobile": 0.1}, chance))
            for n, person in enumerate(_chinese(chance, 1500)) for _ in range(_copies(chance, 4))
            for p in (_chinese_typed(chance, person),)]  # fmt: skip
    return file_of(folder, "pinyin_names", "kind: person\ncolumns: {name: name, phone: mobile}\n", rows, seed)


def two_lists(folder: Path, seed: int) -> Data:
    """Two lists without duplicates of their own, half of each in the other."""
    chance = random.Random(f"two lists {seed}")
    rows = []
    for number, person in enumerate(_households(chance, 3000)):
        for source, share in (("a", 0.7), ("b", 0.7)):
            if chance.random() < share:
                row = {
                    k: v
                    for k, v in _typed(chance, person, 0.2).items()
                    if k not in ("suffix", "mobile", "email", "phone")
                }
                rows.append((str(number), {"source": source} | without(row, {"middle": 0.3, "born": 0.05}, chance)))
    mapping = _US.replace(", phone: [mobile, phone], email: email", "")
    return file_of(folder, "two_lists", mapping, rows, seed)


def _few_of(
    name: str, parties: int, copies: Callable[[random.Random, int], int], drop: tuple[str, ...] = ()
) -> Callable[[Path, int], Data]:
    def make(folder: Path, seed: int) -> Data:
        chance = random.Random(f"{name} {seed}")
        rows = []
        for number, person in enumerate(_households(chance, parties)):
            for _ in range(copies(chance, number)):
                row = without(
                    _typed(chance, person), {"middle": 0.4, "mobile": 0.3, "email": 0.3, "phone": 0.3}, chance
                )
                rows.append(
                    (str(number), {k: v for k, v in row.items() if k != "suffix"} | dict.fromkeys(drop, "same"))
                )
        return file_of(folder, name, _US, rows, seed)

    return make


PEOPLE: dict[str, Callable[[Path, int], Data]] = {
    "households": households,
    "three_sources": three_sources,
    "whole_names": whole_names,
    "europeans": europeans,
    "chinese": chinese,
    "placeholders": placeholders,
    "names_and_phones": pinyin_names,
    "two_lists": two_lists,
    "hardly_any_twice": _few_of("hardly_any_twice", 3000, lambda _, number: 2 if number % 100 == 0 else 1),
    "nobody_twice": _few_of("nobody_twice", 2000, lambda *_: 1),
    "many_each": _few_of("many_each", 250, lambda chance, _: chance.randrange(2, 21)),
    "tiny": _few_of("tiny", 32, lambda chance, _: chance.choice((1, 1, 2, 3))),
    "one_town": _few_of("one_town", 1000, lambda chance, _: _copies(chance, 4), ("town", "state", "zip")),
}
