"""Signing in, lock-out, sessions."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.identity.conftest import PASSWORD

from hutong.identity import users
from hutong.identity.sign_in import SESSION_LIFE, session_of, sign_in, sign_out
from hutong.identity.tables import session, user_account
from hutong.platform import clock
from hutong.platform import database as live
from hutong.platform.errors import NotFound, Problem, Unauthenticated, Unprocessable


def test_a_session_knows_its_person_and_rights(organisation: dict[str, int]) -> None:
    viewer = session_of(sign_in("clerk", PASSWORD).token).viewer
    assert viewer.id == organisation["clerk"]
    assert viewer.may("party.change") and not viewer.may("party.merge")
    assert viewer.sees("phone") and not viewer.sees("id_card")
    assert viewer.unit_path == "/hq/east/east-01/"


def test_neither_password_nor_token_is_stored(organisation: dict[str, int]) -> None:
    made = sign_in("clerk", PASSWORD)
    with live.read("identity") as conn:
        stored = conn.execute(
            select(user_account.c.password_hash, session.c.token_hash).select_from(user_account.join(session))
        ).one()
    assert stored.password_hash.startswith("$argon2id$")
    assert made.token not in str(stored) and PASSWORD not in str(stored)


@pytest.mark.parametrize(("login", "password"), [("clerk", "wrong password"), ("nobody", PASSWORD)])
def test_wrong_and_unknown_are_refused_alike(organisation: dict[str, int], login: str, password: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        sign_in(login, password)
    assert refused.value.code == "identity-sign-in-refused"


def test_five_failures_lock_for_fifteen_minutes(organisation: dict[str, int]) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            sign_in("clerk", "wrong password")
    with pytest.raises(Unauthenticated):
        sign_in("clerk", PASSWORD)
    with clock.fixed(clock.now() + timedelta(minutes=16)):
        assert sign_in("clerk", PASSWORD).token


def test_a_session_ends_by_signing_out_and_by_time(organisation: dict[str, int]) -> None:
    left, late = sign_in("clerk", PASSWORD), sign_in("clerk", PASSWORD)
    sign_out(left.token)
    with pytest.raises(Unauthenticated):
        session_of(left.token)
    with clock.fixed(clock.now() + SESSION_LIFE + timedelta(seconds=1)), pytest.raises(Unauthenticated):
        session_of(late.token)


@pytest.mark.parametrize(
    ("change", "error"), [({"password": "short"}, Unprocessable), ({"unit_code": "moon"}, NotFound)]
)
def test_a_bad_account_is_refused(organisation: dict[str, int], change: dict[str, str], error: type[Problem]) -> None:
    account = {"login": "new", "name": "New", "password": PASSWORD, "unit_code": "hq"} | change
    with pytest.raises(error), live.begin("identity") as conn:
        users.save(conn, **account, roles=[])


def test_scopes_hold_only_where_every_role_limits(organisation: dict[str, int]) -> None:
    """EC-17: a salesperson sees their own; one who is also a steward sees all."""
    assert "party" in session_of(sign_in("sales", PASSWORD).token).viewer.scopes
    assert "party" not in session_of(sign_in("both", PASSWORD).token).viewer.scopes
