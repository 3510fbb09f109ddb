"""Versions recorded ahead are told of when their date has come."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text, text
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from hutong.cli import main
from hutong.platform import clock, history, migrations, worker
from hutong.platform import database as live
from hutong.platform.settings import settings

METADATA = MetaData(schema="platform")
PLAN = history.historical(
    Table(
        "plan", METADATA, Column("id", BigInteger, Identity(), primary_key=True), Column("tier", Text, nullable=False)
    )
)
MAY = datetime(2015, 5, 11, tzinfo=UTC)
JUNE = datetime(2015, 6, 1, tzinfo=UTC)


def announce_at(instant: datetime) -> int:
    with clock.fixed(instant), live.begin("platform") as conn:
        return history.announce(conn, PLAN)


def told() -> list[tuple[Any, ...]]:
    worker.drain(["platform"])
    with live.read("platform") as conn:
        query = text(
            "SELECT type, aggregate, payload->'changed', occurred_at FROM platform.event_log ORDER BY position"
        )
        return [tuple(row) for row in conn.execute(query)]


def test_an_event_tells_those_who_must_act_on_the_date(database: URL) -> None:
    """BL-04: a change with effect next month is recorded now and takes effect then, told once, on its date."""
    with live.begin("platform") as conn:
        METADATA.create_all(conn)
    with clock.fixed(MAY), live.begin("platform") as conn:
        one, two, three = history.insert(conn, PLAN, [{"tier": "1G"}] * 3)
        next_month = [{"id": one, "tier": "2G"}, {"id": two, "tier": "2G"}]
        history.change(conn, PLAN, next_month, columns=["tier"], effective_at=JUNE)
        history.end(conn, PLAN, [three], effective_at=JUNE + timedelta(days=3))
    assert announce_at(JUNE - timedelta(seconds=1)) == 0
    with clock.fixed(JUNE - timedelta(days=1)), live.begin("platform") as conn:
        # corrected before its date: moved by a new version at the same instant, told as one
        history.change(conn, PLAN, [{"id": two, "tier": "3G"}], columns=["tier"], effective_at=JUNE)
    assert announce_at(JUNE) == 2
    assert announce_at(JUNE) == 0
    assert told() == [
        ("platform.plan_effective", f"plan:{one}", ["tier"], JUNE),
        ("platform.plan_effective", f"plan:{two}", ["tier"], JUNE),
    ]
    assert announce_at(JUNE + timedelta(days=9)) == 1
    assert told()[2:] == [("platform.plan_effective", f"plan:{three}", ["ended"], JUNE + timedelta(days=3))]
    with live.read("platform") as conn:
        due = conn.execute(history.due(PLAN, MAY, JUNE)).all()
    assert sorted(row.id for row in due) == [one, two]


def test_the_check_command(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """BL-04: `hutong history check` fails, naming the row, when a table in use and its history differ."""
    with live.begin("platform") as conn:
        METADATA.create_all(conn)
        [key] = history.insert(conn, PLAN, [{"tier": "1G"}])
    monkeypatch.setattr(migrations, "tables_of", lambda _center: SimpleNamespace(metadata=METADATA))
    monkeypatch.setattr(settings, "default_locale", "en")
    clean = CliRunner().invoke(main.app, ["history", "check", "platform"])
    assert (clean.exit_code, "1 histories, 0 findings" in clean.output) == (0, True)
    with live.begin("platform") as conn:
        conn.execute(PLAN.update().values(tier="?"))
    wrong = CliRunner().invoke(main.app, ["history", "check", "platform"])
    assert (wrong.exit_code, f"platform.plan {key}:" in wrong.output) == (1, True)
