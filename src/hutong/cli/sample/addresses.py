"""Addresses by their parts, and the many ways people write the same one."""

from dataclasses import dataclass

import numpy as np

from hutong.cli.sample import reference
from hutong.cli.sample.text import Mask, Text, Whole, choose, join, plain, replace

_SUFFIXES = ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")


@dataclass(frozen=True)
class Addresses:
    """One address a row. `area`: row of `reference.areas()`; `community` may be empty; offices have no unit (0)."""

    area: Whole
    road: Text
    number: Whole
    community: Text
    building: Whole
    unit: Whole
    room: Whole

    def take(self, rows: Whole) -> "Addresses":
        """The addresses of these rows, in this order."""
        return Addresses(
            self.area[rows],
            self.road[rows],
            self.number[rows],
            self.community[rows],
            self.building[rows],
            self.unit[rows],
            self.room[rows],
        )

    def instead(self, other: "Addresses", mask: Mask) -> "Addresses":
        """The other's address where the mask holds."""
        return Addresses(
            np.where(mask, other.area, self.area),
            choose(mask, other.road, self.road),
            np.where(mask, other.number, self.number),
            choose(mask, other.community, self.community),
            np.where(mask, other.building, self.building),
            np.where(mask, other.unit, self.unit),
            np.where(mask, other.room, self.room),
        )


def homes(rng: np.random.Generator, area: Whole, *, office: Mask) -> Addresses:
    """New addresses in the given areas."""
    count = len(area)
    housed = (rng.random(count) < 0.7) & ~office
    return Addresses(
        area=area,
        road=rng.choice(reference.words("road"), count),
        number=rng.integers(1, 900, count),
        community=choose(housed, rng.choice(reference.words("community"), count), ""),
        building=rng.integers(1, 40, count),
        unit=np.where(office, 0, rng.integers(1, 5, count)),
        room=rng.integers(1, 25, count) * 100 + rng.integers(1, 5, count),
    )


def short_place(names: Text) -> Text:
    """Provinces and cities without their suffix: 浙江, 杭州, 新疆."""
    for suffix in _SUFFIXES:
        names = choose(np.strings.endswith(names, suffix), replace(names, suffix, ""), names)
    return names


def write(addresses: Addresses, form: Whole) -> Text:
    """One line. Form 0: in full; 1: without province; 2: short names, 3-2-501; 3: no place, short; 4: city and road."""
    place = reference.areas()
    area = addresses.area
    province, city, district = place.province[area], place.city[area], place.district[area]
    same = province == city
    top = choose(form == 0, choose(same, "", province), "")
    top = choose((form == 2) & ~same, short_place(province), top)
    middle = choose(form == 2, short_place(city), city)
    middle = choose(form >= 3, choose(form == 4, city, ""), middle)
    low = choose(form == 3, "", district)
    street = join(addresses.road, plain(addresses.number), "号")
    short = form >= 2
    building, unit, room = plain(addresses.building), plain(addresses.unit), plain(addresses.room)
    office = addresses.unit == 0
    long_tail = choose(office, join(building, "号楼", room, "室"), join(building, "幢", unit, "单元", room, "室"))
    short_tail = choose(office, join(building, "-", room), join(building, "-", unit, "-", room))
    tail = choose(form == 4, "", choose(short, short_tail, long_tail))
    community = choose(form == 4, "", addresses.community)
    return join(top, middle, low, street, community, tail)
