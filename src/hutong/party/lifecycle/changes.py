"""Asking for changes, approving and refusing them (EC-02). Whether one is done at once or waits for a second person is
the lifecycle policy's rule; nothing of a pending change shows before it is approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select, text, update

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.lifecycle import states
from hutong.party.lifecycle.differences import checked_attributes
from hutong.party.lifecycle.kinds import KINDS, Change
from hutong.party.policies import POLICY
from hutong.party.resolution import membership
from hutong.party.tables import change_request, party
from hutong.platform import clock, database, documents
from hutong.platform.errors import Conflict, Forbidden, NotFound, Problem, Unprocessable
from hutong.platform.outbox import Event, publish

RIGHT = "party.approve"


@dataclass(frozen=True)
class Applied:
    """What became of a request: done, or pending because of `rule` of the policy; `result`: what it led to."""

    request_id: int
    state: str
    rule: str | None
    result: dict[str, Any]


def apply_change(
    viewer: Principal, kind: str, party_ids: Sequence[int] = (), *, body: Mapping[str, Any] | None = None,
    reason: str = "", word: object = None,
) -> Applied:  # fmt: skip
    """Ask for a change; done at once unless the policy wants approval.

    `kind` and `body`: create {attributes: PartyData as a mapping, key}, modify {attributes: fields of PartyData; None
    withdraws}, deactivate, reactivate, merge {force}, split {records}, erase (physical). Raises Forbidden without the
    kind's right, NotFound for parties the viewer does not see, Conflict while a like request or an erasure is pending
    and where the party's use does not allow it (ended; in use already; no source states it any more), Unprocessable for
    values that are not valid.
    """
    require(viewer, KINDS[kind].right)
    asked = {name: value for name, value in (body or {}).items() if name != "word"}
    if word is not None:
        asked["word"] = word
    with database.begin("party") as conn:
        membership.lock(conn)
        ids, rows = _parties(conn, viewer, kind, party_ids)
        before = checked_attributes(rows[0] if rows else None, asked) if "attributes" in asked else {}
        _alone(conn, kind, ids)
        document = documents.in_force(conn, POLICY, "lifecycle")
        rule = document.asks(_facts(viewer, kind, asked, before, rows))
        now = clock.now()
        request_id = conn.execute(
            change_request.insert()
            .values(
                kind=kind, state="pending" if rule else "approved", party_ids=ids, before=_plain(before),
                change=_plain({**asked, "speaker": _spoken(viewer)}), reason=reason, rule=rule,
                policy_version=document.version, requested_by=viewer.actor, requested_at=now,
                expires_at=now + timedelta(days=document.expires_days) if rule else None,
            )
            .returning(change_request.c.id)
        ).scalar_one()  # fmt: skip
        if rule:
            _tell(conn, "party.change_requested", request_id, kind, ids)
            return Applied(request_id, "pending", rule, {})
        result = _effect_now(conn, request_id)
    return Applied(request_id, "done", None, result if result is not None else finish(request_id))


def waits(conn: Connection, viewer: Principal, party_id: int, changed: Sequence[str]) -> bool:
    """Whether the policy wants a change of these golden attributes approved: what people confirm or end beside them
    must not do at once what a request would have to wait for."""
    if not changed:
        return False
    rows = conn.execute(select(party).where(party.c.id == party_id)).all()
    document = documents.in_force(conn, POLICY, "lifecycle")
    return document.asks(_facts(viewer, "modify", {}, dict.fromkeys(changed), rows)) is not None


def approve(viewer: Principal, request_id: int, note: str = "") -> Applied:
    """Let a pending change take effect. Raises Forbidden to who asked for it, Conflict when it is not pending any more;
    when it cannot take effect any more (the party is gone, the merge forbidden) that problem, and it stays pending."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        membership.lock(conn)
        row = _locked(conn, viewer, request_id)
        if row.requested_by == viewer.actor:
            raise Forbidden("party-change-own")
        if row.expires_at and row.expires_at <= clock.now():  # the job that ends it has not come by yet
            states.after("approve", "expired", row.id)
        _not_overtaken(conn, row)
        _put(conn, row, "approve", decided_by=viewer.actor, decided_at=clock.now(), decision_note=note or None)
        result = _effect_now(conn, request_id)
        _tell(conn, "party.change_approved", request_id, row.kind, row.party_ids)
    return Applied(request_id, "done", row.rule, result if result is not None else finish(request_id))


