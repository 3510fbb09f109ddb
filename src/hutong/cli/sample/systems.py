"""The three source systems: their error rates, columns and codes. Described in packs/telecom/mappings/README.md."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hutong.cli.sample import reference
from hutong.cli.sample.damage import PLACEHOLDER_IDS, PLACEHOLDER_PHONES, Rates
from hutong.cli.sample.identifiers import resident_ids_valid
from hutong.cli.sample.records import Records
from hutong.cli.sample.text import Mask, Text, Times, Whole, choose, digits, half_width, join, plain, points, replace

Columns = dict[str, Text]
_BLANK = np.array(["", "无", "不详", "-"])
_ID_KINDS = ("resident", "passport", "military", "permit", "uscc", "organisation", "unmapped")


@dataclass(frozen=True)
class System:
    """A source system. `presence`: share of customers it knows; `duplicates`: share of these it knows twice; `lines`:
    its file has lines, which may break."""

    name: str
    presence: float
    duplicates: float
    rates: Rates
    keys: Callable[[Whole], Text]
    columns: Callable[[Records, Text, np.random.Generator], Columns]
    lines: bool = True


def coded(words: Text, codes: dict[str, str]) -> Text:
    """Words as a system's codes; empty where it has none."""
    result = np.full(len(words), "", dtype="<U12")
    for word, code in codes.items():
        result = choose(words == word, code, result)
    return result


def numbered(values: Whole, codes: dict[int, str]) -> Text:
    """Numbers as a system's codes; empty where it has none."""
    result = np.full(len(values), "", dtype="<U4")
    for value, code in codes.items():
        result = choose(values == value, code, result)
    return result


