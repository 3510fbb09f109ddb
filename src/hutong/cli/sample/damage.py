"""What clerks, systems and telephone lines do to true values. Every accident is counted by kind."""

from dataclasses import dataclass, field

import numpy as np

from hutong.cli.sample import text
from hutong.cli.sample.addresses import short_place
from hutong.cli.sample.identifiers import old_resident_ids
from hutong.cli.sample.sounds import misheard, sounds
from hutong.cli.sample.text import Mask, Text, Whole, character_at, choose, from_points, join, points, translate, update

PLACEHOLDER_IDS = np.array(["111111111111111111", "000000000000000000", "123456789012345678", "无", "不详", "-"])
PLACEHOLDER_PHONES = np.array(["13800138000", "13800138000", "13800138000", "11111111111", "00000000000", "无", "不详"])
_LIMITED, _LIABILITY = "有限公司", "有限责任公司"
_TITLES = {1: "先生", 2: "女士"}
_REMARKS = np.array(["(转网)", "(新)", " 老师", "（本人）"])


@dataclass
class Accidents:
    """A source of chance that keeps count of what it did."""

    rng: np.random.Generator
    counts: dict[str, int] = field(default_factory=dict)

    def strike(self, kind: str, rate: float, where: Mask) -> Whole:
        """Rows struck: each row of `where` with probability `rate`."""
        rows = np.flatnonzero(where & (self.rng.random(len(where)) < rate))
        self.note(kind, len(rows))
        return rows

    def note(self, kind: str, count: int) -> None:
        """Add to the count of a kind."""
        self.counts[kind] = self.counts.get(kind, 0) + int(count)


@dataclass(frozen=True)
class Rates:
    """How often a source system errs; a share of the rows to which the kind applies."""

    stale: float  # the record knows an old phone or address
    name_homophone: float
    name_near_sound: float
    name_traditional: float
    name_title: float
    name_spaced: float
    name_latin: float
    name_surname_only: float
    name_missing: float
    organisation_abbreviated: float
    organisation_form: float
    organisation_place: float
    id_missing: float
    id_placeholder: float
    id_old: float
    id_digit_wrong: float
    id_digits_swapped: float
    id_written_oddly: float
    phone_missing: float
    phone_placeholder: float
    phone_agency: float
    phone_digit_wrong: float
    phone_written_oddly: float
    address_missing: float
    address_misheard: float
    address_forms: tuple[float, float, float, float, float]
    birth_missing: float
    birth_wrong: float
    gender_missing: float
    unmapped_code: float


def person_names(chance: Accidents, rates: Rates, name: Text, surname: Text, *, gender: Whole, who: Mask) -> Text:
    """Names of the persons among the rows as the system holds them; other rows are left alone."""
    for kind, rate, table in (
        ("name_homophone", rates.name_homophone, sounds().homophones),
        ("name_near_sound", rates.name_near_sound, sounds().near),
    ):
        rows = np.flatnonzero(who & (chance.rng.random(len(who)) < rate))
        wrong, changed = misheard(chance.rng, name[rows], table, 1)
        chance.note(kind, int(changed.sum()))
        name = update(name, _mask(rows, len(name)), wrong)
    rows = chance.strike("name_spaced", rates.name_spaced, who & (np.strings.str_len(name) <= 3))
    first, rest = points(name[rows])[:, :1], points(name[rows])[:, 1:]
    blank = chance.rng.choice(np.array([" ", "\u3000"]), len(rows))
    name = update(name, _mask(rows, len(name)), join(from_points(first), blank, from_points(rest)))
    rows = chance.strike("name_traditional", rates.name_traditional, who)
    name = update(name, _mask(rows, len(name)), translate(name[rows], sounds().traditional))
    rows = chance.strike("name_title", rates.name_title, who)
    title = _titles(chance, gender[rows])
    name = update(name, _mask(rows, len(name)), join(name[rows], title))
    rows = chance.strike("name_latin", rates.name_latin, who)
    name = update(name, _mask(rows, len(name)), _latin(from_points(points(name)[rows, :4]), surname[rows]))
    rows = chance.strike("name_surname_only", rates.name_surname_only, who)
    return update(name, _mask(rows, len(name)), join(surname[rows], _polite(gender[rows])))


