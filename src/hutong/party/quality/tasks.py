"""Quality tasks (EC-18): what broke a rule goes to those who can mend it, and closes itself when the record passes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hutong.party.quality.compiled import BRANCH, ENTERED, FROM, SOURCE, Compiled, compiled, scan
from hutong.party.quality.rules import ENTITIES, QUALITY_RULES, Entity, QualityDocument
from hutong.party.quality.task_states import REPORTED
from hutong.platform import clock, documents

BY_MEASUREMENT = "system:quality"


@dataclass(frozen=True)
class Settled:
    """What the measurement did to tasks: made, opened again, closed as verified, closed with nothing to mend."""

    opened: int
    reopened: int
    verified: int
    obsolete: int


_OPEN = """
WITH found AS (
    SELECT v.rule, r.id AS record_id, {source} AS source, {branch} AS branch, {entered} AS contributor, v.owner,
           v.severity
    {scan_from} CROSS JOIN LATERAL (VALUES {values}) AS v (rule, owner, severity, failed)
    {scan_where} AND v.failed),
made AS (
    INSERT INTO party.quality_task AS t (rule, entity, record_id, source, branch, contributor, owner, severity,
                                         opened_at, changed_at)
    SELECT rule, '{entity}', record_id, source, branch, contributor, owner, severity, %(now)s, %(now)s FROM found
    ON CONFLICT (rule, entity, record_id) DO UPDATE
        SET state = 'reopened', reopened = t.reopened + 1, closed_at = NULL, changed_at = excluded.changed_at,
            severity = excluded.severity, source = excluded.source, branch = excluded.branch,
            contributor = excluded.contributor
        WHERE t.state IN ('fixed', 'verified')
    RETURNING t.id, t.state),
told AS (
    INSERT INTO party.quality_task_step (task_id, state, done_by, done_at)
    SELECT id, state, '{by}', %(now)s FROM made)
SELECT count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'reopened') FROM made"""

_VERIFY = """
WITH right_now AS (
    SELECT t.id FROM party.quality_task t {join_record}
    WHERE t.entity = '{entity}' AND t.rule = '{rule}' AND t.state IN ('open', 'sent', 'fixed', 'reopened')
      AND {where} AND NOT {failed}),
closed AS (
    UPDATE party.quality_task t SET state = 'verified', closed_at = %(now)s, changed_at = %(now)s
    FROM right_now WHERE t.id = right_now.id RETURNING t.id)
INSERT INTO party.quality_task_step (task_id, state, done_by, done_at)
SELECT id, 'verified', '{by}', %(now)s FROM closed"""

_OBSOLETE = """
WITH closed AS (
    UPDATE party.quality_task t SET state = 'waived', closed_at = :now, changed_at = :now
    WHERE t.state IN ('open', 'sent', 'fixed', 'reopened')
      AND (NOT t.rule = ANY(CAST(:rules AS text[]) || CAST(:reported AS text))
           OR t.entity = 'source_record'
              AND NOT EXISTS (SELECT FROM party.source_record r WHERE r.id = t.record_id)
           OR t.entity = 'party'
              AND NOT EXISTS (SELECT FROM party.party r WHERE r.id = t.record_id AND r.state = 'active'))
    RETURNING t.id)
INSERT INTO party.quality_task_step (task_id, state, note, done_by, done_at)
SELECT id, 'waived', 'obsolete', :by, :now FROM closed"""

_ANSWERED = """
WITH stated AS (
    UPDATE party.quality_task t SET state = 'fixed', changed_at = :now
    WHERE t.rule = :reported AND t.state IN ('open', 'sent', 'reopened')
      AND EXISTS (SELECT FROM party.source_version v WHERE v.record_id = t.record_id AND v.arrived_at > t.changed_at)
    RETURNING t.id)
INSERT INTO party.quality_task_step (task_id, state, done_by, done_at) SELECT id, 'fixed', :by, :now FROM stated"""


def settle(conn: Connection, document: QualityDocument) -> Settled:
    """Bring all tasks up to date with the records, set-wise. Running it again changes nothing.

    Failures of rules from the document's `tasks_from` on become tasks, one per rule and record; a task whose record
    passes its rule is verified; one said to be fixed, or verified before, whose record fails is opened again. A waived
    task stays waived. A reported task whose record the source has stated anew counts as fixed.
    """
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.quality_task', 0))"))
    verified = verify(conn, document)
    opened = reopened = 0
    for entity in ENTITIES:
        rules = compiled([r for r in document.of(entity) if r.tasks and r.severity >= document.tasks_from])
        if rules:
            made = _open(conn, entity, rules)
            opened, reopened = opened + made[0], reopened + made[1]
    values = {"now": clock.now(), "by": BY_MEASUREMENT, "reported": REPORTED}
    conn.execute(text(_ANSWERED), values)
    values["rules"] = [rule.rule for rule in document.rules]
    obsolete = conn.execute(text(_OBSOLETE), values).rowcount
    return Settled(opened, reopened, verified, obsolete)


def _open(conn: Connection, entity: Entity, rules: Sequence[Compiled]) -> tuple[int, int]:
    """Make or reopen the tasks of an entity, in one scan."""
    scan_from, where, condition = scan(entity, rules).rpartition(" WHERE ")
    values = ", ".join(f"('{r.rule.rule}', '{r.rule.owner}', {r.rule.severity}, {r.failed})" for r in rules)
    parts = {"scan_from": scan_from, "scan_where": where + condition, "values": values}
    parts |= {"source": SOURCE[entity], "branch": BRANCH[entity], "entered": ENTERED[entity]}
    parts = {name: part.replace("%", "%%") for name, part in parts.items()}
    statement = _OPEN.format(**parts, entity=entity, by=BY_MEASUREMENT)
    row = conn.exec_driver_sql(statement, {"now": clock.now()}).one()
    return int(row[0]), int(row[1])


def verify(conn: Connection, document: QualityDocument) -> int:
    """Close the tasks whose records pass their rules now; looks only at records that have tasks. Returns how many."""
    waiting = "SELECT DISTINCT rule FROM party.quality_task WHERE state IN ('open', 'sent', 'fixed', 'reopened')"
    asked = set(conn.execute(text(waiting)).scalars())
    closed = 0
    for rule in compiled([rule for rule in document.rules if rule.rule in asked]):
        entity = rule.rule.entity
        parts = {
            "join_record": f"JOIN {FROM[entity]} ON r.id = t.record_id{rule.join}",
            "where": "true" if entity == "source_record" else "r.state = 'active'",
            "failed": rule.failed,
        }
        parts = {name: part.replace("%", "%%") for name, part in parts.items()}
        statement = _VERIFY.format(**parts, entity=entity, rule=rule.rule.rule, by=BY_MEASUREMENT)
        closed += conn.exec_driver_sql(statement, {"now": clock.now()}).rowcount
    return closed


def settle_waiting(conn: Connection) -> int:
    """Verify waiting tasks against the records as they are now, between two measurements. Returns how many closed."""
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.quality_task', 0))"))
    return verify(conn, documents.in_force(conn, QUALITY_RULES))
