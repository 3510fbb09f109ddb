"""EC-01: a value whose end was stated for a later day shows until then, and no longer."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties

from hutong.identity import SYSTEM
from hutong.party import get
from hutong.party.areas import values
from hutong.party.resolution.dated import settle_ended
from hutong.party.resolution.resolve import resolve
from hutong.platform import clock, database

pytestmark = pytest.mark.usefixtures("database")


def test_a_value_ends_on_its_day(take_in: Importer) -> None:
    """Nothing is touched before; then the next best value shows, told as a change; again, nothing changes."""
    take_in(person("A", "王小明", **ids(1), 联系电话="13912340001", 更新时间="2026/01/01 00:00:00"),
            person("B", "王小明", **ids(1), 联系电话="13912340002", 更新时间="2026/02/01 00:00:00"))  # fmt: skip
    resolve()
    party, old, new = parties()["A"], "+8613912340001", "+8613912340002"
    values.add(SYSTEM, party, "phone", new, valid_to=clock.now() + timedelta(days=3))
    assert settle_ended("system:1") == 0 and get(SYSTEM, party)["mobile"] == new
    with database.begin("party") as conn:  # three days go by
        conn.execute(text("UPDATE party.stated_value SET valid_from = valid_from - interval '4 days', "
                          "valid_to = valid_to - interval '4 days'"))  # fmt: skip
        before = conn.execute(text("SELECT count(*) FROM party.outbox")).scalar_one()
    assert settle_ended("system:1") == 1 and get(SYSTEM, party)["mobile"] == old
    assert settle_ended("system:1") == 0
    with database.read("party") as conn:
        query = text("SELECT type, aggregate FROM party.outbox ORDER BY id OFFSET :before")
        assert [tuple(row) for row in conn.execute(query, {"before": before})] == [("party.changed", f"party:{party}")]
    assert resolve().changed == 0
