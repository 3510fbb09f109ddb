"""What happened with a party, latest first, over all areas and the changes of the party itself: one statement, paged by
key (EC-12, EC-16)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import text

from hutong.identity import Principal, protect, require
from hutong.party.areas.read import shown
from hutong.party.columns import GOLDEN, SENSITIVE
from hutong.party.information import AREAS, began
from hutong.party.living import whom
from hutong.platform import database, history

SHOWN = tuple(name for name in AREAS if name not in ("stated_value", "coverage_summary"))
OWN = ("operation", "version")
"""Merges and splits; versions of the golden record."""
KINDS = (*SHOWN, *OWN)


class Place(NamedTuple):
    """Where a page of the timeline ends."""

    at: datetime
    kind: str
    id: int


class Happening(NamedTuple):
    """One thing that happened: `kind` is the area, or `operation`, `version`; `row` its facts, masked."""

    at: datetime
    kind: str
    id: int
    row: dict[str, Any]

    @property
    def place(self) -> Place:
        """To go on after this one."""
        return Place(self.at, self.kind, self.id)


_OPERATION = """
SELECT o.done_at AS at, 'operation' AS kind, o.id, to_jsonb(o) AS row FROM party.operation o
WHERE o.id IN (SELECT r.operation_id FROM party.operation_record r WHERE r.before_id = :id OR r.after_id = :id)"""
_VERSION = """
SELECT v.changed_at AS at, 'version' AS kind, (extract(epoch FROM v.valid_from) * 1000000)::bigint AS id,
       to_jsonb(v) || jsonb_build_object('before', lag(to_jsonb(v)) OVER (ORDER BY v.valid_from)) AS row
FROM party.party_history v WHERE v.id = :id AND NOT v.ended"""


@lru_cache(maxsize=64)
def _statement(kinds: tuple[str, ...], paged: bool) -> str:
    place = "WHERE (at, kind, id) < (:at, :kind, :last)" if paged else ""
    parts = []
    for kind in kinds:
        if kind in OWN:
            inner = _OPERATION if kind == "operation" else _VERSION
        else:
            when = began(AREAS[kind])
            inner = f"""SELECT t.{when} AS at, '{kind}' AS kind, t.id, to_jsonb(t) AS row FROM party.xref x
                JOIN party.{kind} t ON t.of_source = x.source AND t.of_key = x.key
                WHERE x.party_id = :id AND t.{when} <= now()"""  # noqa: S608
        parts.append(
            f"(SELECT * FROM ({inner}) AS each_one {place} ORDER BY at DESC, kind DESC, id DESC LIMIT :limit)"  # noqa: S608
        )
    union = " UNION ALL ".join(parts)
    return f"SELECT * FROM ({union}) AS happened ORDER BY at DESC, kind DESC, id DESC LIMIT :limit"  # noqa: S608


def timeline(
    viewer: Principal, party_id: int, *, kinds: Collection[str] = KINDS, after: Place | None = None, limit: int = 50
) -> list[Happening]:
    """What happened, latest first, after a place. `kinds`: names of areas, `operation`, `version`. Needs `party.read`.

    What is to come (a policy that begins next month) is not there yet.
    """
    require(viewer, "party.read")
    wanted = tuple(kind for kind in KINDS if kind in kinds)
    if not wanted:
        return []
    values: dict[str, Any] = {"limit": limit}
    if after:
        values |= {"at": after.at, "kind": after.kind, "last": after.id}
    with database.read("party") as conn:
        values["id"] = whom(conn, viewer, party_id)
        rows = conn.execute(text(_statement(wanted, after is not None)), values)
        found = [Happening(row.at, row.kind, row.id, row.row) for row in rows]
    return _masked(viewer, found, values["id"])


def _masked(viewer: Principal, found: Sequence[Happening], party_id: int) -> list[Happening]:
    made: dict[int, Happening] = {}
    for kind in {each.kind for each in found}:
        places = [place for place, each in enumerate(found) if each.kind == kind]
        rows = [{**found[place].row, "party_id": party_id} for place in places]
        if kind == "version":
            rows = protect(viewer, "party", [_changed(row) for row in rows], _FIELDS, "party_id")
        elif kind != "operation":
            rows = shown(viewer, AREAS[kind], rows)
        made |= {place: found[place]._replace(row=row) for place, row in zip(places, rows, strict=True)}
    return [made[place] for place in range(len(found))]


_FIELDS = {name: kind for name, kind in SENSITIVE.items() if name in GOLDEN} | {"name_key": "name", "name_core": "name"}


def _changed(row: dict[str, Any]) -> dict[str, Any]:
    """Of a version, what it itself changed and what a page says about it."""
    changed = history.differing(row, row["before"])
    kept = {"party_id", "changed_by", "cause", "valid_from", *(changed or ())}
    return {**{name: value for name, value in row.items() if name in kept}, "changed": changed}
