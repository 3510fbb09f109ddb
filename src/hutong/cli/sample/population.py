"""Who the customers truly are: persons, their families, organisations, and how to reach them."""

from dataclasses import dataclass, replace

import numpy as np

from hutong.cli.sample import identifiers, reference
from hutong.cli.sample.addresses import Addresses, homes
from hutong.cli.sample.organisations import Organisations, organisations
from hutong.cli.sample.sounds import sounds
from hutong.cli.sample.text import Mask, Text, Times, Whole, choose, digits, join, plain, points

ORGANISATION_SHARE = 0.08
_FAMILY_SHARE = 0.4
_FIRST_BIRTH, _LAST_BIRTH = np.datetime64("1938-01-01"), np.datetime64("2008-06-30")
_FIRST_CARDS = (
    1984  # numbers bear the district's code of the day of issue: older persons got theirs with the first cards
)
_MAIL_HOSTS = np.array(["qq.com", "163.com", "126.com", "sina.com", "139.com", "hotmail.com", "gmail.com"])


@dataclass(frozen=True)
class Population:
    """True customers, a row each; persons first. Customer id = row + 1. Gender: 0 organisation, 1 male, 2 female."""

    person: Mask
    name: Text
    surname: Text
    gender: Whole
    birth: Whole  # yyyymmdd, 0 for organisations
    id_kind: Text  # resident, passport, military, permit, uscc
    id_number: Text
    organisation_code: Text
    mobile: Text
    old_mobile: Text
    fixed: Text
    email: Text
    home: Addresses
    old_home: Addresses
    grade: Whole  # 1 diamond ... 4 normal
    bank_card: Text
    contact: Text
    family: Whole  # -1: none

    def __len__(self) -> int:
        return len(self.name)


def population(rng: np.random.Generator, customers: int) -> Population:
    """`customers` true customers, eight in a hundred of them organisations."""
    firms = organisations(rng, max(round(customers * ORGANISATION_SHARE), 1))
    persons = max(customers - len(firms.name), 1)
    total = persons + len(firms.name)
    person = np.arange(total) < persons
    area = np.concatenate([_areas(rng, persons), firms.area])
    home = homes(rng, area, office=~person)
    family, role = _families(rng, persons)
    head = np.where(family >= 0, family, np.arange(persons))
    home = home.take(np.concatenate([head, np.arange(persons, total)]))
    gender, birth = _gender_and_birth(rng, role, head)
    surname, name = _names(rng, gender, birth, np.where(role >= 2, head, np.arange(persons)))
    kind, number = _identity(rng, gender, birth, home.area[:persons])
    mobile = identifiers.mobiles(rng, total)
    fixed = join(reference.areas().area_code[area], "-", digits(rng.integers(20_000_000, 89_999_999, total), 8))
    together = np.concatenate([head, np.arange(persons, total)])
    contact_gender = rng.integers(1, 3, total)
    contact = _names(rng, contact_gender, np.full(total, np.datetime64("1980-01-01")), np.arange(total))[1]
    whole = Population(
        person=person,
        name=np.concatenate([name, firms.name]),
        surname=np.concatenate([surname, np.full(len(firms.name), "", dtype="<U2")]),
        gender=np.concatenate([gender, np.zeros(len(firms.name), dtype=np.int64)]),
        birth=np.concatenate([_day_number(birth), np.zeros(len(firms.name), dtype=np.int64)]),
        id_kind=np.concatenate([kind, np.full(len(firms.name), "uscc")]),
        id_number=np.concatenate([number, firms.uscc]),
        organisation_code=np.concatenate([np.full(persons, "", dtype="<U9"), firms.code]),
        mobile=mobile,
        old_mobile=identifiers.mobiles(rng, total),
        fixed=choose(rng.random(total)[together] < 0.45, fixed[together], choose(person, "", fixed)),
        email=_emails(rng, mobile, np.concatenate([name, contact[persons:]])),
        home=home,
        old_home=homes(rng, np.where(rng.random(total) < 0.6, home.area, _areas(rng, total)), office=~person),
        grade=rng.choice(np.arange(1, 5), total, p=[0.02, 0.08, 0.25, 0.65]),
        bank_card=identifiers.bank_cards(rng, total),
        contact=choose(person, "", contact),
        family=np.concatenate([family, np.full(len(firms.name), -1, dtype=np.int64)]),
    )
    return _with_shared_phones(rng, whole, role, firms)


def _areas(rng: np.random.Generator, count: int) -> Whole:
    place = reference.areas()
    drawn: Whole = rng.choice(len(place.weight), count, p=place.weight).astype(np.int64)
    return drawn


def _families(rng: np.random.Generator, persons: int) -> tuple[Whole, Whole]:
    """The head's row (-1: lives alone) and the role: 0 head or alone, 1 spouse, 2 child, 3 twin of the child before."""
    family = np.full(persons, -1, dtype=np.int64)
    role = np.zeros(persons, dtype=np.int64)
    sizes = rng.choice([2, 3, 4], persons, p=[0.4, 0.42, 0.18])
    ends = np.cumsum(sizes)
    families = int(np.searchsorted(ends, persons * _FAMILY_SHARE))
    starts = ends[:families] - sizes[:families]
    members = int(ends[families - 1]) if families else 0
    family[:members] = np.repeat(starts, sizes[:families])
    place = np.arange(members) - family[:members]
    role[:members] = np.minimum(place, 2)
    twins = np.flatnonzero((place == 3) & (rng.random(members) < 0.08))
    role[twins] = 3
    return family, role


