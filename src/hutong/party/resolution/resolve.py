"""Resolution (EC-05): rules propose over all records, the judgement log is brought to what they say, clusters follow.

The outcome depends on records, rules in force and people's judgements, not on order or number of runs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, text

from hutong.party import documents
from hutong.party.columns import ATTRIBUTES
from hutong.party.ingest.load import copy_out
from hutong.party.match.propose import propose
from hutong.party.match.rules import RulesDocument
from hutong.party.resolution import graph, membership
from hutong.party.stewardship import suspects
from hutong.platform import database

Progress = Callable[[int, int, str], None]


def _quiet(_done: int, _total: int, _message: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Resolved:
    """What a run found and did."""

    records: int
    parties: int
    pairs: int
    generic_values: int
    skipped_blocks: int
    judgements_made: int
    judgements_ended: int
    created: int
    changed: int
    retired: int
    suspect_groups: int


def resolve(by: str = "system:0", progress: Progress = _quiet) -> Resolved:
    """Resolve all records in one transaction. Runs exclude one another; a run without news changes nothing."""
    with database.begin("party") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.resolve', 0))"))
        rules = documents.active_rules(conn)
        progress(0, 4, "compare")
        newest = conn.execute(text("SELECT coalesce(max(id), 0) FROM party.judgement")).scalar_one()
        with duckdb.connect() as duck:
            lift(conn, duck)
            proposed = propose(duck, rules)  # the long part: others go on working meanwhile
            membership.lock(conn)
            made, ended = _log(conn, duck, rules, newest)
        progress(1, 4, "cluster")
        graph.scope_all(conn)
        found = graph.load(conn, rules)
        progress(2, 4, "golden")
        operation = membership.new_operation(conn, "resolve", f"rules {rules.version}", by)
        moved = membership.move(conn, found.record, found.prior, found.assign(), operation_id=operation, by=by)
        progress(3, 4, "suspects")
        groups = suspects.refresh(conn)
        parties = conn.execute(text("SELECT count(DISTINCT party_id) FROM party.xref")).scalar_one()
        progress(4, 4, "done")
        return Resolved(
            len(found.record), parties, proposed.pairs, proposed.generic_values, proposed.skipped_blocks, made, ended,
            moved.created, moved.changed, len(moved.retired), groups,
        )  # fmt: skip


_ARROW = {"text": pa.string(), "date": pa.date32(), "boolean": pa.string()}


def lift(conn: Connection, duck: duckdb.DuckDBPyConnection) -> None:
    """Make DuckDB's `records` of all source records; `rank` is the order of (source, key)."""
    names = ", ".join(f"r.{attribute.name}" for attribute in ATTRIBUTES)
    table = graph.fetch(
        conn,
        f"SELECT r.id, r.source, r.key, r.kind, {names} FROM party.source_record r",  # noqa: S608
        {"id": pa.int64(), "source": pa.string(), "key": pa.string(), "kind": pa.string(),
         **{attribute.name: _ARROW[attribute.type] for attribute in ATTRIBUTES}},
    )  # fmt: skip
    flags = ", ".join(f"{a.name} = 't' AS {a.name}" for a in ATTRIBUTES if a.type == "boolean")
    duck.register("lifted", table)
    duck.execute(
        f"CREATE TABLE records AS SELECT * REPLACE ({flags}), "  # noqa: S608  (names come from declarations)
        "row_number() OVER (ORDER BY source, key) AS rank FROM lifted"
    )
    duck.unregister("lifted")


_END = """
UPDATE party.judgement j SET ended_at = now(), ended_because = 'rules no longer say so'
WHERE j.made_by_kind = 'rule' AND j.ended_at IS NULL AND j.id <= :newest AND NOT EXISTS (
    SELECT FROM proposed p
    WHERE p.left_id = j.left_id AND p.right_id = j.right_id AND p.rule = j.rule AND p.verdict = j.verdict)"""

_MAKE = """
INSERT INTO party.judgement (left_id, right_id, verdict, made_by_kind, rule, rule_version, strength, reasons, made_by)
SELECT left_id, right_id, verdict, 'rule', rule, :version, strength, reasons, 'rules'
FROM proposed p
WHERE NOT EXISTS (SELECT FROM party.judgement j WHERE j.left_id = p.left_id AND j.right_id = p.right_id
                  AND j.rule = p.rule AND j.ended_at IS NULL)
ORDER BY left_id, right_id"""


def _log(conn: Connection, duck: duckdb.DuckDBPyConnection, rules: RulesDocument, newest: int) -> tuple[int, int]:
    """Bring the rules' part of the judgement log to the proposals. Returns how many were made and ended.

    `newest`: judgements after it were made in real time, about records this run did not see.
    """
    conn.execute(
        text(
            """CREATE TEMPORARY TABLE proposed (left_id bigint, right_id bigint, verdict text, rule text, strength int,
                                                reasons jsonb) ON COMMIT DROP"""
        )
    )
    columns = ("left_id", "right_id", "verdict", "rule", "strength", "reasons")
    database.copy_csv(conn, "proposed", columns, copy_out(duck, f"SELECT {', '.join(columns)} FROM proposals"))  # noqa: S608
    conn.execute(text("ANALYZE proposed"))
    ended = conn.execute(text(_END), {"newest": newest}).rowcount
    made = conn.execute(text(_MAKE), {"version": rules.version}).rowcount
    return made, ended
