"""EC-17: the access log answers who saw whom, what field, when and why; by index; and forgets in time."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import event, text
from sqlalchemy.engine import URL

from hutong.identity import Principal, protect, queries, record_read
from hutong.identity.queries import sensitive_reads
from hutong.platform import clock, jobs, migrations
from hutong.platform import database as live
from hutong.platform.errors import Forbidden
from hutong.platform.settings import settings

AUDITOR = Principal(1, "user", "auditor", frozenset({"identity.audit"}))
CLERK = Principal(3, "user", "clerk", frozenset(), clear=frozenset({"name", "phone"}))
ROWS = [{"id": 7, "name": "张三丰", "mobile": "13912345678", "phone": None}]
FIELDS = {"name": "name", "mobile": "phone", "phone": "phone"}


def many(count: int) -> None:
    """A log of some size: reads of three people over a thousand days."""
    with live.begin("identity") as conn:
        conn.execute(
            text(
                """INSERT INTO identity.sensitive_read (at, actor, entity, entity_ids, kinds, fields, reason)
                   SELECT timestamptz '2024-01-01' + n * interval '1 minute', 'user:' || n % 50, 'party',
                          ARRAY[n % 5000, n % 4999], ARRAY['name'], ARRAY['name'],
                          CASE WHEN n % 1000 = 0 THEN 'complaint ' || n END
                   FROM generate_series(1, CAST(:count AS bigint)) AS n"""
            ),
            {"count": count},
        )
        conn.execute(text("ANALYZE identity.sensitive_read"))


def test_log_names_the_fields_that_were_shown(database: URL) -> None:
    protect(CLERK, "party", ROWS, FIELDS)
    record_read(CLERK, "party", [8], ["id_card"], "customer called", fields=["id_number"])
    newest, first = sensitive_reads(AUDITOR)
    assert (newest["fields"], newest["reason"]) == (["id_number"], "customer called")
    assert (first["entity_ids"], first["kinds"], first["fields"]) == ([7], ["name", "phone"], ["mobile", "name"])
    with pytest.raises(Forbidden):
        sensitive_reads(CLERK)


def test_search_by_who_whom_what_when_why(database: URL) -> None:
    many(3000)
    found = sensitive_reads(AUDITOR, actor="user:7", entity_id=7, limit=500)
    assert found and all(row["actor"] == "user:7" and 7 in row["entity_ids"] for row in found)
    since, until = datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 2, 1, tzinfo=UTC)
    within = sensitive_reads(AUDITOR, since=since, until=until, limit=500)
    assert len(within) == 60 and all(since <= row["at"] < until for row in within)
    assert [row["reason"] for row in sensitive_reads(AUDITOR, reason="")] == [f"complaint {n}000" for n in (3, 2, 1)]
    assert len(sensitive_reads(AUDITOR, reason="t 2")) == 1
    assert sensitive_reads(AUDITOR, kind="bank_card") == []
    assert len(sensitive_reads(AUDITOR, kind="name", limit=500)) == 500
    pages: list[int] = []
    before = None
    while page := sensitive_reads(AUDITOR, actor="user:7", before=before, limit=17):
        pages += [row["id"] for row in page]
        before = pages[-1]
    assert pages == sorted(set(pages), reverse=True) and len(pages) == 60


@pytest.mark.parametrize(
    "asked",
    [
        {"actor": "user:7"},
        {"entity_id": 77},
        {"actor": "user:7", "entity_id": 77},
        {"reason": ""},
        {"reason": "complaint 9"},
        {"since": datetime(2024, 1, 20, tzinfo=UTC), "until": datetime(2024, 1, 21, tzinfo=UTC)},
        {"kind": "name"},
        {"kind": "bank_card"},
        {"kind": "email", "actor": "user:7"},
        {},
    ],
    ids=str,
)
def test_every_search_goes_by_an_index(database: URL, asked: dict[str, object]) -> None:
    """However long the log grows: no search reads it whole."""
    many(60_000)
    with live.begin("identity") as conn:
        conn.execute(text("SELECT identity.part_reads('2024-01-01Z', '2024-02-28Z')"))
        conn.execute(text("ANALYZE identity.sensitive_read"))
    said: list[tuple[str, object]] = []

    def hear(_conn: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        if "FROM identity.sensitive_read" in statement:
            said.append((statement, values))

    event.listen(live.engine(), "before_cursor_execute", hear)
    sensitive_reads(AUDITOR, **asked)  # type: ignore[arg-type]  # the parameters above
    event.remove(live.engine(), "before_cursor_execute", hear)
    assert said
    for statement, values in said:
        with live.read("identity") as conn:
            told = conn.exec_driver_sql(f"EXPLAIN {statement}", values)  # type: ignore[arg-type]
            plan = "\n".join(row[0] for row in told)
        assert "Seq Scan on sensitive_read_p2024" not in plan, plan


def test_kind_that_few_reads_show_is_found_behind_many_that_do_not(
    database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older than what is walked, and among it; no page leaves one out."""
    monkeypatch.setattr(queries, "WALKED", 10)
    for number in range(60):
        kinds = ["*"] if number == 30 else ["bank_card"] if number % 7 == 0 else ["name"]
        record_read(CLERK, "party", [number], kinds, fields=["name"])
    shown = [number for number in reversed(range(60)) if number % 7 == 0 or number == 30]
    for size in (1, 2, 3, 500):
        pages: list[int] = []
        before = None
        while page := sensitive_reads(AUDITOR, kind="bank_card", before=before, limit=size):
            pages += [row["entity_ids"][0] for row in page]
            before = page[-1]["id"]
        assert pages == shown