def _mask(rows: Whole, count: int) -> Mask:
    mask = np.zeros(count, dtype=bool)
    mask[rows] = True
    return mask


def _polite(gender: Whole) -> Text:
    return choose(gender == 1, _TITLES[1], _TITLES[2])


def _titles(chance: Accidents, gender: Whole) -> Text:
    return choose(chance.rng.random(len(gender)) < 0.8, _polite(gender), chance.rng.choice(_REMARKS, len(gender)))


def _latin(name: Text, surname: Text) -> Text:
    """王小明 as WANG XIAOMING."""
    letters = sounds().pinyin[np.minimum(points(name), 0xFFFF)]
    parts: list[Text | str] = [letters[:, 0]]
    double = np.strings.str_len(surname) == 2
    for place in range(1, letters.shape[1]):
        gap = choose((place == 2) & double | (place == 1) & ~double, " ", "")
        parts += [gap, letters[:, place]]
    return np.strings.strip(join(*parts))


def organisation_names(chance: Accidents, rates: Rates, name: Text, city: Text, who: Mask) -> Text:
    """Names of the organisations among the rows as the system holds them."""
    rows = chance.strike("organisation_form", rates.organisation_form, who & (np.strings.find(name, "有限") >= 0))
    limited = np.strings.find(name[rows], _LIABILITY) >= 0
    shorter = text.replace(name[rows], _LIABILITY, _LIMITED)
    name = update(
        name, _mask(rows, len(name)), choose(limited, shorter, text.replace(name[rows], _LIMITED, _LIABILITY))
    )
    rows = chance.strike("organisation_abbreviated", rates.organisation_abbreviated, who)
    short = name[rows]
    for form in ("股份有限公司", "集团有限公司", _LIABILITY, _LIMITED):
        short = text.replace(short, form, chance.rng.choice(["", "公司"]))
    name = update(name, _mask(rows, len(name)), short)
    short_city = short_place(city)
    rows = chance.strike("organisation_place", rates.organisation_place, who & np.strings.startswith(name, short_city))
    longer = text.replace(name[rows], short_city[rows], join(short_city[rows], "市"), 1)
    dropped = text.replace(name[rows], short_city[rows], "", 1)
    name = update(name, _mask(rows, len(name)), choose(chance.rng.random(len(rows)) < 0.5, longer, dropped))
    rows = np.flatnonzero(who & (chance.rng.random(len(who)) < rates.name_homophone / 2))
    wrong, changed = misheard(chance.rng, name[rows], sounds().homophones, 2)
    chance.note("organisation_homophone", int(changed.sum()))
    name = update(name, _mask(rows, len(name)), wrong)
    rows = chance.strike("organisation_full_width", 0.3, who & (np.strings.find(name, "（") >= 0))
    halved = text.replace(text.replace(name[rows], "（", "("), "）", ")")
    name = update(name, _mask(rows, len(name)), halved)
    rows = chance.strike("organisation_traditional", rates.name_traditional, who)
    return update(name, _mask(rows, len(name)), translate(name[rows], sounds().traditional))


