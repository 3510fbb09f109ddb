"""Customer groups (EC-11): lists kept by people, and all who meet a condition now (CEL, evaluated as SQL)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.areas.people import RIGHT, anchor
from hutong.party.columns import ATTRIBUTES, SENSITIVE
from hutong.party.tables import customer_group, party
from hutong.platform import cel, database
from hutong.platform.errors import NotFound, Unprocessable

Row = dict[str, Any]
_TYPES = {"text": "string", "boolean": "bool", "date": "date"}
_OF = "party.party.id"
_HELD = "coalesce(s.valid_to > now(), true)"


def _of(what: str, area: str, condition: str = "true") -> str:
    """A query over the party's rows of an area."""
    return f"SELECT {what} FROM party.v1_{area} s WHERE s.party_id = {_OF} AND {condition}"  # noqa: S608  (ours)


_DERIVED: dict[str, tuple[str, str]] = {
    "kind": ("string", "party.party.kind"),
    "state": ("string", "party.party.state"),
    "records": ("int", "party.party.record_count"),
    "age": ("int", "extract(year FROM age(party.party.birth_date))::int"),
    "roles": ("list<string>", f"ARRAY({_of('s.role', 'role')})"),
    "classes": ("list<string>", f"ARRAY({_of('s.class', 'classification', _HELD)})"),
    "consents": ("list<string>", f"ARRAY({_of('s.purpose', 'consent', f's.given AND {_HELD}')})"),
    "policies": ("int", f"({_of('count(*)', 'policy_summary')})"),
    "premium_micros": (
        "int",
        "(" + _of("coalesce(sum(s.premium_micros), 0)::bigint", "policy_summary", "s.state = 'in_force'") + ")",
    ),
    "claims": ("int", f"({_of('count(*)', 'claim_summary')})"),
}
ENVIRONMENT = cel.Environment(
    {
        "row": {a.name: _TYPES[a.type] for a in ATTRIBUTES if a.golden}
        | {name: kind for name, (kind, _) in _DERIVED.items()}
    }
)
"""What a group's condition may ask of a party: golden attributes, and what its areas add up to."""
COLUMNS = {f"row.{a.name}": f"party.party.{a.name}" for a in ATTRIBUTES if a.golden} | {
    f"row.{name}": sql for name, (_, sql) in _DERIVED.items()
}
SHOWN = ("id", "kind", "name", "mobile", "city", "grade", "branch")


def clause(condition: str) -> ColumnElement[bool]:
    """A condition as SQL over `party.party`. Raises ExpressionError (422) with its place."""
    return cel.parse_condition(condition, ENVIRONMENT).to_clause(COLUMNS)


def define(viewer: Principal, code: str, name_zh: str, name_en: str, condition: str | None = None) -> int:
    """Make or change a group; without a condition it is a list. Returns its id. Needs `party.steward`."""
    require(viewer, "party.steward")
    if condition:
        clause(condition)
    with database.begin("party") as conn:
        made: int = conn.execute(
            text(
                """INSERT INTO party.customer_group (code, name_zh, name_en, condition, made_by)
                   VALUES (:code, :zh, :en, :condition, :by)
                   ON CONFLICT (code) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en,
                       condition = excluded.condition, active = true RETURNING id"""
            ),
            {"code": code, "zh": name_zh, "en": name_en, "condition": condition or None, "by": viewer.actor},
        ).scalar_one()
        return made


def retire(viewer: Principal, group_id: int) -> None:
    """Use a group no more; its code may be taken up again by `define`. Needs `party.steward`. Raises NotFound."""
    require(viewer, "party.steward")
    with database.begin("party") as conn:
        _group(conn, group_id)
        conn.execute(customer_group.update().where(customer_group.c.id == group_id).values(active=False))


def group(viewer: Principal, group_id: int) -> Row:
    """A group in use. Needs `party.read`. Raises NotFound."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        return _group(conn, group_id)


def groups(viewer: Principal) -> list[Row]:
    """All groups in use. Needs `party.read`."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        statement = select(customer_group).where(customer_group.c.active).order_by(customer_group.c.code)
        return [dict(row) for row in conn.execute(statement).mappings()]


