"""The portal (EC-15): customers register, sign in as themselves, keep their contacts, and see what is theirs alone.

A signed-in customer is a viewer whose row scope is its own party, so no read of the customer master can show another's.
"""

import secrets
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, text, update

from hutong.identity import Principal, require
from hutong.identity.sign_in import digest
from hutong.party import visibility
from hutong.party.areas.read import of_party, points_balance
from hutong.party.lifecycle.changes import apply_change
from hutong.party.living import living
from hutong.party.model.masking import masked
from hutong.party.reading import queries
from hutong.party.realtime import intake
from hutong.party.realtime.intake import PORTAL_SOURCE
from hutong.party.realtime.stated import PartyData
from hutong.party.sharing import portal_codes
from hutong.party.standardise import identifiers, names
from hutong.party.tables import portal_account, portal_session
from hutong.platform import clock, database
from hutong.platform.errors import Conflict, NotFound, Unauthenticated, Unprocessable

LIFE = timedelta(hours=1)
REGISTRAR = Principal(0, "system", "portal", frozenset({"party.create"}), clear=frozenset({"*"}))
Row = dict[str, Any]


class PortalSession(NamedTuple):
    """A signed-in customer: who, which account, the CSRF token of its forms."""

    viewer: Principal
    account_id: int
    party_id: int
    csrf: str


def register(phone: str, code: str, name: str, id_number: str) -> str:
    """Open an account for who holds a phone. Returns its state: `active`, or `waiting` for a clerk to confirm.

    Someone new becomes a customer. Who is known with that identity document, in use or not, gets the account at once
    only if the phone is among the known ones and the name is the same; else nothing is stated about the known customer
    and a clerk confirms. Whether it was known is not told. Raises Unauthenticated, Unprocessable, Conflict.
    """
    number = identifiers.identifier("resident_id", id_number)
    person = names.person_name(name)
    if not number.valid or number.value is None or person.name is None:
        raise Unprocessable("party-portal-identity", field="id_number")
    mobile = portal_codes.prove(phone, code)
    with database.begin("party") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.portal:' || :of, 0))"), {"of": mobile})
        if conn.execute(select(portal_account.c.id).where(portal_account.c.phone == mobile)).scalar():
            raise Conflict("party-portal-has-account")
        known = _known(conn, number.value, mobile, person.name)
    if known is not None and (known.state == "active" or not known.sure):
        return _open(known.id, mobile, sure=known.sure)
    data = PartyData("person", name, id_type="resident_id", id_number=number.value, mobile=mobile)
    made = intake.find_or_create(REGISTRAR, data, f"register/{secrets.token_hex(12)}", PORTAL_SOURCE)
    return _open(made.party_id, mobile, sure=made.created or known is not None or _on_file(made, mobile))


def _known(conn: Connection, id_number: str, mobile: str, name: str) -> Any:
    """The living customer with an identity document, and whether it is `sure` that it has phone and name too; of
    several with that document the one that has."""
    states = text("""
        SELECT p.id, p.state, p.name = :name AND EXISTS (
                   SELECT FROM party.party_value t WHERE t.party_id = p.id AND t.kind = 'phone' AND t.value = :mobile)
               AS sure
        FROM party.party_value v JOIN party.party p ON p.id = v.party_id AND p.state <> 'merged'
        WHERE v.kind = 'identifier' AND v.value = :number ORDER BY sure DESC, p.state, p.id LIMIT 1""")
    return conn.execute(states, {"number": id_number, "mobile": mobile, "name": name}).one_or_none()


def _on_file(found: intake.Found, mobile: str) -> bool:
    """Whether a customer that was found has the phone by another record than the one that was just stated."""
    states = text("""
        SELECT EXISTS (SELECT FROM party.xref x JOIN party.source_record r ON r.id = x.record_id
                       WHERE x.party_id = :party AND r.id <> :own AND :mobile IN (r.mobile, r.phone, r.other_phone))""")
    with database.read("party") as conn:
        asked = {"party": found.party_id, "own": found.record_id, "mobile": mobile}
        return bool(conn.execute(states, asked).scalar_one())


def _open(party_id: int, mobile: str, *, sure: bool) -> str:
    state = "active" if sure else "waiting"
    with database.begin("party") as conn:
        conn.execute(portal_account.insert().values(party_id=party_id, phone=mobile, state=state))
    return state


