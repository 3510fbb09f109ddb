"""Rows of an area as they were known at an instant (EC-16): with what they said then, though they were stated anew,
ended or confirmed since."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from hutong.party.areas.read import Row, in_force
from hutong.party.information import KEPT, Area, began


def known_then(
    conn: Connection, area: Area, records: Sequence[int], at: datetime, *, over: bool = False, limit: int = 100
) -> list[Row]:
    """What was said about source records by an instant and held at it, with `party_id` of now, latest first. `over`:
    also what had ended by then.

    Areas that are not of `KEPT` are at their latest state, whenever that was told. Unmasked: for functions of party.
    """
    when = began(area)
    held = "" if over else in_force(area, ":at")
    said = _KNOWN if area.name in KEPT else _LATEST
    statement = f"""
        SELECT * FROM ({said.format(area=area.name)}) AS t
        WHERE t.{when} <= :at{held} ORDER BY t.{when} DESC, t.id DESC LIMIT :limit"""  # noqa: S608  (declared names)
    rows = conn.execute(text(statement), {"records": list(records), "at": at, "limit": limit})
    return [{name: told for name, told in row.items() if name != "until"} for row in rows.mappings()]


_LATEST = """
    SELECT x.party_id, t.* FROM party.xref x JOIN party.{area} t ON t.of_source = x.source AND t.of_key = x.key
    WHERE x.record_id = ANY(:records)"""
_KNOWN = """
    SELECT * FROM (
        SELECT DISTINCT ON (id) * FROM (
            SELECT x.party_id, t.*, CAST(NULL AS timestamptz) AS until FROM party.xref x
            JOIN party.{area} t ON t.of_source = x.source AND t.of_key = x.key
            WHERE x.record_id = ANY(:records)
            UNION ALL
            SELECT x.party_id, r.*, f.until FROM party.xref x
            JOIN party.former_statement f ON f.of_source = x.source AND f.of_key = x.key
                AND f.area = '{area}' AND f.until > :at
            CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS party.{area}), f.content) AS r
            WHERE x.record_id = ANY(:records)) AS every ORDER BY id, until NULLS LAST) AS first
    WHERE stated_at <= :at"""
"""Of each row, what it said until the first change after the instant, if it was there by then."""
