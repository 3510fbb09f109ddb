"""Customer master in real time over HTTP: match, find-or-create, and who is calling, against many parties.

./dev bench realtime [PARTIES [RATE [serve's options]]]    # default 100000 parties, 500/s, --workers 2

Parties come from a file by the ordinary way (load, resolve); a database kept from the console's measurement is taken
as it is. Half of what is matched is known, half is not; of what is found or made, a tenth comes twice. Open loop: so
many a second whatever the answers take; then find-or-create in a closed loop; then calls from known and unknown
numbers, what they show written to the access log. At the end the parties are counted in the database: each person
asked for twice is one. Beside each part the lateness of the machine's own wakings is told. HUTONG_BENCH_KEEP=FOLDER
keeps the database: only the first run loads; HUTONG_BENCH_PARTS names parts (match, make, pop), HUTONG_BENCH_SECONDS
how long each takes.
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench import console_load
from bench.api_orders import free_port, postmaster, processor_seconds, wait_for
from bench.http_load import Generator
from bench.wakings import Wakings, quantile
from hutong.identity import clients
from hutong.identity.http import COOKIE
from hutong.identity.sign_in import sign_in
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.resolution.resolve import resolve
from hutong.party.standardise import identifiers, phones
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
SECONDS = int(os.environ.get("HUTONG_BENCH_SECONDS", "20"))
DRAWN = 20_000
"""Known persons to ask for."""
WARMING = 1000
CALLS = (10, 50)
"""A second: a center of a thousand seats has not half of the greater."""
SHARES = (0.5, 0.95, 0.99, 0.999)
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


def as_stated(row: Mapping[str, Any]) -> PERSON | None:
    """A known person as a caller may state them; None whose mobile is none. Copies (`console_load`) have documents
    without check digits: these are not stated."""
    person = {name: value for name, value in row.items() if value is not None}
    if not identifiers.identifier(row["id_type"], row["id_number"]).valid:
        person.pop("id_number", None)
        person.pop("id_type", None)
    return person if phones.phone(row["mobile"]).kind == "mobile" else None


class Callers:
    """Persons of whom half are known: drawn from all over the database, as they are shown there."""

    def __init__(self, new: int) -> None:
        with database.read("party") as conn:
            last = conn.execute(text("SELECT max(id) FROM party.party")).scalar_one()
            ids = random.Random(11).sample(range(1, last + 1), min(DRAWN * 2, last))
            drawn = conn.execute(
                text("""SELECT name, id_type, id_number, mobile, email, address FROM party.party
                        WHERE id = ANY(:ids) AND state = 'active' AND kind = 'person' AND mobile IS NOT NULL"""),
                {"ids": ids},
            ).mappings()
            self._known = [stated for row in drawn if (stated := as_stated(row))][:DRAWN]
        self._new = new

    def draw(self, dice: random.Random) -> PERSON:
        """One of them."""
        known = dice.random() < 0.5
        return dice.choice(self._known) if known else person(self._new + dice.randrange(self._new))


def calls(client: str, cookie: str, callers: Callers, count: int) -> Iterator[tuple[str, list[bytes]]]:
    """Calls from numbers of which half are known, as an interface and as a seat's page ask who it is."""
    dice = random.Random(3)
    for name, path, head in (("interface", "/party/v1/pop", f"Authorization: Bearer {client}"),
                             ("page", "/pop", f"Cookie: {COOKIE}={cookie}\r\nAccept: text/html")):  # fmt: skip
        numbers = [callers.draw(dice)["mobile"] for _ in range(count)]
        asked = [f"GET {path}?number={number} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n" for number in numbers]
        yield f"pop, {name}", [one.encode() for one in asked]


