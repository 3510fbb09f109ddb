"""Usage events as columns: who used what, when, how much, with whom. No files yet."""

from dataclasses import dataclass

import numpy as np

from hutong.cli.sample import reference
from hutong.cli.sample.subscriptions import FIRST_MOBILE, MOBILE, PHONE, Subscriptions
from hutong.cli.sample.text import Mask, Whole
from hutong.platform.errors import Unprocessable

TYPES = ("voice", "sms", "data")
_TYPE_SHARES = [0.42, 0.13, 0.45]
_DAY = 86_400
# how much is used in each hour of the day
_HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 5, 9, 13, 15, 16, 16, 14, 12, 13, 14, 14, 15, 17, 18, 18, 15, 9, 4], dtype=np.float64
)
_SERVICE = ("10086", "10000", "95588", "12306", "95555", "110", "12345")
_ABROAD = ("00852", "00853", "0081", "001", "0044", "0065")
_COUNTRIES = ("HK", "MO", "JP", "US", "GB", "SG")
_APNS = ("cmnet", "ctnet", "3gnet", "ims")
CALL_TYPES = ("local", "long", "intl", "roam", "service", "home")
DIRECTIONS = ("MO", "MT", "")


def area_codes() -> list[str]:
    """The distinct long-distance area codes of the embedded cities."""
    return sorted(set(reference.areas().area_code.tolist()))


def party_prefixes() -> list[str]:
    """What the other party's number begins with: nothing, an area code, a country code, a service number, an APN."""
    return ["", *area_codes(), *_ABROAD, *_SERVICE, *_APNS]


def visited_areas() -> list[str]:
    """Where a number may be used: area codes and countries."""
    return [*area_codes(), *_COUNTRIES]


@dataclass(frozen=True)
class Events:
    """Events in order of type and start, a row each. Small integers point into the lists of this module."""

    kind: Whole
    holder: Whole  # row of Subscriptions
    start: Whole  # local seconds since 1970-01-01T00:00 in the business zone
    duration: Whole
    bytes_up: Whole
    bytes_down: Whole
    units: Whole
    direction: Whole
    party_prefix: Whole
    party_number: Whole  # 0: the prefix is all
    home: Whole
    visited: Whole
    cell: Whole
    call_type: Whole

    def __len__(self) -> int:
        return len(self.kind)


def events(seed: int, held: Subscriptions, count: int, *, first_day: int, days: int, order_usage: bool) -> Events:
    """`count` events of the numbers that can be used, between `first_day` (days since 1970) and `days` later."""
    rng = np.random.default_rng([seed, 5])
    holder, kind, start = _moments(rng, held, count, first_day=first_day, days=days, order_usage=order_usage)
    order = np.lexsort((start, kind))
    holder, kind, start = holder[order], kind[order], start[order]
    voice, sms, data = (kind == place for place in range(3))
    codes = area_codes()
    home = np.searchsorted(np.array(codes), held.home_area)[holder]
    visited, roams = _places(rng, home, held.component[holder] == MOBILE, len(codes))
    talk = np.minimum(np.exp(rng.normal(4.0, 1.1, count)), 7200).astype(np.int64) + 1
    session = rng.integers(30, 3600, count)
    volume = np.minimum(np.exp(rng.normal(18.4, 1.3, count)), 8e9).astype(np.int64)
    upward = (volume * rng.uniform(0.03, 0.15, count)).astype(np.int64)
    direction = np.where(data, 2, (rng.random(count) < np.where(voice, 0.5, 0.85)).astype(np.int64))
    prefix, number, call_type = _parties(rng, kind, roams, held)
    return Events(
        kind=kind,
        holder=holder,
        start=start,
        duration=np.where(voice, talk, np.where(data, session, 0)),
        bytes_up=np.where(data, upward, 0),
        bytes_down=np.where(data, volume - upward, 0),
        units=np.where(sms, rng.choice([1, 2, 3], count, p=[0.9, 0.07, 0.03]), 0),
        direction=direction,
        party_prefix=prefix,
        party_number=number,
        home=home,
        visited=visited,
        cell=rng.integers(100_000, 1_000_000, count),
        call_type=call_type,
    )


def _moments(
    rng: np.random.Generator, held: Subscriptions, count: int, *, first_day: int, days: int, order_usage: bool
) -> tuple[Whole, Whole, Whole]:
    """Who, what kind, when. Busy customers use ten times as much as quiet ones; nobody uses before the start."""
    mobile, phone = held.component == MOBILE, held.component == PHONE
    begin = np.maximum(held.start, first_day)
    left = np.maximum(first_day + days - begin, 0)
    weight = np.exp(rng.normal(0, 0.7, len(mobile))) * (mobile + 0.25 * phone) * left
    weight = np.where(held.ordered & (not order_usage), 0, weight)
    if not weight.sum():
        raise Unprocessable("cli-sample-unused")
    holder = np.repeat(np.arange(len(weight)), rng.multinomial(count, weight / weight.sum()))
    kind = np.where(phone[holder], 0, rng.choice(3, count, p=_TYPE_SHARES))
    day = begin[holder] + (rng.random(count) * left[holder]).astype(np.int64)
    hour = rng.choice(24, count, p=_HOURS / _HOURS.sum())
    return holder, kind, day * _DAY + hour * 3600 + rng.integers(0, 3600, count)


def _places(rng: np.random.Generator, home: Whole, mobile: Mask, codes: int) -> tuple[Whole, Mask]:
    """Where: at home, in another city (one in fifteen), abroad (one in two hundred)."""
    where = rng.random(len(home))
    abroad = mobile & (where < 0.005)
    visited = np.where(mobile & (where < 0.07), rng.integers(0, codes, len(home)), home)
    return np.where(abroad, codes + rng.integers(0, len(_COUNTRIES), len(home)), visited), abroad


def _parties(rng: np.random.Generator, kind: Whole, roams: Mask, held: Subscriptions) -> tuple[Whole, Whole, Whole]:
    """With whom: prefix, number and the type of call that follows."""
    count = len(kind)
    codes = len(area_codes())
    what = rng.random(count)
    data, sms = kind == 2, kind == 1
    own = np.flatnonzero(held.component == MOBILE)
    numbers = held.number[own].astype(np.int64) if len(own) else np.array([FIRST_MOBILE])
    mobile = np.where(what < 0.15, rng.choice(numbers, count), 13_000_000_000 + rng.integers(0, 6_000_000_000, count))
    fixed, abroad = (what >= 0.8) & ~sms & ~data, (what >= 0.93) & ~data
    service = (what >= np.where(sms, 0.5, 0.95)) & ~data
    fixed, abroad = fixed & ~abroad & ~service, abroad & ~service
    first_service = 1 + codes + len(_ABROAD)
    prefix = np.where(fixed, 1 + rng.integers(0, codes, count), 0)
    prefix = np.where(abroad, 1 + codes + rng.integers(0, len(_ABROAD), count), prefix)
    prefix = np.where(service, first_service + rng.integers(0, len(_SERVICE), count), prefix)
    prefix = np.where(data, first_service + len(_SERVICE) + rng.integers(0, len(_APNS), count), prefix)
    line = rng.integers(20_000_000, 89_999_999, count)
    number = np.where(service | data, 0, np.where(fixed | abroad, line, mobile))
    far = np.where(fixed | (rng.random(count) < 0.3), 1, 0)
    call_type = np.where(service, 4, np.where(abroad, 2, far))
    call_type = np.where(sms | data, 5, call_type)
    return prefix, number, np.where(roams, 3, call_type)
