"""Signing in: password check with lock-out, server-side sessions, CSRF tokens."""

import hashlib
import secrets
from datetime import timedelta
from typing import NamedTuple

from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, bindparam, case, delete, insert, select, update

from hutong.identity.principal import Principal
from hutong.identity.tables import session, user_account
from hutong.identity.users import HELD, hasher, viewer_of
from hutong.platform import clock, database
from hutong.platform.errors import Unauthenticated

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=12)
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Y2Fubm90IG1hdGNoIGFueSBwYXNzd29yZCBhdCBhbGw"


class SignedIn(NamedTuple):
    """A new session: the token for the cookie (never stored), and the CSRF token of its forms."""

    token: str
    csrf: str


class Session(NamedTuple):
    """A request's session: who, and the CSRF token its forms must carry."""

    viewer: Principal
    csrf: str


def digest(secret: str) -> str:
    """How a random 256-bit secret is stored: SHA-256 suffices, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_in(login: str, password: str) -> SignedIn:
    """Check a password and open a session. Raises Unauthenticated, alike for unknown, wrong and locked accounts."""
    with database.begin("identity") as conn:
        row = conn.execute(
            select(user_account.c.id, user_account.c.password_hash, user_account.c.locked_until)
            .where(user_account.c.login == login, user_account.c.active)
            .with_for_update()
        ).one_or_none()
        locked = row is not None and row.locked_until is not None and row.locked_until > clock.now()
        if _matches(row.password_hash if row else NOBODY, password) and row is not None and not locked:
            conn.execute(update(user_account).where(user_account.c.id == row.id).values(failures=0, locked_until=None))
            made = SignedIn(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
            conn.execute(
                insert(session).values(
                    token_hash=digest(made.token),
                    user_id=row.id,
                    csrf=made.csrf,
                    expires_at=clock.now() + SESSION_LIFE,
                )
            )
            return made
        if row is not None and not locked:
            _count_failure(conn, row.id)
    raise Unauthenticated("identity-sign-in-refused")


def _matches(password_hash: str, password: str) -> bool:
    try:
        return hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _count_failure(conn: Connection, user_id: int) -> None:
    """The fifth failure in a row locks the account for a while, and starts the count anew."""
    failures = user_account.c.failures + 1
    conn.execute(
        update(user_account)
        .where(user_account.c.id == user_id)
        .values(
            failures=case((failures >= FAILURES_ALLOWED, 0), else_=failures),
            locked_until=case((failures >= FAILURES_ALLOWED, clock.now() + LOCKED_FOR), else_=None),
        )
    )


_OPENED = (
    HELD.add_columns(session.c.csrf)
    .join(session, session.c.user_id == user_account.c.id)
    .where(session.c.token_hash == bindparam("token_hash"), session.c.expires_at > bindparam("now"))
)


def session_of(token: str | None) -> Session:
    """The session behind a cookie's token. Raises Unauthenticated when there is none or it has ended."""
    if token:
        with database.begin("identity") as conn:
            held = conn.execute(_OPENED, {"token_hash": digest(token), "now": clock.now()}).mappings().all()
        if held:
            return Session(viewer_of(held), held[0]["csrf"])
    raise Unauthenticated("identity-sign-in-needed")


def sign_out(token: str) -> None:
    """End a session, and forget those that have run out."""
    with database.begin("identity") as conn:
        conn.execute(
            delete(session).where((session.c.token_hash == digest(token)) | (session.c.expires_at <= clock.now()))
        )
