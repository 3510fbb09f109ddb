"""Parties for people to look through: lists by key within the rows a viewer may see, and counts for the workbench."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, literal_column, select

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.tables import party, source, source_record, suspect_group, xref
from hutong.platform import database

Found = dict[str, Any]
SHOWN = ("id", "kind", "state", "name", "name_key", "gender", "birth_date", "id_type", "id_number", "mobile", "phone",
         "city", "district", "grade", "branch", "record_count", "changed_at")  # fmt: skip


def _seen(viewer: Principal) -> Select[Any]:
    require(viewer, "party.read")
    return select(*(party.c[name] for name in SHOWN)).where(party.c.state != "merged", visibility.seen(viewer))


def _shown(viewer: Principal, statement: Select[Any]) -> list[Found]:
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(statement).mappings()]
    fields = {name: kind for name, kind in SENSITIVE.items() if name in SHOWN}
    return protect(viewer, "party", rows, {**fields, "name_key": "name"})


def parties(
    viewer: Principal,
    *,
    after: int = 0,
    limit: int = 100,
    kind: str | None = None,
    grade: str | None = None,
    city: str | None = None,
    state: str | None = None,
) -> list[Found]:
    """Parties the viewer may see, by key: those after an id. Needs the right `party.read`."""
    statement = _seen(viewer).where(party.c.id > after).order_by(party.c.id).limit(limit)
    for name, wanted in (("kind", kind), ("grade", grade), ("city", city), ("state", state)):
        if wanted:
            statement = statement.where(party.c[name] == wanted)
    return _shown(viewer, statement)


def seen(viewer: Principal, ids: Sequence[int]) -> set[int]:
    """Those of the parties that the viewer's roles let them see."""
    with database.read("party") as conn:
        return visibility.among(conn, viewer, ids)


def figures() -> dict[str, int]:
    """Key figures for the workbench: parties in use, records, suspected groups that wait. Counts only."""
    living = select(func.count()).select_from(party).where(party.c.state == "active").scalar_subquery()
    records = select(func.count()).select_from(source_record).scalar_subquery()
    waiting = select(func.count()).select_from(suspect_group).where(suspect_group.c.state.in_(["open", "claimed"]))
    with database.read("party") as conn:
        row = conn.execute(
            select(living.label("parties"), records.label("records"), waiting.scalar_subquery().label("suspects"))
        ).one()
    return dict(row._mapping)


def by_sources(locale: str) -> list[tuple[str, int]]:
    """How many parties are known to exactly these source systems: (names joined, parties), most first."""
    name = source.c.name_zh if locale == "zh-CN" else source.c.name_en
    known = (
        select(func.string_agg(name.distinct(), literal_column("' + '")).label("systems"))
        .select_from(xref.join(source, source.c.code == xref.c.source))
        .group_by(xref.c.party_id)
        .subquery()
    )
    statement = select(known.c.systems, func.count()).group_by(known.c.systems).order_by(func.count().desc())
    with database.read("party") as conn:
        return [(row[0], row[1]) for row in conn.execute(statement)]


def source_names(locale: str) -> dict[str, str]:
    """Source system code → its name."""
    with database.read("party") as conn:
        rows = conn.execute(select(source.c.code, source.c.name_zh if locale == "zh-CN" else source.c.name_en))
        return {row[0]: row[1] for row in rows}


def names(viewer: Principal, ids: Sequence[int]) -> dict[int, str]:
    """Party id, retired ones too → the name to show, masked for the viewer, within the rows they may see."""
    statement = select(party.c.id, party.c.name).where(party.c.id.in_(ids), visibility.seen(viewer))
    with database.read("party") as conn:
        rows = [dict(row) for row in conn.execute(statement).mappings()]
    return {row["id"]: row["name"] for row in protect(viewer, "party", rows, {"name": "name"})}
