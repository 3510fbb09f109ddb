"""Reports of customers: counts and growth, class, place, contactability, breadth of what is known."""

from collections.abc import Mapping

from hutong.identity import Principal
from hutong.insight.report import Dimension, Drill, Report, Row
from hutong.party.reading import segments

CHANNELS = ("mobile", "phone", "email", "address")
COLUMNS = ("number", "name", "kind", "mobile", "city", "grade", "branch")


def members(viewer: Principal, row: Mapping[str, str], after: int, limit: int) -> list[Row]:
    """The customers of a row: dimensions are conditions of `party.reading.segments`."""
    found = segments.members(viewer, row, after=after, limit=limit)
    return [{**one, "key": one["id"], "number": one["id"]} for one in found]


PAGE = "/customers/{number}"
DRILL = Drill(COLUMNS, PAGE, members)
REPORTS = (
    Report(
        id="customers",
        group="customers",
        dimensions=(Dimension("kind", "code:party_kind"), Dimension("state", "word:web-party-state")),
        measures=("parties", "records"),
        sql="SELECT kind, state, count(*), sum(record_count) FROM party.v1_party GROUP BY 1, 2",
        chart="stack",
        trend_by="kind",
        drill=DRILL,
    ),
    Report(
        id="classes",
        group="customers",
        dimensions=(Dimension("kind", "code:party_kind"), Dimension("grade", "code:customer_grade")),
        measures=("parties",),
        sql="""SELECT kind, coalesce(grade, ''), count(*) FROM party.v1_party WHERE state = 'active' GROUP BY 1, 2""",
        chart="ring",
        trend_by="grade",
        drill=DRILL,
    ),
    Report(
        id="contactability",
        group="customers",
        dimensions=(Dimension("kind", "code:party_kind"), Dimension("channel", "word:insight-channel")),
        measures=("reached", "parties"),
        sql="""SELECT p.kind, c.channel, count(*) FILTER (WHERE c.there), count(*)
               FROM party.v1_party p CROSS JOIN LATERAL (VALUES
                   ('mobile', p.mobile IS NOT NULL), ('phone', p.phone IS NOT NULL), ('email', p.email IS NOT NULL),
                   ('address', p.address IS NOT NULL),
                   ('any', coalesce(p.mobile, p.phone, p.email, p.address) IS NOT NULL)) AS c (channel, there)
               WHERE p.state = 'active' GROUP BY 1, 2""",
        chart="lines",
        ratio=("reached", "parties"),
        trend_by="channel",
        drill=Drill(COLUMNS, PAGE, lambda viewer, row, after, limit: members(
            viewer, {"kind": row["kind"], "state": "active", "without": row["channel"]}, after, limit)),
    ),
    Report(
        id="places",
        group="customers",
        dimensions=(Dimension("city"),),
        measures=("parties",),
        sql="SELECT coalesce(city, ''), count(*) FROM party.v1_party WHERE state = 'active' GROUP BY 1",
        chart="bars",
        trend_by="city",
        drill=DRILL,
    ),
    Report(
        id="sources-known",
        group="customers",
        dimensions=(Dimension("known_to", "word:insight-known"),),
        measures=("parties",),
        sql="""SELECT least(sources, 4)::text, count(*) FROM (
                   SELECT party_id, count(DISTINCT source) AS sources FROM party.v1_xref GROUP BY party_id) AS known
               GROUP BY 1""",
        chart="ring",
        trend_by="known_to",
    ),
)  # fmt: skip
