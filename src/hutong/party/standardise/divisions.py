"""Administrative divisions of China (GB/T 2260), as data: provinces, cities, counties, with their short names.

The table is the one python-stdnum carries for resident IDs; withdrawn divisions stay, since old addresses name them.
"""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

_SUFFIX = re.compile(
    r"(特别行政区|(?:维吾尔|壮族|回族)?自治区|[^省市区县州盟]{1,8}族自治[州县旗]|自治[州县旗]|省|地区|新区|市辖区|林区|市|区|县|盟|旗)$"
)
_LINE = re.compile(r'^(\s*)(\d+) (?:province|county)="(.*)"')


Level = Literal["provinces", "cities", "counties"]
_ABOVE: tuple[Level, ...] = ("provinces", "cities")


class Division(NamedTuple):
    """A division: six-digit code and full name."""

    code: str
    name: str


class Gazetteer(NamedTuple):
    """Names (full and short) → divisions, by level; and the longest name of each level, in characters."""

    provinces: dict[str, Division]
    cities: dict[str, Division]
    counties: dict[str, tuple[Division, ...]]
    names: dict[str, str]


def short(name: str) -> str:
    """A division's name without its rank, when at least two characters remain."""
    bare = _SUFFIX.sub("", name)
    return bare if len(bare) >= 2 else name


def _rows() -> list[Division]:
    rows: list[Division] = []
    province = ""
    text = files("stdnum.cn").joinpath("loc.dat").read_text(encoding="utf-8")
    for line in text.splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        indent, code, names = found.groups()
        if not indent:
            province = code
            rows.append(Division(code + "0000", names))
            continue
        if code == "0000":
            continue
        rows += [Division(province + code, re.sub(r"^\[[^\]]*\]", "", name)) for name in names.split(",")]
    return rows


@lru_cache
def gazetteer() -> Gazetteer:
    """The divisions by name. Municipalities (北京 …) are province and city at once."""
    made = Gazetteer({}, {}, {}, {})
    for division in _rows():
        code, name = division
        made.names.setdefault(code, name)
        forms = {name, short(name)}
        if code.endswith("0000"):
            made.provinces.update(dict.fromkeys(forms, division))
            if name.endswith("市"):
                made.cities.update(dict.fromkeys(forms, Division(code[:2] + "0100", name)))
        elif code.endswith("00"):
            if name not in ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"):
                made.cities.update({form: division for form in forms if form not in made.cities})
        else:
            for form in forms:
                made.counties[form] = (*made.counties.get(form, ()), division)
    return made


def city_name(code: str) -> str | None:
    """The city of a division code: 330106 → 杭州市; a municipality stands for its districts."""
    names = gazetteer().names
    found = names.get(code[:4] + "00")
    return names.get(code[:2] + "0000") if found in (None, "市辖区", "县") else found


@lru_cache
def _sizes(level: Level) -> dict[str, tuple[int, ...]]:
    """By the two characters names begin with: how long those names are, longest first."""
    found: dict[str, set[int]] = {}
    for name in getattr(gazetteer(), level):
        found.setdefault(name[:2], set()).add(len(name))
    return {start: tuple(sorted(sizes, reverse=True)) for start, sizes in found.items()}


def head(text: str, level: Level) -> str | None:
    """The longest name of a level with which the text begins."""
    sizes = _sizes(level).get(text[:2])
    if sizes is None:
        return None
    table = getattr(gazetteer(), level)
    for size in sizes:
        if text[:size] in table:
            return text[:size]
    return None


def strip_region(name: str) -> str:
    """An organisation's name without the province and city it begins with, if at least two characters remain."""
    for level in _ABOVE:
        found = head(name, level)
        if found and len(name) - len(found) >= 2:
            rest = name[len(found) :]
            name = rest.lstrip("省市") if len(rest.lstrip("省市")) >= 2 else rest
    return name
