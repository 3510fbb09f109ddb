"""Addresses by component (EC-04): Chinese ones by division, road, number, building, unit, room; western ones by house
number, direction, street. Both give a key under which spellings of one address meet."""

import re
from functools import lru_cache
from typing import NamedTuple

from hutong.party.standardise import divisions
from hutong.party.standardise.text import clean, is_han, join_han, not_given, simplified


class Address(NamedTuple):
    """`text` as written in full, parts, `house`: road and number as key; `key`: down to the room where given."""

    text: str | None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    road: str | None = None
    number: str | None = None
    unit: str | None = None
    house: str | None = None
    key: str | None = None


NOTHING = Address(None)
_ROAD = re.compile(
    r"^(.{0,10}?(?:街道|镇|乡|开发区|工业区|新区|园区))?(.{1,14}?(?:大道|大街|路|街|巷|弄|胡同|道|里|村))(?=[\d一-十东西南北中]|$|.)"
)
_NUMBER = re.compile(r"^(?:[东西南北中]段)?(\d+)(?:[-之](\d+))?(?:号院|号|弄)?(?!幢|栋|座|楼|单元|室)")
_BUILDING = re.compile(r"(\d+|[A-Z])(?:号楼|幢|栋|座|楼)")
_ENTRANCE = re.compile(r"(\d+|[A-Z甲乙丙丁])单元")
_ROOM = re.compile(r"(\d{2,5})(?:室|房|号房)?$")
_DASHED = re.compile(r"(\d+)-(\d+)(?:-(\d+))?(?:室)?$")
_POINTS = re.compile(r"[,，。;()（）]")
_NUMERALS = re.compile(r"[零一二三四五六七八九]+(?=[号幢栋座楼单弄室])")
_DIGITS = str.maketrans("零一二三四五六七八九", "0123456789")
_TEN = re.compile(r"([一二三四五六七八九])?十([一二三四五六七八九])?(?=[号幢栋座楼单弄])")


def address(raw: str | None) -> Address:
    """Split an address of either script."""
    text = clean(raw)
    if not_given(text):
        return NOTHING
    return chinese(text) if is_han(text) else western(text)


def chinese(text: str) -> Address:
    """Split a Chinese address. Divisions may lack their rank or be missing above the first one given."""
    whole = join_han(simplified(text)).replace(" ", "").upper()
    province, city, district, rest = _divisions(whole.removeprefix("中国"))
    rest = _POINTS.sub("", _arabic(rest))
    found = _ROAD.match(rest)
    road = found.group(2) if found else None
    rest = rest[found.end() :] if found else rest
    numbered = _NUMBER.match(rest) if road else None
    number = "-".join(part for part in numbered.groups() if part) if numbered else None
    rest = rest[numbered.end() :] if numbered else rest
    unit = _unit(rest)
    house = f"{road}|{number}" if road and number else None
    return Address(
        whole, province, city, district, road, number, unit, house, f"{house}|{unit}" if house and unit else None
    )


def _arabic(text: str) -> str:
    if "十" in text:
        text = _TEN.sub(lambda ten: (ten.group(1) or "一") + (ten.group(2) or "零"), text)
    return _NUMERALS.sub(lambda found: found.group().translate(_DIGITS), text)


def _unit(rest: str) -> str | None:
    dashed = _DASHED.search(rest) if "-" in rest else None
    if dashed:
        return "-".join(part for part in dashed.groups() if part)
    parts = [found.group(1) for found in (_BUILDING.search(rest), _ENTRANCE.search(rest)) if found]
    room = _ROOM.search(rest)
    return "-".join([*parts, room.group(1)] if room else parts) or None


_ROAD_AFTER = re.compile(r"^(?:[东西南北中]?(?:路|街|大道|大街|巷|道|弄)|\d)")


_DIGIT = re.compile(r"[0-9]")


def _divisions(text: str) -> tuple[str | None, str | None, str | None, str]:
    """Province, city, district, and the rest. Addresses of a road begin alike up to their first digit."""
    digit = _DIGIT.search(text)
    if not digit:
        return _divided(text)
    province, city, district, rest = _divided(text[: digit.start()] + "0")
    return province, city, district, rest[:-1] + text[digit.start() :]


