"""One-time codes that prove who holds a phone: sent by SMS, few, short-lived, tried a few times, used once."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import Connection, func, select, text, update

from hutong.party.sharing import messages
from hutong.party.standardise import phones
from hutong.party.tables import portal_code
from hutong.platform import clock, database
from hutong.platform.errors import TooMany, Unauthenticated, Unprocessable
from hutong.platform.i18n import translate

LIFE = timedelta(minutes=10)
TRIES = 5
PER_PHONE = ((timedelta(seconds=50), 1), (timedelta(hours=1), 5), (timedelta(days=1), 10))
PER_ADDRESS = ((timedelta(hours=1), 30),)
"""Within this time, at most so many codes for a phone, or from an address of the internet."""


def number_of(given: str) -> str:
    """A mobile number as kept. Raises Unprocessable."""
    found = phones.phone(given)
    if found.value is None or found.kind != "mobile":
        raise Unprocessable("party-portal-phone", field="phone")
    return found.value


def send_code(phone: str, address: str, locale: str) -> str | None:
    """Send a code to a phone. Returns it only when the SMS peer is simulated, else None. Raises Unprocessable, TooMany,
    Unavailable. Whether anybody has an account with the phone is not told."""
    number = number_of(phone)
    now = clock.now()
    code = f"{secrets.randbelow(1_000_000):06}"
    salt = secrets.token_hex(8)
    with database.begin("party") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.portal:' || :of, 0))"), {"of": number})
        _within(conn, number, address)
        values = {"phone": number, "code_hash": _hash(salt, code), "salt": salt, "address": address, "sent_at": now}
        conn.execute(portal_code.insert().values(**values, expires_at=now + LIFE))
    sent = messages.send(number, translate("party-portal-message", locale, code=code))
    return code if sent.simulated else None


def _within(conn: Connection, number: str, address: str) -> None:
    for column, value, limits in (("phone", number, PER_PHONE), ("address", address, PER_ADDRESS)):
        for time, most in limits:
            asked = select(func.count()).select_from(portal_code).where(portal_code.c[column] == value)
            count = conn.execute(asked.where(portal_code.c.sent_at > clock.now() - time)).scalar_one()
            if count >= most:
                raise TooMany("party-portal-too-many")


def _hash(salt: str, code: str) -> str:
    """Six digits are soon tried out: what holds is that a code lives minutes and is tried a few times."""
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**12, r=8, p=1).hex()


def prove(phone: str, code: str) -> str:
    """The number whose latest code this is, which is used up by it. Raises Unauthenticated, alike for wrong, used, old
    and never sent codes; each wrong one counts."""
    number = number_of(phone)
    with database.begin("party") as conn:
        row = conn.execute(
            select(portal_code).where(portal_code.c.phone == number).order_by(portal_code.c.id.desc()).limit(1)
            .with_for_update()
        ).one_or_none()  # fmt: skip
        usable = row is not None and row.used_at is None and row.expires_at > clock.now() and row.tries < TRIES
        if row is not None and usable and hmac.compare_digest(row.code_hash, _hash(row.salt, code.strip())):
            conn.execute(update(portal_code).where(portal_code.c.id == row.id).values(used_at=clock.now()))
            return number
        if row is not None and usable:
            conn.execute(update(portal_code).where(portal_code.c.id == row.id).values(tries=row.tries + 1))
    raise Unauthenticated("party-portal-code-wrong")
