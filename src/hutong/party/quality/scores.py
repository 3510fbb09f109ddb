"""Scores (EC-18): how good what each source, branch and clerk contributed is, per month; and who provided a customer.

    share = (Σ severity · failed + 200 · share of all) / (Σ severity · checked + 200)       score = 100 · (1 − share)

Each check counts with its rule's severity. The 200 weighted checks at the common share keep a contributor of a few
records from leading or trailing by chance: the more it contributed, the more the score is its own. A month's score is
of its last measured day.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, select, text

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.quality.rules import READ
from hutong.party.tables import quality_score
from hutong.platform import database
from hutong.platform.clock import start_of_day

Kind = Literal["source", "branch", "clerk"]
KINDS: dict[Kind, str] = {"source": "source", "branch": "branch", "clerk": "contributor"}
PRIOR = 200
"""Weighted checks at the common share, added to everyone's own."""

_SETTLE = """
INSERT INTO party.quality_score (month, kind, contributor, day, checked, failed, weighted_checked, weighted_failed,
                                 tasks_open, tasks_verified, score_thousandths)
WITH own AS (
    SELECT r.{column} AS contributor, sum(r.checked) AS checked, sum(r.failed) AS failed,
           sum(r.checked * q.severity) AS wc, sum(r.failed * q.severity) AS wf
    FROM party.quality_run o JOIN party.quality_result r ON r.day = o.day
    JOIN party.quality_rule q ON q.version = o.version AND q.rule = r.rule
    WHERE o.day = :day AND r.source <> '' AND r.{column} <> '' GROUP BY 1),
every AS (SELECT coalesce(sum(wf) / nullif(sum(wc), 0), 0) AS share FROM own),
tasks AS (
    SELECT {column} AS contributor, count(*) FILTER (WHERE state IN ('open', 'sent', 'fixed', 'reopened')) AS waiting,
           count(*) FILTER (WHERE state = 'verified' AND closed_at >= CAST(:begin AS timestamptz)) AS verified
    FROM party.quality_task GROUP BY 1)
SELECT :month, :kind, own.contributor, :day, own.checked, own.failed, own.wc, own.wf, coalesce(tasks.waiting, 0),
       coalesce(tasks.verified, 0), round(100000 * (1 - (own.wf + :prior * every.share) / (own.wc + :prior)))
FROM own CROSS JOIN every LEFT JOIN tasks USING (contributor)"""


def settle_month(conn: Connection, day: date) -> None:
    """Compute the scores of a measured day's month anew, for every kind of contributor."""
    month = day.replace(day=1)
    conn.execute(text("DELETE FROM party.quality_score WHERE month = :month"), {"month": month})
    for kind, column in KINDS.items():
        values = {"day": day, "month": month, "kind": kind, "prior": PRIOR, "begin": start_of_day(month)}
        conn.execute(text(_SETTLE.format(column=column)), values)


def months(viewer: Principal) -> list[date]:
    """The months that have scores, newest first."""
    require(viewer, READ)
    with database.read("party") as conn:
        statement = select(quality_score.c.month).distinct().order_by(quality_score.c.month.desc())
        return list(conn.execute(statement).scalars())


def ranking(viewer: Principal, kind: Kind, month: date, after: tuple[int, str] | None = None, limit: int = 50) -> list[dict[str, Any]]:  # fmt: skip  # noqa: E501
    """Contributors of a kind, best first: rank, score (0..100), checks, failures, tasks, change since the month before.

    The next page begins after (score_thousandths, contributor) of the last row. Needs the right `party.quality`.
    """
    require(viewer, READ)
    score, contributor = after or (100_001, "")
    with database.read("party") as conn:
        rows = conn.execute(
            text(
                """SELECT * FROM (
                       SELECT s.*, rank() OVER (ORDER BY s.score_thousandths DESC) AS place,
                              s.score_thousandths - b.score_thousandths AS change
                       FROM party.quality_score s LEFT JOIN party.quality_score b
                            ON b.month = CAST(:month AS date) - interval '1 month' AND b.kind = s.kind
                               AND b.contributor = s.contributor
                       WHERE s.month = :month AND s.kind = :kind) AS ranked
                   WHERE (-score_thousandths, contributor) > (-CAST(:score AS int), :contributor)
                   ORDER BY -score_thousandths, contributor LIMIT :limit"""
            ),
            {"month": month, "kind": kind, "score": score, "contributor": contributor, "limit": min(limit, 10_000)},
        ).mappings()
        return [{**row, "score": row["score_thousandths"] / 1000} for row in rows]


def trend(viewer: Principal, kind: Kind, contributors: Sequence[str], back: int = 12) -> tuple[list[date], dict[str, list[float | None]]]:  # fmt: skip  # noqa: E501
    """The months that have scores, oldest first, at most the last `back`; contributor → its score (0..100) in each, or
    None. Needs the right `party.quality`."""
    span = sorted(months(viewer)[:back])
    table = quality_score.c
    asked = select(table.contributor, table.month, table.score_thousandths).where(
        table.kind == kind, table.contributor.in_(contributors), table.month.in_(span)
    )
    with database.read("party") as conn:
        found = {(row.contributor, row.month): row.score_thousandths / 1000 for row in conn.execute(asked)}
    return span, {name: [found.get((name, month)) for month in span] for name in contributors}


def contributions(viewer: Principal, party_id: int) -> list[dict[str, Any]]:
    """Who provided a customer's information, first provider first: it keeps the claim on the renewal expense (EC-18).

    Each: source, branch, contributor, provided_at, `first` (holds the claim), `supplies` (attributes whose golden value
    comes from its record). Raises NotFound for a party the viewer does not see.
    """
    require(viewer, "party.read")
    with database.read("party") as conn:
        visibility.check(conn, viewer, party_id)
        rows = conn.execute(
            text(
                """SELECT c.record_id, c.source, c.branch, c.contributor, c.provided_at, c.first,
                          array(SELECT v.key FROM jsonb_each(p.provenance) AS v
                                WHERE v.value = to_jsonb(c.record_id) ORDER BY v.key) AS supplies
                   FROM party.v1_contribution c JOIN party.party p ON p.id = c.party_id
                   WHERE c.party_id = :id ORDER BY c.first DESC, c.provided_at, c.record_id"""
            ),
            {"id": party_id},
        ).mappings()
        return [dict(row) for row in rows]