def day(values: Whole, style: str) -> Text:
    """yyyymmdd numbers as 19850302 (""), 1985-03-02 ("-") or 1985/3/2 ("/")."""
    year, month, of_month = digits(values // 10000, 4), values // 100 % 100, values % 100
    if style == "/":
        written = join(year, "/", plain(month), "/", plain(of_month))
    else:
        written = join(year, style, digits(month, 2), style, digits(of_month, 2))
    return choose(values == 0, "", written)


def moment(values: Times, style: str) -> Text:
    """Times as 20260814093012 ("") or with `style` between the parts of the day: 2026/08/14 09:30:12."""
    letters = points(np.datetime_as_string(values, unit="s"))
    year, month, day, clock = letters[:, :4], letters[:, 5:7], letters[:, 8:10], letters[:, 11:19]
    parts = [np.ascontiguousarray(part).view(f"<U{part.shape[1]}").ravel() for part in (year, month, day, clock)]
    if style:
        return join(parts[0], style, parts[1], style, parts[2], "T" if style == "-" else " ", parts[3])
    return replace(join(*parts), ":", "")


def _crm(rows: Records, keys: Text, rng: np.random.Generator) -> Columns:
    place = reference.areas()
    area = rows.area
    commas = rng.random(len(keys)) < 0.01
    return {
        "客户编号": keys,
        "客户类型": choose(rows.person, "1", "2"),
        "客户名称": rows.name,
        "证件类型": coded(rows.id_kind, dict(zip(_ID_KINDS, ("01", "02", "03", "04", "11", "12", "77"), strict=True))),
        "证件号码": rows.id_number,
        "性别": choose(rows.person, numbered(rows.gender, {0: "0", 1: "1", 2: "2", 9: "9"}), ""),
        "出生日期": day(rows.birth, "-"),
        "联系电话": rows.mobile,
        "固定电话": choose(rng.random(len(keys)) < 0.04, _extension(rows.fixed), rows.fixed),
        "电子邮箱": rows.email,
        "通信地址": choose(commas, replace(rows.address, "号", "号,", 1), rows.address),
        "邮政编码": place.postcode[area],
        "联系人": rows.contact,
        "归属地市": place.city_code[area],
        "客户等级": numbered(rows.grade, {1: "1", 2: "2", 3: "3", 4: "4", 9: "5"}),
        "客户状态": rng.choice(np.array(["1", "2", "3"]), len(keys), p=[0.93, 0.03, 0.04]),
        "建档网点": join(_start(place.city_code[area], 4), "-", digits(rng.integers(1, 30, len(keys)), 2)),
        "建档时间": moment(rows.created, "/"),
        "更新时间": moment(rows.updated, "/"),
    }


def _extension(phone: Text) -> Text:
    return choose(phone == "", "", join(phone, "-801"))


def _start(text: Text, length: int) -> Text:
    return np.ascontiguousarray(points(text)[:, :length]).view(f"<U{length}").ravel()


def _billing(rows: Records, keys: Text, rng: np.random.Generator) -> Columns:
    place = reference.areas()
    kinds = dict(zip(_ID_KINDS, ("SFZ", "HZ", "JGZ", "GAT", "XYDM", "ZZJG", "LSZ"), strict=True))
    fixed = replace(join("(", rows.fixed), "-", ")", 1)
    return {
        "CUST_ID": keys,
        "CUST_TYPE": choose(rows.person, "P", "G"),
        "CUST_NAME": rows.name,
        "CERT_TYPE": coded(rows.id_kind, kinds),
        "CERT_NO": rows.id_number,
        "SEX": choose(rows.person, numbered(rows.gender, {0: "U", 1: "M", 2: "F", 9: "X"}), ""),
        "BIRTHDAY": day(rows.birth, ""),
        "MOBILE": rows.mobile,
        "TEL": choose(rows.fixed == "", "", fixed),
        "EMAIL": rows.email,
        "BILL_ADDR": rows.address,
        "POST_CODE": choose(rng.random(len(keys)) < 0.8, place.postcode[rows.area], ""),
        "BANK_ACCT": rows.bank_card,
        "AREA_CODE": place.area_code[rows.area],
        "CUST_LEVEL": numbered(rows.grade, {1: "D", 2: "G", 3: "S", 4: "N", 9: "P"}),
        "OPEN_DATE": _start(moment(rows.created, ""), 8),
        "MODIFY_TIME": moment(rows.updated, ""),
    }


def _callcentre(rows: Records, keys: Text, rng: np.random.Generator) -> Columns:
    words = ("身份证", "护照", "军官证", "港澳通行证", "营业执照", "组织机构代码证", "临时证")
    kinds = coded(rows.id_kind, dict(zip(_ID_KINDS, words, strict=True)))
    return {
        "contactId": keys,
        "kind": choose(rows.person, "个人", "单位"),
        "callerName": rows.name,
        "gender": choose(rows.person, numbered(rows.gender, {1: "男", 2: "女", 9: "保密"}), ""),
        "idKind": choose(rows.id_number == "", "", kinds),
        "idNumber": rows.id_number,
        "birthday": day(rows.birth, "/"),
        "callerPhone": rows.mobile,
        "phone2": choose(rng.random(len(keys)) < 0.5, rows.fixed, ""),
        "email": rows.email,
        "address": rows.address,
        "level": numbered(rows.grade, {1: "五星", 2: "四星", 3: "三星", 4: "普通", 9: "体验"}),
        "agent": join("A", digits(rng.integers(1, 120, len(keys)), 4)),
        "createdAt": join(moment(rows.created, "-"), "+08:00"),
        "updatedAt": join(moment(rows.updated, "-"), "+08:00"),
    }


def rejections(system: System, rows: Records, columns: Columns) -> Text:
    """Why admission must refuse each row, empty where it must not; keys are looked at elsewhere."""
    name = half_width(rows.name)
    reason = np.full(len(name), "", dtype="<U12")
    if system.name == "crm":
        number = np.strings.upper(half_width(rows.id_number))
        given = (rows.id_kind == "resident") & rows.person & ~np.isin(number, PLACEHOLDER_IDS) & (number != "")
        reason = choose(given & ~resident_ids_valid(number), "bad_id", reason)
    if system.name == "callcentre":
        useless = np.concatenate([_BLANK, PLACEHOLDER_IDS, PLACEHOLDER_PHONES])
        contacts = [np.isin(columns[field], useless) for field in ("callerPhone", "phone2", "idNumber")]
        none: Mask = contacts[0] & contacts[1] & contacts[2]
        reason = choose(none, "no_contact", reason)
    strange = np.isin(name, _BLANK) | np.strings.startswith(name, "测试") | np.strings.startswith(name, "#")
    reason = choose(strange | np.strings.isdigit(name), "not_a_name", reason)
    return choose(name == "", "no_name", reason)


SYSTEMS = (
    System(
        "crm",
        0.85,
        0.04,
        Rates(
            stale=0.06,
            name_homophone=0.012,
            name_near_sound=0.004,
            name_traditional=0.006,
            name_title=0.006,
            name_spaced=0.01,
            name_latin=0.0,
            name_surname_only=0.0,
            name_missing=0.002,
            organisation_abbreviated=0.06,
            organisation_form=0.06,
            organisation_place=0.04,
            id_missing=0.02,
            id_placeholder=0.008,
            id_old=0.06,
            id_digit_wrong=0.004,
            id_digits_swapped=0.003,
            id_written_oddly=0.01,
            phone_missing=0.02,
            phone_placeholder=0.012,
            phone_agency=0.015,
            phone_digit_wrong=0.006,
            phone_written_oddly=0.08,
            address_missing=0.03,
            address_misheard=0.01,
            address_forms=(0.45, 0.3, 0.1, 0.1, 0.05),
            birth_missing=0.03,
            birth_wrong=0.01,
            gender_missing=0.02,
            unmapped_code=0.002,
        ),
        lambda serial: join("C", digits(serial + 1, 10)),
        _crm,
    ),
    System(
        "billing",
        0.7,
        0.02,
        Rates(
            stale=0.15,
            name_homophone=0.02,
            name_near_sound=0.006,
            name_traditional=0.004,
            name_title=0.01,
            name_spaced=0.02,
            name_latin=0.003,
            name_surname_only=0.0,
            name_missing=0.001,
            organisation_abbreviated=0.35,
            organisation_form=0.1,
            organisation_place=0.1,
            id_missing=0.08,
            id_placeholder=0.02,
            id_old=0.15,
            id_digit_wrong=0.012,
            id_digits_swapped=0.01,
            id_written_oddly=0.006,
            phone_missing=0.04,
            phone_placeholder=0.02,
            phone_agency=0.02,
            phone_digit_wrong=0.01,
            phone_written_oddly=0.04,
            address_missing=0.08,
            address_misheard=0.015,
            address_forms=(0.1, 0.25, 0.3, 0.25, 0.1),
            birth_missing=0.25,
            birth_wrong=0.02,
            gender_missing=0.1,
            unmapped_code=0.003,
        ),
        lambda serial: join("80", digits(serial + 1, 8)),
        _billing,
        lines=False,
    ),
    System(
        "callcentre",
        0.35,
        0.12,
        Rates(
            stale=0.05,
            name_homophone=0.07,
            name_near_sound=0.025,
            name_traditional=0.002,
            name_title=0.05,
            name_spaced=0.005,
            name_latin=0.006,
            name_surname_only=0.06,
            name_missing=0.006,
            organisation_abbreviated=0.5,
            organisation_form=0.08,
            organisation_place=0.2,
            id_missing=0.6,
            id_placeholder=0.005,
            id_old=0.03,
            id_digit_wrong=0.02,
            id_digits_swapped=0.02,
            id_written_oddly=0.002,
            phone_missing=0.03,
            phone_placeholder=0.005,
            phone_agency=0.03,
            phone_digit_wrong=0.01,
            phone_written_oddly=0.02,
            address_missing=0.35,
            address_misheard=0.08,
            address_forms=(0.1, 0.2, 0.25, 0.3, 0.15),
            birth_missing=0.6,
            birth_wrong=0.02,
            gender_missing=0.15,
            unmapped_code=0.003,
        ),
        lambda serial: join("CC-", digits(serial + 1, 9)),
        _callcentre,
    ),
)
