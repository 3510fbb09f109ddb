"""Parties for people to look through: lists by key, and one search for name, pinyin, phone and identity number."""

import re
from typing import Any

from sqlalchemy import Select, and_, func, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement

from hutong.identity import Principal, protect, require, row_scope
from hutong.party.columns import SENSITIVE
from hutong.party.tables import party, party_value
from hutong.platform import cel, database

Found = dict[str, Any]
SHOWN = ("id", "kind", "state", "name", "name_key", "gender", "birth_date", "id_type", "id_number", "mobile", "phone",
         "city", "district", "grade", "branch", "record_count", "changed_at")  # fmt: skip
SCOPED: dict[str, tuple[str, cel.Type]] = {
    "branch": ("party.party.branch", cel.STRING),
    "unit_path": ("party.party.branch", cel.STRING),
    "owner_id": ("CAST(NULL AS bigint)", cel.INT),
}
"""What a role's scope may ask of a party: its branch, as path too; nobody owns parties yet."""


def _seen(viewer: Principal) -> Select[Any]:
    require(viewer, "party.read")
    return select(*(party.c[name] for name in SHOWN)).where(
        party.c.state != "merged", row_scope(viewer, "party", SCOPED)
    )


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


def by_ids(viewer: Principal, ids: list[int]) -> dict[int, Found]:
    """Parties of these ids that the viewer may see."""
    return {row["id"]: row for row in _shown(viewer, _seen(viewer).where(party.c.id.in_(ids)))} if ids else {}


def find(viewer: Principal, words: str, *, limit: int = 20) -> list[Found]:
    """Parties by name (its beginning, or any part of three characters and more), pinyin, phone, identity number or id.

    A number must be given whole by a viewer who does not see such numbers: a search must not spell out what is masked.
    """
    wanted = re.sub(r"\s+", " ", words).strip()
    condition = _matches(viewer, wanted)
    if condition is None:
        return []
    statement = _seen(viewer).where(condition)
    return _shown(viewer, statement.order_by(party.c.record_count.desc(), party.c.id).limit(limit))


def _matches(viewer: Principal, wanted: str) -> ColumnElement[bool] | None:
    plain = re.sub(r"[\s()-]", "", wanted)
    number = plain.removeprefix("+86").upper()
    if len(plain) < 2:
        return None
    if re.fullmatch(r"\+?[0-9]{3,}[Xx]?", plain):
        stated = [_stated(viewer, "phone", "phone", f"+86{number.removeprefix('0')}"),
                  _stated(viewer, "identifier", "id_card", number)]  # fmt: skip
        own = [party.c.id == int(number)] if number.isdigit() and len(number) < 10 else []
        return or_(*stated, *own)
    if "@" in plain:
        return _stated(viewer, "email", "email", plain.lower())
    if re.fullmatch(r"[0-9A-Z]{18}", number):
        return _stated(viewer, "identifier", "id_card", number)
    return _named(viewer, plain) if viewer.sees("name") else party.c.name == wanted


def _named(viewer: Principal, plain: str) -> ColumnElement[bool]:
    if plain.isascii():
        return or_(party.c.name_key.startswith(plain.lower(), autoescape=True), _starts(party.c.name, plain))
    anywhere = [party.c.name.contains(plain, autoescape=True)] if len(plain) > 2 else []
    return or_(_starts(party.c.name, plain), _stated(viewer, "name", "name", plain), *anywhere)


def _starts(column: ColumnElement[Any], words: str) -> ColumnElement[bool]:
    return column.startswith(words, autoescape=True)


def _stated(viewer: Principal, kind: str, field_kind: str, value: str) -> ColumnElement[bool]:
    """Parties of which any source says this value, or one that begins so."""
    matches = _starts(party_value.c.value, value) if viewer.sees(field_kind) else party_value.c.value == value
    return party.c.id.in_(select(party_value.c.party_id).where(and_(party_value.c.kind == kind, matches)).limit(200))


def figures() -> dict[str, int]:
    """Key figures for the workbench: parties in use, records, suspected groups that wait. Counts only."""
    from hutong.party.tables import source_record, suspect_group

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
    from hutong.party.tables import source, xref

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