@lru_cache(maxsize=1 << 14)
def _divided(text: str) -> tuple[str | None, str | None, str | None, str]:
    known = divisions.gazetteer()
    province = city = district = None
    found = divisions.head(text, "provinces")
    if found and not _ROAD_AFTER.match(text[len(found) :]):
        code, province = known.provinces[found]
        text = text[len(found) :].removeprefix("省").removeprefix("市")
        if province.endswith("市"):
            city = province
            text = text.removeprefix(province).removeprefix("市辖区")
        prefix = code[:2]
    else:
        prefix = ""
    found = divisions.head(text, "cities")
    if found and not city and not _ROAD_AFTER.match(text[len(found) :]):
        code, city = known.cities[found]
        if code.startswith(prefix):
            text, prefix = text[len(found) :].removeprefix("市"), code[:4]
            province = province or known.names.get(code[:2] + "0000")
        else:
            city = None
    found = divisions.head(text, "counties")
    if found and not _ROAD_AFTER.match(text[len(found) :]):
        fitting = [division for division in known.counties[found] if division.code.startswith(prefix)]
        if fitting:
            district, text = fitting[0].name, text[len(found) :].lstrip("区县")
            if len({division.code[:4] for division in fitting}) == 1:
                city = city or divisions.city_name(fitting[0].code)
                province = province or known.names.get(fitting[0].code[:2] + "0000")
    return province, city, district, text


_DIRECTIONS = {"n": "n", "s": "s", "e": "e", "w": "w", "north": "n", "south": "s", "east": "e", "west": "w",
               "no": "n", "so": "s", "ne": "ne", "nw": "nw", "se": "se", "sw": "sw"}  # fmt: skip
_TYPES = {
    "street": "st", "st": "st", "str": "st", "avenue": "ave", "ave": "ave", "av": "ave", "aveue": "ave", "avene": "ave",
    "road": "rd", "rd": "rd", "boulevard": "blvd", "blvd": "blvd", "bl": "blvd", "drive": "dr", "dr": "dr",
    "place": "pl", "pl": "pl", "court": "ct", "ct": "ct", "lane": "ln", "ln": "ln", "parkway": "pkwy", "pkwy": "pkwy",
    "highway": "hwy", "hwy": "hwy", "terrace": "ter", "ter": "ter", "terr": "ter", "tr": "ter",
    "square": "sq", "plaza": "plz", "way": "way",
    "circle": "cir", "crescent": "cres", "close": "cl", "trail": "trl",
}  # fmt: skip
_UNIT_WORDS = frozenset(
    ("apt", "suite", "ste", "unit", "floor", "fl", "room", "rm", "building", "bldg", "lower", "level", "#")
)
_ORDINAL = re.compile(r"^(\d+)(?:st|nd|rd|th)$")
_HOUSE = re.compile(r"^(\d+)(?:\s*(?:-|&|/|to|and)\s*\d+)?([a-z])?$")


def western(text: str) -> Address:
    """Split 'number direction street type': '1312 S. Racine Ave, Suite 2' → 1312 | s | racine."""
    lowered = re.sub(r"(\d)\s*-\s*(\d)", r"\1-\2", text.casefold())
    lowered = re.sub(r"(?<=\s)(\d+)\s+(?=(?:nd|rd|th)\b)", r"\1", lowered)
    tokens = re.findall(r"#|[\w-]+", re.sub(r"[.'’]", "", lowered).replace(",", " , ").replace("(", " , "))
    while tokens and not _HOUSE.match(tokens[0]):
        tokens = tokens[1:]
    if len(tokens) < 2:
        return Address(text)
    found = _HOUSE.match(tokens[0])
    number = (found.group(1) if found else tokens[0]).lstrip("0") or "0"
    tokens = tokens[1:]
    direction = ""
    if tokens[0] in _DIRECTIONS and len(tokens) > 1 and not (len(tokens) == 2 and tokens[1] in _TYPES):
        direction, tokens = _DIRECTIONS[tokens[0]], tokens[1:]
    if tokens[0] in ("dr", "rev") and len(tokens) > 1:  # Dr. Martin Luther King Drive
        tokens = tokens[1:]
    street = _street(tokens)
    if not street:
        return Address(text)
    road = f"{direction} {street}".strip()
    house = f"{number}|{direction}|{street}"
    return Address(text, road=road, number=number, house=house, key=house)


def _street(tokens: list[str]) -> str:
    words: list[str] = []
    for place, word in enumerate(tokens):
        if place and (word in _TYPES or word in _UNIT_WORDS or word.isdigit()):
            break
        ordinal = _ORDINAL.match(word)
        words.append(ordinal.group(1) if ordinal else "saint" if word == "st" else word)
        if len(words) == 3:
            break
    return " ".join(words)
