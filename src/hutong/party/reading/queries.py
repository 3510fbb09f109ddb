"""All reads of the customer master. Every one is asked on behalf of a viewer; masking and its log happen here."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, or_, select, text, union

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.lifecycle.tombstones import check_erased
from hutong.party.living import stands_for, whom
from hutong.party.match.rules import RULES
from hutong.party.model import searching
from hutong.party.model.masking import masked
from hutong.party.standardise import identifiers, names, phones
from hutong.party.standardise.text import clean, is_han, simplified
from hutong.party.tables import party, party_value
from hutong.platform import database, documents
from hutong.platform.errors import NotFound

Row = dict[str, Any]
_LISTED = ("id", "kind", "state", "name", "id_type", "id_number", "mobile", "phone", "city", "district", "grade",
           "branch", "record_count")  # fmt: skip
_VALUE_KINDS = {"name": "name", "phone": "phone", "email": "email", "bank_card": "bank_card", "identifier": "id_card",
                "address": "address"}  # fmt: skip


def get(viewer: Principal, party_id: int) -> Row:
    """A party's golden record with its provenance, all its values and roles; a retired id gives its survivor.

    Raises NotFound, as all reads of this file do for a party outside the viewer's row scope (EC-17), Gone for an erased
    one.
    `provenance`: attribute → {record_id, source, key}; `values`: names, contacts, documents.
    """
    require(viewer, "party.read")
    statement = select(party).where(
        party.c.id == stands_for(party_id), party.c.state != "merged", visibility.seen(viewer)
    )
    with database.read("party") as conn:
        row = conn.execute(statement).mappings().one_or_none()
        if row is None:
            check_erased(conn, party_id)
            raise NotFound("party-unknown", id=party_id)
        values = _values(conn, row["id"])
        origins = _origins(conn, row["provenance"])
        roles = conn.execute(
            text("SELECT role FROM party.v1_role WHERE party_id = :id ORDER BY role"), {"id": row["id"]}
        ).scalars()
        made = {**masked(viewer, [dict(row)])[0], "roles": list(roles)}
    made["provenance"] = {name: origins[record] for name, record in row["provenance"].items() if record in origins}
    made["values"] = _masked_values(viewer, values)
    return made


def _values(conn: Connection, party_id: int) -> list[Row]:
    rows = conn.execute(
        text(
            """SELECT party_id AS id, kind, value, detail, records, sources, current, first_seen_at, last_seen_at
               FROM party.party_value WHERE party_id = :id ORDER BY kind, current DESC, records DESC, value"""
        ),
        {"id": party_id},
    )
    return [dict(row) for row in rows.mappings()]


def _masked_values(viewer: Principal, values: list[Row]) -> list[Row]:
    made: list[Row] = []
    for kind, sensitive in _VALUE_KINDS.items():
        of_kind = [value for value in values if value["kind"] == kind]
        detail = {"detail": "address"} if kind == "address" else {}
        made += protect(viewer, "party", of_kind, {"value": sensitive, **detail})
    return made


def _origins(conn: Connection, provenance: Mapping[str, int]) -> dict[int, Row]:
    rows = conn.execute(
        text("SELECT id AS record_id, source, key FROM party.source_record WHERE id = ANY(:ids)"),
        {"ids": sorted(set(provenance.values()))},
    )
    return {row["record_id"]: dict(row) for row in rows.mappings()}


MANY = 4000
"""Matches that are put in order by id before any is looked at; more than those are found quicker along the ids."""


def search(viewer: Principal, query: str, after: int = 0, limit: int = 50) -> list[Row]:
    """Parties by ID number, bank card, phone, e-mail, name (start or any part), pinyin, or a declared attribute that is
    searchable; by id after `after`.

    Identifiers and declared attributes must match whole; one Chinese character is the beginning of the name. At most
    200 rows.
    """
    require(viewer, "party.read")
    asked = clean(query)
    if not asked:
        return []
    with database.read("party") as conn:
        rows = _found(conn, viewer, asked, after, min(limit, 200))
    return masked(viewer, rows)


def suggest(viewer: Principal, query: str, limit: int) -> list[Row]:
    """What `search` finds, of at most so many rows, with the parties named just so in front of all others."""
    require(viewer, "party.read")
    asked = clean(query)
    if not asked:
        return []
    with database.read("party") as conn:
        named = _of_name(conn, viewer, asked, min(limit, 200))
        ids = {row["id"] for row in named}
        others = _found(conn, viewer, asked, 0, min(limit, 200)) if len(named) < limit else []
    return masked(viewer, [*named, *(row for row in others if row["id"] not in ids)][:limit])


def _of_name(conn: Connection, viewer: Principal, asked: str, limit: int) -> Sequence[RowMapping]:
    """Parties whose golden name is all that was asked, by id, as the index has them."""
    name = simplified(asked).replace(" ", "") if is_han(asked) else asked
    statement = select(*(party.c[column] for column in _LISTED)).where(party.c.name == name)
    wanted = statement.where(party.c.state != "merged", visibility.seen(viewer)).order_by(party.c.id).limit(limit)
    return conn.execute(wanted).mappings().all()


def _found(conn: Connection, viewer: Principal, asked: str, after: int, limit: int) -> Sequence[RowMapping]:
    columns = [party.c[name] for name in _LISTED]
    parts, along = _matching(asked, searching.stating(conn, viewer, asked))
    matches = union(*parts) if len(parts) > 1 else parts[0]
    # The plan depends on the value: "wang" is found along the ids, a rare name by its index.
    conn.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    common = conn.execute(select(func.count()).select_from(matches.limit(MANY + 1).subquery())).scalar_one() > MANY
    if common:
        condition = party.c.id.in_(matches) if along is None else along
        statement = select(*columns).where(party.c.id > after, condition).order_by(party.c.id)
    else:
        found = matches.subquery()
        ids = select(found.c.id).distinct().where(found.c.id > after).order_by(found.c.id).subquery()
        statement = select(*columns).join(ids, ids.c.id == party.c.id).order_by(ids.c.id)
    wanted = statement.where(party.c.state != "merged", visibility.seen(viewer)).limit(limit)
    return conn.execute(wanted).mappings().all()


def _matching(
    asked: str, stating: searching.Stating | None
) -> tuple[list[Select[tuple[int]]], ColumnElement[bool] | None]:
    """The ids of parties that match, by parts that are each read from an index, from it alone where they may be many;
    and for Latin letters and a family name, whose matches may be any number, the same as a condition that a party
    meets."""
    of_attributes = [text(f"({stating.sql})").bindparams(**stating.values)] if stating else []
    more = [select(party.c.id).where(each) for each in of_attributes]
    compact = re.sub(r"[\s-]", "", asked).upper()
    if "@" in asked:
        return [_stating("email", party_value.c.value == asked.casefold()), *more], None
    if re.fullmatch(r"\+?[\d]{5,}|[0-9A-Z]{9,20}", compact) and any(character.isdigit() for character in compact):
        document = identifiers.identifier("resident_id", compact).value or compact
        stated = {"identifier": document, "bank_card": compact, "phone": phones.phone(asked).value}
        return [*(_stating(kind, party_value.c.value == value) for kind, value in stated.items()), *more], None
    if is_han(asked):
        name = simplified(asked).replace(" ", "")
        if len(name) == 1:  # a family name: may be one of fourteen customers, so no other name of theirs is looked at
            begins = party.c.name.like(_like(name) + "%")
            return [select(party.c.id).where(begins), *more], or_(begins, *of_attributes)
        starts = _stating("name", party_value.c.value.like(_like(name) + "%"))
        part = select(party.c.id).where(party.c.name.like(f"%{_like(name)}%"))
        return [starts, *([part] if len(name) > SHORT else []), *more], None
    key = names.person_name(asked).key or asked.casefold()
    spelt = [party.c.name_key.like(_like(key) + "%"), party.c.name.like(_like(asked.casefold()) + "%")]
    return [*(select(party.c.id).where(each) for each in spelt), *more], or_(*spelt, *of_attributes)


SHORT = 2
"""Characters up to which a name is asked for by its beginning only."""


def _stating(kind: str, condition: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(party_value.c.party_id.label("id")).where(party_value.c.kind == kind, condition)


def _like(value: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", value)


def source_records(viewer: Principal, party_id: int) -> list[Row]:
    """The source records of a party: standardised, and `raw` as they came (to viewers who see the data unmasked)."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        living = whom(conn, viewer, party_id)
        rows = conn.execute(
            text(
                """SELECT r.*, v.raw, v.arrived_at FROM party.xref x JOIN party.source_record r ON r.id = x.record_id
                   LEFT JOIN LATERAL (SELECT raw, arrived_at FROM party.source_version v WHERE v.record_id = r.id
                                      ORDER BY v.id DESC LIMIT 1) v ON true
                   WHERE x.party_id = :id ORDER BY r.source, r.key"""
            ),
            {"id": living},
        ).mappings().all()  # fmt: skip
    if not rows:
        raise NotFound("party-unknown", id=party_id)
    shown = masked(viewer, rows)
    if not all(viewer.sees(kind) for kind in set(SENSITIVE.values())):
        shown = [{name: value for name, value in row.items() if name != "raw"} for row in shown]
    return shown


