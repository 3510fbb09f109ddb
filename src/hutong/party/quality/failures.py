"""From a figure to the records behind it: those that break a rule now, by the rule's own condition, page by page."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.quality.compiled import BRANCH, ENTERED, SOURCE, compiled, scan
from hutong.party.quality.rules import QUALITY_RULES, READ, QualityRule
from hutong.platform import database, documents
from hutong.platform.errors import NotFound

Row = dict[str, Any]
ALWAYS = ("kind", "name")
PLAIN = frozenset({"source", "key", "kind", "issues", "attributes"})
FILTERS = ("source", "branch", "contributor")


def rule_named(viewer: Principal, name: str) -> QualityRule:
    """A rule in force. Needs the right `party.quality`. Raises NotFound."""
    require(viewer, READ)
    with database.read("party") as conn:
        found = documents.in_force(conn, QUALITY_RULES).find(name)
    if found is None:
        raise NotFound("party-quality-rule-unknown", rule=name)
    return found


def shown_fields(rule: QualityRule) -> tuple[str, ...]:
    """The fields shown of a failing record: its name, and what the rule looks at; not its free attributes."""
    return tuple(dict.fromkeys([*ALWAYS, *(name for name in rule.fields if name != "attributes")]))


def failing(viewer: Principal, name: str, filters: Mapping[str, str], *, after: int = 0, limit: int = 100) -> list[Row]:
    """Records that break a rule now, by id after `after`; masked and within the viewer's rows (EC-17).

    Each: id, party_id (None: not resolved yet), source, branch, contributor and the fields the rule looks at.
    `filters`: source, branch, contributor → value ("" asks for those that state none).
    """
    rule = rule_named(viewer, name)
    [made] = compiled([rule])
    entity = rule.entity
    expressions = {"source": SOURCE[entity], "branch": BRANCH[entity], "contributor": ENTERED[entity]}
    asked = {key: value for key, value in filters.items() if key in FILTERS}
    conditions = "".join(f" AND {expressions[key]} = %({key})s" for key in asked)
    fields = shown_fields(rule)
    columns = ", ".join(f"r.{field}" for field in fields)
    where = f"{made.failed}{_scope(viewer, entity)}".replace("%", "%%")
    body = scan(entity, [made]).replace("%", "%%")
    statement = (
        f"SELECT r.id AS record_id, {_party(entity)} AS party_id, {expressions['source']} AS source_code,"
        f" {expressions['branch']} AS branch_code, {expressions['contributor']} AS entered_by, {columns}"
        f" {body} AND r.id > %(after)s AND {where}{conditions} ORDER BY r.id LIMIT %(limit)s"
    )
    with database.read("party") as conn:
        values = {**asked, "after": after, "limit": min(limit, 1000)}
        rows = [dict(row) for row in conn.exec_driver_sql(statement, values).mappings()]
    key = "party_id" if entity == "party" else "record_id"
    sensitive = {
        field: kind for field, kind in {**SENSITIVE, "name_key": "name", "name_core": "name"}.items() if field in fields
    }
    return protect(viewer, entity, rows, sensitive, key)


def _party(entity: str) -> str:
    return "r.id" if entity == "party" else "(SELECT x.party_id FROM party.xref x WHERE x.record_id = r.id)"


def _scope(viewer: Principal, entity: str) -> str:
    """Within the rows of a viewer with a scope; records that no party has yet are then not shown."""
    if "party" not in viewer.scopes:
        return ""
    seen = visibility.seen(viewer).compile(compile_kwargs={"literal_binds": True})
    key = "r.id" if entity == "party" else _party(entity)
    return f" AND {key} IN (SELECT party.party.id FROM party.party WHERE {seen})"  # noqa: S608  (compiled scope)


def every_failing(viewer: Principal, name: str, filters: Mapping[str, str], most: int = 100_000) -> Iterator[Row]:
    """All failing records, for export, at most `most`."""
    after, given = 0, 0
    while given < most and (rows := failing(viewer, name, filters, after=after, limit=1000)):
        yield from rows
        after, given = rows[-1]["record_id"], given + len(rows)


def trend(viewer: Principal, name: str, days: int = 90) -> list[Row]:
    """A rule's checks and failures per measured day, oldest first."""
    require(viewer, READ)
    with database.read("party") as conn:
        rows = conn.execute(
            text(
                """SELECT day, sum(checked)::bigint AS checked, sum(failed)::bigint AS failed FROM party.quality_result
                   WHERE rule = :rule AND day > current_date - CAST(:days AS int) GROUP BY day ORDER BY day"""
            ),
            {"rule": name, "days": days},
        )
        return [dict(row) for row in rows.mappings()]