def id_numbers(chance: Accidents, rates: Rates, number: Text, kind: Text, born: Whole) -> Text:
    """Identity numbers as typed. `born`: yyyymmdd."""
    resident = kind == "resident"
    long = np.strings.str_len(number) == 18
    rows = chance.strike("id_digit_wrong", rates.id_digit_wrong, long)
    place = chance.rng.integers(6, 17, len(rows))
    old = character_at(number[rows], place).astype(np.int64) - ord("0")
    other = ((np.where((old >= 0) & (old <= 9), old, 0) + chance.rng.integers(1, 10, len(rows))) % 10) + ord("0")
    number = update(number, _mask(rows, len(number)), text.set_at(number[rows], place, other.astype(np.uint32)))
    place = chance.rng.integers(6, 16, len(number))
    differs = np.zeros(len(number), dtype=bool)
    candidates = np.flatnonzero(long)
    at = place[candidates]
    differs[candidates] = character_at(number[candidates], at) != character_at(number[candidates], at + 1)
    rows = chance.strike("id_digits_swapped", rates.id_digits_swapped, differs)
    number = update(number, _mask(rows, len(number)), text.swap_at(number[rows], place[rows]))
    rows = chance.strike("id_old_15_digits", rates.id_old, resident & (born < 19800101) & long)
    number = update(number, _mask(rows, len(number)), old_resident_ids(number[rows]))
    rows = chance.strike("id_lower_case", 0.5, resident & np.strings.endswith(number, "X"))
    number = update(number, _mask(rows, len(number)), np.strings.lower(number[rows]))
    rows = chance.strike("id_written_oddly", rates.id_written_oddly, long)
    odd = choose(chance.rng.random(len(rows)) < 0.5, text.full_width(number[rows]), join(" ", number[rows], " "))
    number = update(number, _mask(rows, len(number)), odd)
    rows = chance.strike("id_placeholder", rates.id_placeholder, np.ones(len(number), dtype=bool))
    number = update(number, _mask(rows, len(number)), chance.rng.choice(PLACEHOLDER_IDS, len(rows)))
    rows = chance.strike("id_missing", rates.id_missing, np.ones(len(number), dtype=bool))
    return update(number, _mask(rows, len(number)), "")


def phones(chance: Accidents, rates: Rates, number: Text, agencies: Text) -> Text:
    """Mobile numbers as noted; `agencies` are phones of shops and agents that stand for many customers."""
    every = np.ones(len(number), dtype=bool)
    rows = chance.strike("phone_digit_wrong", rates.phone_digit_wrong, every)
    digit = (chance.rng.integers(0, 10, len(rows)) + ord("0")).astype(np.uint32)
    wrong = text.set_at(number[rows], chance.rng.integers(3, 11, len(rows)), digit)
    number = update(number, _mask(rows, len(number)), wrong)
    rows = chance.strike("phone_agency", rates.phone_agency, every)
    number = update(number, _mask(rows, len(number)), chance.rng.choice(agencies, len(rows)))
    rows = chance.strike("phone_written_oddly", rates.phone_written_oddly, every)
    matrix = points(number[rows])
    dashed = join(from_points(matrix[:, :3]), "-", from_points(matrix[:, 3:7]), "-", from_points(matrix[:, 7:11]))
    way = chance.rng.random(len(rows))
    odd = choose(way < 0.4, dashed, choose(way < 0.7, join("+86", number[rows]), text.full_width(number[rows])))
    number = update(number, _mask(rows, len(number)), odd)
    rows = chance.strike("phone_placeholder", rates.phone_placeholder, every)
    number = update(number, _mask(rows, len(number)), chance.rng.choice(PLACEHOLDER_PHONES, len(rows)))
    rows = chance.strike("phone_missing", rates.phone_missing, every)
    return update(number, _mask(rows, len(number)), "")


def address_lines(chance: Accidents, rates: Rates, line: Text) -> Text:
    """Address lines as written: misheard, traditional, full width, missing."""
    every = np.ones(len(line), dtype=bool)
    rows = np.flatnonzero(chance.rng.random(len(line)) < rates.address_misheard)
    wrong, changed = misheard(chance.rng, line[rows], sounds().homophones, 3)
    chance.note("address_misheard", int(changed.sum()))
    line = update(line, _mask(rows, len(line)), wrong)
    rows = chance.strike("address_traditional", rates.name_traditional, every)
    line = update(line, _mask(rows, len(line)), translate(line[rows], sounds().traditional))
    rows = chance.strike("address_full_width", rates.id_written_oddly * 2, every)
    line = update(line, _mask(rows, len(line)), text.full_width(line[rows]))
    rows = chance.strike("address_missing", rates.address_missing, every)
    blank = choose(chance.rng.random(len(rows)) < 0.7, "", chance.rng.choice(np.array(["无", "不详"]), len(rows)))
    return update(line, _mask(rows, len(line)), blank)
