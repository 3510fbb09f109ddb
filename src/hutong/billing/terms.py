"""What prices what in a cycle: the archive's periods (inventory's views), cut into spans, set-wise in DuckDB.

A span is a stretch of a product instance's life in a cycle in which nothing changes that prices it (BL-04, BL-10). It
is the set form of `pricing.transition.spans`: before the first relation to an offer takes effect the span is in
transition to the offers that come first. An attached product's offers lend their allowances to the main product
(`pool`), they do not price its use.

Instants are UTC seconds; what begins within a second begins with it.
"""

from pathlib import Path

import duckdb

from hutong.billing.columnar import fetch
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.usage_events import bounds
from hutong.platform import clock, database

PERIOD = "floor(extract(epoch FROM valid_from))::bigint, floor(extract(epoch FROM valid_to))::bigint"
PERIOD_COLUMNS = {"valid_from": "BIGINT", "valid_to": "BIGINT"}
PRODUCT = f"""
    SELECT id, customer_id, account_id, product_code, product_version, attached_to, state, attributes, {PERIOD}
    FROM inventory.v1_product_instance_period
"""
OFFER = f"""
    SELECT id, customer_id, account_id, offer_code, offer_version, state, attributes, {PERIOD}
    FROM inventory.v1_offer_instance_period
"""
RELATION = f"""
    SELECT offer_instance_id, product_instance_id, {PERIOD} FROM inventory.v1_offer_product_period
    UNION ALL SELECT offer_instance_id, product_instance_id, {PERIOD} FROM inventory.v1_offer_member_period
"""
ACCOUNT = "SELECT DISTINCT ON (id) id, payment_mode FROM inventory.v1_account ORDER BY id, valid_from DESC"
CUSTOMER = """
    SELECT party_id, CASE kind WHEN 'person' THEN 'individual' ELSE 'organization' END, grade, birth_date, city
    FROM party.v1_party
"""
INSTANCE = {
    "id": "BIGINT", "customer_id": "BIGINT", "account_id": "BIGINT", "code": "VARCHAR", "version": "INTEGER",
}  # fmt: skip
HELD = {"state": "VARCHAR", "attributes": "VARCHAR"} | PERIOD_COLUMNS

LINKS = """
CREATE OR REPLACE TABLE link AS
SELECT offer_instance_id, product_instance_id, valid_from, valid_to, 'price' AS kind FROM relation
UNION ALL
SELECT r.offer_instance_id, p.attached_to, greatest(r.valid_from, p.valid_from), least(r.valid_to, p.valid_to), 'pool'
FROM relation r JOIN product p ON p.id = r.product_instance_id AND r.valid_from < p.valid_to
    AND p.valid_from < r.valid_to
WHERE p.attached_to IS NOT NULL
"""
CUTS = """
CREATE OR REPLACE TABLE span AS
WITH edge AS (
    SELECT id, greatest(valid_from, $begin) AS moment FROM product WHERE valid_to > $begin
    UNION SELECT id, valid_to FROM product
    UNION SELECT product_instance_id, valid_from FROM link
    UNION SELECT product_instance_id, valid_to FROM link
    UNION SELECT l.product_instance_id, o.valid_from FROM link l JOIN offer o ON o.id = l.offer_instance_id
    UNION SELECT l.product_instance_id, o.valid_to FROM link l JOIN offer o ON o.id = l.offer_instance_id
), piece AS (
    SELECT id, moment AS since, lead(moment, 1, $end) OVER (PARTITION BY id ORDER BY moment) AS until
    FROM edge WHERE moment >= $begin AND moment < $end
)
SELECT row_number() OVER (ORDER BY piece.id, piece.since) - 1 AS span, piece.id AS product_instance_id, piece.since,
       piece.until,
       p.customer_id, p.account_id, p.code AS product_code, p.version AS product_version, p.attached_to,
       p.state, p.attributes AS product_attributes,
       coalesce(l.active, 0) = 0 AND coalesce(l.ahead, 0) > 0 AND l.ahead = l.all_links AS transition, l.first_ahead
FROM piece JOIN product p ON p.id = piece.id AND p.valid_from <= piece.since AND p.valid_to > piece.since
  AND p.state <> 'terminated'
LEFT JOIN (
    SELECT piece.id, since, count(*) FILTER (valid_from <= since AND valid_to > since) AS active,
           count(*) FILTER (valid_from > since) AS ahead, count(*) AS all_links,
           min(valid_from) FILTER (valid_from > since) AS first_ahead
    FROM piece JOIN link ON link.product_instance_id = piece.id AND link.kind = 'price'
    GROUP BY ALL
) l ON l.id = piece.id AND l.since = piece.since
"""
SPAN_OFFERS = """
CREATE OR REPLACE TABLE span_offer AS
SELECT DISTINCT s.span, o.id AS offer_instance_id, o.customer_id, o.account_id, o.code, o.version, o.state,
       o.attributes, l.kind
FROM span s JOIN link l ON l.product_instance_id = s.product_instance_id
  AND (l.valid_from <= s.since AND l.valid_to > s.since
       OR s.transition AND l.kind = 'price' AND l.valid_from = s.first_ahead)
JOIN offer o ON o.id = l.offer_instance_id AND o.state <> 'terminated'
  AND o.valid_from <= greatest(s.since, l.valid_from) AND o.valid_to > greatest(s.since, l.valid_from)
"""