def _gender_and_birth(rng: np.random.Generator, role: Whole, head: Whole) -> tuple[Whole, Times]:
    """Spouses are about as old as the head, of the other gender; children 23 to 33 years younger; twins of one day."""
    count = len(role)
    span = int((_LAST_BIRTH - _FIRST_BIRTH).astype(np.int64))
    birth = _FIRST_BIRTH + (rng.beta(2.2, 1.9, count) * span).astype(np.int64)
    gender = np.where(rng.random(count) < 0.52, 1, 2)
    in_family = head != np.arange(count)
    heads = np.unique(head[in_family])
    birth[heads] = np.datetime64("1950-01-01") + rng.integers(0, 365 * 32, len(heads))
    gender[heads] = 1
    spouse, child, twin = role == 1, role >= 2, np.flatnonzero(role == 3)
    birth[spouse] = birth[head[spouse]] + rng.integers(-1500, 2200, int(spouse.sum()))
    gender[spouse] = 2
    birth[child] = birth[head[child]] + rng.integers(23 * 365, 33 * 365, int(child.sum()))
    birth[twin] = birth[twin - 1]
    return gender, np.minimum(birth, _LAST_BIRTH)


def _day_number(day: Times) -> Whole:
    month = day.astype("datetime64[M]")
    months = month.astype(np.int64)
    in_month = (day.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
    number: Whole = (1970 + months // 12) * 10000 + (months % 12 + 1) * 100 + in_month + 1
    return number


def _names(rng: np.random.Generator, gender: Whole, birth: Times, line: Whole) -> tuple[Text, Text]:
    """Surnames and full names. `line`: the row whose surname this one bears (a father's, or one's own)."""
    all_surnames, weights = reference.surnames()
    surname = rng.choice(all_surnames, len(gender), p=weights)[line]
    era = 1 + (birth >= np.datetime64("1970-01-01")) + (birth >= np.datetime64("1990-01-01"))
    frequent = rng.random(len(gender)) < 0.55
    given = np.full(len(gender), "", dtype="<U2")
    for code, letter in ((1, "M"), (2, "F")):
        rows = np.flatnonzero((gender == code) & ~frequent)
        first = rng.choice(reference.given_characters(letter, "first"), len(rows))
        given[rows] = join(first, rng.choice(reference.given_characters(letter, "second"), len(rows)))
        for age in (1, 2, 3):
            rows = np.flatnonzero((gender == code) & frequent & (era == age))
            names, shares = reference.given_names(letter, age)
            given[rows] = rng.choice(names, len(rows), p=shares)
    return surname, join(surname, given)


def _identity(
    rng: np.random.Generator,
    gender: Whole,
    birth: Times,
    living: Whole,
) -> tuple[Text, Text]:
    """Kind and number; six in ten were registered where they live. No two persons share a number."""
    count = len(gender)
    place = reference.areas()
    born = np.where(rng.random(count) < 0.6, living, _areas(rng, count))
    year = np.maximum(1970 + birth.astype("datetime64[Y]").astype(np.int64), _FIRST_CARDS)
    lasting = np.flatnonzero((place.code_from <= _FIRST_CARDS) & (place.code_to >= 2020))
    in_use = (place.code_from[born] <= year) & (place.code_to[born] >= year)
    born = np.where(in_use, born, rng.choice(lasting, count))
    number = np.full(count, "", dtype="<U18")
    left = np.arange(count)
    while len(left):
        sequence = rng.integers(0, 500, len(left)) * 2 + (gender[left] == 1)
        number[left] = identifiers.resident_ids(place.district_code[born[left]], _day_number(birth[left]), sequence)
        once = np.unique(number, return_index=True)[1]
        left = np.setdiff1d(np.arange(count), once)
    kind = rng.choice(np.array(["resident", "passport", "military", "permit"]), count, p=[0.965, 0.012, 0.008, 0.015])
    serial = rng.permutation(count) + 10_000_000
    number = choose(kind == "passport", join("E", digits(serial, 8)), number)
    number = choose(kind == "military", join("军字第", digits(serial, 8), "号"), number)
    return kind, choose(kind == "permit", join("H", digits(serial, 8)), number)


def _emails(rng: np.random.Generator, mobile: Text, name: Text) -> Text:
    spelled = sounds().pinyin[np.minimum(points(name), 0xFFFF)]
    local = np.strings.lower(join(*(spelled[:, place] for place in range(min(spelled.shape[1], 4)))))
    local = choose(rng.random(len(name)) < 0.4, mobile, join(local, plain(rng.integers(1, 9999, len(name)))))
    address = join(local, "@", rng.choice(_MAIL_HOSTS, len(name)))
    return choose(rng.random(len(name)) < 0.35, address, "")


def _with_shared_phones(rng: np.random.Generator, whole: Population, role: Whole, firms: Organisations) -> Population:
    """In three families of ten all use the head's mobile; half of the branches answer on their parent's line."""
    persons = len(role)
    owner = np.arange(len(whole))
    shared = np.flatnonzero((whole.family >= 0) & (rng.random(len(whole))[whole.family] < 0.3))
    owner[shared] = whole.family[shared]
    lines = np.arange(len(whole))
    branch = np.flatnonzero((firms.parent >= 0) & (rng.random(len(firms.parent)) < 0.5))
    lines[persons + branch] = persons + firms.parent[branch]
    return replace(whole, mobile=whole.mobile[owner], fixed=whole.fixed[lines])