def why(viewer: Principal, party_id: int) -> list[Row]:
    """Why a party's records are one: every judgement among them, rules, people and what held, strongest first."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        living = whom(conn, viewer, party_id)
        rows = conn.execute(
            text(
                """SELECT j.id, j.left_id, j.right_id, l.source AS left_source, l.key AS left_key,
                          r.source AS right_source, r.key AS right_key, j.verdict, j.made_by_kind, j.rule,
                          j.rule_version, j.strength, j.reasons, j.made_by, j.made_at
                   FROM party.xref l JOIN party.judgement j ON j.left_id = l.record_id AND j.ended_at IS NULL
                   JOIN party.xref r ON r.record_id = j.right_id AND r.party_id = l.party_id
                   WHERE l.party_id = :id ORDER BY j.strength DESC, j.id"""
            ),
            {"id": living},
        ).mappings().all()  # fmt: skip
        return said(conn, viewer, rows)


def why_not(viewer: Principal, one: int, other: int) -> list[Row]:
    """What was judged between two parties: refusals, suspicions, and links that were refused for a conflict."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        visibility.check(conn, viewer, one, other)
        rows = conn.execute(
            text(
                """SELECT j.id, j.left_id, j.right_id, j.verdict, j.made_by_kind, j.rule, j.rule_version, j.strength,
                          j.reasons, j.made_by, j.made_at
                   FROM party.xref l JOIN party.judgement j ON j.ended_at IS NULL
                        AND (j.left_id = l.record_id OR j.right_id = l.record_id)
                   JOIN party.xref r ON r.party_id = :other
                        AND r.record_id = CASE l.record_id WHEN j.left_id THEN j.right_id ELSE j.left_id END
                   WHERE l.party_id = :one ORDER BY j.strength DESC, j.id"""
            ),
            {"one": one, "other": other},
        ).mappings().all()  # fmt: skip
        return said(conn, viewer, rows)


