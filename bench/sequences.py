"""Random sequences of merge, split, undo, import, find-or-create and rerun: 10,000, and what must hold after each step.

./dev bench sequences [SEQUENCES [PROCESSES]]    # default 10000 in 2 processes

A sequence is a group of customers of its own; many groups share a database, so that each is also an untouched customer
to all others. What holds: after an operation is taken back, all that is derived of the group (cross-references, golden
records, values, judgements, suspects) hashes to what it was before it; a party whose records are the same keeps its
id; a group that nothing touched does not change at all; every id ever given resolves; what people split stays apart; at
the end a run over everything finds nothing new, and the parties are what clustering all judgements anew gives.
"""

import csv
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import Connection, text

from hutong.identity import SYSTEM
from hutong.party.columns import GOLDEN
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.match.rules import RULES
from hutong.party.realtime.intake import Found, Request, take
from hutong.party.realtime.stated import PartyData
from hutong.party.resolution import graph
from hutong.party.resolution.resolve import resolve
from hutong.party.standardise.identifiers import check_digit
from hutong.party.stewardship.merge import merge_in
from hutong.party.stewardship.split import split_in, undo_in
from hutong.platform import database, documents, migrations
from hutong.platform.errors import Problem
from hutong.platform.settings import settings

MAPPING = Path(__file__).parents[1] / "packs/telecom/mappings/crm.yaml"
GROUPS = 250
"""Sequences that share a database and its runs."""
STEPS = 6
FIELDS = {"name": "客户名称", "mobile": "联系电话", "email": "电子邮箱", "id_number": "证件号码"}
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
BY = "user:1"
Pairs = set[frozenset[int]]
Homes = dict[int, int]


@dataclass
class Done:
    """An operation that may be taken back: the group's hash before it (None: records came since), and which pairs of
    records it holds apart or joins again."""

    operation: int
    before: str | None
    apart: Pairs = field(default_factory=set)
    joined: Pairs = field(default_factory=set)


@dataclass
class Group:
    """One sequence: its customers' state as last seen, and what it did."""

    number: int
    dice: random.Random
    hash: str = ""
    homes: Homes = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    apart: Pairs = field(default_factory=set)
    records: int = 0
    expected: str | None = None

    def stated(self) -> dict[str, str]:
        """What a source states about a customer of the group; groups have no value in common."""
        surname = SURNAMES[self.number % len(SURNAMES)]
        names = (f"{surname}小明", f"{surname}晓明", f"{surname}丽华", surname)
        made = {"name": self.dice.choice(names)}
        if self.dice.random() < 0.6:
            made["mobile"] = f"13{self.number:05d}{self.dice.randrange(1, 4):04d}"
        if self.dice.random() < 0.3:
            made["email"] = f"g{self.number}n{self.dice.randrange(2)}@163.com"
        if self.dice.random() < 0.4:
            day = date(1950, 1, 1) + timedelta(days=self.number * 7)
            seventeen = f"330106{day:%Y%m%d}{self.dice.randrange(3):03d}"
            made["id_number"] = seventeen + check_digit(seventeen)
        return made

    def key(self) -> str:
        """The key of the group's next record."""
        self.records += 1
        return f"{self.number:05d}-{self.records}"

    def parties(self) -> dict[int, list[int]]:
        """Party → records."""
        made: dict[int, list[int]] = {}
        for record, party in self.homes.items():
            made.setdefault(party, []).append(record)
        return made


_STATE = text(f"""
WITH home AS (SELECT party_id, min(left(key, 5)) AS grp, max(left(key, 5)) AS other FROM party.xref GROUP BY 1)
SELECT grp, md5(string_agg(line, '|' ORDER BY line COLLATE "C")) AS hash FROM (
    SELECT left(key, 5) AS grp, 'x' || record_id || ' ' || party_id AS line FROM party.xref
    UNION ALL SELECT h.grp, (p.id, kind, state, {", ".join(GOLDEN)}, attributes, owner_id, unit_path, record_count,
                            provenance)::text
              FROM party.party p JOIN home h ON h.party_id = p.id
    UNION ALL SELECT h.grp, (v.party_id, kind, value, detail, records, sources, current)::text
              FROM party.party_value v JOIN home h ON h.party_id = v.party_id
    UNION ALL SELECT left(x.key, 5), (left_id, right_id, verdict, rule, made_by_kind)::text
              FROM party.judgement j JOIN party.xref x ON x.record_id = j.left_id WHERE ended_at IS NULL
    UNION ALL SELECT h.grp, (party_ids, rules, strength)::text FROM party.suspect_group s
              JOIN home h ON h.party_id = s.party_ids[1] WHERE state NOT IN ('decided', 'obsolete')
) AS lines GROUP BY grp""")
_WRONG = {
    "an id leads nowhere": """
        SELECT count(*) FROM party.party p WHERE NOT EXISTS (SELECT FROM party.xref x WHERE x.party_id = p.id)
        AND NOT EXISTS (SELECT FROM party.redirect d JOIN party.xref x ON x.party_id = d.survivor_id
                        WHERE d.retired_id = p.id)""",
    "an id is retired and in use": """
        SELECT count(*) FROM party.redirect d JOIN party.xref x ON x.party_id = d.retired_id""",
    "a party in use is marked as merged": """
        SELECT count(*) FROM party.party p JOIN party.xref x ON x.party_id = p.id WHERE p.state = 'merged'""",
    "groups were mixed": """
        SELECT count(*) FROM (SELECT FROM party.xref GROUP BY party_id
                              HAVING min(left(key, 5)) <> max(left(key, 5))) AS mixed""",
}