def sign_in(phone: str, code: str) -> tuple[str, str]:
    """Open a session for who holds a phone: token (never stored) and CSRF token.

    Raises Unauthenticated, Conflict for an account that still waits for a clerk.
    """
    mobile = portal_codes.prove(phone, code)
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with database.begin("party") as conn:
        account = conn.execute(select(portal_account).where(portal_account.c.phone == mobile)).one_or_none()
        if account is None or account.state == "closed":
            raise Unauthenticated("party-portal-no-account")
        if account.state == "waiting":
            raise Conflict("party-portal-waiting")
        values = {"token_hash": digest(token), "account_id": account.id, "csrf": csrf}
        conn.execute(portal_session.insert().values(**values, expires_at=clock.now() + LIFE))
    return token, csrf


def session_of(token: str | None) -> PortalSession:
    """The session behind a cookie's token. Raises Unauthenticated."""
    if token:
        asked = (
            select(portal_session.c.csrf, portal_account.c.id, portal_account.c.party_id)
            .join(portal_account, portal_account.c.id == portal_session.c.account_id)
            .where(portal_session.c.token_hash == digest(token), portal_session.c.expires_at > clock.now())
            .where(portal_account.c.state == "active")
        )
        with database.read("party") as conn:
            row = conn.execute(asked).one_or_none()
            if row is not None:
                party_id = living(conn, row.party_id)
                return PortalSession(_viewer(row.id, party_id), row.id, party_id, row.csrf)
    raise Unauthenticated("party-portal-sign-in-needed")


def _viewer(account_id: int, party_id: int) -> Principal:
    """The customer as a viewer: all of its own party, nothing else."""
    return Principal(
        account_id,
        "customer",
        PORTAL_SOURCE,
        frozenset({"party.read", "party.change"}),
        clear=frozenset({"*"}),
        scopes=MappingProxyType({"party": f"row.id == {int(party_id)}"}),
    )


def sign_out(token: str) -> None:
    """End a session, and forget those that have run out."""
    over = (portal_session.c.token_hash == digest(token)) | (portal_session.c.expires_at <= clock.now())
    with database.begin("party") as conn:
        conn.execute(delete(portal_session).where(over))


def overview(session: PortalSession) -> Row:
    """What is the customer's own: `customer`, `policies`, `claims`, `points` by scheme."""
    viewer, party_id = session.viewer, session.party_id
    return {
        "customer": queries.get(viewer, party_id),
        "policies": of_party(viewer, party_id, "policy_summary"),
        "claims": of_party(viewer, party_id, "claim_summary"),
        "points": points_balance(viewer, party_id),
    }


MAINTAINED = ("mobile", "phone", "email", "address")
"""What customers may state of themselves."""


def maintain(session: PortalSession, stated: dict[str, str]) -> str:
    """State contacts anew. Returns `done`, or `pending` while the policy wants it approved. Raises Unprocessable."""
    if unknown := sorted(set(stated) - set(MAINTAINED)):
        raise Unprocessable("party-portal-field", field=unknown[0], name=unknown[0])
    if not stated:
        return "done"
    attributes = {name: value or None for name, value in stated.items()}
    return apply_change(
        session.viewer, "modify", [session.party_id], body={"attributes": attributes}, reason="portal"
    ).state


def waiting(viewer: Principal) -> list[Row]:
    """Accounts that wait for a clerk, of customers the viewer sees: id of the party, account_id, mobile, made_at."""
    require(viewer, "party.change")
    asked = select(portal_account).where(portal_account.c.state == "waiting").order_by(portal_account.c.id).limit(200)
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(asked).mappings()]
        seen = visibility.among(conn, viewer, sorted({row["party_id"] for row in rows}))
    shown = [row for row in rows if row["party_id"] in seen]
    return masked(
        viewer, [{**row, "id": row["party_id"], "account_id": row["id"], "mobile": row["phone"]} for row in shown]
    )


def decide(viewer: Principal, account_id: int, *, confirm: bool) -> None:
    """Confirm who holds an account, having seen the identity document; or close it. Raises NotFound."""
    require(viewer, "party.change")
    waits = (portal_account.c.id == account_id) & (portal_account.c.state == "waiting")
    with database.begin("party") as conn:
        party_id = conn.execute(select(portal_account.c.party_id).where(waits).with_for_update()).scalar()
        if party_id is None:
            raise NotFound("party-portal-account-unknown", id=account_id)
        visibility.check(conn, viewer, living(conn, party_id))
        state = "active" if confirm else "closed"
        conn.execute(update(portal_account).where(waits).values(state=state, confirmed_by=viewer.actor))