def load_archive(duck: duckdb.DuckDBPyConnection, scratch: Path) -> None:
    """Tables product, offer, relation, account,
    customer: periods as inventory publishes them (BL-14: on the replica)."""
    product = INSTANCE | {"attached_to": "BIGINT"} | HELD
    with database.read("inventory") as conn:
        fetch(conn, duck, scratch, "product", PRODUCT, product)
        fetch(conn, duck, scratch, "offer", OFFER, INSTANCE | HELD)
        relation = {"offer_instance_id": "BIGINT", "product_instance_id": "BIGINT"} | PERIOD_COLUMNS
        fetch(conn, duck, scratch, "relation", RELATION, relation)
        fetch(conn, duck, scratch, "account", ACCOUNT, {"id": "BIGINT", "payment_mode": "VARCHAR"})
    customer = {"id": "BIGINT", "kind": "VARCHAR", "grade": "VARCHAR", "born": "DATE", "area": "VARCHAR"}
    with database.read("party") as conn:
        fetch(conn, duck, scratch, "customer", CUSTOMER, customer)
    duck.execute(LINKS)


def cut_spans(duck: duckdb.DuckDBPyConnection, cycle: Cycle) -> None:
    """Tables span and span_offer of a cycle, from the archive's tables."""
    begin, end = bounds(cycle)
    duck.execute(CUTS, {"begin": begin, "end": end})
    duck.execute(SPAN_OFFERS)


def variables(span: str, offer: str, event: str | None = None) -> dict[str, str]:
    """The SQL of each pricing reference object: `span`, `offer` and `event` are aliases; without event its are null.

    The customer's and the account's attributes are those of today; `customer` and `account` must be joined.
    """
    texts = ("direction", "other_party", "call_type", "home_area", "visited_area")
    today = clock.today().isoformat()
    return {
        **{f"event.{name}": f"{event}.{name}" if event else "CAST(NULL AS VARCHAR)" for name in texts},
        "event.start": f"to_timestamp({event}.start)" if event else "CAST(NULL AS TIMESTAMPTZ)",
        "offer.code": f"{offer}.code",
        "offer.attributes": f"CAST({offer}.attributes AS JSON)",
        "product.code": f"{span}.product_code",
        "product.attributes": f"CAST({span}.product_attributes AS JSON)",
        "customer.kind": "customer.kind",
        "customer.grade": "customer.grade",
        "customer.age": f"CAST(date_sub('year', customer.born, DATE '{today}') AS BIGINT)",
        "customer.area": "customer.area",
        "account.payment_mode": "account.payment_mode",
    }
