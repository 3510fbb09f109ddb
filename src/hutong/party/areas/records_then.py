"""The source records a party had at an instant, as they stood then (EC-01, EC-07): who they belonged to by the log of
operations, what they said by their versions as they came, read anew by their mapping."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from hutong.identity import Principal
from hutong.party import visibility
from hutong.party.ingest import mappings, preview
from hutong.party.realtime.stated import PartyData, standardised

Record = dict[str, Any]


class Then(NamedTuple):
    """`ids`: the records; `records`: what they said, standardised, with `source`. `unread`: how many of them changed
    since and were read by a mapping that is known no more: what these said then is not told."""

    ids: list[int]
    records: list[Record]
    unread: int


def records_then(conn: Connection, viewer: Principal, party_id: int, at: datetime) -> Then:
    """The records of a party at an instant; those that are now of a party the viewer does not see are left out."""
    belonged = conn.execute(_BELONGED, {"id": party_id, "at": at}).all()
    seen = visibility.among(conn, viewer, sorted({row.home for row in belonged}))
    ids = [row.record_id for row in belonged if row.home in seen]
    versions = conn.execute(_VERSIONS, {"ids": ids, "at": at}).all()
    unchanged = [row.record_id for row in versions if row.newest]
    found = conn.execute(_NOW, {"ids": unchanged}).mappings()
    records: list[Record] = [dict(row) for row in found]
    former: dict[tuple[str, str | None], list[Mapping[str, Any]]] = {}
    for row in versions:
        if not row.newest:
            former.setdefault((row.source, row.mapping), []).append(row.raw)
    unread = 0
    for (source, mapping), raws in former.items():
        made = _read(source, mapping, raws)
        unread += len(raws) - len(made)
        records += [{**record, "source": source} for record in made]
    return Then([row.record_id for row in versions], records, unread)


_BELONGED = text("""
    SELECT c.record_id, x.party_id AS home
    FROM (SELECT record_id FROM party.xref WHERE party_id = :id
          UNION SELECT record_id FROM party.operation_record WHERE before_id = :id) AS c
    JOIN party.xref x ON x.record_id = c.record_id
    LEFT JOIN LATERAL (
        SELECT r.before_id FROM party.operation_record r JOIN party.operation o ON o.id = r.operation_id
        WHERE r.record_id = c.record_id AND o.done_at > :at ORDER BY o.done_at, o.id LIMIT 1) AS later ON true
    WHERE coalesce(later.before_id, x.party_id) = :id ORDER BY 1""")
"""A record belonged to whom its next move took it from; without one, to whom it belongs."""
_VERSIONS = text("""
    SELECT DISTINCT ON (v.record_id) v.record_id, r.source, l.mapping, v.raw,
           NOT EXISTS (SELECT FROM party.source_version n WHERE n.record_id = v.record_id AND n.id > v.id) AS newest
    FROM party.source_version v JOIN party.source_record r ON r.id = v.record_id
    LEFT JOIN party.load l ON l.id = v.load_id
    WHERE v.record_id = ANY(:ids) AND v.arrived_at <= :at ORDER BY v.record_id, v.id DESC""")
_NOW = text("SELECT * FROM party.source_record WHERE id = ANY(:ids) ORDER BY id")


def _read(source: str, mapping: str | None, raws: list[Mapping[str, Any]]) -> list[Record]:
    """Rows as they came, standardised; nothing where their mapping is not known."""
    if mapping is None:  # stated by an interface
        return [standardised(msgspec.convert(raw, PartyData)) for raw in raws]
    named = (source, mapping)
    document = next((each for each in mappings.in_force().values() if (each.source.code, each.mapping) == named), None)
    return preview.of_rows(document, raws) if document else []
