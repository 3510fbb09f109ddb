"""Contiguous history, by cases and by properties against a plain model."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Computed, Identity, MetaData, Table, Text, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import URL
from tests.platform.history_model import Model

from hutong.platform import clock, database, history
from hutong.platform.errors import Invalid, NotFound, Unprocessable
from hutong.platform.history import historical, history_of

METADATA = MetaData(schema="trial")
PLAN = historical(
    Table(
        "plan",
        METADATA,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("tier", Text, nullable=False),
        Column("owner", Text),
        Column("order", BigInteger, nullable=False, server_default=text("7")),
        Column("extra", JSONB),
        Column("tags", ARRAY(Text)),
        Column("tier_key", Text, Computed("lower(tier)")),
    )
)
DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return DAY_0 + timedelta(days=number)


@pytest.fixture(scope="module")
def trial(module_database: URL) -> Iterator[None]:
    with database.begin("platform") as conn:
        conn.execute(text("CREATE SCHEMA trial"))
        METADATA.create_all(conn)
        for name, view in history.period_views(PLAN).items():
            conn.execute(text(f"CREATE VIEW {name} AS {view}"))
    yield


def tier_at(instant: datetime, key: int) -> str | None:
    with database.read("platform") as conn:
        row = conn.execute(history.as_of(PLAN, instant, [key])).one_or_none()
    return None if row is None else row.tier


def shown(key: int) -> Any:
    with database.read("platform") as conn:
        return conn.execute(select(PLAN).where(PLAN.c.id == key)).one()


def test_golden_case(trial: None) -> None:
    """BL-04: plan 1G from 2015-04-01, changed on 2015-05-11 to 2G from next month."""
    april, may_11, june = (datetime(2015, month, date, tzinfo=UTC) for month, date in ((4, 1), (5, 11), (6, 1)))
    with clock.fixed(april), database.begin("platform") as conn:
        [key] = history.insert(conn, PLAN, [{"tier": "1G"}], effective_at=april)
    with clock.fixed(may_11), database.begin("platform") as conn:
        history.change(conn, PLAN, [{"id": key, "tier": "2G"}], columns=["tier"], effective_at=june, cause="order:1")

    row = shown(key)
    assert (row.tier, row.changed_at, row.effective_at, row.cause, row.tier_key) == (
        "2G",
        may_11,
        june,
        "order:1",
        "2g",
    )
    assert tier_at(april - timedelta(seconds=1), key) is None
    assert [tier_at(at, key) for at in (april, may_11, june - timedelta(microseconds=1))] == ["1G"] * 3
    assert [tier_at(at, key) for at in (june, june + timedelta(days=900))] == ["2G"] * 2
    with database.read("platform") as conn:
        query = text("SELECT tier, valid_from, valid_to FROM trial.plan_period WHERE id = :key ORDER BY valid_from")
        periods = conn.execute(query, {"key": key}).all()
    assert [tuple(period) for period in periods] == [("1G", april, june), ("2G", june, history.FOREVER)]


def test_crm_times_apart_from_billing_period(trial: None) -> None:
    """BL-04: CRM's change and effective times are kept apart from billing's period."""
    with clock.fixed(day(3)), database.begin("platform") as conn:
        [key] = history.insert(conn, PLAN, [{"tier": "1G"}], effective_at=day(0))
        history.change(
            conn, PLAN, [{"id": key, "tier": "2G"}], columns=["tier"], effective_at=day(4), valid_from=day(31)
        )
    row = shown(key)
    assert (row.changed_at, row.effective_at, row.valid_from) == (day(3), day(4), day(31))
    assert (tier_at(day(30), key), tier_at(day(31), key)) == ("1G", "2G")


def test_a_change_before_a_recorded_one_is_inherited_where_that_says_nothing(trial: None) -> None:
    """BL-04: versions recorded for later keep their own changes and inherit the rest."""
    with database.begin("platform") as conn:
        [key] = history.insert(conn, PLAN, [{"tier": "1G", "owner": "a", "extra": {"x": [1]}, "tags": ["p", "q"]}],
                               effective_at=day(0))  # fmt: skip
        history.change(conn, PLAN, [{"id": key, "tier": "2G"}], columns=["tier"], effective_at=day(31))
        history.change(
            conn, PLAN, [{"id": key, "tier": "3G", "owner": "b"}], columns=["tier", "owner"], effective_at=day(10)
        )
        told = [(v.tier, v.owner, v.changed) for v in conn.execute(history.versions(PLAN, key))]
    assert told == [("1G", "a", None), ("3G", "b", ["tier", "owner"]), ("2G", "b", ["tier"])]
    row = shown(key)
    assert (row.tier, row.owner, row.order, row.extra, row.tags) == ("2G", "b", 7, {"x": [1]}, ["p", "q"])


def test_ending_and_taking_up_again(trial: None) -> None:
    """BL-04: ending is a version too; its period is not seen, and taking up again at the same instant undoes it."""
    with database.begin("platform") as conn:
        [key] = history.insert(conn, PLAN, [{"tier": "1G"}], effective_at=day(0))
        history.end(conn, PLAN, [key], effective_at=day(9))
    assert shown(key).ended
    assert (tier_at(day(8), key), tier_at(day(9), key)) == ("1G", None)
    with database.begin("platform") as conn:
        history.restart(conn, PLAN, select(PLAN.c.id).where(PLAN.c.id == key), effective_at=day(12))
    assert not shown(key).ended
    assert (tier_at(day(11), key), tier_at(day(12), key)) == (None, "1G")
    with database.begin("platform") as conn:
        history.restart(conn, PLAN, [key], effective_at=day(9))
        assert history.check(conn, PLAN) == []
    assert tier_at(day(10), key) == "1G"


def test_refused_sets_write_nothing(trial: None) -> None:
    """BL-04: a set with one wrong row is refused whole, and says why."""
    with database.begin("platform") as conn:
        one, two = history.insert(conn, PLAN, [{"tier": "1G"}, {"tier": "1G"}], effective_at=day(5))
    cases: list[tuple[type[Exception], list[dict[str, Any]]]] = [
        (Invalid, [{"id": one, "tier": "x"}, {"id": one, "tier": "y"}]),
        (NotFound, [{"id": one, "tier": "x"}, {"id": -1, "tier": "y"}]),
        (Unprocessable, [{"id": one, "tier": "x", "effective_at": day(6)}, {"id": two, "tier": "y"}]),
    ]
    for problem, rows in cases:
        with database.begin("platform") as conn:
            complete = [{"effective_at": day(4), **row} for row in rows]
            with pytest.raises(problem) as refusal:
                history.change(conn, PLAN, complete, columns=["tier"])
            assert "plan" in str(refusal.value)
    assert (shown(one).tier, shown(two).tier) == ("1G", "1G")
    with database.read("platform") as conn:
        assert len(conn.execute(history.versions(PLAN, one)).all()) == 1


def test_keys_come_in_the_order_of_rows(trial: None) -> None:
    with database.begin("platform") as conn:
        keys = history.insert(conn, PLAN, [{"tier": f"t{number}"} for number in range(300)])
        found = {row.id: row.tier for row in conn.execute(select(PLAN.c.id, PLAN.c.tier))}
    assert [found[key] for key in keys] == [f"t{number}" for number in range(300)]


def test_a_select_moves_a_set(trial: None) -> None:
    """BL-04: sets from inside the database, none of it through Python."""
    with database.begin("platform") as conn:
        made = text("SELECT 's' || n AS tier, 'set' AS owner FROM generate_series(1, 5000) AS n")
        rows = made.columns(tier=Text, owner=Text).subquery()
        assert history.insert_from(conn, PLAN, select(rows.c.tier, rows.c.owner), effective_at=day(1)) == 5000
        wanted = select(PLAN.c.id, (PLAN.c.tier + "+").label("tier")).where(PLAN.c.owner == "set")
        assert history.change(conn, PLAN, wanted, columns=["tier"], effective_at=day(2)) == 5000
        assert history.end(conn, PLAN, select(PLAN.c.id).where(PLAN.c.owner == "set"), effective_at=day(3)) == 5000
        assert history.check(conn, PLAN) == []
        then = conn.execute(history.as_of(PLAN, day(2)).with_only_columns(text("count(*)"))).scalar_one()
    assert then >= 5000


def test_two_writers_of_one_row_wait_for_each_other(trial: None) -> None:
    """BL-04, XP-06: changes of the same rows at the same time are both kept, in one contiguous history."""
    with database.begin("platform") as conn:
        keys = history.insert(conn, PLAN, [{"tier": "0", "owner": "0"} for _ in range(50)], effective_at=day(0))

    def write(column: str, at: int) -> None:
        for number in range(20):
            rows = [{"id": key, column: f"{column}{number}"} for key in (keys if at % 2 else reversed(keys))]
            with database.begin("platform") as conn:
                history.change(conn, PLAN, rows, columns=[column], effective_at=day(at + (number * 7) % 5))

    threads = [threading.Thread(target=write, args=("tier", 1)), threading.Thread(target=write, args=("owner", 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read("platform") as conn:
        assert history.check(conn, PLAN) == []
        last = conn.execute(select(PLAN.c.tier, PLAN.c.owner).where(PLAN.c.id.in_(keys)).distinct()).all()
    assert [tuple(row) for row in last] == [("tier17", "owner17")]  # the last that was dated latest: 17 * 7 % 5 == 4


def test_check_sees_what_is_wrong(trial: None) -> None:
    with database.begin("platform") as conn:
        keys = history.insert(conn, PLAN, [{"tier": "1G"}] * 4, effective_at=day(0))
        later = [{"id": key, "tier": "2G"} for key in keys]
        history.change(conn, PLAN, later, columns=["tier"], effective_at=day(2))
        table = history_of(PLAN)
        conn.execute(PLAN.update().where(PLAN.c.id == keys[0]).values(tier="?"))
        conn.execute(table.delete().where(table.c.id == keys[1], table.c.changed.is_(None)))
        conn.execute(table.update().where(table.c.id == keys[2], table.c.changed.is_not(None)).values(owner="?"))
        conn.execute(insert(table).values(id=-5, tier="x", order=1, valid_from=day(0), effective_at=day(0),
                                          changed_at=day(0), ended=False))  # fmt: skip
        lines = history.check(conn, PLAN)
        conn.rollback()
    for key in (keys[0], keys[1], keys[2], -5):
        assert any(f"plan {key}:" in line for line in lines), lines
    assert not any(f"plan {keys[3]}:" in line for line in lines)


CHANGE = st.fixed_dictionaries(
    {"day": st.integers(-1, 6)},
    optional={"tier": st.sampled_from("abc"), "owner": st.sampled_from(["x", "y", None]), "ended": st.booleans()},
)


@given(
    start=st.lists(st.integers(0, 2), min_size=1, max_size=3),
    steps=st.lists(st.dictionaries(st.integers(0, 2), CHANGE, min_size=1, max_size=3), max_size=7),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_equals_the_model(trial: None, start: list[int], steps: list[dict[int, dict[str, Any]]]) -> None:
    """BL-04: future-dated, retroactive, ending and same-instant changes in any order equal the plain model."""
    model = Model()
    with database.begin("platform") as conn:
        rows = [{"tier": "a", "owner": None, "effective_at": day(number)} for number in start]
        keys = history.insert(conn, PLAN, rows)
        for key, number in zip(keys, start, strict=True):
            model.insert(key, day(number), {"tier": "a", "owner": None})
        for step in steps:
            _apply(conn, model, keys, step)
        for key in keys:
            found = [
                (v.valid_from, {"tier": v.tier, "owner": v.owner, "ended": v.ended})
                for v in conn.execute(history.versions(PLAN, key))
            ]
            assert found == model.versions(key)
            row = conn.execute(select(PLAN).where(PLAN.c.id == key)).one()
            assert {"tier": row.tier, "owner": row.owner, "ended": row.ended} == found[-1][1]
            query = text("SELECT tier, valid_from, valid_to FROM trial.plan_period WHERE id = :key ORDER BY 2")
            borders = [*model.instants(key), history.FOREVER]
            assert [tuple(period) for period in conn.execute(query, {"key": key})] == [
                (values["tier"], begin, finish)
                for (begin, values), finish in zip(found, borders[1:], strict=True)
                if not values["ended"]
            ]
        assert history.check(conn, PLAN) == []
        conn.rollback()


def _apply(conn: Any, model: Model, keys: list[int], step: dict[int, dict[str, Any]]) -> None:
    """One call per set of columns, as the interface asks; refused ones must be refused by the model too."""
    grouped: dict[tuple[str, ...], list[tuple[int, dict[str, Any]]]] = {}
    for index, wanted in step.items():
        columns = tuple(name for name in ("tier", "owner", "ended") if name in wanted)
        if index < len(keys) and columns:
            grouped.setdefault(columns, []).append((keys[index], wanted))
    for columns, wanted_rows in grouped.items():
        rows = [
            {"id": key, "effective_at": day(wanted["day"]), **{name: wanted[name] for name in columns}}
            for key, wanted in wanted_rows
        ]
        if any(day(wanted["day"]) < model.rows[key][0][0] for key, wanted in wanted_rows):
            with pytest.raises(Unprocessable):
                history.change(conn, PLAN, rows, columns=columns)
            continue
        history.change(conn, PLAN, rows, columns=columns)
        for key, wanted in wanted_rows:
            assert model.change(key, day(wanted["day"]), {name: wanted[name] for name in columns})


def test_a_version_differs_by_what_is_other_than_before() -> None:
    """A change names more columns than it alters; only those that are other are told."""
    before = {"changed": None, "name": "a", "city": "x"}
    version = {"changed": ["name", "city"], "name": "a", "city": "y"}
    assert history.differing(before, None) is None
    assert history.differing(version, before) == ["city"]
    assert history.differing(version, version) == []