def refuse(viewer: Principal, request_id: int, note: str) -> None:
    """Refuse a pending change, saying why."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        row = _locked(conn, viewer, request_id)
        _put(conn, row, "refuse", decided_by=viewer.actor, decided_at=clock.now(), decision_note=note)
        _tell(conn, "party.change_refused", request_id, row.kind, row.party_ids)


def withdraw(viewer: Principal, request_id: int) -> None:
    """Take one's own pending request back. Raises Forbidden to others."""
    with database.begin("party") as conn:
        row = _locked(conn, viewer, request_id)
        if row.requested_by != viewer.actor:
            raise Forbidden("party-change-others")
        _put(conn, row, "withdraw", decided_by=viewer.actor, decided_at=clock.now())


def expire_due() -> int:
    """End the pending requests whose time is over. Returns how many."""
    source, target = states.TRANSITIONS["expire"]
    due = (change_request.c.state == source) & (change_request.c.expires_at <= clock.now())
    with database.begin("party") as conn:
        return conn.execute(update(change_request).where(due).values(state=target)).rowcount


def resume_approved() -> list[int]:
    """Finish approved changes whose effect was cut off (a killed process). Returns their ids."""
    with database.read("party") as conn:
        waiting = select(change_request.c.id).where(change_request.c.state == "approved").order_by(change_request.c.id)
        ids = list(conn.execute(waiting).scalars())
    for request_id in ids:
        finish(request_id)
    return ids


def finish(request_id: int) -> dict[str, Any]:
    """Carry out an approved change whose effect has transactions of its own; repeatable."""
    with database.begin("party") as conn:
        change, kind = _change(conn, request_id)
    later = KINDS[kind].later
    result = later(change) if later else {}
    with database.begin("party") as conn:
        row = conn.execute(select(change_request).where(change_request.c.id == request_id).with_for_update()).one()
        if row.state == "approved":
            _put(conn, row, "finish", done_at=clock.now(), result=_plain(result))
    return result


def _effect_now(conn: Connection, request_id: int) -> dict[str, Any] | None:
    """Carry out within this transaction, where the kind can; else None."""
    change, kind = _change(conn, request_id)
    effect = KINDS[kind].now
    if effect is None:
        return None
    result = effect(conn, change)
    row = conn.execute(select(change_request).where(change_request.c.id == request_id)).one()
    _put(conn, row, "finish", done_at=clock.now(), result=_plain(result))
    return result


def _change(conn: Connection, request_id: int) -> tuple[Change, str]:
    row = conn.execute(select(change_request).where(change_request.c.id == request_id)).one()
    said = row.change.get("speaker", {})
    rights = frozenset({"party.*"})
    speaker = Principal(
        said.get("id", 0), said.get("kind", "system"), said.get("name", ""), rights, unit_path=said.get("unit_path", "")
    )
    return Change(row.id, row.party_ids, row.change, row.reason, speaker, row.decided_by), row.kind


def _spoken(viewer: Principal) -> dict[str, Any]:
    return {"id": viewer.id, "kind": viewer.kind, "name": viewer.name, "unit_path": viewer.unit_path}


