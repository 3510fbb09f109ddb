"""Storing standardised parts (EC-03): all of a load in one transaction, so that nobody ever sees half a file.

The parts come in the order of the file, while later ones are still being standardised. A record's latest row wins,
unless its source changed it earlier than what is stored: order of arrival is nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from hutong.party import erased_keys
from hutong.party.columns import NAMES
from hutong.party.ingest.mapping import Delivery, Document, Mapping
from hutong.party.ingest.standardising import REJECTED, STORED
from hutong.party.tables import source
from hutong.platform import database
from hutong.platform.processes import Task

CHUNK_BYTES = 1 << 20
_CONTENT = ("kind", *NAMES, "attributes", "issues", "source_created_at", "source_changed_at", "content_hash")


@dataclass
class Counts:
    """What became of the parts stored so far."""

    admitted: int = 0
    rejected: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    missing: int = 0
    unmapped: dict[str, dict[str, int]] = field(default_factory=dict)


def register_source(conn: Connection, mapping: Document) -> None:
    """Make the source system known, with the trust its mapping gives it."""
    values = {"name_zh": mapping.source.zh, "name_en": mapping.source.en, "trust": mapping.source.trust}
    statement = insert(source).values(code=mapping.source.code, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["code"], set_=values))


def bytes_of(path: Path) -> Iterator[bytes]:
    """A file in pieces."""
    with path.open("rb") as file:
        while part := file.read(CHUNK_BYTES):
            yield part


class Store:
    """The open transaction of one load."""

    def __init__(self, conn: Connection, mapping: Mapping, load_id: int, corrected_by: str | None) -> None:
        self._conn = conn
        self._delivery: Delivery = mapping.delivery
        self._words = {"source": mapping.source.code, "load": load_id, "by": corrected_by}
        self.counts = Counts()
        conn.execute(text(_STAGED))
        conn.execute(text("CREATE TEMPORARY TABLE refused (row_number bigint, key text, raw json, reasons text[]) "
                          "ON COMMIT DROP"))  # fmt: skip
        conn.execute(text("CREATE TEMPORARY TABLE stated (key text) ON COMMIT DROP"))
        self._analysed = False

    def part(self, answer: Task) -> None:
        """Store a standardised part."""
        conn, counts, out = self._conn, self.counts, Path(answer["out"])
        conn.execute(text("TRUNCATE staged"))
        database.copy_csv(conn, "staged", STORED, bytes_of(out.with_suffix(".csv")))
        if not self._analysed:
            conn.execute(text("ANALYZE staged (key, last, operation)"))
            self._analysed = True
        gone = erased_keys.drop_erased(conn, "staged", str(self._words["source"]))
        if self._delivery.form == "changes":
            gone += conn.execute(text(_UNKNOWN), self._words).rowcount
            counts.withdrawn += conn.execute(text(_WITHDRAW), self._words).rowcount
        unchanged = conn.execute(text(_STORE), self._words).scalar_one()
        self.refused(out.with_suffix(".rejected.csv"))
        if self._delivery.form == "full":
            conn.execute(text("INSERT INTO stated SELECT key FROM staged"))
        counts.unchanged += unchanged
        counts.admitted += answer["admitted"] - gone
        counts.rejected += answer["rows"] - answer["admitted"] + gone
        for code_set, code, count in answer["unmapped"]:
            codes = counts.unmapped.setdefault(code_set, {})
            codes[code] = codes.get(code, 0) + count

    def refused(self, path: Path) -> None:
        """Store rejected rows."""
        if path.stat().st_size == 0:
            return
        self._conn.execute(text("TRUNCATE refused"))
        database.copy_csv(self._conn, "refused", REJECTED, bytes_of(path))
        erased_keys.drop_erased(self._conn, "refused", str(self._words["source"]))
        self._conn.execute(text(_REFUSED), self._words)

    def finish(self) -> None:
        """After the last part of a full file: the records it no longer states, counted, and ended if so declared."""
        if self._delivery.form != "full":
            return
        # a record whose row was rejected is still stated
        self._conn.execute(text("INSERT INTO stated SELECT key FROM party.rejected_record "
                                "WHERE load_id = :load AND key IS NOT NULL"), self._words)  # fmt: skip
        self._conn.execute(text("CREATE INDEX ON stated (key)"))
        self._conn.execute(text("ANALYZE stated"))
        missing, known = self._conn.execute(text(_MISSING), self._words).one()
        self.counts.missing = missing
        if self._delivery.missing == "end" and missing * 100 <= known * self._delivery.missing_most:
            self.counts.withdrawn += self._conn.execute(text(_END), self._words).rowcount


_STAGED = f"""
CREATE TEMPORARY TABLE staged ON COMMIT DROP AS
SELECT 0::bigint AS row_number, key, kind, {", ".join(NAMES)}, attributes, issues, source_created_at,
       source_changed_at, content_hash, ''::text AS operation, true AS last, ''::text AS raw
