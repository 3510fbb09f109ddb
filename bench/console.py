"""The console with many customers: time of its pages for every role.

./dev bench console [CUSTOMERS [REQUESTS]]    # default 100000 customers, 40 requests of each kind and role
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from fastapi.testclient import TestClient
from sqlalchemy import text

from bench import console_load
from hutong.platform import database
from hutong.platform.settings import settings
from hutong.server import create_app
from hutong.web.party.customer_parts import PARTS

BOUND_MS = 200


class Sample(NamedTuple):
    """Values of the data to ask for: ids of parties the viewer sees, and what they are found by."""

    ids: list[int]
    names: list[str]
    pinyin: list[str]
    phones: list[str]
    documents: list[str]
    suspects: list[int]


Asked = Callable[[random.Random], str]


def sample(client: TestClient) -> Sample:
    """Values of rows the viewer sees, from pages all over their list; none where they see no customer."""
    chance, ids = random.Random(7), []
    with database.read("party") as conn:
        last = int(conn.execute(text("SELECT max(id) FROM party.party")).scalar_one())
    for after in [0, *(chance.randrange(last) for _ in range(8))]:
        answer = client.get(f"/customers/rows?limit=100&after={after}")
        ids += [row["id"] for row in answer.json()["rows"]] if answer.status_code == 200 else []
    with database.read("party") as conn:
        rows = conn.execute(
            text("""SELECT id, name, name_key, mobile, id_number FROM party.party
                    WHERE id = ANY(:ids) AND kind = 'person' ORDER BY id"""),
            {"ids": ids},
        ).all()
        suspects = conn.execute(text("SELECT id FROM party.suspect_group WHERE state = 'open' LIMIT 2000")).scalars()
        return Sample([row.id for row in rows], [row.name for row in rows if row.name],
                      [row.name_key for row in rows if row.name_key], [row.mobile for row in rows if row.mobile],
                      [row.id_number for row in rows if row.id_number], list(suspects))  # fmt: skip


def questions(found: Sample) -> dict[str, Asked]:
    """Kind of request → makes an address."""
    last = max(found.ids)
    asked: dict[str, Asked] = {
        "home": lambda _: "/",
        "list, first page": lambda _: "/customers/rows",
        "list, deep": lambda r: f"/customers/rows?after={r.randrange(last)}",
        "list of organisations": lambda _: "/customers/rows?kind=organisation",
        "list, a grade, deep": lambda r: f"/customers/rows?grade=gold&after={r.randrange(last)}",
        "search, whole name": lambda r: f"/search/quick?q={r.choice(found.names)}",
        "search, surname": lambda r: f"/search/quick?q={r.choice(found.names)[:1] * 1}%20",
        "search, two characters": lambda r: f"/search/quick?q={r.choice(found.names)[:2]}",
        "search, inner characters": lambda r: f"/search?q={r.choice(found.names)[1:]}{r.choice('文明国')}",
        "search, pinyin": lambda r: f"/search/quick?q={r.choice(found.pinyin)}",
        "search, pinyin of a surname": lambda r: f"/search/quick?q={r.choice(found.pinyin)[:4]}",
        "search, phone": lambda r: f"/search/quick?q={r.choice(found.phones)}",
        "search, document": lambda r: f"/search/quick?q={r.choice(found.documents)}",
        "search, nothing": lambda r: f"/search/quick?q=139{r.randrange(10**8):08d}",
        "suspects": lambda _: "/suspects",
        "one suspect": lambda r: f"/suspects/{r.choice(found.suspects)}",
        "loads": lambda _: "/loads",
        "customer": lambda r: f"/customers/{r.choice(found.ids)}",
    }
    for tab in PARTS:
        asked[f"customer, {tab}"] = lambda r, tab=tab: f"/customers/{r.choice(found.ids)}/part/{tab}"  # type: ignore[misc]
    return asked


def measured(client: TestClient, make: Asked, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each answer, and of this process's work for it, both sorted; none where it is not allowed.

    The first two only warm caches. Work far below the time means that the machine was busy with something else.
    """
    chance = random.Random(7)
    took: list[float] = []
    worked: list[float] = []
    for number in range(count + 2):
        path = make(chance)
        started, began = time.perf_counter(), time.process_time()
        answer = client.get(path)
        if number >= 2:
            took.append((time.perf_counter() - started) * 1000)
            worked.append((time.process_time() - began) * 1000)
        if answer.status_code == 403:
            return [], []
        assert answer.status_code in (200, 303), (path, answer.status_code, answer.text[:500])
    return sorted(took), sorted(worked)


def rows(role: str, count: int) -> Iterator[tuple[str, float, float, float, float]]:
    """Kind, least, p50 and p95 time and p95 of this process's work of each kind of request that the role may make."""
    client = TestClient(create_app(), headers={"accept": "text/html"}, follow_redirects=False)
    entered = client.post("/sign-in", data={"login": role, "password": console_load.PASSWORD, "to": "/"})
    assert entered.status_code == 303
    found = sample(client)
    if not found.ids:
        return
    for kind, make in questions(found).items():
        took, worked = measured(client, make, count)
        if took:
            at = min(int(len(took) * 0.95), len(took) - 1)
            yield kind, took[0], took[len(took) // 2], took[at], worked[at]


def held() -> int:
    """Customers in the database; one that has some is measured as it is."""
    with database.read("party") as conn:
        return int(conn.execute(text("SELECT count(*) FROM party.party WHERE state <> 'merged'")).scalar_one())


def main() -> None:
    """Load, then ask as every role; the slow ones are marked."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    settings.log_level = "error"
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    roles = console_load.people()
    if not held():
        with tempfile.TemporaryDirectory() as folder:
            seconds = console_load.load(Path(folder), count)
        print(f"loaded: base {seconds['base']:.0f} s, copies {seconds['copies']:.0f} s")
    print(f"{held():,} customers", flush=True)
    slow = 0
    for role in roles:
        print(f"\n{role:32} {'min ms':>8} {'p50 ms':>8} {'p95 ms':>8} {'work p95':>8}")
        for kind, least, middle, high, work in rows(role, requests):
            slow += high > BOUND_MS
            print(
                f"{kind:32} {least:8.1f} {middle:8.1f} {high:8.1f} {work:8.1f}{'  SLOW' if high > BOUND_MS else ''}",
                flush=True,
            )
    print(f"\n{slow} kinds of request over {BOUND_MS} ms (p95)")


if __name__ == "__main__":
    main()
