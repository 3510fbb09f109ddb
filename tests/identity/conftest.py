"""The sample organisation, loaded."""

from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from hutong.identity import roles, users
from hutong.platform import database as live

ORGANISATION = Path(__file__).parents[2] / "packs" / "base" / "identity" / "organisation.yaml"
PASSWORD = "correct horse battery"


@pytest.fixture
def organisation(database: URL) -> dict[str, int]:
    """Users by login: a clerk, a salesperson, and one who is both a salesperson and a steward."""
    with live.begin("identity") as conn:
        roles.load_documents(conn, ORGANISATION)
        return {
            login: users.save(conn, login=login, name=login.title(), password=PASSWORD, unit_code="east-01", roles=held)
            for login, held in {
                "clerk": ["clerk"],
                "sales": ["salesperson"],
                "both": ["salesperson", "steward"],
            }.items()
        }
