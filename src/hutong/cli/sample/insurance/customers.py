"""The customers of three insurance systems: the same people and defects as the telecom sample's, in other columns."""

from dataclasses import replace

import numpy as np

from hutong.cli.sample import reference
from hutong.cli.sample.records import Records
from hutong.cli.sample.systems import SYSTEMS, Columns, coded, day, moment, numbered
from hutong.cli.sample.text import Text, choose, digits, join

_KINDS = ("resident", "passport", "military", "permit", "uscc", "organisation", "unmapped")


def _life(rows: Records, keys: Text, rng: np.random.Generator) -> Columns:
    return {
        "客户号": keys,
        "客户类别": choose(rows.person, "个人", "团体"),
        "姓名": rows.name,
        "证件类型": coded(
            rows.id_kind, dict(zip(_KINDS, ("111", "414", "114", "516", "810", "820", "999"), strict=True))
        ),
        "证件号码": rows.id_number,
        "性别": choose(rows.person, numbered(rows.gender, {0: "", 1: "男", 2: "女", 9: "未说明"}), ""),
        "出生日期": day(rows.birth, "-"),
        "手机": rows.mobile,
        "家庭电话": rows.fixed,
        "电子邮件": rows.email,
        "联系地址": rows.address,
        "邮编": reference.areas().postcode[rows.area],
        "缴费账号": rows.bank_card,
        "客户级别": numbered(rows.grade, {1: "A", 2: "B", 3: "C", 4: "D", 9: "X"}),
        "服务机构": join("life-", digits(rng.integers(1, 20, len(keys)), 2)),
        "建档日期": moment(rows.created, "/"),
        "修改时间": moment(rows.updated, "/"),
    }


def _property(rows: Records, keys: Text, rng: np.random.Generator) -> Columns:
    kinds = dict(zip(_KINDS, ("01", "03", "02", "05", "71", "72", "99"), strict=True))
    return {
        "CUST_ID": keys,
        "CUST_TYPE": choose(rows.person, "1", "2"),
        "CUST_NAME": rows.name,
        "CERT_TYPE": coded(rows.id_kind, kinds),
        "CERT_NO": rows.id_number,
        "SEX": choose(rows.person, numbered(rows.gender, {0: "", 1: "1", 2: "2", 9: "9"}), ""),
        "BIRTHDAY": day(rows.birth, ""),
        "MOBILE": rows.mobile,
        "TEL": rows.fixed,
        "EMAIL": rows.email,
        "ADDRESS": rows.address,
        "CONTACT": rows.contact,
        "BRANCH": join("prop-", digits(rng.integers(1, 30, len(keys)), 2)),
        "MODIFY_TIME": moment(rows.updated, ""),
    }


def _service(rows: Records, keys: Text, rng: np.random.Generator) -> Columns:
    words = ("身份证", "护照", "军官证", "港澳通行证", "营业执照", "组织机构代码证", "临时证")
    return {
        "contactId": keys,
        "kind": choose(rows.person, "个人", "单位"),
        "name": rows.name,
        "idKind": choose(rows.id_number == "", "", coded(rows.id_kind, dict(zip(_KINDS, words, strict=True)))),
        "idNumber": rows.id_number,
        "phone": rows.mobile,
        "phone2": choose(rng.random(len(keys)) < 0.5, rows.fixed, ""),
        "email": rows.email,
        "address": rows.address,
        "updatedAt": join(moment(rows.updated, "-"), "+08:00"),
    }


_CRM, _BILLING, _CALLCENTRE = SYSTEMS
INSURERS = (
    replace(_CRM, name="life", presence=0.75, keys=lambda serial: join("L", digits(serial + 1, 9)), columns=_life),
    replace(_BILLING, name="property", presence=0.6, keys=lambda serial: join("70", digits(serial + 1, 8)),
            columns=_property),
    replace(_CALLCENTRE, name="service", presence=0.3, keys=lambda serial: join("S", digits(serial + 1, 8)),
            columns=_service),
)  # fmt: skip
