"""What the customers of the sample hold and did: policies, coverages, claims, events, calls; by whole columns."""

from dataclasses import dataclass

import numpy as np

from hutong.cli.sample.population import Population
from hutong.cli.sample.sources import Export
from hutong.cli.sample.systems import moment
from hutong.cli.sample.text import Mask, Text, Times, Whole, choose, digits, join, plain

Columns = dict[str, Text]
_LIFE = (("11", "康宁终身寿险", 200_000), ("12", "福满人生年金保险", 100_000), ("13", "安心重大疾病保险", 300_000),
         ("14", "少儿教育金保险", 80_000), ("15", "百万医疗保险", 2_000_000))  # fmt: skip
_PROPERTY = (("AUTO", "机动车综合商业保险", 1_000_000), ("HOME", "家庭财产综合保险", 500_000),
             ("LIAB", "公众责任保险", 3_000_000), ("ACCI", "个人意外伤害保险", 300_000))  # fmt: skip
_CAUSES = np.array(["COL", "THEFT", "FIRE", "WATER", "INJ"])
_DANGLING = 0.004
_STRANGE_STATE = 0.003
_REVISED = 0.2
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Known:
    """Rows of an export that stand for customers: `row` of the population and `key`, one row a customer."""

    row: Whole
    key: Text

    @classmethod
    def of(cls, export: Export) -> "Known":
        """The first admitted row of each customer."""
        good = np.flatnonzero((export.customer >= 0) & (export.reason == "") & (export.keys != ""))
        rows, first = np.unique(export.customer[good], return_index=True)
        return cls(rows, export.keys[good][first])

    def keys(self, rows: Whole) -> Text:
        """The keys of customers; empty where the system does not know them."""
        place = np.minimum(np.searchsorted(self.row, rows), len(self.row) - 1)
        return choose(self.row[place] == rows, self.key[place], "")


@dataclass(frozen=True)
class Business:
    """Columns of one kind of row in file order, and the customer (row of the population, -1 nobody) of each."""

    columns: Columns
    customer: Whole

    def __len__(self) -> int:
        return len(self.customer)


def life_policies(rng: np.random.Generator, people: Population, known: Known, today: np.datetime64) -> Business:
    """Life policies: the holder insures himself, or one of the family the system knows; each has a beneficiary."""
    holder = rng.choice(known.row[people.person[known.row]], max(round(len(known.row) * 1.2), 8))
    relative = _relative(rng, people, holder)
    insured = np.where((rng.random(len(holder)) < 0.45) & (known.keys(relative) != ""), relative, holder)
    other = _relative(rng, people, insured)
    columns, begin = _policies(rng, _LIFE, len(holder), today, states=("有效", "失效", "满期", "退保", "中止"))
    due = _anniversary(begin, today)
    live = columns["state"] == "有效"
    return _shuffled(rng, {
        "保单号": join("P", digits(np.arange(len(holder)) + 1, 10)),
        "投保人客户号": _dangling(rng, known.keys(holder)),
        "被保人客户号": known.keys(insured),
        "受益人客户号": known.keys(np.where(known.keys(other) != "", other, holder)),
        "险类": columns["code"], "产品名称": columns["name"], "保单状态": columns["state"],
        "保额": columns["insured"], "保费": columns["premium"],
        "缴费方式": rng.choice(np.array(["年缴", "月缴", "趸缴"]), len(holder), p=[0.7, 0.2, 0.1]),
        "生效日": _date(begin), "终止日": _date(begin + 20 * 365 * _DAY),
        "续期应缴日": choose(live, _date(due), ""),
        "销售渠道": rng.choice(np.array(["代理人", "银保", "电销", "网销"]), len(holder), p=[0.6, 0.2, 0.12, 0.08]),
        "业务员": join("A", digits(rng.integers(1, 300, len(holder)), 5)),
        "修改时间": moment(_changed(rng, begin, today), "/"),
    }, holder)  # fmt: skip


