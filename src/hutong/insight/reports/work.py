"""Reports of the work on customer data: merges and splits, the suspects' queue, files taken in, enhancement."""

from collections.abc import Mapping

from hutong.identity import Principal
from hutong.insight.report import Dimension, Drill, Report, Row
from hutong.party.reading import segments


def operations(viewer: Principal, row: Mapping[str, str], after: int, limit: int) -> list[Row]:
    """Merges, splits and resolutions of a kind, newest first, with a customer they concern."""
    found = segments.operations(viewer, row["operation"], before=after or None, limit=limit)
    return [{**one, "key": one["id"], "number": one["id"]} for one in found]


REPORTS = (
    Report(
        id="merges",
        group="work",
        dimensions=(Dimension("operation", "word:insight-operation"), Dimension("by_kind", "word:insight-by")),
        measures=("operations", "records"),
        sql="""SELECT kind, by_kind, count(*), sum(records)::bigint FROM party.v1_operation
               WHERE done_at >= :begin AND done_at < :end GROUP BY 1, 2""",
        chart="stack",
        stock=False,
        trend_by="operation",
        drill=Drill(
            ("number", "done_at", "operation", "reason", "done_by", "records"),
            "/customers/{party_id}?tab=changes",
            operations,
        ),
    ),
    Report(
        id="suspects",
        group="work",
        dimensions=(Dimension("waiting", "word:insight-waiting"), Dimension("kind", "code:party_kind")),
        measures=("groups", "parties", "oldest_days"),
        sql="""SELECT CASE WHEN age < 1 THEN '1' WHEN age < 7 THEN '7' WHEN age < 30 THEN '30' ELSE 'more' END,
                      kind, count(*), sum(parties), max(age)
               FROM (SELECT kind, parties, (extract(epoch FROM CAST(:end AS timestamptz) - opened_at) / 86400)::bigint
                            AS age
                     FROM party.v1_suspect_group WHERE state IN ('open', 'claimed', 'proposed')) AS waiting
               GROUP BY 1, 2""",
        chart="stack",
        trend_by="waiting",
        right="party.steward",
        link="/suspects",
    ),
    Report(
        id="suspects-decided",
        group="work",
        dimensions=(Dimension("kind", "code:party_kind"),),
        measures=("opened", "decided"),
        sql="""SELECT kind, count(*) FILTER (WHERE opened_at >= :begin AND opened_at < :end),
                      count(*) FILTER (WHERE state = 'decided' AND closed_at >= :begin AND closed_at < :end)
               FROM party.v1_suspect_group
               WHERE opened_at >= :begin AND opened_at < :end OR closed_at >= :begin AND closed_at < :end GROUP BY 1""",
        chart="stack",
        stock=False,
        right="party.steward",
        link="/suspects",
    ),
    Report(
        id="admission",
        group="work",
        dimensions=(Dimension("source", "source"),),
        measures=("rejected", "rows", "admitted", "unchanged"),
        sql="""SELECT source, sum(rejected)::bigint, sum(rows)::bigint, sum(admitted)::bigint, sum(unchanged)::bigint
               FROM party.v1_load WHERE loaded_at >= :begin AND loaded_at < :end GROUP BY 1""",
        chart="lines",
        stock=False,
        ratio=("rejected", "rows"),
        inverse=True,
        trend_by="source",
        link="/loads",
    ),
    Report(
        id="enhancement",
        group="work",
        dimensions=(Dimension("channel", "word:insight-gathered"), Dimension("state", "word:insight-batch")),
        measures=("records", "rows", "batches", "left_out"),
        sql="""SELECT channel, state, sum(records)::bigint, sum(rows)::bigint, count(*), sum(left_out)::bigint
               FROM party.v1_enhancement GROUP BY 1, 2""",
        chart="stack",
        ratio=("records", "rows"),
        trend_by="channel",
        link="/enhancement",
    ),
)