def said(conn: Connection, viewer: Principal, rows: Sequence[RowMapping]) -> list[Row]:
    """Judgements with their rules in the viewer's language; the rules are read once."""
    rules = documents.in_force(conn, RULES)
    known = {name: rules.find(name) for name in {row["rule"] for row in rows}}
    words = {name: (rule.zh if viewer.locale == "zh-CN" else rule.en) if rule else name for name, rule in known.items()}
    return [{**row, "rule_text": words[row["rule"]]} for row in rows]


def operations(viewer: Principal, party_id: int, limit: int = 50) -> list[Row]:
    """A party's merge history: operations that took records from it or brought some, newest first."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        whom(conn, viewer, party_id)
        rows = conn.execute(
            text(
                """SELECT o.id, o.kind, o.reason, o.done_by, o.done_at, o.undoes_id, count(*) AS records,
                          array_agg(DISTINCT r.before_id) AS before_ids, array_agg(DISTINCT r.after_id) AS after_ids
                   FROM party.operation_record r JOIN party.operation o ON o.id = r.operation_id
                   WHERE r.before_id = :id OR r.after_id = :id GROUP BY o.id ORDER BY o.id DESC LIMIT :limit"""
            ),
            {"id": party_id, "limit": min(limit, 200)},
        ).mappings().all()  # fmt: skip
    return [dict(row) for row in rows]


def loads(viewer: Principal, limit: int = 50) -> list[Row]:
    """The latest files taken in."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        rows = (
            conn.execute(text("SELECT * FROM party.load ORDER BY id DESC LIMIT :limit"), {"limit": limit})
            .mappings()
            .all()
        )
    return [dict(row) for row in rows]
