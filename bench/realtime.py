"""Customer master in real time over HTTP: match, and find-or-create, 500 a second against many parties.

./dev bench realtime [PARTIES [RATE [serve's options]]]    # default 100000 parties, 500/s, --workers 2

Parties come from a file by the ordinary way (load, resolve). Half of what is matched is known, half is not; of what is
found or made, a tenth comes twice. Open loop: so many a second whatever the answers take; then find-or-create in a
closed loop. At the end the parties are counted in the database, and each person asked for twice is one.
HUTONG_BENCH_KEEP=FOLDER keeps the database: only the first run loads.
"""

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from bench.api_orders import Used, free_port, postmaster, processor_seconds, report, wait_for
from bench.http_load import Generator
from hutong.identity import clients
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.resolution.resolve import resolve
from hutong.party.standardise.identifiers import check_digit
from hutong.platform import database

MAPPING = Path(__file__).parents[1] / "packs/telecom/mappings/crm.yaml"
COLUMNS = ("客户编号", "客户类型", "客户名称", "证件类型", "证件号码", "性别", "出生日期", "联系电话", "固定电话",
           "电子邮箱", "通信地址", "邮政编码", "联系人", "归属地市", "客户等级", "客户状态", "建档网点", "建档时间",
           "更新时间")  # fmt: skip
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "小明丽华伟芳娜敏静强磊军洋勇艳杰娟涛超秀霞平刚桂英建国文玉红梅志海云飞雪莲春生福贵"
WARMED = ["pk_match_key", "source_record", "pk_source_record", "xref", "pk_xref"]
DAYS = 20_000
CONNECTIONS = 128
SECONDS = 20
PERSON = dict[str, str]


def person(number: int) -> PERSON:
    """A person as an interface states one; the same number gives the same person."""
    dice = random.Random(number)
    born, turn = date(1950, 1, 1) + timedelta(days=number * 7919 % DAYS), number // DAYS
    seventeen = f"33010{1 + turn // 1000 % 9}{born:%Y%m%d}{turn % 1000:03d}"
    return {
        "name": dice.choice(SURNAMES) + dice.choice(GIVEN) + dice.choice(GIVEN), "id_type": "resident_id",
        "id_number": seventeen + check_digit(seventeen), "mobile": f"13{number % 10**9:09d}",
        "email": f"m{number}@163.com",
        "address": f"浙江省杭州市西湖区{''.join(dice.choices(GIVEN, k=2))}路{number % 719 + 1}号{number % 30 + 1}室",
    }  # fmt: skip


def bring_in(parties: int) -> None:
    """Load and resolve a file of so many persons."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crm.csv"
        with path.open("w", encoding="gb18030", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(_rows(parties))
        began = time.perf_counter()
        load_file(path, read_mapping(MAPPING), "system:0")
        print(f"load: {parties / (time.perf_counter() - began):,.0f} rows/s", flush=True)
    began = time.perf_counter()
    done = resolve()
    print(f"resolve: {parties / (time.perf_counter() - began):,.0f} records/s, {done.parties:,} parties", flush=True)
    began = time.perf_counter()
    resolve()
    print(f"resolve again, nothing new: {time.perf_counter() - began:.1f} s", flush=True)
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM ANALYZE"))
        conn.execute(text("CHECKPOINT"))


def _rows(parties: int) -> Iterator[dict[str, str]]:
    for number in range(parties):
        one = person(number)
        yield {"客户编号": f"C{number}", "客户类型": "1", "客户名称": one["name"], "证件类型": "01",
               "证件号码": one["id_number"], "联系电话": one["mobile"], "电子邮箱": one["email"],
               "通信地址": one["address"], "更新时间": "2026/01/02 10:00:00"}  # fmt: skip


def wire(client: str, path: str, body: PERSON) -> bytes:
    """One request as bytes on the wire."""
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"POST /party/v1/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {client}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def measure(server: int, port: int, client: str, parties: int, rate: int, made: int) -> int:  # noqa: PLR0917
    """Run the parts; returns how many new persons were asked for. `made`: records that earlier runs made."""
    engine, generator = postmaster(), Generator()

    def part(name: str, contents: Sequence[bytes], at: float | None) -> None:
        before = Used(processor_seconds(server), processor_seconds(engine))
        run = generator.run(port, CONNECTIONS, contents, at)
        report(name, run, before, Used(processor_seconds(server), processor_seconds(engine)))

    dice, count = random.Random(7), rate * SECONDS
    asked = [dice.randrange(parties * 2) for _ in range(count + 1000)]
    matches = [wire(client, "match", person(number)) for number in asked]
    generator.run(port, CONNECTIONS, matches[:1000])
    part(f"match, open loop, {rate}/s", matches[1000:], rate)
    new = [parties * 2 + made + number - (number % 10 == 9) for number in range(2 * count + 1000)]
    makes = [wire(client, "parties", {**person(number), "key": f"k{place}"}) for place, number in enumerate(new)]
    generator.run(port, CONNECTIONS, makes[:1000])
    part(f"find or create, open loop, {rate}/s", makes[1000 : 1000 + count], rate)
    part(f"find or create, closed loop, {CONNECTIONS} connections", makes[1000 + count :], None)
    generator.close()
    return len(set(new))


def verify(parties: int, made: int) -> None:
    """As many parties as persons; each answer is durable."""
    with database.read("party") as conn:
        found = conn.scalar(text("SELECT count(*) FROM party.party WHERE state = 'active'"))
        durable = conn.scalar(text("SELECT current_setting('fsync') || current_setting('synchronous_commit')"))
    if found != parties + made or durable != "onon":
        raise ValueError(f"{parties} + {made} expected, but found {found}, {durable}")
    print(f"found in the database: {found:,} parties, one for each person asked for")


def _counted() -> tuple[int, int]:
    """Active parties; records that earlier runs made."""
    counted = text("""SELECT (SELECT count(*) FROM party.party WHERE state = 'active'),
                             (SELECT count(*) FROM party.source_record WHERE source = 'api')""")
    with database.read("party") as conn:
        active, made = conn.execute(counted).one()
    return active, made


def main(parties: int, rate: int, options: Sequence[str]) -> None:
    """Bring parties in, unless an earlier run did; start a server, measure."""
    if not _counted()[0]:
        bring_in(parties)
    known, made = _counted()
    with database.begin("party") as conn:  # as in a server that has been up for a while
        conn.execute(text("CREATE EXTENSION IF NOT EXISTS pg_prewarm"))
        conn.execute(text("SELECT pg_prewarm(CAST('party.' || unnest(CAST(:names AS text[])) AS regclass))"),
                     {"names": WARMED})  # fmt: skip
    rights = ["party.read", "party.create"]
    with database.begin("identity") as conn:
        code = f"bench-{made}"
        client = clients.register(conn, code=code, name=code, rights=rights, per_second=1_000_000)
    database.dispose()
    port = free_port()
    hutong = [sys.executable, "-c", "from hutong.cli.main import app; app()"]
    server = subprocess.Popen([*hutong, "serve", "--port", str(port), *options])
    try:
        wait_for(port)
        verify(known, measure(server.pid, port, client, parties, rate, made))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 100_000, int(given[1]) if len(given) > 1 else 500,
         given[2:] or ["--workers", "2"])  # fmt: skip
