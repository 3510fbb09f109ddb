"""The console with many customers: time of its pages for every role, and what they ask the database.

./dev bench console [CUSTOMERS [REQUESTS [ROLE ...]]]    # default 100000 customers, 40 requests of each page, all roles

HUTONG_BENCH_KEEP=FOLDER keeps the database: only the first run loads. A page's name is its route; what it is asked with
is drawn from what the role sees. `work` is this process's own part; `slowest` the longest statement seen.
"""

import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from bench import console_load
from hutong.insight.reports import REPORTS
from hutong.platform import database
from hutong.platform.settings import settings
from hutong.server import create_app
from hutong.web.party.customer_parts import PARTS

BOUND_MS = 200
WARMING = 2
"""First requests of a page, which only fill caches."""
Asked = Callable[[random.Random], str]


class Sample(NamedTuple):
    """Values of the data to ask for: parties the viewer sees, and what they are found by; things of other lists."""

    ids: list[int]
    last: int
    names: list[str]
    pinyin: list[str]
    phones: list[str]
    documents: list[str]
    of: dict[str, list[int]]


class Statements:
    """Counts statements of this process and keeps the slowest."""

    def __init__(self) -> None:
        event.listen(database.engine(), "before_cursor_execute", self._begin)
        event.listen(database.engine(), "after_cursor_execute", self._end)
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.count, self.slowest, self.words = 0, 0.0, ""

    def _begin(self, *_: Any) -> None:
        self._began = time.perf_counter()

    def _end(self, _conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        took = (time.perf_counter() - self._began) * 1000
        self.count += 1
        if took > self.slowest:
            self.slowest, self.words = took, " ".join(statement.split())


def sample(client: TestClient) -> Sample:
    """Values of rows the viewer sees, from pages all over their list; none where they see no customer."""
    chance, ids = random.Random(7), []
    with database.read("party") as conn:
        last = int(conn.execute(text("SELECT max(id) FROM party.party")).scalar_one())
    for after in [0, *(chance.randrange(last) for _ in range(8))]:
        answer = client.get(f"/customers/rows?limit=100&after={after}")
        ids += [row["id"] for row in answer.json()["rows"]] if answer.status_code == 200 else []
    lists = {
        "group_id": "suspect_group WHERE state = 'open'", "task_id": "quality_task", "list_id": "call_list",
        "load_id": "load", "reject_id": "rejected_record",
    }  # fmt: skip
    with database.read("party") as conn:
        rows = conn.execute(
            text("""SELECT id, name, name_key, mobile, id_number FROM party.party
                    WHERE id = ANY(:ids) AND kind = 'person' ORDER BY id"""),
            {"ids": ids},
        ).all()
        of = {name: list(conn.execute(text(f"SELECT id FROM party.{wanted} LIMIT 2000")).scalars())
              for name, wanted in lists.items()}  # fmt: skip
    names, pinyin, phones, documents = (
        [row[place] for row in rows if row[place]] for place in range(1, len(rows[0]) if rows else 5)
    )
    return Sample([row.id for row in rows], last, names, pinyin, phones, documents, of)


def searches(found: Sample) -> dict[str, Asked]:
    """Lists and searches: what is asked → makes an address."""
    return {
        "list, deep": lambda r: f"/customers/rows?after={r.randrange(found.last)}",
        "list of organisations": lambda _: "/customers/rows?kind=organisation",
        "list, a grade, deep": lambda r: f"/customers/rows?grade=gold&after={r.randrange(found.last)}",
        "search, whole name": lambda r: f"/search/quick?q={r.choice(found.names)}",
        "search, surname": lambda r: f"/search/quick?q={r.choice(found.names)[:1]}%20",
        "search, two characters": lambda r: f"/search/quick?q={r.choice(found.names)[:2]}",
        "search, inner characters": lambda r: f"/search?q={r.choice(found.names)[1:]}{r.choice('文明国')}",
        "search, pinyin": lambda r: f"/search/quick?q={r.choice(found.pinyin)}",
        "search, pinyin of a surname": lambda r: f"/search/quick?q={r.choice(found.pinyin)[:4]}",
        "search, phone": lambda r: f"/search/quick?q={r.choice(found.phones)}",
        "search, document": lambda r: f"/search/quick?q={r.choice(found.documents)}",
        "search, nothing": lambda r: f"/search/quick?q=139{r.randrange(10**8):08d}",
        "search page, common name": lambda r: f"/search?q={r.choice(found.names)[:2]}",
        "pop": lambda r: f"/pop?number={r.choice(found.phones)}",
        "campaign": lambda _: "/campaigns/valued",
        "suspects, mine": lambda _: "/suspects?view=mine",
        "suspects, all, persons": lambda _: "/suspects?view=all&kind=person",
        "suspects, deep": lambda r: f"/suspects?after=500.{r.choice(found.of['group_id'])}",
        "quality tasks of a source": lambda _: "/quality/tasks?source=life&state=waiting",
        "access log, of a customer": lambda r: f"/access-log/rows?number={r.choice(found.ids)}",
        "access log, of a person": lambda r: f"/access-log/rows?actor=user:{r.randrange(1, 11)}",
        "access log, nobody": lambda _: "/access-log/rows?actor=user:4711",
        "access log, orders": lambda _: "/access-log/rows?entity=order",
        "access log, half a year ago": lambda _: "/access-log/rows?since=2026-05-01&until=2026-05-02",
        "access log, reasons": lambda r: f"/access-log/rows?reason=back%20{r.randrange(9)}",
        "access log, rare word": lambda _: "/access-log/rows?reason=nothing-like-it",
        "access log, deep": lambda r: f"/access-log/rows?after={r.randrange(10**5, 10**7)}",
        "merges of a customer": lambda r: f"/merges?party={r.choice(found.ids)}",
    }


def pages(app: FastAPI, found: Sample) -> dict[str, Asked]:
    """Every page of the console that needs no more than ids of ours; the customer page's parts each."""
    known: dict[str, list[Any]] = {"party_id": found.ids, "id": list(REPORTS), **found.of}
    made: dict[str, Asked] = {}
    for path in routes(app):
        names = re.findall(r"{(\w+)}", path)
        if path == "/customers/{party_id}/part/{tab}":
            made |= {f"customer, {tab}": _filled(path, {**known, "tab": [tab]}) for tab in PARTS}
        elif all(known.get(name) for name in names):
            made[path] = _filled(path, known)
    return made


def _filled(path: str, known: dict[str, list[Any]]) -> Asked:
    return lambda r: re.sub(r"{(\w+)}", lambda name: str(r.choice(known[name[1]])), path)


NOT_PAGES = ("/static", "/language", "/portal", "/sign", "/customers/{party_id}/reveal")


def routes(app: FastAPI) -> list[str]:
    """Paths of the console that answer GET; files for download are no pages."""
    found: set[str] = set()
    for route in app.routes:
        nested: Any = route.effective_route_contexts() if hasattr(route, "effective_route_contexts") else [route]
        for each in nested:
            module = getattr(getattr(each, "endpoint", None), "__module__", "")
            if module.startswith("hutong.web") and "GET" in (getattr(each, "methods", None) or ()):
                found.add(each.path)
    return sorted(path for path in found if not path.startswith(NOT_PAGES) and not re.search(r"\.|/file$", path))


class Figures(NamedTuple):
    """Of one page and role: milliseconds; statements; the slowest of them."""

    middle: float
    high: float
    work: float
    statements: int
    slowest: float
    words: str


def measured(client: TestClient, seen: Statements, make: Asked, count: int) -> Figures | None:
    """Ask so many times; None where the role may not. Work far below the time: the machine was busy with others."""
    chance = random.Random(7)
    took: list[float] = []
    worked: list[float] = []
    most, slowest, words = 0, 0.0, ""
    for number in range(count + WARMING):
        path = make(chance)
        seen.clear()
        started, began = time.perf_counter(), time.process_time()
        answer = client.get(path)
        if answer.status_code not in (200, 303):
            if answer.status_code not in (403, 404):
                print(f"{path}: {answer.status_code}")
            return None
        if number >= WARMING:
            took.append((time.perf_counter() - started) * 1000)
            worked.append((time.process_time() - began) * 1000)
            most = max(most, seen.count)
            if seen.slowest > slowest:
                slowest, words = seen.slowest, seen.words
    at = min(int(count * 0.95), count - 1)
    return Figures(sorted(took)[count // 2], sorted(took)[at], sorted(worked)[count // 2], most, slowest, words)


def of_role(role: str, count: int) -> Iterator[tuple[str, Figures]]:
    """Each page that the role may open, with its figures."""
    app = create_app()
    client = TestClient(app, headers={"accept": "text/html"}, follow_redirects=False, raise_server_exceptions=False)
    entered = client.post("/sign-in", data={"login": role, "password": console_load.PASSWORD, "to": "/"})
    assert entered.status_code == 303
    found, seen = sample(client), Statements()
    asked = pages(app, found)
    if found.ids:
        asked |= searches(found)
    for name, make in asked.items():
        figures = measured(client, seen, make, count)
        if figures:
            yield name, figures


def held() -> int:
    """Customers in the database; one that has some is measured as it is."""
    with database.read("party") as conn:
        return int(conn.execute(text("SELECT count(*) FROM party.party WHERE state <> 'merged'")).scalar_one())


def main(customers: int, requests: int, wanted: list[str]) -> None:
    """Load unless loaded, then ask as every role; the slow ones are marked, and listed at the end."""
    settings.log_level = "error"
    roles = console_load.people()
    if not held():
        for step, seconds in console_load.load(customers):
            print(f"{step:12} {seconds:6.0f} s", flush=True)
    print(f"{held():,} customers", flush=True)
    slow, asked = [], 0
    for role in wanted or roles:
        print(f"\n{role:38} {'p50 ms':>8} {'p95 ms':>8} {'work ms':>8} {'stmts':>6} {'slowest':>8}")
        for name, figures in of_role(role, requests):
            asked += 1
            line = f"{name:38} {figures.middle:8.1f} {figures.high:8.1f} {figures.work:8.1f} {figures.statements:6}"
            print(f"{line} {figures.slowest:8.1f}{'  SLOW' if figures.high > BOUND_MS else ''}", flush=True)
            if figures.high > BOUND_MS:
                slow.append(f"{role:16} {line}\n    {figures.words[:300]}")
    print(f"\n{asked} pages of roles, {len(slow)} over {BOUND_MS} ms (p95)", *slow, sep="\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 100_000, int(given[1]) if len(given) > 1 else 40, given[2:])