class Bench:
    """Sends parts to a server; each is told with the processor time it cost and the machine's late wakings beside."""

    def __init__(self, server: int, port: int) -> None:
        self._server, self._port = server, port
        self._engine, self._generator = postmaster(), Generator()

    def warm(self, contents: Sequence[bytes]) -> None:
        """Send without measuring."""
        self._generator.run(self._port, CONNECTIONS, contents)

    def part(self, name: str, contents: Sequence[bytes], rate: float | None) -> None:
        """Send, and print what came of it."""
        before = self._used()
        with Wakings() as wakings:
            run = self._generator.run(self._port, CONNECTIONS, contents, rate)
        server, engine = ((now - then) / len(run.took) * 1e3 for now, then in zip(self._used(), before, strict=True))
        shares = " ".join(f"p{share * 100:g} {quantile(run.took, share) * 1e3:.1f}" for share in SHARES)
        print(f"{name}: {len(run.took) / run.seconds:,.0f}/s, {shares} ms, most {run.took[-1] * 1e3:.0f} ms")
        own = run.processor / len(run.took) * 1e3
        print(f"  processor: server {server:.2f} + database {engine:.2f} + generator {own:.2f} ms; {wakings.words}")
        sys.stdout.flush()

    def _used(self) -> tuple[float, float]:
        return processor_seconds(self._server), processor_seconds(self._engine)

    def close(self) -> None:
        """End the generator."""
        self._generator.close()


def measure(bench: Bench, keys: tuple[str, str], parties: int, rate: int, made: int) -> int:
    """Run the parts; returns how many new persons were asked for. `keys`: a client's, a person's session; `made`:
    records that earlier runs made."""
    wanted = os.environ.get("HUTONG_BENCH_PARTS", "match make pop").split()
    (client, cookie), dice, count = keys, random.Random(7), rate * SECONDS
    new: list[int] = []
    callers = Callers(parties)
    if "match" in wanted:
        matches = [wire(client, "match", callers.draw(dice)) for _ in range(count + WARMING)]
        bench.warm(matches[:WARMING])
        bench.part(f"match, open loop, {rate}/s", matches[WARMING:], rate)
    if "make" in wanted:
        new = [parties * 2 + made + number - (number % 10 == 9) for number in range(2 * count + WARMING)]
        makes = [wire(client, "parties", {**person(number), "key": f"k{place}"}) for place, number in enumerate(new)]
        bench.warm(makes[:WARMING])
        bench.part(f"find or create, open loop, {rate}/s", makes[WARMING : WARMING + count], rate)
        bench.part(f"find or create, closed loop, {CONNECTIONS} connections", makes[WARMING + count :], None)
    if "pop" in wanted:
        for calling in CALLS:
            for name, asked in calls(client, cookie, callers, calling * SECONDS + CALLS[-1]):
                bench.warm(asked[: CALLS[-1]])
                bench.part(f"{name}, open loop, {calling}/s", asked[CALLS[-1] :], calling)
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


def _keys(code: str) -> tuple[str, str]:
    """The key of a client that sees names and phones, and the session of a person who does."""
    console_load.people()
    rights = ["party.read", "party.create"]
    with database.begin("identity") as conn:
        client = clients.register(conn, code=code, name=code, rights=rights, clear=["name", "phone"],
                                  per_second=1_000_000)  # fmt: skip
    return client, sign_in("administrator", console_load.PASSWORD).token


def main(parties: int, rate: int, options: Sequence[str]) -> None:
    """Bring parties in, unless an earlier run did; start a server, measure."""
    if not _counted()[0]:
        bring_in(parties)
    known, made = _counted()
    with database.begin("party") as conn:  # as in a server that has been up for a while
        conn.execute(text("CREATE EXTENSION IF NOT EXISTS pg_prewarm"))
        conn.execute(text("SELECT pg_prewarm(CAST('party.' || unnest(CAST(:names AS text[])) AS regclass))"),
                     {"names": WARMED})  # fmt: skip
    keys = _keys(f"bench-{made}")
    database.dispose()
    port = free_port()
    hutong = [sys.executable, "-c", "from hutong.cli.main import app; app()"]
    server = subprocess.Popen([*hutong, "serve", "--port", str(port), *options])
    try:
        wait_for(port)
        bench = Bench(server.pid, port)
        verify(known, measure(bench, keys, parties, rate, made))
        bench.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 100_000, int(given[1]) if len(given) > 1 else 500,
         given[2:] or ["--workers", "2"])  # fmt: skip