def put_in(viewer: Principal, group_id: int, party_ids: Sequence[int]) -> None:
    """Put parties on a list. Needs `party.change`. Raises Unprocessable for a group by condition."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        _list(conn, group_id)
        references = [anchor(conn, viewer, party_id)[1] for party_id in party_ids]
        conn.execute(
            text(
                """INSERT INTO party.group_member (group_id, of_source, of_key, added_by)
                   SELECT :group, source, key, :by
                   FROM unnest(CAST(:sources AS text[]), CAST(:keys AS text[])) AS g (source, key)
                   ON CONFLICT DO NOTHING"""
            ),
            {"group": group_id, "by": viewer.actor, "sources": [one for one, _ in references],
             "keys": [key for _, key in references]},
        )  # fmt: skip


def take_out(viewer: Principal, group_id: int, party_id: int) -> None:
    """Take a party off a list. Needs `party.change`. Raises NotFound where it is not on it."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        _list(conn, group_id)
        home, _ = anchor(conn, viewer, party_id)
        gone = conn.execute(
            text(
                """DELETE FROM party.group_member m USING party.xref x WHERE m.group_id = :group
                   AND x.source = m.of_source AND x.key = m.of_key AND x.party_id = :home"""
            ),
            {"group": group_id, "home": home},
        ).rowcount
        if not gone:
            raise NotFound("party-unknown", id=party_id)


def members(viewer: Principal, group_id: int, *, after: int = 0, limit: int = 100) -> list[Row]:
    """Members of a group now, by id after `after`, within the viewer's rows, masked. Needs `party.read`."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        group = _group(conn, group_id)
        statement = select(*(party.c[name] for name in SHOWN)).where(
            party.c.id > after, party.c.state == "active", _within(group), visibility.seen(viewer)
        )
        rows = [dict(row) for row in conn.execute(statement.order_by(party.c.id).limit(limit)).mappings()]
    fields = {name: kind for name, kind in SENSITIVE.items() if name in SHOWN}
    return protect(viewer, "party", rows, fields)


def size(viewer: Principal, group_id: int, most: int = 10_000) -> int:
    """How many members the viewer sees, counted up to `most`. Needs `party.read`."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        within = _within(_group(conn, group_id))
        found = select(party.c.id).where(party.c.state == "active", within, visibility.seen(viewer)).limit(most)
        return int(conn.execute(select(func.count()).select_from(found.subquery())).scalar_one())


def groups_of(viewer: Principal, party_id: int) -> list[Row]:
    """The groups a party is in, with their names: lists, and conditions it meets now. Needs `party.read`."""
    found = groups(viewer)
    if not found:
        return []
    columns = [_within(group).label(f"g{group['id']}") for group in found]
    with database.read("party") as conn:
        row = conn.execute(
            select(*columns).where(party.c.id == party_id, party.c.state != "merged", visibility.seen(viewer))
        ).one_or_none()
    if row is None:
        raise NotFound("party-unknown", id=party_id)
    return [group for group, held in zip(found, row, strict=True) if held]


def _group(conn: Connection, group_id: int) -> Row:
    wanted = select(customer_group).where(customer_group.c.id == group_id, customer_group.c.active)
    row = conn.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NotFound("party-group-unknown", id=group_id)
    return dict(row)


def _list(conn: Connection, group_id: int) -> None:
    if _group(conn, group_id)["condition"]:
        raise Unprocessable("party-group-by-condition", id=group_id)


def _within(group: Row) -> ColumnElement[bool]:
    if group["condition"]:
        return clause(group["condition"])
    return literal_column(
        f"""EXISTS (SELECT 1 FROM party.group_member m JOIN party.xref x ON x.source = m.of_source AND x.key = m.of_key
            WHERE m.group_id = {int(group["id"])} AND x.party_id = {_OF})"""  # noqa: S608  (a number)
    )
