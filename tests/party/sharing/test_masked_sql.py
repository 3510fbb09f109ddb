"""EC-17: a set masked in SQL shows exactly what one row masked in Python does."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hutong.identity import Principal
from hutong.identity.masking import MASKS, mask
from hutong.party.sharing import masked_sql
from hutong.platform import database

pytestmark = pytest.mark.usefixtures("database")
VALUES = st.text(st.sampled_from("ab Z9@.张三丰欧阳é\t+-号路|"), max_size=24)


@given(values=st.lists(VALUES, min_size=1, max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_masks_as_python_does(values: list[str]) -> None:
    nobody = Principal(1, "user", "x", frozenset())
    assert set(masked_sql.MASKS) == set(MASKS)
    with database.read("party") as conn:
        for kind in MASKS:
            sql = masked_sql.masked(nobody, "v.value", kind).replace(":", "\\:")
            found = conn.execute(
                text(f"SELECT {sql} FROM unnest(CAST(:values AS text[])) WITH ORDINALITY AS v (value, n) ORDER BY n"),
                {"values": values},
            )
            assert list(found.scalars()) == [mask(kind, value) for value in values], kind