def coverages(rng: np.random.Generator, policies: Business) -> Business:
    """One to three coverages (险种) of each life policy, about the insured."""
    many = rng.integers(1, 4, len(policies))
    of = np.repeat(np.arange(len(policies)), many)
    place = np.arange(len(of)) - np.repeat(np.cumsum(many) - many, many)
    names = np.array(["主险", "附加意外伤害", "附加住院津贴"])[place]
    amount = rng.integers(1, 60, len(of)) * 10_000
    taken = {name: column[of] for name, column in policies.columns.items()}
    return Business(
        {
            "保单号": taken["保单号"], "险种代码": join(taken["险类"], digits(place + 1, 2)),
            "险种名称": join(taken["产品名称"], "·", names), "被保人客户号": taken["被保人客户号"],
            "险种状态": taken["保单状态"], "保额": _money(amount * 100), "保费": _money(amount // 2),
            "生效日": taken["生效日"], "终止日": taken["终止日"], "修改时间": taken["修改时间"],
        },
        policies.customer[of],
    )  # fmt: skip


def property_policies(rng: np.random.Generator, known: Known, today: np.datetime64) -> Business:
    """Property policies of persons and firms: a year each, renewed on the day they end."""
    holder = rng.choice(known.row, max(round(len(known.row) * 1.1), 8))
    columns, _ = _policies(rng, _PROPERTY, len(holder), today, states=("1", "4", "3", "2", "9"))
    live = columns["state"] == "1"
    begin = today - np.where(live, rng.integers(1, 365, len(holder)), rng.integers(366, 2000, len(holder))) * _DAY
    end = begin + 365 * _DAY
    return _shuffled(rng, {
        "POLICY_NO": join("F", digits(np.arange(len(holder)) + 1, 10)),
        "CUST_ID": _dangling(rng, known.keys(holder)),
        "KIND": columns["code"], "PLAN": columns["name"], "STATUS": columns["state"],
        "SUM_INSURED": columns["insured"], "PREMIUM": columns["premium"],
        "EFF_DATE": _date(begin), "EXP_DATE": _date(end),
        "CHANNEL": rng.choice(np.array(["AG", "4S", "TEL", "NET"]), len(holder)),
        "DEPT": join("prop-", digits(rng.integers(1, 30, len(holder)), 2)),
        "AGENT": join("B", digits(rng.integers(1, 200, len(holder)), 5)),
        "UPD_TIME": moment(_changed(rng, begin, today), ""),
    }, holder)  # fmt: skip


def claims(rng: np.random.Generator, policies: Business, today: np.datetime64) -> Business:
    """Claims on one property policy in eight, three at least, in every state; a fifth of them reported again in a later
    state."""
    luck = rng.random(len(policies))
    of = np.flatnonzero(luck <= max(0.125, np.sort(luck)[2]))
    reported = _office_hours(rng, today, len(of), 700)
    state = rng.choice(np.array(["RPT", "SUR", "APR", "PAID", "REJ"]), len(of), p=[0.12, 0.12, 0.1, 0.58, 0.08])
    claimed = rng.integers(300, 60_000, len(of)) * 100
    done = np.isin(state, ["PAID", "REJ"])
    closed = reported + rng.integers(3, 40, len(of)) * _DAY
    paid = np.where(state == "PAID", claimed * rng.integers(50, 101, len(of)) // 100, 0)
    final = {
        "CLAIM_NO": join("C", digits(np.arange(len(of)) + 1, 9)),
        "POLICY_NO": policies.columns["POLICY_NO"][of], "CUST_ID": policies.columns["CUST_ID"][of], "STATUS": state,
        "CAUSE": rng.choice(_CAUSES, len(of), p=[0.6, 0.08, 0.07, 0.1, 0.15]),
        "LOSS_DATE": _date((reported - rng.integers(0, 3, len(of)) * _DAY).astype("datetime64[D]")),
        "REPORT_TIME": moment(reported, "/"), "CLAIMED": _money(claimed), "PAID": _money(paid),
        "CLOSE_TIME": choose(done, moment(closed, "/"), ""),
        "UPD_TIME": moment(np.where(done, closed, reported + _DAY), ""),
    }  # fmt: skip
    early: dict[str, Text | str] = {"STATUS": "RPT", "PAID": "0.00", "CLOSE_TIME": "", "UPD_TIME": moment(reported, "")}
    return _revised(rng, Business(final, policies.customer[of]), early, done)


def events(rng: np.random.Generator, known: Known, today: np.datetime64) -> Business:
    """Inquiries, complaints, call-backs of the call centre; a fifth stated in an earlier state too, in any order."""
    who = rng.choice(known.row, max(round(len(known.row) * 0.8), 6))
    created = _office_hours(rng, today, len(who), 400)
    kind = rng.choice(np.array(["咨询", "投诉", "回访", "报案"]), len(who), p=[0.5, 0.15, 0.25, 0.1])
    done = rng.random(len(who)) < 0.85
    closed = created + rng.integers(600, 900_000, len(who)).astype("timedelta64[s]")
    final = {
        "eventId": join("E", digits(np.arange(len(who)) + 1, 9)), "contactId": known.keys(who), "type": kind,
        "state": choose(done, "已办结", choose(rng.random(len(who)) < 0.5, "处理中", "待处理")),
        "topic": rng.choice(np.array(["保单查询", "理赔进度", "服务态度", "续保提醒", "联系方式变更"]), len(who)),
        "agent": join("S", digits(rng.integers(1, 120, len(who)), 4)),
        "createdAt": join(moment(created, "-"), "+08:00"),
        "closedAt": choose(done, join(moment(closed, "-"), "+08:00"), ""),
        "updatedAt": join(moment(np.where(done, closed, created), "-"), "+08:00"),
    }  # fmt: skip
    early: dict[str, Text | str] = {"state": "待处理", "closedAt": "", "updatedAt": final["createdAt"]}
    return _revised(rng, Business(final, who), early, done)


def calls(rng: np.random.Generator, known: Known, today: np.datetime64) -> Business:
    """Every occasion on which the call centre and a customer met."""
    who = rng.choice(known.row, max(round(len(known.row) * 2), 10))
    at = _office_hours(rng, today, len(who), 700)
    return Business({
        "callId": join("T", digits(np.arange(len(who)) + 1, 10)), "contactId": known.keys(who),
        "channel": rng.choice(np.array(["电话", "微信", "短信", "邮件"]), len(who), p=[0.7, 0.15, 0.1, 0.05]),
        "direction": rng.choice(np.array(["呼入", "呼出"]), len(who)),
        "purpose": rng.choice(np.array(["服务", "营销", "回访", "续期"]), len(who), p=[0.5, 0.2, 0.15, 0.15]),
        "result": rng.choice(np.array(["已接通", "未接通", "拒绝", "成交"]), len(who), p=[0.6, 0.25, 0.1, 0.05]),
        "agent": join("S", digits(rng.integers(1, 120, len(who)), 4)),
        "at": join(moment(at, "-"), "+08:00"),
    }, who)  # fmt: skip


def _policies(
    rng: np.random.Generator, products: tuple[tuple[str, str, int], ...], count: int, today: np.datetime64,
    states: tuple[str, ...],
) -> tuple[Columns, Times]:  # fmt: skip
    product = rng.integers(0, len(products), count)
    code, name = (np.array([each[place] for each in products])[product] for place in (0, 1))
    insured = np.array([each[2] for each in products])[product] * rng.integers(1, 6, count)
    state = rng.choice(np.array(states), count, p=[0.78, 0.08, 0.06, 0.05, 0.03])
    state = choose(rng.random(count) < _STRANGE_STATE, "??", state)
    premium = insured * rng.integers(40, 300, count) // 100
    begin = today - rng.integers(30, 4000, count) * _DAY
    return {
        "code": code,
        "name": name,
        "insured": _money(insured * 100),
        "premium": _money(premium),
        "state": state,
    }, begin


def _relative(rng: np.random.Generator, people: Population, rows: Whole) -> Whole:
    """Somebody of the same family; oneself where there is none. Families are neighbours in the population."""
    near = np.clip(rows + rng.integers(-3, 4, len(rows)), 0, len(people) - 1)
    return np.where((people.family[rows] >= 0) & (people.family[near] == people.family[rows]), near, rows)


def _dangling(rng: np.random.Generator, keys: Text) -> Text:
    """A few rows are about customers nobody has delivered."""
    return choose(rng.random(len(keys)) < _DANGLING, join("X", digits(rng.integers(0, 10**8, len(keys)), 8)), keys)


def _shuffled(rng: np.random.Generator, columns: Columns, customer: Whole) -> Business:
    order = rng.permutation(len(customer))
    first_reference = next(name for name in ("投保人客户号", "CUST_ID") if name in columns)
    lost = np.strings.startswith(columns[first_reference], "X")
    return Business({name: column[order] for name, column in columns.items()}, np.where(lost, -1, customer)[order])


def _revised(rng: np.random.Generator, whole: Business, early: dict[str, Text | str], done: Mask) -> Business:
    """Some rows also in their first state, mixed: the file's order says nothing, its times do."""
    again = np.flatnonzero(done & (rng.random(len(whole)) < _REVISED))
    columns = {}
    for name, column in whole.columns.items():
        first = early.get(name, column)
        columns[name] = np.concatenate([column, np.full(len(again), first) if isinstance(first, str) else first[again]])
    customer = np.concatenate([whole.customer, whole.customer[again]])
    order = rng.permutation(len(customer))
    return Business({name: column[order] for name, column in columns.items()}, customer[order])


def _office_hours(rng: np.random.Generator, today: np.datetime64, count: int, days: int) -> Times:
    """Moments of the last `days` days, from eight to six."""
    midnight = (today - rng.integers(1, days, count) * _DAY).astype("datetime64[s]")
    made: Times = midnight + rng.integers(28_800, 64_800, count).astype("timedelta64[s]")
    return made


def _anniversary(begin: Times, today: np.datetime64) -> Times:
    """The next day of the year on which a policy began, in years of 365 days."""
    years = (today - begin).astype(np.int64) // 365 + 1
    made: Times = begin + (years * 365) * _DAY
    return made


def _changed(rng: np.random.Generator, begin: Times, today: np.datetime64) -> Times:
    age = (today - begin).astype(np.int64) * 86_400
    made: Times = begin.astype("datetime64[s]") + (age * rng.random(len(begin))).astype(np.int64)
    return made


def _date(days: Times) -> Text:
    return np.datetime_as_string(days, unit="D")


def _money(cents: Whole) -> Text:
    return join(plain(cents // 100), ".", digits(cents % 100, 2))
