"""The rules' part of the judgement log, brought to what a run proposes (EC-05); people's judgements stay."""

from dataclasses import dataclass

import duckdb
from sqlalchemy import Connection, text

from hutong.party.ingest.load import copy_out
from hutong.party.match.rules import RulesDocument
from hutong.party.resolution.lifting import News
from hutong.platform import database

MANY = 5000
"""Changes from which on the database counts anew, for what follows in the same transaction."""

_ALTERED = """
CREATE TEMPORARY TABLE altered ON COMMIT DROP AS
SELECT DISTINCT record_id AS id FROM party.changed_record c
WHERE NOT EXISTS (SELECT FROM taken t WHERE t.seq = c.seq)"""
"""Records that changed since the run took up its work: real time judged them itself, files' wait for the next run."""

_END = """
UPDATE party.judgement j SET ended_at = now(), ended_because = 'rules no longer say so'
WHERE j.made_by_kind IN ('rule', 'model') AND j.ended_at IS NULL AND j.id <= :newest {meant}
  AND j.left_id NOT IN (SELECT id FROM altered) AND j.right_id NOT IN (SELECT id FROM altered)
  AND NOT EXISTS (
    SELECT FROM proposed p
    WHERE p.left_id = j.left_id AND p.right_id = j.right_id AND p.rule = j.rule AND p.verdict = j.verdict
      AND p.strength = j.strength AND p.reasons = j.reasons)
RETURNING j.left_id, j.right_id"""
_ABOUT_NEWS = "AND (j.left_id = ANY(:records) OR j.right_id = ANY(:records))"

_MAKE = """
INSERT INTO party.judgement (left_id, right_id, verdict, made_by_kind, rule, rule_version, strength, reasons, made_by)
SELECT left_id, right_id, verdict, CASE WHEN rule LIKE 'model:%' THEN 'model' ELSE 'rule' END, rule, :version,
       strength, reasons, CASE WHEN rule LIKE 'model:%' THEN 'model' ELSE 'rules' END
FROM proposed p
WHERE NOT EXISTS (SELECT FROM party.judgement j WHERE j.left_id = p.left_id AND j.right_id = p.right_id
                  AND j.rule = p.rule AND j.ended_at IS NULL)
  AND left_id NOT IN (SELECT id FROM altered) AND right_id NOT IN (SELECT id FROM altered)
ORDER BY left_id, right_id
RETURNING left_id, right_id"""


@dataclass(frozen=True)
class Logged:
    """How the log changed, and the records whose judgements did."""

    made: int
    ended: int
    records: set[int]


def bring_to(
    conn: Connection, duck: duckdb.DuckDBPyConnection, rules: RulesDocument, newest: int, news: News
) -> Logged:
    """Bring the rules' part of the judgement log to the proposals.

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
    conn.execute(text("CREATE TEMPORARY TABLE taken (seq bigint PRIMARY KEY) ON COMMIT DROP"))
    filled = text("INSERT INTO taken SELECT unnest(CAST(:seqs AS bigint[])) ORDER BY 1")
    conn.execute(filled, {"seqs": news.taken.tolist()})
    conn.execute(text("ANALYZE proposed (left_id, right_id, verdict, rule), taken"))
    conn.execute(text(_ALTERED))
    about = {} if news.records is None else {"records": news.records}
    ended = conn.execute(text(_END.format(meant=_ABOUT_NEWS if about else "")), {"newest": newest, **about}).all()
    made = conn.execute(text(_MAKE), {"version": rules.version}).all()
    if len(made) + len(ended) > MANY:
        conn.execute(text("ANALYZE party.judgement (left_id, right_id, verdict, made_by_kind, ended_at)"))
    return Logged(len(made), len(ended), {record for pair in (*made, *ended) for record in pair})
