"""What the inventory stores: the archive (档案) on contiguous history, and the number pool.

Read views `v1_*` are published: other centers read those, and nothing else here.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hutong.platform.database import metadata_for
from hutong.platform.history import historical, history_of, period_view
from hutong.platform.outbox import outbox_tables

metadata = metadata_for("inventory")
outbox_tables(metadata)

INSTANCE_STATES = "state IN ('pre_activated', 'active', 'suspended', 'terminated')"


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


account = historical(
    Table(
        "account",
        metadata,
        _id(),
        Column("customer_id", BigInteger, nullable=False),
        Column("name", Text),
        Column("payment_mode", Text, nullable=False),
        Column("credit_limit_micros", BigInteger, comment="null: no limit"),
        Column("bill_day", SmallInteger, nullable=False, comment="first day of its bill cycle"),
        CheckConstraint("payment_mode IN ('prepaid', 'postpaid')", name="payment_mode"),
        CheckConstraint("bill_day BETWEEN 1 AND 28", name="bill_day"),
        Index("ix_account_customer", "customer_id"),
    )
)

offer_instance = historical(
    Table(
        "offer_instance",
        metadata,
        _id(),
        Column("customer_id", BigInteger, nullable=False),
        Column("account_id", BigInteger, nullable=False),
        Column("offer_code", Text, nullable=False),
        Column("offer_version", Integer, nullable=False),
        Column("state", Text, nullable=False),
        Column("attributes", JSONB, nullable=False),
        CheckConstraint(INSTANCE_STATES, name="state"),
        Index("ix_offer_instance_customer", "customer_id"),
        Index("ix_offer_instance_account", "account_id"),
    )
)

product_instance = historical(
    Table(
        "product_instance",
        metadata,
        _id(),
        Column("customer_id", BigInteger, nullable=False),
        Column("account_id", BigInteger, nullable=False),
        Column("product_code", Text, nullable=False),
        Column("product_version", Integer, nullable=False),
        Column("attached_to", BigInteger, comment="main product instance of an attached one"),
        Column("state", Text, nullable=False),
        Column("attributes", JSONB, nullable=False),
        CheckConstraint(INSTANCE_STATES, name="state"),
        Index("ix_product_instance_customer", "customer_id"),
        Index("ix_product_instance_account", "account_id"),
        Index("ix_product_instance_attached_to", "attached_to", postgresql_where=text("attached_to IS NOT NULL")),
    )
)

offer_product = historical(
    Table(
        "offer_product",
        metadata,
        _id(),
        Column("offer_instance_id", BigInteger, nullable=False),
        Column("product_instance_id", BigInteger, nullable=False),
        Column("component", Text, nullable=False, comment="the product's place in the offer"),
        Index("ix_offer_product_offer", "offer_instance_id"),
        Index("ix_offer_product_product", "product_instance_id"),
        comment="validity of its own: between the product's completion and this is the transition period (BL-10)",
    )
)

offer_member = historical(
    Table(
        "offer_member",
        metadata,
        _id(),
        Column("offer_instance_id", BigInteger, nullable=False),
        Column("product_instance_id", BigInteger, nullable=False),
        Index("uq_offer_member", "offer_instance_id", "product_instance_id", unique=True),
        Index("ix_offer_member_product", "product_instance_id"),
        comment="members of groups, expressed once (BL-03)",
    )
)

access_number = historical(
    Table(
        "access_number",
        metadata,
        _id(),
        Column("number", Text, nullable=False),
        Column("product_instance_id", BigInteger, nullable=False),
        Index("uq_access_number", "number", unique=True, postgresql_where=text("NOT ended")),
        Index("ix_access_number_product", "product_instance_id"),
        comment="which product instance a number reaches",
    )
)
Index("ix_access_number_history_number", history_of(access_number).c.number)

number_pool = Table(
    "number_pool",
    metadata,
    Column("number", Text, primary_key=True),
    Column("number_class", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="free"),
    Column("reserved_by", Text, comment="request key of the reservation"),
    Column("until", DateTime(timezone=True), comment="end of the reservation, or of the rest"),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("state IN ('free', 'reserved', 'assigned', 'resting')", name="state"),
    CheckConstraint("(state = 'reserved') = (reserved_by IS NOT NULL)", name="reserved"),
    CheckConstraint("(state IN ('reserved', 'resting')) = (until IS NOT NULL)", name="until"),
    Index("ix_number_pool_free", "number_class", "number", postgresql_where=text("state = 'free'")),
    Index("uq_number_pool_reserved", "reserved_by", unique=True, postgresql_where=text("reserved_by IS NOT NULL")),
    Index("ix_number_pool_until", "until", postgresql_where=text("until IS NOT NULL")),
)

request = Table(
    "request",
    metadata,
    Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True, comment="the caller's"),
    Column("result", JSONB, comment="null while the transaction that claimed it runs"),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_request_made_at", "made_at"),
    comment="what was done under which key: a repeated request gives the first result",
)

offer_key = Table(
    "offer_key",
    metadata,
    Column("key", Text, primary_key=True),
    Column("offer_instance_id", BigInteger, comment="null while the transaction that claimed it runs"),
    Index("uq_offer_key_instance", "offer_instance_id", unique=True),
    comment="the caller's name of an offer instance, so that several business orders build one",
)

VIEWS = {
    "inventory.v1_account": period_view(
        account, ["customer_id", "name", "payment_mode", "credit_limit_micros", "bill_day"]
    ),
    "inventory.v1_offer_instance_period": period_view(
        offer_instance, ["customer_id", "account_id", "offer_code", "offer_version", "state", "attributes"]
    ),
    "inventory.v1_product_instance_period": period_view(
        product_instance,
        ["customer_id", "account_id", "product_code", "product_version", "attached_to", "state", "attributes"],
    ),
    "inventory.v1_offer_product_period": period_view(
        offer_product, ["offer_instance_id", "product_instance_id", "component"]
    ),
    "inventory.v1_offer_member_period": period_view(offer_member, ["offer_instance_id", "product_instance_id"]),
    "inventory.v1_access_number_period": period_view(access_number, ["number", "product_instance_id"]),
    "inventory.v1_account_owner": "SELECT id AS account_id, customer_id FROM inventory.account WHERE NOT ended",
    "inventory.v1_held_offer": """
        SELECT customer_id, offer_code, id AS offer_instance_id FROM inventory.offer_instance
        WHERE NOT ended AND state <> 'terminated'""",
    "inventory.v1_held_product": """
        SELECT customer_id, account_id, product_code, state, id AS product_instance_id FROM inventory.product_instance
        WHERE NOT ended AND state <> 'terminated'""",
}