FROM party.source_record WITH NO DATA"""  # noqa: S608  (names come from declarations)

_STORE = f"""
WITH written AS (
    INSERT INTO party.source_record AS r (source, key, load_id, {", ".join(_CONTENT)})
    SELECT :source, key, :load, {", ".join(_CONTENT)} FROM staged
    WHERE last AND operation = 'put' ORDER BY row_number
    ON CONFLICT (source, key) DO UPDATE SET load_id = excluded.load_id, withdrawn_at = NULL,
        {", ".join(f"{name} = excluded.{name}" for name in _CONTENT)}
    WHERE (r.content_hash <> excluded.content_hash OR r.withdrawn_at IS NOT NULL)
      AND coalesce(excluded.source_changed_at >= r.source_changed_at, TRUE)
    RETURNING id, key
), waiting AS (
    INSERT INTO party.changed_record (record_id) SELECT id FROM written
), kept AS (
    INSERT INTO party.source_version (record_id, load_id, row_number, raw, corrected_by)
    SELECT coalesce(w.id, r.id), :load, s.row_number, s.raw::jsonb, :by
    FROM staged s LEFT JOIN written w ON w.key = s.key LEFT JOIN LATERAL (
        SELECT id, load_id, content_hash FROM party.source_record
        WHERE w.id IS NULL AND source = :source AND key = s.key OFFSET 0) r ON true
    WHERE w.id IS NOT NULL OR r.load_id = :load OR r.content_hash <> s.content_hash
    ORDER BY s.row_number
)
SELECT (SELECT count(*) FROM staged WHERE last AND operation = 'put') - (SELECT count(*) FROM written)"""  # noqa: S608
"""A record that its source changed earlier than what is known does not overwrite it: order of arrival is nothing.
What was written waits for the next resolution run (`changed_record`). Every row that says something new is kept as a
version. Gives how many rows said nothing new.

Records not written are looked up one by one (OFFSET 0 keeps it so): by a new source's statistics they are none, and the
planner would compare each with each."""

_WITHDRAW = """
WITH written AS (
    UPDATE party.source_record r SET withdrawn_at = coalesce(s.source_changed_at, now()), load_id = :load,
        source_changed_at = coalesce(s.source_changed_at, r.source_changed_at)
    FROM (SELECT source_changed_at, (SELECT id FROM party.source_record WHERE source = :source AND key = d.key) AS id
          FROM staged d WHERE d.last AND d.operation = 'delete' OFFSET 0) s
    WHERE r.id = s.id AND r.withdrawn_at IS NULL
      AND coalesce(s.source_changed_at >= r.source_changed_at, TRUE)
    RETURNING r.id)
INSERT INTO party.changed_record (record_id) SELECT id FROM written"""

_UNKNOWN = """
WITH gone AS (
    DELETE FROM staged s WHERE s.operation = 'delete'
      AND (SELECT r.id FROM party.source_record r WHERE r.source = :source AND r.key = s.key) IS NULL
      AND NOT EXISTS (SELECT FROM staged p WHERE p.key = s.key AND p.operation = 'put')
    RETURNING row_number, key, raw)
INSERT INTO party.rejected_record (load_id, source, row_number, key, raw, reasons)
SELECT :load, :source, row_number, key, raw::json, ARRAY['not_known'] FROM gone ORDER BY row_number"""
"""A source cannot end a record that it never stated."""

_REFUSED = """
INSERT INTO party.rejected_record (load_id, source, row_number, key, raw, reasons)
SELECT :load, :source, row_number, key, raw, reasons FROM refused ORDER BY row_number"""

_ABSENT = "r.source = :source AND r.withdrawn_at IS NULL AND NOT EXISTS (SELECT FROM stated s WHERE s.key = r.key)"
_MISSING = f"""
SELECT count(*) FILTER (WHERE {_ABSENT}), count(*) FROM party.source_record r
WHERE r.source = :source AND r.withdrawn_at IS NULL"""  # noqa: S608
_END = f"""
WITH written AS (
    UPDATE party.source_record r SET withdrawn_at = now(), load_id = :load WHERE {_ABSENT} RETURNING r.id)
INSERT INTO party.changed_record (record_id) SELECT id FROM written"""  # noqa: S608
