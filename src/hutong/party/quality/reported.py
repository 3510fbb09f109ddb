"""Wrong data that people see (EC-18): who notices it sends a task back to who stated it: clerk, branch, source."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.living import living
from hutong.party.quality.compiled import BRANCH, ENTERED
from hutong.party.quality.rules import READ
from hutong.party.quality.task_states import REPORTED
from hutong.party.tables import source_record, xref
from hutong.platform import clock, database
from hutong.platform.errors import NotFound, Unprocessable

FIELDS = ("name", "gender", "birth_date", "id_type", "id_number", "mobile", "phone", "other_phone", "email",
          "bank_card", "address", "postcode", "contact_name", "grade", "branch")  # fmt: skip
"""What can be said to be wrong: what sources state, not what is derived of it."""
Row = dict[str, Any]

_SENT = f"""
INSERT INTO party.quality_task AS t (rule, entity, record_id, source, branch, contributor, owner, severity, state,
                                     assignee, reported_by, fields, opened_at, sent_at, changed_at)
SELECT :rule, 'source_record', r.id, r.source, {BRANCH["source_record"]}, {ENTERED["source_record"]},
       CASE WHEN {ENTERED["source_record"]} <> '' THEN 'clerk' WHEN {BRANCH["source_record"]} <> '' THEN 'branch'
            ELSE 'source' END,
       :severity, 'sent', nullif('user:' || r.owner_id, 'user:'), :by, :fields, :now, :now, :now
FROM party.source_record r WHERE r.id = :record
ON CONFLICT (rule, entity, record_id) DO UPDATE
    SET state = 'sent', fields = excluded.fields, reported_by = excluded.reported_by, severity = excluded.severity,
        reopened = t.reopened + CASE WHEN t.state IN ('fixed', 'verified', 'waived') THEN 1 ELSE 0 END,
        sent_at = excluded.sent_at, closed_at = NULL, changed_at = excluded.changed_at
RETURNING t.id"""  # noqa: S608  (our own text)


def statements_of(viewer: Principal, party_id: int, record_id: int | None = None) -> list[Row]:
    """The source records of a party (or one of them), for who is to say which is wrong: record_id, source, key and
    what it states, masked. Needs the right `party.quality`; raises NotFound for a party the viewer does not see."""
    require(viewer, READ)
    columns = [source_record.c[name] for name in ("source", "key", *FIELDS)]
    with database.read("party") as conn:
        id = living(conn, party_id)
        visibility.check(conn, viewer, id)
        asked = select(source_record.c.id.label("record_id"), *columns).join(
            xref, xref.c.record_id == source_record.c.id
        )
        if record_id is not None:
            asked = asked.where(source_record.c.id == record_id)
        rows = [dict(row) for row in conn.execute(asked.where(xref.c.party_id == id).order_by("record_id")).mappings()]
    sensitive = {name: kind for name, kind in SENSITIVE.items() if name in FIELDS}
    return protect(viewer, "source_record", rows, sensitive, "record_id")


def report(viewer: Principal, record_id: int, fields: Sequence[str], note: str, severity: int = 3) -> int:
    """Send a source record back as wrong in these fields; returns the task. Reported again, the task is sent again.

    It goes to the clerk who entered the record where one is known, else to its branch, else to its source. Needs the
    right `party.quality`. Raises NotFound for a record the viewer does not see, Unprocessable without fields or note.
    """
    require(viewer, READ)
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise Unprocessable("party-quality-field-unknown", field="fields", name=unknown[0])
    if not fields or not note.strip():
        raise Unprocessable("party-quality-note-missing", field="note")
    given = {"rule": REPORTED, "record": record_id, "severity": severity, "by": viewer.actor, "now": clock.now()}
    with database.begin("party") as conn:
        _seen(conn, viewer, record_id)
        task_id = int(conn.execute(text(_SENT), {**given, "fields": list(fields)}).scalar_one())
        step = """INSERT INTO party.quality_task_step (task_id, state, note, done_by, done_at)
                  VALUES (:task, 'sent', :note, :by, :now)"""
        told = {"task": task_id, "note": note.strip(), "by": viewer.actor, "now": given["now"]}
        conn.execute(text(step), told)
    return task_id


def _seen(conn: Connection, viewer: Principal, record_id: int) -> None:
    found = conn.execute(select(xref.c.party_id).where(xref.c.record_id == record_id)).scalar()
    if found is None or not visibility.among(conn, viewer, [found]):
        raise NotFound("party-record-unknown", id=record_id)