def test_forgets_what_is_too_old_and_keeps_the_rest(database: URL) -> None:
    many(3000)
    assert jobs.run(jobs.start("identity.forget_reads")) == "done"
    assert len(queries.sensitive_reads(AUDITOR, limit=500)) == 500, "younger than the settings say"
    last = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=3000, days=settings.access_log_days)
    with clock.fixed(last - timedelta(minutes=100)):
        assert jobs.run(jobs.start("identity.forget_reads")) == "done"
    left = queries.sensitive_reads(AUDITOR, limit=500)
    assert len(left) == 101


def parts() -> dict[str, int]:
    """The log's parts with how many entries each has, those without any left out."""
    with live.read("identity") as conn:
        counted = text(
            "SELECT CAST(CAST(tableoid AS regclass) AS text), count(*) FROM identity.sensitive_read GROUP BY 1"
        )
        return {name.removeprefix("identity.sensitive_read_"): count for name, count in conn.execute(counted)}


def test_each_month_is_a_part_that_is_dropped_when_it_is_too_old(database: URL) -> None:
    """What had no part of its own is moved to one when it is made; old parts go as a whole."""
    many(60_000)  # 2024-01-01 to 02-11
    assert parts() == {"rest": 60_000}, "nothing is refused for want of a part"
    with live.begin("identity") as conn:
        made = conn.execute(text("SELECT identity.part_reads('2024-01-15Z', '2024-02-01Z')")).scalar_one()
    assert made == 2 and parts() == {"p202401": 31 * 24 * 60 - 1, "p202402": 60_000 - 31 * 24 * 60 + 1}
    found = queries.sensitive_reads(AUDITOR, actor="user:7", entity_id=7, limit=500)
    assert found and [row["at"] for row in found] == sorted((row["at"] for row in found), reverse=True)
    with clock.fixed(datetime(2024, 2, 1, tzinfo=UTC) + timedelta(days=settings.access_log_days)):
        assert jobs.run(jobs.start("identity.forget_reads")) == "done"
    assert parts() == {"p202402": 60_000 - 31 * 24 * 60 + 1}
    record_read(CLERK, "party", [8], ["name"], fields=["name"])
    assert f"p{clock.now():%Y%m}" in parts(), "this month's was made at the start"


def test_entries_of_before_are_carried_over(database: URL) -> None:
    """The revision that divides the log keeps every entry, its number, and numbers that go on."""
    before = (1, "2024-01-31 16:00:00+00", "user:1", ["name"]), (7, "2024-02-29 23:59:59+00", "client:2", ["*"])
    with live.engine().begin() as conn:
        conn.execute(text("DROP SCHEMA identity CASCADE"))
        conn.execute(text("CREATE SCHEMA identity"))
        command.upgrade(migrations.config("identity", conn), "0002")
        for id, at, actor, kinds in before:
            values = {"id": id, "at": at, "actor": actor, "kinds": kinds}
            conn.execute(
                text("""INSERT INTO identity.sensitive_read (id, at, actor, entity, entity_ids, kinds)
                        VALUES (:id, :at, :actor, 'party', '{7}', :kinds)"""),
                values,
            )
    migrations.upgrade_all(["identity"])
    assert parts() == {"p202401": 1, "p202402": 1}
    record_read(CLERK, "party", [8], ["name"], fields=["name"])
    found = sensitive_reads(AUDITOR)
    assert [row["id"] for row in found] == [8, 7, 1]
    kept = [(row["id"], f"{row['at']:%Y-%m-%d %H:%M:%S+00}", row["actor"], row["kinds"]) for row in found[1:]]
    assert kept == list(reversed(before))
