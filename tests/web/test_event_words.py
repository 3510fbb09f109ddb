"""Dead letters are told in words: every event that is published has its name in both languages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.web.sample_site import Site

from hutong.platform import database, history, migrations, subscriptions
from hutong.platform.i18n import LOCALES, has_message
from hutong.platform.worker import speaking

SOURCE = Path(__file__).parents[2] / "src" / "hutong"


def written() -> Iterator[str]:
    """Types that stand in the code: the first word of an `Event`, and the capitals of `events` modules."""
    for path in SOURCE.rglob("*.py"):
        center = path.relative_to(SOURCE).parts[0]
        if center not in database.CENTERS or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            value: ast.AST | None = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Event" and node.args:
                value = node.args[0]
            elif isinstance(node, ast.Assign) and path.name == "events.py":
                value = node.value
            if isinstance(value, ast.Constant) and str(value.value).startswith(f"{center}."):
                yield str(value.value)


def effective() -> Iterator[str]:
    """What is told when a version's date has come."""
    for center in speaking():
        for table in migrations.tables_of(center).metadata.sorted_tables:
            if history.is_historical(table):
                yield f"{center}.{table.name}_effective"


def listened_to() -> Iterator[str]:
    """Types that a subscription names."""
    subscriptions.load_handlers(database.CENTERS)
    for found in subscriptions.registered():
        yield from (name for name in found.events if not name.endswith("*") and found.consumer in SHIPPED)


SHIPPED = ("identity", "masterdata", "party", "catalog", "inventory", "ordering", "billing")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_event_has_words(site: Site, locale: str) -> None:
    """What the code names, what subscribers hear, what a journey published."""
    published: set[str] = set()
    for center in speaking():
        query = f"SELECT type FROM {center}.outbox UNION SELECT type FROM {center}.event_log"
        with database.read(center) as conn:
            published |= set(conn.execute(text(query)).scalars())
    assert {"party.merged", "ordering.order_accepted", "inventory.account_opened"} & published
    types = published | set(written()) | set(effective()) | set(listened_to())
    lacking = sorted(name for name in types if not has_message(f"web-event-type-{name.replace('.', '-')}", locale))
    assert not lacking, " ".join(lacking)
