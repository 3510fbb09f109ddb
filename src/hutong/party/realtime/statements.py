"""What an interface or the portal states about a known party (TMF632 patch), and the party's end of use and roles.

A statement is a source record of its own (source `api` or `portal`), held to the party by its word ("same"), with only
what was stated; survivorship decides what shows.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.living import living
from hutong.party.realtime.intake import known_source, stating_source, store_record
from hutong.party.realtime.stated import PartyData, standardised
from hutong.party.resolution import membership
from hutong.party.resolution.regroup import judge, records_of, regroup
from hutong.party.tables import party, role
from hutong.platform import clock, database, history
from hutong.platform.errors import NotFound
from hutong.platform.outbox import Event, publish

_STATED = text("""
    SELECT r.id, v.raw FROM party.source_record r
    JOIN LATERAL (SELECT raw FROM party.source_version v WHERE v.record_id = r.id ORDER BY v.id DESC LIMIT 1) v ON true
    WHERE r.source = :source AND r.key = :key""")


def state_in(conn: Connection, viewer: Principal, party_id: int, changes: Mapping[str, Any]) -> int:
    """State attributes of a party (fields of PartyData; None withdraws), as an approved change. Returns the living
    party's id. Raises NotFound, Unprocessable. Callers at the edge ask by `lifecycle.changes.apply_change`."""
    membership.lock(conn)
    source = stating_source(viewer)
    known_source(conn, source)
    row = _in_use(conn, viewer, party_id)
    key = f"{viewer.name}/{row.id}"
    before = conn.execute(_STATED, {"source": source, "key": key}).one_or_none()
    held = msgspec.convert(before.raw, PartyData) if before else PartyData(row.kind, row.name)
    data = replace(held, **{name: value for name, value in changes.items() if name != "attributes"})
    if "attributes" in changes:
        merged = {**(held.attributes or {}), **changes["attributes"]}
        data = replace(data, attributes={name: value for name, value in merged.items() if value is not None})
    data = replace(data, name=data.name or row.name)
    record_id = store_record(conn, standardised(data), data, key, source)
    operation = membership.new_operation(conn, "intake", "stated", viewer.actor)
    if before is None:
        first = records_of(conn, [row.id]).get(row.id, [])[:1]
        pairs = [(record_id, other) for other in first]
        judge(conn, pairs, "same", "stated", "stated about this party", operation_id=operation, by=viewer.actor)
    home = {record_id: row.id} if before is None else None
    regroup(conn, [record_id], operation, viewer.actor, home, queue=False)
    return int(row.id)


def deactivate_in(conn: Connection, viewer: Principal, party_id: int) -> int:
    """End the use of a party, as an approved change: it stays known, with its history, but takes part in nothing new.
    Returns the living party's id. Raises NotFound."""
    return _use(conn, viewer, party_id, ("active", "inactive"), "deactivated")


def reactivate_in(conn: Connection, viewer: Principal, party_id: int) -> int:
    """Take a deactivated party into use again. Returns its id. Raises NotFound where none is."""
    return _use(conn, viewer, party_id, ("inactive", "active"), "reactivated")


def _use(conn: Connection, viewer: Principal, party_id: int, states: tuple[str, str], word: str) -> int:
    row = _in_use(conn, viewer, party_id, states[0])
    because = "deactivated" if states[1] == "inactive" else None
    changed = {"id": row.id, "state": states[1], "inactive_because": because}
    columns = ["state", "inactive_because"]
    history.change(conn, party, [changed], columns=columns, changed_by=viewer.actor, cause=word)
    publish(conn, "party", [Event(f"party.{word}", f"party:{row.id}", {"party_id": row.id, "kind": row.kind})])
    return int(row.id)


def take_role(viewer: Principal, party_id: int, name: str) -> int:
    """Give a party a role (code set party-role), if it has it not. Returns the living party's id. Raises NotFound."""
    require(viewer, "party.change")
    with database.begin("party") as conn:
        row = _in_use(conn, viewer, party_id)
        give_role(conn, {row.id: row.kind}, name)
        return int(row.id)


def give_role(conn: Connection, kinds: Mapping[int, str], name: str) -> None:
    """Give parties (id → kind) a role; tells `party.role_taken` of those that had it not."""
    rows = [{"party_id": key, "role": name, "since": clock.now()} for key in sorted(kinds)]
    if not rows:
        return
    made = conn.execute(insert(role).values(rows).on_conflict_do_nothing().returning(role.c.party_id)).scalars()
    publish(conn, "party", [_told("party.role_taken", key, kinds[key], name) for key in made])


def leave_role(viewer: Principal, party_id: int, name: str) -> None:
    """Take a role from a party; told as `party.role_left`. Raises NotFound where it has it not."""
    require(viewer, "party.change")
    with database.begin("party") as conn:
        row = _in_use(conn, viewer, party_id)
        gone = text("""
            DELETE FROM party.role WHERE role = :role AND (party_id = :id OR party_id IN (
                SELECT retired_id FROM party.redirect WHERE survivor_id = :id))""")
        if not conn.execute(gone, {"role": name, "id": row.id}).rowcount:
            raise NotFound("party-unknown", id=party_id)
        publish(conn, "party", [_told("party.role_left", row.id, row.kind, name)])


def _told(event: str, party_id: int, kind: str, name: str) -> Event:
    return Event(event, f"party:{party_id}", {"party_id": party_id, "kind": kind, "role": name})


def _in_use(conn: Connection, viewer: Principal, party_id: int, state: str = "active") -> Any:
    wanted = select(party.c.id, party.c.kind, party.c.name)
    row = conn.execute(
        wanted.where(
            party.c.id == living(conn, party_id),
            party.c.state == state,
            party.c.inactive_because.is_distinct_from("withdrawn"),
            visibility.seen(viewer),
        ).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound("party-unknown", id=party_id)
    return row
