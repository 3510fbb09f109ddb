"""Measuring: every rule over every record, one pass per entity, kept per day, source, branch and clerk (EC-18)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from hutong.party.quality import scores, tasks
from hutong.party.quality.compiled import BRANCH, ENTERED, SOURCE, compiled, scan
from hutong.party.quality.rules import ENTITIES, QUALITY_RULES, Entity, QualityDocument
from hutong.party.tables import quality_rule, quality_run
from hutong.platform import clock, database, documents


@dataclass(frozen=True)
class Measured:
    """What a measurement found: records and golden records seen, checks made, checks failed."""

    day: date
    version: int
    records: int
    parties: int
    checked: int
    failed: int
    tasks: tasks.Settled


def measure(tell: Callable[[int, int, str], None] = lambda *_: None) -> Measured:
    """Measure all rules now, as the result of this business day; an earlier result of the day is replaced."""
    day = clock.today()
    with database.begin("party") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.quality_run', 0))"))
        document = documents.in_force(conn, QUALITY_RULES)
        version = document.version
        _keep_rules(conn, document)
        _begin(conn, day, version)
        seen: dict[Entity, int] = {}
        for step, entity in enumerate(ENTITIES):
            tell(step, len(ENTITIES) + 1, entity)
            seen[entity] = _measure(conn, document, entity, day)
        tell(len(ENTITIES), len(ENTITIES) + 1, "tasks")
        found = {"records": seen["source_record"], "parties": seen["party"]}
        conn.execute(quality_run.update().where(quality_run.c.day == day).values(found))
        settled = tasks.settle(conn, document)
        scores.settle_month(conn, day)
        total = "SELECT coalesce(sum(checked), 0), coalesce(sum(failed), 0) FROM party.quality_result WHERE day = :day"
        checked, failed = conn.execute(text(total), {"day": day}).one()
        return Measured(day, version, seen["source_record"], seen["party"], int(checked), int(failed), settled)


def _keep_rules(conn: Connection, document: QualityDocument) -> None:
    """The rules that results name, as rows for reports."""
    statement = insert(quality_rule)
    told = ("dimension", "entity", "severity", "owner", "name_zh", "name_en")
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["version", "rule"], set_={name: statement.excluded[name] for name in told}
        ),
        [
            {"version": document.version, "name_zh": rule.zh, "name_en": rule.en}
            | {name: getattr(rule, name) for name in ("rule", "dimension", "entity", "severity", "owner")}
            for rule in document.rules
        ],
    )


def _begin(conn: Connection, day: date, version: int) -> None:
    conn.execute(text("DELETE FROM party.quality_result WHERE day = :day"), {"day": day})
    values = {"version": version, "records": 0, "parties": 0, "measured_at": clock.now()}
    statement = insert(quality_run).values(day=day, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["day"], set_=values))


def _measure(conn: Connection, document: QualityDocument, entity: Entity, day: date) -> int:
    """One scan of an entity with all its rules; returns how many rows it saw."""
    rules = compiled(document.of(entity))
    counts = ", ".join(
        f"count(*) FILTER (WHERE {rule.checked}) AS c{n}, count(*) FILTER (WHERE {rule.failed}) AS f{n}"
        for n, rule in enumerate(rules)
    )
    values = ", ".join(f"('{rule.rule.rule}', g.c{n}, g.f{n})" for n, rule in enumerate(rules))
    statement = f"""
        WITH g AS MATERIALIZED (
            SELECT {SOURCE[entity]} AS source, {BRANCH[entity]} AS branch, {ENTERED[entity]} AS contributor,
                   count(*) AS seen{", " if counts else ""}{counts}
            {scan(entity, rules)} GROUP BY 1, 2, 3),
        written AS (
            INSERT INTO party.quality_result (day, rule, source, branch, contributor, checked, failed)
            SELECT CAST(:day AS date), v.rule, g.source, g.branch, g.contributor, v.checked, v.failed
            FROM g CROSS JOIN LATERAL (VALUES {values or "(NULL::text, 0::bigint, 0::bigint)"})
                 AS v (rule, checked, failed)
            WHERE v.checked > 0)
        SELECT coalesce(sum(seen), 0)::bigint FROM g"""  # noqa: S608  (rules are compiled, names are checked)
    return int(conn.exec_driver_sql(_bound(statement), {"day": day}).scalar_one())


def _bound(statement: str) -> str:
    """A statement with `:day` for the driver: colons and percent signs of compiled rules stay what they are."""
    return statement.replace("%", "%%").replace("CAST(:day AS date)", "CAST(%(day)s AS date)")