class Wrong(AssertionError):
    """What must hold does not."""


def play(first: int, count: int, folder: Path) -> Counter[str]:
    """So many sequences at once, in the database in use, which is emptied. Returns what they did, by kind."""
    with database.begin("party") as conn:
        tables = conn.execute(text(_TABLES)).scalar_one()
        conn.execute(text(f"TRUNCATE {tables} CASCADE"))
    groups = [Group(number, random.Random(first + number)) for number in range(count)]
    did: Counter[str] = Counter()
    _bring([(group, group.stated()) for group in groups for _ in range(group.dice.randint(3, 7))], folder, did)
    resolve()
    _look(groups, {group.number for group in groups})
    for _ in range(STEPS):
        _step(groups, folder, did)
    while waiting := [group for group in groups if group.done]:
        touched = _by_hand(waiting, {group.number: "undo" for group in waiting}, did)
        _look(groups, touched)
    _end(did)
    did["sequences"] += count
    return did


_TABLES = """
SELECT string_agg('party.' || tablename, ', ') FROM pg_tables
WHERE schemaname = 'party' AND tablename IN (
    'party', 'party_history', 'xref', 'judgement', 'suspect_group', 'operation', 'operation_record', 'redirect',
    'party_value', 'source_record', 'source_version', 'rejected_record', 'load', 'match_key', 'changed_record',
    'statistics', 'generic_value', 'crowded_key', 'run', 'outbox')"""


def _step(groups: Sequence[Group], folder: Path, did: Counter[str]) -> None:
    """Each group does one thing, or nothing; then perhaps a run."""
    kinds = {group.number: group.dice.choices(*zip(*_ODDS.items(), strict=True))[0] for group in groups}
    coming = [group for group in groups if kinds[group.number] in ("import", "find_or_create")]
    imports = [(group, group.stated()) for group in coming if kinds[group.number] == "import"]
    _bring(imports, folder, did)
    asking = [group for group in coming if kinds[group.number] == "find_or_create"]
    answers = take([Request(SYSTEM, _data(group.stated()), group.key(), "crm") for group in asking])
    if not all(isinstance(answer, Found) for answer in answers):
        raise Wrong(str(answers))
    did["find_or_create"] += len(answers)
    for group in coming:
        for done in group.done:
            done.before = None
    by_hand = [group for group in groups if kinds[group.number] in ("merge", "split", "undo")]
    touched = _by_hand(by_hand, kinds, did) | {group.number for group in coming}
    if imports or groups[0].dice.random() < 0.5:
        resolve()
        did["rerun"] += len(groups)
    _look(groups, touched)


_ODDS = {"merge": 4, "split": 4, "undo": 4, "import": 2, "find_or_create": 2, "nothing": 1}


def _data(stated: dict[str, str]) -> PartyData:
    return PartyData("person", **stated, **({"id_type": "resident_id"} if "id_number" in stated else {}))


def _bring(rows: Sequence[tuple[Group, dict[str, str]]], folder: Path, did: Counter[str]) -> None:
    """One file with the new rows of all groups."""
    if not rows:
        return
    path = folder / f"{time.monotonic_ns()}.csv"
    mapping = read_mapping(MAPPING)
    columns = ("客户编号", "客户类型", "客户名称", "证件类型", "证件号码", "性别", "出生日期", "联系电话", "固定电话",
               "电子邮箱", "通信地址", "邮政编码", "联系人", "归属地市", "客户等级", "客户状态", "建档网点", "建档时间",
               "更新时间")  # fmt: skip
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for group, stated in rows:
            listed = {FIELDS[name]: value for name, value in stated.items()}
            writer.writerow({"客户编号": group.key(), "客户类型": "1", "证件类型": "01", **listed,
                             "更新时间": "2026/01/02 10:00:00"})  # fmt: skip
    report = load_file(path, mapping, BY)
    if report.admitted != len(rows):
        raise Wrong(f"{report.rejected} rows rejected: {report.reasons}")
    did["import"] += len({group.number for group, _ in rows})


def _by_hand(groups: Sequence[Group], kinds: dict[int, str], did: Counter[str]) -> set[int]:
    """What people do, each group its own, in one transaction. Returns the groups that changed."""
    touched = set()
    with database.begin("party") as conn:
        for group in groups:
            kind = kinds[group.number]
            try:
                with conn.begin_nested():
                    acted = _ACTS[kind](conn, group)
            except Problem:
                did[f"{kind} refused"] += 1
                if kind == "undo":
                    group.done.clear()
                continue
            if acted:
                did[kind] += 1
                touched.add(group.number)
    return touched


