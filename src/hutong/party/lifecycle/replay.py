"""Erasing again what was erased after a backup was taken (EC-02, EC-19)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hutong.party import erased_keys
from hutong.party.lifecycle.erasure import erase
from hutong.party.lifecycle.journal import Entry
from hutong.platform import database


@dataclass(frozen=True)
class Replayed:
    """`erased`: parties erased again; `mixed`: parties that hold records of erased persons and of others: since the
    backup they were split, and people must decide."""

    erased: list[int]
    mixed: list[int]


def replay(entries: Sequence[Entry]) -> Replayed:
    """Erase again, in a restored database, every erasure of a journal that it does not know. Repeatable.

    In the backup the records may belong to other parties than when they were erased (merges came later): every party
    all of whose records were erased goes, whatever its number.
    """
    erased: list[int] = []
    mixed: set[int] = set()
    for entry in entries:
        with database.begin("party") as conn:
            if _known(conn, entry):
                continue
            whole, partly = _homes(conn, entry)
            _keys(conn, entry)
        for id in whole:
            erase(id, request_id=entry.request_id, by=entry.by, approved_by=entry.approved_by, reason=entry.reason)
        erased += whole
        mixed |= set(partly)
    return Replayed(erased, sorted(mixed))


def _known(conn: Connection, entry: Entry) -> bool:
    asked = text("SELECT EXISTS (SELECT FROM party.tombstone WHERE request_id = :request AND party_id = :party)")
    return bool(conn.execute(asked, {"request": entry.request_id, "party": entry.party_id}).scalar_one())


_HOMES = text("""
    WITH mine AS (
        SELECT r.id FROM party.source_record r JOIN unnest(CAST(:sources AS text[]), CAST(:hashes AS text[]))
            AS e (source, hash) ON e.source = r.source
        WHERE e.hash = encode(sha256(convert_to(:secret || chr(31) || r.source || chr(31) || r.key, 'UTF8')), 'hex')),
    homes AS (SELECT DISTINCT x.party_id FROM party.xref x JOIN mine ON mine.id = x.record_id)
    SELECT h.party_id, bool_and(x.record_id IN (SELECT id FROM mine)) AS whole
    FROM homes h JOIN party.xref x ON x.party_id = h.party_id GROUP BY 1 ORDER BY 1""")


def _homes(conn: Connection, entry: Entry) -> tuple[list[int], list[int]]:
    """Parties of the erased records: those all of whose records these are, and the others."""
    asked = {
        "sources": [source for source, _ in entry.keys],
        "hashes": [digest for _, digest in entry.keys],
        "secret": erased_keys.secret(),
    }
    rows = conn.execute(_HOMES, asked).all()
    return [row.party_id for row in rows if row.whole], [row.party_id for row in rows if not row.whole]


def _keys(conn: Connection, entry: Entry) -> None:
    """Remember the keys, also of records that came after the backup: their next load must not bring the person back."""
    conn.execute(
        text(
            """INSERT INTO party.erased_key (source, key_hash, party_id)
               SELECT source, hash, :party FROM unnest(CAST(:sources AS text[]), CAST(:hashes AS text[]))
                   AS e (source, hash)
               ON CONFLICT DO NOTHING"""
        ),
        {
            "party": entry.party_id,
            "sources": [source for source, _ in entry.keys],
            "hashes": [digest for _, digest in entry.keys],
        },
    )
