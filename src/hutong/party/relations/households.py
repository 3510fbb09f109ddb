"""Households as people see and keep them (EC-11): what a person says about a membership wins over the rule."""

from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.areas.people import RIGHT, anchor
from hutong.party.living import whom
from hutong.platform import database
from hutong.platform.errors import NotFound, Unprocessable
from hutong.platform.outbox import Event, publish

Row = dict[str, Any]
_OF_PARTY = text("""
    SELECT h.id, h.name, h.made_at, h.rule_version FROM party.household h
    WHERE h.ended_at IS NULL AND h.id IN (
        SELECT household_id FROM party.v1_household_member WHERE party_id = :id AND word <> 'removed')
    ORDER BY h.id LIMIT 1""")
_MEMBERS = text("""
    SELECT DISTINCT ON (m.party_id) m.party_id AS id, m.role, m.word, m.because, m.since, p.name, p.gender,
           p.birth_date, p.mobile, p.grade, m.word = 'removed' OR p.state <> 'active' AS ended
    FROM party.v1_household_member m JOIN party.party p ON p.id = m.party_id
    WHERE m.household_id = :household
    ORDER BY m.party_id, m.word""")


def household_of(viewer: Principal, party_id: int) -> Row | None:
    """The household of two or more that a person belongs to, with `members`, masked; `former`: whose membership ended,
    because people took them out (since when and why is said), or who are not in use any more. Needs `party.read`.

    Of a member: id, name, role, `word` (found or confirmed), `because` (the rules that tie them, or who said so).
    Members outside the viewer's rows are only counted, in `hidden`.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        home = whom(conn, viewer, party_id)
        found = conn.execute(_OF_PARTY, {"id": home}).mappings().one_or_none()
        if found is None:
            return None
        rows = [dict(row) for row in conn.execute(_MEMBERS, {"household": found["id"]}).mappings()]
        members = [row for row in rows if not row["ended"]]
        if len(members) < 2:
            return None
        seen = visibility.among(conn, viewer, [row["id"] for row in rows])
    shown = protect(viewer, "party", [row for row in rows if row["id"] in seen], {"name": "name", "mobile": "phone"})
    return {
        **found,
        "members": [row for row in shown if not row["ended"]],
        "former": [row for row in shown if row["ended"]],
        "hidden": len([row for row in members if row["id"] not in seen]),
    }


def confirm(viewer: Principal, household_id: int, party_id: int, reason: str, role: str | None = None) -> None:
    """A person belongs to a household, whatever the rules find; they leave any other. Needs `party.change`."""
    _say(viewer, household_id, party_id, word="confirmed", reason=reason, role=role)


def remove(viewer: Principal, household_id: int, party_id: int, reason: str) -> None:
    """A person does not belong to a household, whatever the rules find. Needs `party.change`."""
    _say(viewer, household_id, party_id, word="removed", reason=reason, role=None)


def make(viewer: Principal, party_ids: list[int], reason: str, name: str | None = None) -> int:
    """A household of these persons, by a person's word. Returns its id. Needs `party.change`."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        _lock(conn)
        made: int = conn.execute(
            text("INSERT INTO party.household (name, made_by) VALUES (:name, :by) RETURNING id"),
            {"name": name, "by": viewer.actor},
        ).scalar_one()
        for party_id in dict.fromkeys(party_ids):
            _write(conn, viewer, made, party_id, word="confirmed", reason=reason, role=None)
        return made


def _say(viewer: Principal, household_id: int, party_id: int, *, word: str, reason: str, role: str | None) -> None:
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        _lock(conn)
        known = conn.execute(text("SELECT true FROM party.household WHERE id = :id"), {"id": household_id}).scalar()
        if not known:
            raise NotFound("party-household-unknown", id=household_id)
        _write(conn, viewer, household_id, party_id, word=word, reason=reason, role=role)


def _lock(conn: Connection) -> None:
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.household', 0))"))


def _write(
    conn: Connection, viewer: Principal, household_id: int, party_id: int, *, word: str, reason: str, role: str | None
) -> None:
    """One word about a membership, under the party's first record; other rows about the same party give way."""
    home, reference = anchor(conn, viewer, party_id)
    kind = conn.execute(text("SELECT kind FROM party.party WHERE id = :id"), {"id": home}).scalar()
    if kind != "person":
        raise Unprocessable("party-relation-persons", kind="household")
    values = {"household": household_id, "home": home, "source": reference[0], "key": reference[1], "word": word,
              "reason": f"{viewer.actor}: {reason}", "role": role}  # fmt: skip
    conn.execute(text(_GIVE_WAY if word == "removed" else _GIVE_WAY_EVERYWHERE), values)
    conn.execute(
        text(
            """INSERT INTO party.household_member (household_id, of_source, of_key, role, word, because)
               VALUES (:household, :source, :key, :role, :word, :reason)
               ON CONFLICT (household_id, of_source, of_key)
               DO UPDATE SET word = excluded.word, because = excluded.because, role = excluded.role, since = now()"""
        ),
        values,
    )
    conn.execute(text(_OPEN), {"household": household_id})
    told = {"party_id": home, "household_id": household_id, "word": word}
    publish(conn, "party", [Event("party.household_changed", f"party:{home}", told)])


_GIVE_WAY = """
DELETE FROM party.household_member m USING party.xref x
WHERE x.source = m.of_source AND x.key = m.of_key AND x.party_id = :home AND m.household_id = :household"""
_GIVE_WAY_EVERYWHERE = """
DELETE FROM party.household_member m USING party.xref x
WHERE x.source = m.of_source AND x.key = m.of_key AND x.party_id = :home
  AND (m.household_id = :household OR m.word <> 'removed')"""
"""Who is confirmed leaves all others; that people took them out of another stays said, or the rules would bring them
back there."""
_OPEN = """
UPDATE party.household h SET ended_at = CASE WHEN EXISTS (
    SELECT 1 FROM party.household_member m WHERE m.household_id = h.id AND m.word <> 'removed') THEN NULL ELSE now() END
WHERE h.id = :household"""
