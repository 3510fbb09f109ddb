"""Which plans price a span's use, in order (BL-07), as a table that events join: the set form of plan resolution.

A span with several plans tries them by rank: the highest level first. Each rank is one plan under one offer, so that
conditions on the offer's attributes see that offer's.
"""

import duckdb

from hutong.billing.plans import PRODUCT_LEVEL, Plans
from hutong.billing.pricing.compiled import PlanKey
from hutong.billing.pricing.selection import PRECEDENCE, Situation, leaf_sql, ways
from hutong.billing.terms import variables

Candidate = tuple[PlanKey, int]
"""A plan, and the position of the offer it is priced under."""


def candidates(
    plans: Plans, product: tuple[str, int], offers: list[tuple[str, int]], event: str, phase: str
) -> list[Candidate]:
    """The plans that have a way to a tariff for an event type in a phase, by precedence, then in the offers' order."""
    found: list[Candidate] = [
        (key, position) for position, offer in enumerate(offers) for key in plans.of_offer(*offer)
    ]
    found += [(key, PRODUCT_LEVEL) for key in plans.of_product(*product)]
    tariffs = plans.tariffs
    leading = [item for item in found if next(ways(tariffs, Situation((item[0],), event, phase)), None) is not None]
    return sorted(leading, key=lambda item: PRECEDENCE[tariffs.levels[item[0]]])


def resolve(duck: duckdb.DuckDBPyConnection, plans: Plans) -> int:
    """Table `pricing`: for each span and event type that its product emits, its situations by rank (`sit0`,
    `offer0`, `code0`, `attrs0`,
        ...) and
    `terms`, a text of what decides prices. Returns the number of ranks. Table `situation` lists situations by
        number."""
    duck.execute("""
        CREATE OR REPLACE TABLE shape AS
        SELECT s.span, any_value(product_code) AS product_code, any_value(product_version) AS product_version,
               any_value(transition) AS transition,
               coalesce(list(o.offer_instance_id ORDER BY o.offer_instance_id) FILTER (kind = 'price'), []) AS offers,
               coalesce(list(o.code ORDER BY o.offer_instance_id) FILTER (kind = 'price'), []) AS codes,
               coalesce(list(o.version ORDER BY o.offer_instance_id) FILTER (kind = 'price'), []) AS versions,
               coalesce(list(o.attributes ORDER BY o.offer_instance_id) FILTER (kind = 'price'), []) AS attrs
        FROM span s LEFT JOIN span_offer o USING (span) GROUP BY s.span
    """)
    columns = "product_code, product_version, transition, codes, versions"
    situations: dict[tuple[PlanKey, str, str], int] = {}
    rows: list[tuple[object, ...]] = []
    ranks = 0
    shapes = duck.execute(f"SELECT DISTINCT {columns} FROM shape ORDER BY ALL").fetchall()
    for number, (code, version, transition, codes, versions) in enumerate(shapes):
        phase = "transition" if transition else "regular"
        offers = list(zip(codes, versions, strict=True))
        for event in sorted(plans.catalog.product(code, version).emits):
            found = candidates(plans, (code, version), offers, event, phase)
            ranks = max(ranks, len(found))
            for rank, (key, position) in enumerate(found):
                place = situations.setdefault((key, event, phase), len(situations))
                rows.append((number, event, rank, place, position, f"{key[0]}:{key[1]}"))
            if not found:
                rows.append((number, event, 0, -1, PRODUCT_LEVEL, ""))
    duck.execute(f"CREATE OR REPLACE TABLE shape_number AS SELECT DISTINCT {columns} FROM shape ORDER BY ALL")
    duck.execute("""
        CREATE OR REPLACE TABLE rank (shape INTEGER, event_type VARCHAR, rank INTEGER, situation INTEGER,
            position INTEGER, plan VARCHAR)
    """)
    if rows:
        duck.executemany("INSERT INTO rank VALUES (?, ?, ?, ?, ?, ?)", rows)
    duck.execute("""
        CREATE OR REPLACE TABLE situation (number INTEGER, plan VARCHAR, version INTEGER, event VARCHAR, phase VARCHAR)
    """)
    if situations:
        duck.executemany(
            "INSERT INTO situation VALUES (?, ?, ?, ?, ?)",
            [(place, *key, event, phase) for (key, event, phase), place in situations.items()],
        )
    duck.execute(pricing_sql(ranks))
    return ranks


def pricing_sql(ranks: int) -> str:
    """The wide table: one row for each span and event type."""

    def of(rank: int, what: str) -> str:
        return f"any_value({what}) FILTER (r.rank = {rank})"

    wide = "".join(
        f", coalesce({of(rank, 'r.situation')}, -1) AS sit{rank}"
        f", coalesce({of(rank, 's.offers[r.position + 1]')}, 0) AS offer{rank}"
        f", {of(rank, 's.codes[r.position + 1]')} AS code{rank}"
        f", {of(rank, 's.attrs[r.position + 1]')} AS attrs{rank}"
        for rank in range(ranks)
    )
    return f"""
        CREATE OR REPLACE TABLE pricing AS
        SELECT s.span, r.event_type{wide},
               concat_ws(';', r.event_type, string_agg(r.plan, '|' ORDER BY r.rank), any_value(s.offers),
                   any_value(s.attrs)) AS terms
        FROM shape s JOIN shape_number n USING (product_code, product_version, transition, codes, versions)
        JOIN rank r ON r.shape = n.rowid
        GROUP BY s.span, r.event_type
    """


def leaf_columns(duck: duckdb.DuckDBPyConnection, plans: Plans, ranks: int) -> list[str]:
    """The SQL of the leaf by each rank, over event `e`, span `s`, pricing `p`, customer and account."""
    listed = duck.execute("SELECT plan, version, event, phase FROM situation ORDER BY number").fetchall()
    situations = [Situation(((plan, version),), event, phase) for plan, version, event, phase in listed]
    made = []
    for rank in range(ranks):
        columns = variables("s", "o", "e") | {
            "offer.code": f"p.code{rank}",
            "offer.attributes": f"CAST(p.attrs{rank} AS JSON)",
        }
        made.append(leaf_sql(plans.tariffs, situations, f"p.sit{rank}", columns))
    return made