def _merge(conn: Connection, group: Group) -> bool:
    parties = group.parties()
    if len(parties) < 2:
        return False
    one, other = group.dice.sample(sorted(parties), 2)
    operation = merge_in(conn, [one, other], "same", BY, force=group.dice.random() < 0.7).operation_id or 0
    joined = {frozenset(pair) for pair in product(parties[one], parties[other])} & group.apart
    group.apart -= joined
    group.done.append(Done(operation, group.hash, joined=joined))
    return True


def _split(conn: Connection, group: Group) -> bool:
    chosen = [records for records in group.parties().values() if len(records) > 1]
    if not chosen:
        return False
    records = group.dice.choice(chosen)
    out = group.dice.sample(records, group.dice.randint(1, len(records) - 1))
    operation = split_in(conn, group.homes[out[0]], out, "not same", BY).operation_id or 0
    apart = {frozenset(pair) for pair in product(out, set(records) - set(out))}
    group.done.append(Done(operation, group.hash, apart=apart - group.apart))
    group.apart |= apart
    return True


def _undo(conn: Connection, group: Group) -> bool:
    if not group.done:
        return False
    last = group.done[-1]
    undo_in(conn, last.operation, "mistaken", BY)
    group.done.pop()
    group.apart = (group.apart - last.apart) | last.joined
    group.expected = last.before
    return True


_ACTS = {"merge": _merge, "split": _split, "undo": _undo}


def _look(groups: Sequence[Group], touched: set[int]) -> None:
    """See the state after a step, and check it."""
    with database.read("party") as conn:
        hashes = {row.grp: row.hash for row in conn.execute(_STATE)}
        rows = conn.execute(text("SELECT key, record_id, party_id FROM party.xref")).all()
        for what, count in _WRONG.items():
            if conn.execute(text(count)).scalar_one():
                raise Wrong(what)
    homes: dict[str, Homes] = {}
    for row in rows:
        homes.setdefault(row.key[:5], {})[row.record_id] = row.party_id
    for group in groups:
        _check(group, hashes[f"{group.number:05d}"], homes[f"{group.number:05d}"], group.number in touched)


def _check(group: Group, hash: str, homes: Homes, touched: bool) -> None:
    if not touched and hash != group.hash:
        raise Wrong(f"group {group.number} changed, though nothing touched it")
    if group.expected is not None and hash != group.expected:
        raise Wrong(f"group {group.number} is not what it was before what was taken back")
    before, group.expected = group.parties(), None
    group.hash, group.homes = hash, homes
    after = {frozenset(records): party for party, records in group.parties().items()}
    for party, records in before.items():
        if after.get(frozenset(records), party) != party:
            raise Wrong(f"party {party} of group {group.number} has another id with the same records")
    for pair in group.apart:
        one, other = pair
        if homes[one] == homes[other]:
            raise Wrong(f"records {one} and {other} came together again by themselves")


def _end(did: Counter[str]) -> None:
    """Nothing new is found, and the parties are what the judgements say."""
    done = resolve(full=True)
    if done.judgements_made or done.judgements_ended or done.created or done.changed:
        raise Wrong(f"a run over everything found news: {done}")
    with database.read("party") as conn:
        found = graph.load(conn, documents.in_force(conn, RULES))
        if (found.assign() != found.prior).any():
            raise Wrong("the parties are not what the judgements say")
    did["rerun"] += 1


def run(first: int, count: int, folder: str) -> Counter[str]:
    """Sequences in a database of this process's own."""
    settings.data_dir, settings.database_url = Path(folder), None
    os.environ["HUTONG_DATA_DIR"] = folder
    os.environ.pop("HUTONG_DATABASE_URL", None)
    database.dispose()
    migrations.upgrade_all()
    did: Counter[str] = Counter()
    began = time.perf_counter()
    for start in range(0, count, GROUPS):
        did += play(first + start, min(GROUPS, count - start), Path(folder))
        print(f"{did['sequences']} sequences, {time.perf_counter() - began:.0f} s", flush=True)
    database.dispose()
    return did


def main(count: int, processes: int) -> None:
    """Divide the sequences among processes; tell what they did."""
    began = time.perf_counter()
    share = -(-count // processes)
    with tempfile.TemporaryDirectory(prefix="hutong-sequences-") as folder:
        Path(folder).chmod(0o755)
        folders = [Path(folder) / str(number) for number in range(processes)]
        for one in folders:
            one.mkdir(mode=0o755)
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            made = [
                pool.submit(
                    import_module("bench.sequences").run,
                    number * 1_000_000,
                    min(share, count - number * share),
                    str(one),
                )
                for number, one in enumerate(folders)
            ]
            did = sum((part.result() for part in made), Counter[str]())
    print(f"{did['sequences']:,} sequences in {time.perf_counter() - began:,.0f} s; each step checked; " +
          ", ".join(f"{kind} {number:,}" for kind, number in sorted(did.items()) if kind != "sequences"))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 2)
