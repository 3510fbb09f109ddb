"""Reports of data quality: one per dimension, the ranking of sources, the scores of branches and clerks, tasks."""

from collections.abc import Mapping

from hutong.identity import Principal
from hutong.insight.report import Dimension, Drill, Report, Row
from hutong.party.quality import desk, failures
from hutong.party.quality.rules import DIMENSIONS

RIGHT = "party.quality"


def failing(viewer: Principal, row: Mapping[str, str], after: int, limit: int) -> list[Row]:
    """The records that break a rule now, of one source; of golden records where the source is empty."""
    filters = {"source": row["source"]} if row["source"] else {}
    found = failures.failing(viewer, row["rule"], filters, after=after, limit=limit)
    return [
        {
            **one,
            "key": one["record_id"],
            "number": one["party_id"],
        }
        for one in found
    ]


def tasks(viewer: Principal, row: Mapping[str, str], after: int, limit: int) -> list[Row]:
    """The tasks of a state and severity, by number."""
    if not row["severity"].isdigit() or not row["state"]:
        return []
    severity = int(row["severity"])
    found = desk.tasks(viewer, {"state": row["state"]}, after=(severity, after), limit=limit)
    kept = [one for one in found if one["severity"] == severity]
    return [{**one, "key": one["id"], "number": one["id"]} for one in kept]


def _dimension(name: str) -> Report:
    return Report(
        id=name,
        group="quality",
        dimensions=(Dimension("rule", "rule"), Dimension("source", "source")),
        measures=("checked", "failed"),
        sql=f"""SELECT rule, source, sum(checked), sum(failed) FROM party.v1_quality_result
                WHERE dimension = '{name}' AND day = (SELECT max(day) FROM party.v1_quality_result WHERE day = :day)
                GROUP BY 1, 2""",  # noqa: S608  (a name of ours)
        chart="lines",
        ratio=("failed", "checked"),
        inverse=True,
        trend_by="source",
        right=RIGHT,
        drill=Drill(
            ("number", "name", "kind", "source_code", "branch_code", "entered_by"), "/customers/{number}", failing
        ),
    )


REPORTS = (
    *(_dimension(name) for name in DIMENSIONS),
    Report(
        id="source-ranking",
        group="quality",
        dimensions=(Dimension("source", "source"),),
        measures=("weighted_failed", "weighted_checked", "checked", "failed"),
        sql="""SELECT source, sum(failed * severity), sum(checked * severity), sum(checked), sum(failed)
               FROM party.v1_quality_result WHERE day = :day AND source <> '' GROUP BY 1""",
        chart="bars",
        ratio=("weighted_failed", "weighted_checked"),
        inverse=True,
        trend_by="source",
        right=RIGHT,
        link="/quality/rules?source={source}",
    ),
    Report(
        id="contributor-scores",
        group="quality",
        dimensions=(Dimension("contributor_kind", "word:insight-contributor"), Dimension("contributor", "actor")),
        measures=("weighted_failed", "weighted_checked", "checked", "failed"),
        sql="""SELECT 'branch', branch, sum(failed * severity), sum(checked * severity), sum(checked), sum(failed)
               FROM party.v1_quality_result WHERE day = :day AND source <> '' AND branch <> '' GROUP BY 2
               UNION ALL
               SELECT 'clerk', contributor, sum(failed * severity), sum(checked * severity), sum(checked), sum(failed)
               FROM party.v1_quality_result WHERE day = :day AND source <> '' AND contributor <> '' GROUP BY 2""",
        chart="bars",
        ratio=("weighted_failed", "weighted_checked"),
        inverse=True,
        trend_by="contributor_kind",
        right=RIGHT,
        link="/quality/ranking?kind={contributor_kind}",
    ),
    Report(
        id="quality-tasks",
        group="quality",
        dimensions=(Dimension("state", "word:web-quality-state"), Dimension("severity", "word:web-severity")),
        measures=("tasks",),
        sql="SELECT state, severity::text, count(*) FROM party.v1_quality_task GROUP BY 1, 2",
        chart="stack",
        trend_by="state",
        right=RIGHT,
        drill=Drill(("number", "name", "source", "branch", "rule", "opened_at"), "/quality/tasks/{number}", tasks),
    ),
)
