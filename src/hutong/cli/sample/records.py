"""What one source system believes about its customers, before it is written in that system's columns and codes."""

from dataclasses import dataclass, fields

import numpy as np

from hutong.cli.sample import damage, reference
from hutong.cli.sample.addresses import write
from hutong.cli.sample.damage import Accidents, Rates
from hutong.cli.sample.population import Population
from hutong.cli.sample.text import Mask, Text, Times, Whole, choose, update

_EPOCH = np.datetime64("2012-01-01T00:00:00")
_ID_KINDS_OF_FIRMS = 0.06  # firms that still show their organisation code


@dataclass(frozen=True)
class Records:
    """Rows of one system. Gender: 0 unknown, 1, 2; grade: 1 to 4; 9 in either: unmapped. `id_kind`: a word."""

    customer: Whole  # row of the population
    person: Mask
    name: Text
    id_kind: Text
    id_number: Text
    gender: Whole
    birth: Whole  # yyyymmdd, 0 not given
    mobile: Text
    fixed: Text
    email: Text
    address: Text
    area: Whole  # row of reference.areas()
    grade: Whole
    bank_card: Text
    contact: Text
    created: Times
    updated: Times

    def take(self, rows: Whole) -> "Records":
        """These rows in this order."""
        return Records(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def records(
    chance: Accidents, rates: Rates, people: Population, customer: Whole, *, agencies: Text, until: np.datetime64
) -> Records:
    """One record for each entry of `customer` (a customer may occur twice), with changes up to `until`."""
    rng = chance.rng
    count = len(customer)
    person = people.person[customer]
    stale = np.zeros(count, dtype=bool)
    stale[chance.strike("stale", rates.stale, np.ones(count, dtype=bool))] = True
    home = people.home.take(customer).instead(people.old_home.take(customer), stale & (rng.random(count) < 0.6))
    created, updated = _times(rng, stale, until)
    kind, number = _identity(chance, rates, people, customer)
    return Records(
        customer=customer,
        person=person,
        name=_names(chance, rates, people, customer),
        id_kind=kind,
        id_number=number,
        gender=_codes(chance, "gender", people.gender[customer], rates, person),
        birth=_births(chance, rates, people.birth[customer], person),
        mobile=damage.phones(
            chance,
            rates,
            choose(stale & (rng.random(count) < 0.8), people.old_mobile[customer], people.mobile[customer]),
            agencies,
        ),
        fixed=choose(rng.random(count) < 0.6, people.fixed[customer], ""),
        email=choose(rng.random(count) < 0.6, people.email[customer], ""),
        address=damage.address_lines(chance, rates, write(home, rng.choice(5, count, p=rates.address_forms))),
        area=home.area,
        grade=_codes(chance, "grade", people.grade[customer], rates, np.ones(count, dtype=bool)),
        bank_card=choose(rng.random(count) < 0.35, people.bank_card[customer], ""),
        contact=people.contact[customer],
        created=created,
        updated=updated,
    )


def _names(chance: Accidents, rates: Rates, people: Population, customer: Whole) -> Text:
    person = people.person[customer]
    name = damage.person_names(
        chance, rates, people.name[customer], people.surname[customer], gender=people.gender[customer], who=person
    )
    name = damage.organisation_names(chance, rates, name, reference.areas().city[people.home.area[customer]], ~person)
    missing = np.zeros(len(name), dtype=bool)
    missing[chance.strike("name_missing", rates.name_missing, ~missing)] = True
    return update(name, missing, chance.rng.choice(np.array(["", "无", "不详"]), int(missing.sum())))


def _identity(chance: Accidents, rates: Rates, people: Population, customer: Whole) -> tuple[Text, Text]:
    kind, number = people.id_kind[customer], people.id_number[customer]
    short = (kind == "uscc") & (chance.rng.random(len(kind)) < _ID_KINDS_OF_FIRMS)
    kind = choose(short, "organisation", kind)
    number = choose(short, people.organisation_code[customer], number)
    number = damage.id_numbers(chance, rates, number, kind, people.birth[customer])
    rows = chance.strike("unmapped_id_kind", rates.unmapped_code, np.ones(len(kind), dtype=bool))
    strange = np.zeros(len(kind), dtype=bool)
    strange[rows] = True
    return update(kind, strange, "unmapped"), number


def _codes(chance: Accidents, what: str, true: Whole, rates: Rates, who: Mask) -> Whole:
    code = true.copy()
    if what == "gender":
        code[chance.strike("gender_missing", rates.gender_missing, who)] = 0
    code[chance.strike(f"unmapped_{what}", rates.unmapped_code, who)] = 9
    return code


def _births(chance: Accidents, rates: Rates, true: Whole, person: Mask) -> Whole:
    birth = true.copy()
    rows = chance.strike("birth_wrong", rates.birth_wrong, person)
    birth[rows] = birth[rows] // 10000 * 10000 + 101
    birth[chance.strike("birth_missing", rates.birth_missing, person)] = 0
    return birth


def _times(rng: np.random.Generator, stale: Mask, until: np.datetime64) -> tuple[Times, Times]:
    """Stale records were last changed in the first half of their life."""
    span = int((until - _EPOCH).astype("timedelta64[s]").astype(np.int64))
    created = rng.integers(0, span, len(stale))
    share = rng.random(len(stale))
    updated = created + ((span - created) * np.where(stale, share * 0.5, 0.4 + share * 0.6)).astype(np.int64)
    return _EPOCH + created, _EPOCH + updated
