"""What customers contribute (客户贡献, EC-13), in whole units of the currency, over the year before a day:

    contribution = premiums of policies in force, as of a year + bills made final − claims paid − acquisition expense

A premium counts as annual premium equivalent: monthly ones twelve times, single ones a tenth (the insurers' usual APE).
"""

from collections.abc import Mapping

from sqlalchemy import text

from hutong.identity import Principal
from hutong.insight.report import Dimension, Drill, Report, Row
from hutong.insight.reports.parties import COLUMNS, PAGE
from hutong.party.reading import segments
from hutong.platform import clock, database

_YEAR = "CAST(:end AS timestamptz) - interval '1 year'"
_EACH = f"""
WITH billed AS (
    SELECT coalesce(r.survivor_id, b.customer_id) AS party_id, sum(b.total_micros) AS micros
    FROM billing.v1_bill b LEFT JOIN party.v1_redirect r ON r.retired_id = b.customer_id
    WHERE b.final_at >= {_YEAR} AND b.final_at < :end GROUP BY 1),
insured AS (
    SELECT party_id, count(*) AS policies, sum(premium_micros * CASE payment_mode WHEN 'monthly' THEN 12
        WHEN 'single' THEN 0.1 ELSE 1 END) AS micros
    FROM party.v1_policy_summary WHERE state = 'in_force' AND valid_from < :end
      AND coalesce(valid_to > :end, true) GROUP BY 1),
paid AS (
    SELECT party_id, sum(paid_micros) AS micros FROM party.v1_claim_summary
    WHERE at >= {_YEAR} AND at < :end GROUP BY 1),
won AS (
    SELECT party_id, sum(amount_micros) AS micros FROM party.v1_expense
    WHERE at >= {_YEAR} AND at < :end GROUP BY 1),
each_one AS (
    SELECT party_id AS id, p.kind, coalesce(insured.policies, 0) AS policies,
           coalesce(billed.micros, 0) + coalesce(insured.micros, 0) AS revenue, coalesce(paid.micros, 0) AS claims,
           coalesce(won.micros, 0) AS expense
    FROM party.v1_party p LEFT JOIN billed USING (party_id) LEFT JOIN insured USING (party_id)
    LEFT JOIN paid USING (party_id) LEFT JOIN won USING (party_id) WHERE p.state = 'active'),
valued AS (
    SELECT *, revenue - claims - expense AS contribution,
           CASE WHEN revenue = 0 AND claims = 0 AND expense = 0 THEN 'none'
                WHEN revenue - claims - expense < 0 THEN 'loss'
                WHEN revenue - claims - expense < 1e9 THEN 'low'
                WHEN revenue - claims - expense < 1e10 THEN 'middle' ELSE 'high' END AS band
    FROM each_one)"""  # noqa: S608  (our own text)
"""Each customer in use with its band: a loss, nothing, below 1,000, below 10,000, and above."""


def members(viewer: Principal, row: Mapping[str, str], after: int, limit: int) -> list[Row]:
    """The customers of a band now, of those the viewer sees."""
    statement = text(f"""{_EACH}
        SELECT id FROM valued WHERE kind = :kind AND band = :band AND id > :after ORDER BY id LIMIT :limit""")  # noqa: S608
    made: list[Row] = []
    while len(made) < limit:
        asked = {"end": clock.now(), "kind": row["kind"], "band": row["value_band"], "after": after, "limit": limit}
        with database.read("insight") as conn:
            ids = list(conn.execute(statement, asked).scalars())
        if not ids:
            break
        after = ids[-1]
        made += segments.chosen(viewer, ids)
    return [{**one, "key": one["id"], "number": one["id"]} for one in made[:limit]]


REPORTS = (
    Report(
        id="contribution",
        group="customers",
        dimensions=(Dimension("kind", "code:party_kind"), Dimension("value_band", "word:insight-value")),
        measures=("parties", "policies", "revenue", "claims_paid", "acquisition", "contribution"),
        sql=f"""{_EACH}
            SELECT kind, band, count(*), sum(policies)::bigint, round(sum(revenue) / 1e6)::bigint,
                   round(sum(claims) / 1e6)::bigint, round(sum(expense) / 1e6)::bigint,
                   round(sum(contribution) / 1e6)::bigint
            FROM valued GROUP BY 1, 2""",  # noqa: S608  (our own text)
        chart="stack",
        trend_by="value_band",
        drill=Drill(COLUMNS, PAGE, members),
    ),
)
