"""Who holds which offer under which number: what the demo loads in bulk or orders, and what the usage is for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from hutong.cli.sample import reference
from hutong.cli.sample.population import Population
from hutong.cli.sample.sources import Export
from hutong.cli.sample.text import Mask, Text, Whole, choose, digits, join

MOBILE, BROADBAND, PHONE, FUSION = "MOBILE-5G", "BROADBAND-500M", "IP-PHONE", "FUSION-199"
FIRST_MOBILE = 17_000_000_000
_TIERS, _TIER_SHARES = np.array(["59", "99", "199"]), [0.5, 0.35, 0.15]
_BASKETS: tuple[tuple[str, ...], ...] = (
    (MOBILE,),
    (MOBILE, MOBILE),
    (MOBILE, BROADBAND),
    (FUSION, FUSION, FUSION, FUSION),
    (PHONE,),
    (BROADBAND, PHONE, MOBILE),
)
_FUSED = (MOBILE, MOBILE, BROADBAND, PHONE)
_PERSON_SHARES, _FIRM_SHARES = [0.62, 0.1, 0.12, 0.16, 0.0, 0.0], [0.2, 0.1, 0.1, 0.0, 0.3, 0.3]
_AREA_OF_PHONES = "0571"


@dataclass(frozen=True)
class Subscriptions:
    """A row each, as in `subscriptions.csv`. `start` counts days since 1970; `home_area` is an area code."""

    group: Text
    source: Text
    source_key: Text
    offer: Text
    component: Text
    number: Text
    start: Whole
    tier: Text
    ordered: Mask
    home_area: Text
    pools: dict[str, Any]


def subscriptions(
    seed: int,
    people: Population,
    written: list[Export],
    *,
    active: int,
    orders: int,
    first_day: np.datetime64,
    days: int,
) -> Subscriptions:
    """Baskets of `active` admitted customers, the last `orders` of them to be ordered. `days`: of usage."""
    rng = np.random.default_rng([seed, 4])
    customer, source, key = _admitted(written)
    chosen = rng.permutation(len(customer))[: min(active, len(customer))]
    ordered = np.arange(len(chosen)) >= len(chosen) - orders
    person = people.person[customer[chosen]]
    basket = np.where(person, rng.choice(6, len(chosen), p=_PERSON_SHARES), rng.choice(6, len(chosen), p=_FIRM_SHARES))
    basket = np.where(ordered, np.arange(len(chosen)) % 4, basket)
    size = np.array([len(offers) for offers in _BASKETS])[basket]
    holder = np.repeat(np.arange(len(chosen)), size)
    place = np.arange(len(holder)) - np.repeat(np.cumsum(size) - size, size)
    offers = np.array([offers + ("",) * (4 - len(offers)) for offers in _BASKETS])
    offer = offers[basket[holder], place]
    fused = offer == FUSION
    component = choose(fused, np.array(_FUSED)[place], offer)
    number, pools = _numbers(rng, component)
    return Subscriptions(
        group=choose(fused, join("G", digits(holder + 1, 7)), ""),
        source=source[chosen][holder],
        source_key=key[chosen][holder],
        offer=offer,
        component=component,
        number=number,
        start=_starts(rng, ordered, first_day, days)[holder],
        tier=choose(component == MOBILE, choose(fused, "199", rng.choice(_TIERS, len(holder), p=_TIER_SHARES)), ""),
        ordered=ordered[holder],
        home_area=choose(
            component == PHONE,
            _AREA_OF_PHONES,
            reference.areas().area_code[people.home.area[customer[chosen]]][holder],
        ),
        pools=pools,
    )


def _admitted(written: list[Export]) -> tuple[Whole, Text, Text]:
    """For each customer one record that admission takes, CRM's before billing's."""
    customer, source, key = [], [], []
    for export in written[:2]:
        good = (export.reason == "") & (export.customer >= 0)
        customer.append(export.customer[good])
        source.append(np.full(int(good.sum()), export.system.name))
        key.append(export.keys[good])
    everyone = np.concatenate(customer)
    once, first = np.unique(everyone, return_index=True)
    return once, np.concatenate(source)[first], np.concatenate(key)[first]


def _starts(rng: np.random.Generator, ordered: Mask, first_day: np.datetime64, days: int) -> Whole:
    """Most started in the three years before the usage, some during it; orders on its tenth day."""
    count = len(ordered)
    zero = int(first_day.astype("datetime64[D]").astype(np.int64))
    when = rng.random(count)
    start = np.where(when < 0.85, -rng.integers(1, 1100, count), rng.integers(0, max(days - 10, 1), count))
    return zero + np.where(ordered, 9, start)


def _numbers(rng: np.random.Generator, component: Text) -> tuple[Text, dict[str, Any]]:
    number = np.full(len(component), "", dtype="<U12")
    pools: dict[str, Any] = {}
    for offer, prefix, first, width in (
        (MOBILE, "", FIRST_MOBILE, 11),
        (BROADBAND, "KD", 1, 10),
        (PHONE, _AREA_OF_PHONES, 80_000_000, 8),
    ):
        rows = np.flatnonzero(component == offer)
        size = max(-(-2 * len(rows) // 1000) * 1000, 1000)
        number[rows] = join(prefix, digits(first + rng.permutation(size)[: len(rows)], width))
        pools[offer] = {
            "first": f"{prefix}{first:0{width}d}",
            "last": f"{prefix}{first + size - 1:0{width}d}",
            "size": size,
            "held": len(rows),
        }
    return number, pools


def write_subscriptions(path: Path, held: Subscriptions) -> None:
    """`subscriptions.csv`, described in packs/telecom/usage/README.md."""
    day = np.datetime_as_string(held.start.astype("datetime64[D]"))
    table = pa.table(
        {
            "subscription": join("S", digits(np.arange(1, len(held.offer) + 1), 8)),
            "group": held.group,
            "source": held.source,
            "source_key": held.source_key,
            "offer_code": held.offer,
            "component": held.component,
            "access_number": held.number,
            "start_date": day,
            "tier": held.tier,
            "via": choose(held.ordered, "order", "load"),
        }
    )
    with path.open("wb") as file:
        file.write((",".join(table.column_names) + "\n").encode())
        pacsv.write_csv(table, file, pacsv.WriteOptions(include_header=False, quoting_style="none"))


def summary(held: Subscriptions) -> dict[str, Any]:
    """Counts for the manifest."""
    offers, counts = np.unique(held.offer, return_counts=True)
    return {
        "rows": len(held.offer),
        "load": int((~held.ordered).sum()),
        "order": int(held.ordered.sum()),
        "customers": len(np.unique(join(held.source, held.source_key))),
        "rows_by_offer": {str(offer): int(count) for offer, count in zip(offers, counts, strict=True)},
        "pools": held.pools,
    }
