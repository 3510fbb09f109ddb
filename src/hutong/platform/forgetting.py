"""Lawful erasure on the ground (EC-02): events that told of somebody keep their place in the log, without the words.

What stays of a payload: numbers and truth values, lists of numbers, and the names of kinds and states.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from hutong.platform import database

KEPT = ("kind", "state", "role", "action", "cause", "cycle", "source", "at", "type")
"""Text that tells of the kind of event, never of a person."""

_SCRUB = """
UPDATE {center}.{table} AS e SET payload = coalesce((
    SELECT jsonb_object_agg(p.key, p.value) FROM jsonb_each(e.payload) AS p
    WHERE jsonb_typeof(p.value) IN ('number', 'boolean') OR p.key = ANY(:kept)
       OR jsonb_typeof(p.value) = 'array' AND NOT jsonb_path_exists(p.value, '$[*] ? (@.type() != "number")')), '{{}}')
WHERE jsonb_typeof(e.payload) = 'object'
  AND (e.aggregate = ANY(:aggregates) OR e.payload -> CAST(:field AS text) = ANY(CAST(:wanted AS jsonb[])))"""


def scrub_events(conn: Connection, center: str, aggregates: Sequence[str], field: str, ids: Sequence[int]) -> int:
    """Take personal data out of a center's events of these aggregates, or whose `field` names one of the ids: outbox,
    log and parked ones. `center` and `field` come from code. Returns how many events were touched."""
    asked = {
        "kept": list(KEPT), "aggregates": list(aggregates), "field": field,
        "wanted": [str(int(id)) for id in ids],
    }  # fmt: skip
    tables = ("outbox", "event_log", "parked_event")
    return sum(conn.execute(text(_SCRUB.format(center=center, table=table)), asked).rowcount for table in tables)


def scrub_deliveries(aggregates: Sequence[str], field: str, ids: Sequence[int]) -> int:
    """The same of what waits for webhooks, in a transaction of its own."""
    with database.begin("platform") as conn:
        return scrub_events(conn, "platform", aggregates, field, ids)
