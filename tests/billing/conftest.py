"""The telecom catalog in effect since 2015, and numbers in the pool."""

import pytest
from tests.billing.telecom import day, publish

from hutong.platform import clock


@pytest.fixture
def telecom(database: object) -> None:
    """A fresh database with the telecom pack published."""
    with clock.fixed(day(2015, 1, 1)):
        publish()
