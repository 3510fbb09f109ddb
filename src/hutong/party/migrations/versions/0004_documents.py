"""one table of versioned documents

Revision: 0004 after 0003. Moves what five tables held: rules and survivorship, model and households, policies, quality
rules, definitions of sharing.
"""

import hashlib
import json
from collections.abc import Sequence

import sqlalchemy as sa
import yaml
from alembic import op

revision: str = '0004'
down_revision: str | None = '0003'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
MOVES_DATA = True

HELD = (
    "SELECT kind, kind AS name, version, body, published_by, published_at FROM party.document_before",
    "SELECT kind, kind AS name, version, body, published_by, published_at FROM party.definition",
    "SELECT 'policy' AS kind, kind AS name, version, body, published_by, published_at FROM party.policy",
    "SELECT 'quality' AS kind, 'quality' AS name, version, body, published_by, published_at FROM party.quality_document",
    "SELECT kind, code AS name, version, body, published_by, published_at FROM party.sharing_document",
)
KEPT = sa.text("""
    INSERT INTO party.document
        (kind, name, version, state, body, checksum, author, written_at, published_by, published_at)
    VALUES (:kind, :name, :version, 'published', :text, :checksum, :published_by, :published_at, :published_by,
            :published_at)""")


def upgrade() -> None:
    op.execute("ALTER TABLE party.document RENAME TO document_before")
    op.execute("ALTER TABLE party.document_before RENAME CONSTRAINT pk_document TO pk_document_before")
    op.create_table('document',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=True, comment='given when published; empty: a draft'),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False, comment='YAML, as written'),
    sa.Column('checksum', sa.Text(), nullable=False, comment='SHA-256 of what it says; drafts: empty'),
    sa.Column('based_on', sa.Integer(), nullable=True, comment='version the author began with'),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False, comment='why it changes, or why it was sent back'),
    sa.Column('written_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('published_by', sa.Text(), nullable=True, comment='the author, or the second person'),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(version IS NULL) = (state IN ('draft', 'proposed'))", name=op.f('ck_document_version')),
    sa.CheckConstraint("state IN ('draft', 'proposed', 'published', 'retired')", name=op.f('ck_document_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document')),
    schema='party',
    comment='documents people decide (hutong.platform.documents); a version never changes, the newest is in force'
    )
    op.create_index('ux_document_version', 'document', ['kind', 'name', 'version'], unique=True, schema='party')
    op.create_index('ux_document_draft', 'document', ['kind', 'name'], unique=True, schema='party',
                    postgresql_where=sa.text('version IS NULL'))
    conn = op.get_bind()
    for held in HELD:
        for row in conn.execute(sa.text(held)).mappings().all():
            body = {name: value for name, value in row["body"].items() if name != "version"}
            written = yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=110)
            digest = hashlib.sha256(json.dumps(yaml.safe_load(written), sort_keys=True, default=str).encode())
            conn.execute(KEPT, {**row, "text": written, "checksum": digest.hexdigest()})
    op.drop_constraint('fk_quality_rule_version', 'quality_rule', schema='party', type_='foreignkey')
    op.drop_constraint('fk_quality_run_version', 'quality_run', schema='party', type_='foreignkey')
    for table in ('quality_rule', 'quality_run'):
        op.alter_column(table, 'version', existing_type=sa.Integer(), existing_nullable=False,
                        comment='of the quality rules', schema='party')
    for table in ('document_before', 'definition', 'policy', 'quality_document', 'sharing_document'):
        op.drop_table(table, schema='party')


def downgrade() -> None:
    raise RuntimeError("drafts and texts as written do not fit the tables before: restore the backup taken before")
