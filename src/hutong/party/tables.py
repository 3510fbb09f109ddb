"""What the customer master stores: source records as they came, judgements, and what is derived from the two."""

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from hutong.party.columns import ATTRIBUTES, Attribute
from hutong.platform.database import metadata_for
from hutong.platform.history import historical, period_views
from hutong.platform.outbox import outbox_tables

metadata = metadata_for("party")
_TYPES: dict[str, type[TypeEngine[object]]] = {"text": Text, "date": Date, "boolean": Boolean}  # type: ignore[dict-item]


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _now(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _attribute(attribute: Attribute) -> Column[object]:
    return Column(attribute.name, _TYPES[attribute.type])


source = Table(
    "source",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("trust", Integer, nullable=False, comment="0..100; survivorship rule `trust` prefers the greater"),
    comment="systems that records come from",
)

load = Table(
    "load",
    metadata,
    _id(),
    Column("source", Text, ForeignKey(source.c.code), nullable=False),
    Column("mapping", Text, nullable=False),
    Column("mapping_version", Integer, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_hash", Text, nullable=False, comment="SHA-256; the same file is loaded once per mapping version"),
    Column("rows", BigInteger, nullable=False),
    Column("admitted", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False, comment="admitted rows equal to what was known"),
    Column("unmapped", JSONB, nullable=False, comment="code set → source code → rows"),
    Column("loaded_by", Text, nullable=False),
    _now("loaded_at"),
    UniqueConstraint("source", "mapping", "mapping_version", "file_hash"),
    comment="files taken in, whole or not at all",
)

source_record = Table(
    "source_record",
    metadata,
    _id(),
    Column("source", Text, ForeignKey(source.c.code), nullable=False),
    Column("key", Text, nullable=False),
    Column("load_id", BigInteger, ForeignKey(load.c.id)),
    Column("kind", Text, nullable=False),
    *(_attribute(attribute) for attribute in ATTRIBUTES),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'"), comment="mapped values without a column"),
    Column("issues", ARRAY(Text), nullable=False, comment="what standardisation could not use, as attribute:reason"),
    Column("source_created_at", DateTime(timezone=True)),
    Column("source_changed_at", DateTime(timezone=True), comment="recency, by the source's clock"),
    Column("content_hash", Text, nullable=False, comment="of the row as it came and the mapping"),
    Column("settled", Boolean, nullable=False, server_default=text("false"), comment="the golden record knows it"),
    Column("owner_id", BigInteger, comment="user who made a party by this record"),
    Column("owner_unit", Text, comment="code of that user's unit then"),
    CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
    UniqueConstraint("source", "key"),
    comment="the latest version of each source's record, standardised; as it came: source_version",
)
for _name in (
    "id_number",
    "mobile",
    "phone",
    "other_phone",
    "email",
    "bank_card",
    "address_key",
    "name_key",
    "name_core",
    "organisation_code",
):
    Index(f"ix_source_record_{_name}", source_record.c[_name], postgresql_where=source_record.c[_name].isnot(None))
Index("ix_source_record_owned", source_record.c.id, postgresql_where=source_record.c.owner_id.isnot(None))
Index("ix_source_record_unsettled", source_record.c.id, postgresql_where=text("NOT settled"))

source_version = Table(
    "source_version",
    metadata,
    _id(),
    Column("record_id", BigInteger, nullable=False),
    Column("load_id", BigInteger),
    Column("row_number", BigInteger, comment="data row of the file, from 1"),
    Column("raw", JSONB, nullable=False),
    _now("arrived_at"),
    comment="every version of a source record, as it came; never changed",
)
Index("ix_source_version_record", source_version.c.record_id, source_version.c.id)

rejected_record = Table(
    "rejected_record",
    metadata,
    _id(),
    Column("load_id", BigInteger, ForeignKey(load.c.id), nullable=False),
    Column("source", Text, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    Column("key", Text),
    Column("raw", JSON, nullable=False, comment="json, not jsonb: keeps the order of the columns"),
    Column("reasons", ARRAY(Text), nullable=False, comment="codes of the mapping's admission rules"),
    comment="rows not admitted, kept with their reasons and fed back to the source (EC-03)",
)
Index("ix_rejected_record_load", rejected_record.c.load_id, rejected_record.c.id)

judgement = Table(
    "judgement",
    metadata,
    _id(),
    Column("left_id", BigInteger, nullable=False, comment="source record, the smaller id"),
    Column("right_id", BigInteger, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("made_by_kind", Text, nullable=False),
    Column("rule", Text, nullable=False, comment="rule of the document; for a person: merge, split, suspect"),
    Column("rule_version", Integer, nullable=False),
    Column("strength", Integer, nullable=False, comment="0..1000; stronger links are honoured first"),
    Column("reasons", JSONB, nullable=False, comment="the features that held"),
    Column("made_by", Text, nullable=False),
    Column("operation_id", BigInteger, comment="merge or split it belongs to"),
    _now("made_at"),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_because", Text),
    Column("ended_operation_id", BigInteger, comment="merge or split that ended it, whose undoing takes it up again"),
    CheckConstraint("left_id < right_id", name="ordered"),
    CheckConstraint("verdict IN ('same', 'not_same', 'unsure')", name="verdict"),
    CheckConstraint("made_by_kind IN ('rule', 'model', 'person')", name="made_by_kind"),
    comment="the truth of resolution: every decision about a pair, never deleted",
)
Index(
    "ux_judgement_active_rule",
    judgement.c.left_id,
    judgement.c.right_id,
    judgement.c.rule,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)
Index("ix_judgement_right", judgement.c.right_id, postgresql_where=text("ended_at IS NULL"))
Index("ix_judgement_operation", judgement.c.operation_id, postgresql_where=text("operation_id IS NOT NULL"))

party = historical(
    Table(
        "party",
        metadata,
        _id(),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False, server_default="active"),
        *(_attribute(attribute) for attribute in ATTRIBUTES if attribute.golden),
        Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
        Column("owner_id", BigInteger, comment="user who brought the party first; row scopes ask for it (EC-17)"),
        Column("unit_path", Text, comment="path of the owner's unit; of nobody's party, of the unit its branch names"),
        Column("record_count", Integer, nullable=False),
        Column("provenance", JSONB, nullable=False, comment="attribute → record its value comes from"),
        Column("survivorship_version", Integer, nullable=False, comment="of the rules that chose the values"),
        CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
        CheckConstraint("state IN ('active', 'inactive', 'merged')", name="state"),
        comment="the golden record of each party, derived from its source records",
    )
)
Index("ix_party_owner", party.c.owner_id, postgresql_where=party.c.owner_id.isnot(None))
Index("ix_party_unit", party.c.unit_path, postgresql_ops={"unit_path": "text_pattern_ops"})
Index("ix_party_name", party.c.name, postgresql_ops={"name": "text_pattern_ops"})
Index("ix_party_name_key", party.c.name_key, postgresql_ops={"name_key": "text_pattern_ops"})
Index("ix_party_name_trigram", party.c.name, postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"})

xref = Table(
    "xref",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("party_id", BigInteger, nullable=False),
    UniqueConstraint("source", "key"),
    comment="(source system, source key) → party",
)
Index("ix_xref_party", xref.c.party_id)

party_value = Table(
    "party_value",
    metadata,
    Column("party_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="name, phone, email, identifier, address, bank_card"),
    Column("value", Text, nullable=False),
    Column("detail", Text, nullable=False, comment="kind of phone or document; key of an address"),
    Column("records", Integer, nullable=False, comment="source records that state it"),
    Column("sources", ARRAY(Text), nullable=False),
    Column("current", Boolean, nullable=False, comment="the golden record's own value"),
    Column("first_seen_at", DateTime(timezone=True)),
    Column("last_seen_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("party_id", "kind", "value", "detail"),
    comment="all names, contacts, addresses and identity documents of a party, with who says so",
)
Index("ix_party_value_value", party_value.c.kind, party_value.c.value, postgresql_ops={"value": "text_pattern_ops"})

redirect = Table(
    "redirect",
    metadata,
    Column("retired_id", BigInteger, primary_key=True, autoincrement=False),
    Column("survivor_id", BigInteger, nullable=False),
    Column("operation_id", BigInteger, nullable=False),
    CheckConstraint("retired_id <> survivor_id", name="other"),
    comment="retired party id → the party that took its records; always to a living party",
)
Index("ix_redirect_survivor", redirect.c.survivor_id)

operation = Table(
    "operation",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    _now("done_at"),
    Column("undoes_id", BigInteger, comment="the operation this one took back"),
    CheckConstraint("kind IN ('resolve', 'merge', 'split', 'undo', 'intake')", name="kind"),
    comment="what moved records between parties: resolution runs, merges, splits",
)

operation_record = Table(
    "operation_record",
    metadata,
    Column("operation_id", BigInteger, ForeignKey(operation.c.id), nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Column("before_id", BigInteger, nullable=False),
    Column("after_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("operation_id", "record_id"),
    comment="which record moved from which party to which: merge history, and what an undo restores",
)
Index("ix_operation_record_before", operation_record.c.before_id)
Index("ix_operation_record_record", operation_record.c.record_id)

suspect_group = Table(
    "suspect_group",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("party_ids", ARRAY(BigInteger), nullable=False),
    Column("rules", ARRAY(Text), nullable=False),
    Column("strength", Integer, nullable=False, comment="of the strongest pair; the queue's order"),
    Column("pool", Text, nullable=False, comment="organisational pool whose people may claim it"),
    Column("assignee", Text),
    _now("opened_at"),
    Column("closed_at", DateTime(timezone=True)),
    Column("outcome", Text),
    CheckConstraint("state IN ('open', 'claimed', 'decided', 'obsolete')", name="state"),
    comment="parties that may be the same, waiting for people (EC-06)",
)
Index("ix_suspect_group_queue", suspect_group.c.state, suspect_group.c.strength.desc(), suspect_group.c.id)
Index("ix_suspect_group_parties", suspect_group.c.party_ids, postgresql_using="gin")

role = Table(
    "role",
    metadata,
    Column("party_id", BigInteger, nullable=False),
    Column("role", Text, nullable=False, comment="code set party-role"),
    _now("since"),
    PrimaryKeyConstraint("party_id", "role"),
    comment="what a party is to us",
)

relation = Table(
    "relation",
    metadata,
    _id(),
    Column("from_id", BigInteger, nullable=False),
    Column("to_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="code set party-relation"),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_to", DateTime(timezone=True)),
    Column("stated_by", Text, nullable=False),
    UniqueConstraint("from_id", "to_id", "kind", "valid_from"),
    CheckConstraint("from_id <> to_id", name="two"),
    comment="relations between parties; ids as given, read through redirect",
)
Index("ix_relation_to", relation.c.to_id)

document = Table(
    "document",
    metadata,
    Column("kind", Text, nullable=False, comment="rules or survivorship"),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("hash", Text, nullable=False),
    Column("published_by", Text, nullable=False),
    _now("published_at"),
    PrimaryKeyConstraint("kind", "version"),
    CheckConstraint("kind IN ('rules', 'survivorship')", name="kind"),
    comment="published rules; a version never changes, the newest is in force",
)

outbox_tables(metadata)

EXTENSIONS = ("pg_trgm",)

VIEWS = {
    **period_views(party),
    "party.v1_party": """
        SELECT id AS party_id, kind, state, name AS display_name, name_key AS name_pinyin, gender, birth_date,
               id_type, id_number, mobile, phone, email, address, province, city, district, postcode, branch, grade,
               record_count, changed_at
        FROM party.party WHERE state <> 'merged'""",
    "party.v1_redirect": "SELECT retired_id, survivor_id FROM party.redirect",
    "party.v1_xref": "SELECT source, key, party_id FROM party.xref",
    "party.v1_role": """
        SELECT coalesce(d.survivor_id, r.party_id) AS party_id, r.role, min(r.since) AS since
        FROM party.role r LEFT JOIN party.redirect d ON d.retired_id = r.party_id GROUP BY 1, 2""",
}
