"""Kinds of change (EC-02): the right to ask for it, what it needs, and what it does when it takes effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from hutong.identity import Principal
from hutong.party.lifecycle import erasure
from hutong.party.realtime import statements
from hutong.party.realtime.intake import find_or_create
from hutong.party.realtime.stated import PartyData
from hutong.party.stewardship.merge import merge_in
from hutong.party.stewardship.split import split_in

Result = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A request as its effect sees it. `speaker`: who asked, in whose name it is stated; `body`: what is asked for."""

    id: int
    party_ids: list[int]
    body: Mapping[str, Any]
    reason: str
    speaker: Principal
    approver: str | None


class Kind(NamedTuple):
    """`now`: within the transaction that approves; `later`: after it, in transactions of its own, repeatable."""

    right: str
    parties: tuple[int, int]
    now: Callable[[Connection, Change], Result] | None = None
    later: Callable[[Change], Result] | None = None


def _create(change: Change) -> Result:
    data = msgspec.convert(dict(change.body["attributes"]), PartyData)
    found = find_or_create(change.speaker, data, change.body.get("key") or f"change:{change.id}")
    return {"party_id": found.party_id, "created": found.created}


WORDS: dict[str, Callable[[Connection, Change], Result]] = {}
"""What a modification that is a word about one value does; entered by the room that keeps such words (`value`)."""


def _modify(conn: Connection, change: Change) -> Result:
    if "word" in change.body:
        return WORDS["value"](conn, change)
    changes = dict(change.body["attributes"])
    if isinstance(changes.get("birth_date"), str):
        changes["birth_date"] = date.fromisoformat(changes["birth_date"])
    return {"party_id": statements.state_in(conn, change.speaker, change.party_ids[0], changes)}


def _deactivate(conn: Connection, change: Change) -> Result:
    return {"party_id": statements.deactivate_in(conn, change.speaker, change.party_ids[0])}


def _reactivate(conn: Connection, change: Change) -> Result:
    return {"party_id": statements.reactivate_in(conn, change.speaker, change.party_ids[0])}


def _merge(conn: Connection, change: Change) -> Result:
    force = bool(change.body.get("force"))
    moved = merge_in(conn, change.party_ids, change.reason, change.speaker.actor, force=force)
    return {"operation_id": moved.operation_id, "retired": moved.retired}


def _split(conn: Connection, change: Change) -> Result:
    moved = split_in(conn, change.party_ids[0], change.body["records"], change.reason, change.speaker.actor)
    return {"operation_id": moved.operation_id}


def _erase(change: Change) -> Result:
    return erasure.erase(
        change.party_ids[0], request_id=change.id, by=change.speaker.actor, approved_by=change.approver,
        reason=change.reason,
    )  # fmt: skip


KINDS: Mapping[str, Kind] = {
    "create": Kind("party.create", (0, 0), later=_create),
    "modify": Kind("party.change", (1, 1), now=_modify),
    "deactivate": Kind("party.change", (1, 1), now=_deactivate),
    "reactivate": Kind("party.change", (1, 1), now=_reactivate),
    "merge": Kind("party.merge", (2, 12), now=_merge),
    "split": Kind("party.split", (1, 1), now=_split),
    "erase": Kind("party.erase", (1, 1), later=_erase),
}