def _parties(conn: Connection, viewer: Principal, kind: str, given: Sequence[int]) -> tuple[list[int], list[Any]]:
    """Living ids and rows, locked. Raises NotFound, Conflict, Unprocessable."""
    least, most = KINDS[kind].parties
    survivors = text("SELECT retired_id, survivor_id FROM party.redirect WHERE retired_id = ANY(:ids)")
    moved = {row[0]: row[1] for row in conn.execute(survivors, {"ids": list(given)})}
    ids = list(dict.fromkeys(moved.get(id, id) for id in given))
    if not least <= len(ids) <= most:
        raise Unprocessable("party-merge-one" if kind == "merge" else "party-change-parties", least=least, most=most)
    allowed = ("active", "inactive") if kind in ("erase", "merge", "split", "reactivate") else ("active",)
    found = conn.execute(
        select(party)
        .where(party.c.id.in_(ids), party.c.state.in_(("active", "inactive")), visibility.seen(viewer))
        .order_by(party.c.id)
    ).all()
    if missing := set(ids) - {row.id for row in found}:
        raise NotFound("party-unknown", id=min(missing))
    for row in found:
        _check_use(kind, row, allowed)
    return ids, list(found)


def _check_use(kind: str, row: Any, allowed: Sequence[str]) -> None:
    """Raise Conflict, saying what to do, where the party's use does not allow a change."""
    if kind == "reactivate" and row.state == "active":
        raise Conflict("party-change-in-use", id=row.id)
    if row.state == "inactive" and row.inactive_because == "withdrawn" and kind in ("reactivate", "modify"):
        raise Conflict("party-change-withdrawn", id=row.id)
    if row.state not in allowed:
        raise Conflict("party-change-not-in-use", id=row.id)


def _alone(conn: Connection, kind: str, ids: Sequence[int]) -> None:
    """One request of a kind at a time, and none beside an erasure."""
    if not ids:
        return
    waiting = conn.execute(
        text(
            """SELECT id FROM party.change_request WHERE party_ids && CAST(:ids AS bigint[])
               AND (state = 'pending' AND kind = :kind OR state IN ('pending', 'approved') AND kind = 'erase')
               LIMIT 1"""
        ),
        {"ids": list(ids), "kind": kind},
    ).scalar()
    if waiting:
        raise Conflict("party-change-pending", id=waiting)


def _facts(
    viewer: Principal, kind: str, asked: Mapping[str, Any], before: Mapping[str, Any], rows: Sequence[Any]
) -> dict[str, Any]:
    return {
        "change": {"kind": kind, "attributes": sorted(before), "force": bool(asked.get("force")),
                   "records": sum(row.record_count for row in rows)},
        "party": {"kind": rows[0].kind if rows else str(asked.get("attributes", {}).get("kind", "")),
                  "grades": sorted({row.grade for row in rows if row.grade}), "state": rows[0].state if rows else ""},
        "requester": {"kind": viewer.kind, "roles": list(viewer.roles), "unit_path": viewer.unit_path},
    }  # fmt: skip


def _not_overtaken(conn: Connection, row: Any) -> None:
    """What is erased is who was named: raise Conflict when that party was merged into another since."""
    merged = text("SELECT EXISTS (SELECT FROM party.redirect WHERE retired_id = ANY(:ids))")
    if row.kind == "erase" and conn.execute(merged, {"ids": row.party_ids}).scalar_one():
        raise Conflict("party-change-overtaken", id=row.id)


def _locked(conn: Connection, viewer: Principal, request_id: int) -> Any:
    """A request whose parties the viewer sees. Raises NotFound."""
    row = conn.execute(select(change_request).where(change_request.c.id == request_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("party-change-unknown", id=request_id)
    try:
        visibility.check(conn, viewer, *row.party_ids)
    except Problem as problem:
        raise NotFound("party-change-unknown", id=request_id) from problem
    return row


def _put(conn: Connection, row: Any, action: str, **values: Any) -> None:
    state = states.after(action, row.state, row.id)
    conn.execute(update(change_request).where(change_request.c.id == row.id).values(state=state, **values))


def _tell(conn: Connection, event: str, request_id: int, kind: str, ids: Sequence[int]) -> None:
    aggregate = f"party:{ids[0]}" if ids else f"party.change:{request_id}"
    publish(conn, "party", [Event(event, aggregate, {"request_id": request_id, "kind": kind, "party_ids": list(ids)})])


def _plain(value: Any) -> Any:
    """As JSON holds it: dates as text."""
    return msgspec.to_builtins(value)
