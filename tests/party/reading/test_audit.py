"""EC-03, EC-05: the master's audit holds after ordinary work, and finds each harm done on purpose."""

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.resolution.test_resolve import ids, person

from hutong.identity import SYSTEM, Principal
from hutong.party.reading.audit import audit
from hutong.party.resolution.resolve import resolve
from hutong.platform import database
from hutong.platform.errors import Forbidden

pytestmark = pytest.mark.usefixtures("database")
HARMS = {
    "rows": "UPDATE party.load SET admitted = admitted - 1",
    "origin": "UPDATE party.source_record SET source = 'nobody' WHERE key = 'A'",
    "party": "DELETE FROM party.party WHERE id = (SELECT party_id FROM party.xref WHERE key = 'A')",
}


def broken() -> list[str]:
    """Names of what does not agree."""
    return [row.name for row in audit(SYSTEM) if row.expected != row.found]


@pytest.mark.parametrize("harm", HARMS)
def test_a_harm_is_found(take_in: Importer, harm: str) -> None:
    take_in(person("A", "王小明", **ids(1)), person("B", "李四", **ids(2)), person("C", "", 客户类型="1"))
    resolve()
    assert broken() == []
    with database.begin("party") as conn:
        conn.execute(text(HARMS[harm]))
    assert broken() == [harm]


def test_it_needs_a_right() -> None:
    with pytest.raises(Forbidden):
        audit(Principal(9, "user", "nobody", frozenset()))
