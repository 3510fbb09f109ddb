"""What billing stores here: audit of usage files, quarantine, rated totals, fees, bills.

Single usage events, accepted and rated, are columnar files (Parquet, see `usage_store`): they come by the million and
are read by the column. A row of `usage_part` or `rating_run` is what makes such a file count: written and synced first,
then committed (ADR 0007).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.platform.database import metadata_for
from hutong.platform.outbox import outbox_tables

metadata = metadata_for("billing")
outbox_tables(metadata)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _by(name: str) -> tuple[Column[Any], ...]:
    return (
        Column(f"{name}_by", Text, nullable=False),
        Column(f"{name}_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


def _number(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"), comment=comment)


def _charged() -> tuple[Column[Any], ...]:
    """What a charge is of: who, under which plan's version, by which section's tariff. Instance 0: none."""
    return (
        Column("customer_id", BigInteger, nullable=False),
        Column("account_id", BigInteger, nullable=False),
        _number("product_instance_id"),
        _number("offer_instance_id"),
        Column("plan", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("section", Text, nullable=False),
        Column("tariff", Text, nullable=False),
        Column("unit", Text, nullable=False),
    )


usage_batch = Table(
    "usage_batch",
    metadata,
    _id(),
    Column("accepted", BigInteger, nullable=False),
    *_by("collected"),
    comment="one collection: all or nothing",
)

usage_part = Table(
    "usage_part",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True, comment="columnar file below the usage folder"),
    Column("batch_id", ForeignKey("billing.usage_batch.id"), nullable=False),
    Column("cycle", Text, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("run_id", BigInteger, comment="first rating that read it; empty: waits for rating"),
    Index("ix_usage_part_cycle", "cycle"),
    comment="accepted events of a cycle",
)

usage_file = Table(
    "usage_file",
    metadata,
    _id(),
    Column("batch_id", ForeignKey("billing.usage_batch.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True, comment="SHA-256; the same file is collected once"),
    Column("system", Text, nullable=False, comment="exporting system, from the header; empty: no header"),
    Column("zone", Text, nullable=False),
    Column("records", BigInteger, nullable=False, comment="D lines found: accepted + duplicates + quarantined"),
    Column("accepted", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("trailer_records", BigInteger, comment="what the trailer says; empty: no trailer"),
    Column("trailer_agrees", Boolean, nullable=False),
    comment="file-level audit (BL-05)",
)

quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    Column("file_id", ForeignKey("billing.usage_file.id"), nullable=False),
    Column("line", Integer, nullable=False, comment="line number in the file, from 1"),
    Column("reason", Text, nullable=False),
    Column("content", Text, nullable=False, comment="the line as it came"),
    Column("state", Text, nullable=False, server_default="held"),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('held', 'released', 'accepted', 'duplicate', 'discarded')", name="state"),
    Index("ix_quarantine_state", "state", "id"),
    Index("ix_quarantine_file", "file_id"),
    comment="records that could not be used, kept with their reason",
)

rating_run = Table(
    "rating_run",
    metadata,
    _id(),
    Column("cycle", Text, nullable=False),
    Column("catalog_release", Integer, nullable=False),
    Column("part", Text, comment="columnar file of rated events; empty: nothing was rated"),
    Column("rates", JSONB, nullable=False, comment="by number in the file: plan, version, section, tariff, unit"),
    Column("events", BigInteger, nullable=False, comment="events of the groups priced in this run"),
    Column("unpriced", BigInteger, nullable=False),
    Column("groups", BigInteger, nullable=False),
    Column("charge_micros", BigInteger, nullable=False, comment="what this run posted: differences to before"),
    *_by("rated"),
    Index("ix_rating_run_cycle", "cycle"),
)

rated_instance = Table(
    "rated_instance",
    metadata,
    Column("cycle", Text, primary_key=True),
    Column("product_instance_id", BigInteger, primary_key=True),
    Column("run_id", BigInteger, nullable=False, comment="the run whose result is in force"),
    Column("group_id", BigInteger, nullable=False, comment="its sharing group: the smallest product instance"),
    Column("terms", Text, nullable=False, comment="digest of what its group was rated by"),
    Index("ix_rated_instance_run", "run_id"),
    comment="whose events a run priced: a later run takes their place whole",
)

usage_posting = Table(
    "usage_posting",
    metadata,
    Column("run_id", BigInteger, nullable=False),
    Column("cycle", Text, nullable=False),
    *_charged(),
    Column("events", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False, comment="billed, in base units of the rate's dimension"),
    Column("free", BigInteger, nullable=False, comment="of it covered by allowances"),
    Column("charge_micros", BigInteger, nullable=False),
    Index("ix_usage_posting_account", "account_id", "cycle"),
    Index("ix_usage_posting_cycle", "cycle", "product_instance_id"),
    comment="consolidated charges (合账), append only: a re-rating posts differences (BL-13)",
)

unpriced = Table(
    "unpriced",
    metadata,
    Column("cycle", Text, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("product_instance_id", BigInteger, nullable=False),
    Column("part_id", BigInteger, nullable=False),
    Column("part_row", BigInteger, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_unpriced_cycle", "cycle", "product_instance_id"),
    comment="accepted events that no rate prices, with the reason; the next rating tries again",
)

allowance_state = Table(
    "allowance_state",
    metadata,
    Column("cycle", Text, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("offer_instance_id", BigInteger, nullable=False),
    Column("product_instance_id", BigInteger, nullable=False, comment="whose own; 0: shared in the offer instance"),
    Column("plan", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("allowance", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_to", DateTime(timezone=True), nullable=False),
    Column("granted", BigInteger, nullable=False, comment="base units"),
    Column("remaining", BigInteger, nullable=False, comment="base units, after the cycle's events"),
    Index("ix_allowance_state_offer", "cycle", "offer_instance_id"),
    Index("ix_allowance_state_group", "cycle", "group_id"),
)

recurring_charge = Table(
    "recurring_charge",
    metadata,
    Column("cycle", Text, nullable=False),
    *_charged(),
    Column("phase", Text, nullable=False),
    Column("days", SmallInteger, nullable=False, comment="days of the cycle in effect"),
    Column("part", BigInteger, nullable=False, comment="part of the cycle due, in 1/377,580"),
    Column("charge_micros", BigInteger, nullable=False),
    Index("ix_recurring_charge_cycle", "cycle", "account_id"),
    comment="monthly fees (BL-08), made anew for the cycle by each bill run",
)

activation = Table(
    "activation",
    metadata,
    Column("business_order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_order_id", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('active', 'undone')", name="state"),
    comment="business orders for which charging was asked: each once",
)

one_off_charge = Table(
    "one_off_charge",
    metadata,
    _id(),
    Column("business_order_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    _number("product_instance_id"),
    _number("offer_instance_id"),
    Column("amount_micros", BigInteger, nullable=False, comment="negative: taken back"),
    Column("cycle", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('charge', 'reversal')", name="kind"),
    UniqueConstraint("business_order_id", "kind", "code"),
    Index("ix_one_off_charge_cycle", "cycle", "account_id"),
)

bill_run = Table(
    "bill_run",
    metadata,
    _id(),
    Column("cycle", Text, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("catalog_release", Integer, nullable=False),
    Column("bills", BigInteger, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("total_micros", BigInteger, nullable=False),
    *_by("run"),
    Index("ix_bill_run_cycle", "cycle"),
)

bill = Table(
    "bill",
    metadata,
    _id(),
    Column("account_id", BigInteger, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("cycle", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("charges_micros", BigInteger, nullable=False, comment="before discounts, whole fen"),
    Column("discounts_micros", BigInteger, nullable=False, comment="negative, whole fen"),
    Column("total_micros", BigInteger, nullable=False, comment="charges + discounts"),
    Column("lines", Integer, nullable=False),
    Column("run_id", ForeignKey("billing.bill_run.id"), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("final_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('pro_forma', 'final')", name="state"),
    UniqueConstraint("cycle", "account_id"),
    Index("ix_bill_customer", "customer_id"),
    Index("ix_bill_account", "account_id"),
    Index("ix_bill_run", "run_id"),
)

bill_line = Table(
    "bill_line",
    metadata,
    Column("bill_id", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column(
        "source_cycle", Text, nullable=False, comment="the cycle it belongs to; earlier than the bill's: adjustment"
    ),
    *_charged(),
    _number("events"),
    _number("quantity", "base units of the tariff's dimension"),
    _number("free", "base units"),
    Column("exact_micros", BigInteger, nullable=False, comment="before rounding to fen"),
    Column("amount_micros", BigInteger, nullable=False, comment="whole fen"),
    Column("level", Text, comment="of a discount: product, package, agreement, account"),
    Column("reduces", Integer, comment="of a discount: the line it lowers"),
    CheckConstraint("kind IN ('usage', 'recurring', 'one_off', 'discount')", name="kind"),
    Index("ix_bill_line_account", "account_id", "source_cycle"),
)

VIEWS = {
    "billing.usage_total": """
        SELECT cycle, customer_id, account_id, product_instance_id, offer_instance_id, plan, version, section, tariff,
               unit, sum(events)::bigint AS events, sum(quantity)::bigint AS quantity, sum(free)::bigint AS free,
               sum(charge_micros)::bigint AS charge_micros
        FROM billing.usage_posting
        GROUP BY cycle, customer_id, account_id, product_instance_id, offer_instance_id, plan, version, section, tariff,
                 unit
        HAVING sum(events) <> 0 OR sum(charge_micros) <> 0""",
    "billing.v1_bill": "SELECT customer_id, cycle, final_at, total_micros FROM billing.bill WHERE state = 'final'",
}
