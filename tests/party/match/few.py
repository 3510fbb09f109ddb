"""Made files of few attributes with known truth: what a shop, a registry or a web directory might export."""

# ruff: noqa: SIM905  (long lists of words read better as text)

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.party.match.damage import Row, file_of, slip
from tests.party.match.datasets import Data

_GIVEN = """
anna maria james john peter susan laura david robert linda karen mark paul sarah emma oliver noah lucas mia ella
hugo felix clara julia simon martin irene diana victor helen
""".split()
_FAMILY = """
smith jones taylor brown wilson evans thomas johnson roberts walker wright robinson thompson white hughes edwards
green hall wood harris lewis martin jackson clarke clark turner hill scott cooper morris ward moore king watson
baker harrison morgan patel young allen mitchell james anderson phillips lee bell parker davis bennett miller cook
shaw cox collins kowalski novak dvorak schneider fischer weber keller brandt olsen lindqvist moreau fournier rossi
ferrari costa almeida
""".split()
_FIRST = """
north summit blue golden river stone apex nova vertex harbor pioneer atlas cedar silver crown delta falcon granite
horizon iron juniper keystone lunar meridian orchid pacific quantum redwood sterling titan union valley western
zenith acorn beacon cobalt ember garnet helix indigo lotus maple nimbus opal prism sierra tidal umber vista willow
aurora baltic cascade dynamo eclipse frontier gemini hudson
""".split()
_TRADE = """
foods logistics software plumbing consulting pharma textiles bakery energy insurance motors printing optics ceramics
security travel dental furniture brewing farms marine robotics media design
""".split()
_FORM = ("ltd", "inc", "llc", "gmbh", "limited", "corp", "")
_CITY = """
london leeds bristol york dublin berlin hamburg munich vienna zurich paris lyon madrid porto milan turin oslo
malmo aarhus boston austin denver seattle chicago
""".split()
_STREET = ("high", "church", "station", "mill", "park", "victoria", "queen", "king", "bridge", "market", "oak", "elm",
           "school", "london", "green", "lake", "hill", "west", "castle", "garden")  # fmt: skip


def _company(random_: random.Random) -> str:
    middle = random_.choice(_FIRST) if random_.random() < 0.5 else random_.choice(_FAMILY)
    words = [random_.choice(_FIRST), middle, random_.choice(_TRADE)]
    if random_.random() < 0.3:
        words.pop(0)
    return " ".join(words)


def _company_copy(random_: random.Random, name: str) -> str:
    words = name.split()
    if random_.random() < 0.2:
        words = [slip(random_, word) if random_.random() < 0.5 else word for word in words]
    if random_.random() < 0.1:
        words[-1] = words[-1][:4]
    return " ".join([*words, random_.choice(_FORM)]).strip().title()


def _firm(random_: random.Random) -> Row:
    name = _company(random_)
    site = name.replace(" ", "") if random_.random() < 0.7 else "-".join(name.split()[:2])
    number = random_.randrange(1, 250)
    return {"name": name, "city": random_.choice(_CITY), "url": f"{site}.com",
            "address": f"{number} {random_.choice(_STREET)} street, {random_.choice(_CITY)}"}  # fmt: skip


def _firm_copy(random_: random.Random, firm: Row) -> Row:
    address = firm["address"].replace("street", "st") if random_.random() < 0.4 else firm["address"]
    return {
        "name": _company_copy(random_, firm["name"]),
        "city": "" if random_.random() < 0.15 else firm["city"].title(),
        "url": "" if random_.random() < 0.3 else random_.choice(("http://www.", "https://", "")) + firm["url"],
        "address": slip(random_, address) if random_.random() < 0.1 else address,
    }


def _person(random_: random.Random) -> Row:
    given, family = random_.choice(_GIVEN), random_.choice(_FAMILY)
    return {
        "name": f"{given} {family}",
        "phone": f"555{random_.randrange(10**7):07d}",
        "email": f"{given[0]}.{family}{random_.randrange(999)}@{random_.choice(('mail.com', 'web.net', 'post.org'))}",
    }


def _person_copy(random_: random.Random, person: Row) -> Row:
    name = slip(random_, person["name"]) if random_.random() < 0.2 else person["name"]
    given, family = person["name"].split()
    if random_.random() < 0.1:
        name = f"{given[0]} {family}"
    phone = person["phone"] if random_.random() < 0.85 else f"555{random_.randrange(10**7):07d}"
    email = slip(random_, person["email"]) if random_.random() < 0.1 else person["email"]
    return {
        "name": name,
        "phone": "" if random_.random() < 0.25 else phone,
        "email": "" if random_.random() < 0.3 else email,
    }


def _product(random_: random.Random) -> Row:
    brand, kind = random_.choice(_FIRST), random_.choice(("camera", "printer", "monitor", "router", "keyboard"))
    code = f"{random_.choice('abcdefgh')}{random_.choice('klmnprst')}{random_.randrange(100, 9999)}"
    extra = " ".join(random_.sample(["black", "silver", "wireless", "compact", "digital", "pro", "hd", "usb"], 3))
    return {"title": f"{brand} {kind} {code} {extra}", "price": f"{random_.uniform(20, 900):.2f}"}


def _product_copy(random_: random.Random, product: Row) -> Row:
    words = product["title"].split()
    if random_.random() < 0.5:
        words = words[:3] + random_.sample(words[3:], random_.randrange(1, len(words) - 2))
    if random_.random() < 0.2:
        words[2] = f"{words[2][:2]}-{words[2][2:]}"
    price = float(product["price"]) * random_.choice((1.0, 1.0, 0.95, 1.08))
    return {"title": " ".join(words), "price": f"{price:.2f}" if random_.random() < 0.8 else ""}


_SHAPES: dict[str, tuple[str, Sequence[str], Callable[..., Row], Callable[..., Row]]] = {
    "names_of_firms": ("kind: organisation\ncolumns: {name: name}\n", ("name",), _firm, _firm_copy),
    "firms_on_the_web": (
        "kind: organisation\ncolumns: {name: name, city: city, url: url}\n", ("name", "city", "url"), _firm, _firm_copy
    ),
    "firms_and_cities": (
        "kind: organisation\ncolumns: {name: name, city: city}\n", ("name", "city"), _firm, _firm_copy
    ),
    "firms_and_addresses": (
        "kind: organisation\ncolumns: {name: name, address: address}\n", ("name", "address"), _firm, _firm_copy
    ),
    "contacts": (
        "kind: person\nregion: US\ncolumns: {name: name, phone: phone, email: email}\n",
        ("name", "phone", "email"), _person, _person_copy,
    ),
    "products": (
        "kind: organisation\ncolumns: {name: title}\nfree: {price: {column: price, compare: number}}\n",
        ("title", "price"), _product, _product_copy,
    ),
    "titles": (
        "kind: organisation\ncolumns: {name: title}\n", ("title",), _product, _product_copy,
    ),
}  # fmt: skip
SHAPES = tuple(_SHAPES)


def made(folder: Path, shape: str, parties: int = 1200) -> Data:
    """A file of a shape: half of the parties have two to four records."""
    mapping, columns, new, copy = _SHAPES[shape]
    random_ = random.Random(f"{shape} 5")
    rows = []
    for party in range(parties):
        whole = new(random_)
        for _ in range(random_.choice((1, 1, 1, 2, 2, 3, 4))):
            row = copy(random_, whole)
            rows.append((str(party), {name: row[name] for name in columns}))
    return file_of(folder, shape, mapping, rows, 5)
