"""the access log by month

Revision: 0003 after 0002. Carries the entries over.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0003'
down_revision: str | None = '0002'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
MOVES_DATA = True

CARRY = """
INSERT INTO identity.sensitive_read (id, at, actor, entity, entity_ids, kinds, fields, reason)
SELECT id, at, actor, entity, entity_ids, kinds, fields, reason FROM identity.sensitive_read_before ORDER BY at, id"""
MONTHS = """
DO $months$
DECLARE
    month timestamptz;
BEGIN
    SET LOCAL timezone = 'UTC';
    FOR month IN SELECT generate_series(date_trunc('month', min(at)), max(at), interval '1 month')
                 FROM identity.sensitive_read_before LOOP
        EXECUTE format('CREATE TABLE identity.%I PARTITION OF identity.sensitive_read FOR VALUES FROM (%L) TO (%L)',
                       'sensitive_read_p' || to_char(month, 'YYYYMM'), month, month + interval '1 month');
    END LOOP;
END
$months$"""


def upgrade() -> None:
    op.rename_table('sensitive_read', 'sensitive_read_before', schema='identity')
    for index in ('actor', 'entity', 'at', 'reason'):
        op.drop_index(f'ix_sensitive_read_{index}', table_name='sensitive_read_before', schema='identity')
    op.drop_constraint('pk_sensitive_read', 'sensitive_read_before', schema='identity', type_='primary')
    op.execute("ALTER SEQUENCE identity.sensitive_read_id_seq RENAME TO sensitive_read_before_id_seq")
    op.create_table('sensitive_read',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('entity', sa.Text(), nullable=False),
    sa.Column('entity_ids', sa.ARRAY(sa.BigInteger()), nullable=False),
    sa.Column('kinds', sa.ARRAY(sa.Text()), nullable=False, comment='kinds of sensitive field shown in clear'),
    sa.Column('fields', sa.ARRAY(sa.Text()), server_default='{}', nullable=False, comment='the fields themselves'),
    sa.Column('reason', sa.Text(), nullable=True),
    schema='identity',
    comment='log of every read of sensitive data in clear (EC-17); a part for each month, dropped when it is too old',
    postgresql_partition_by='RANGE (at)'
    )
    op.execute(MONTHS)
    op.execute(CARRY)
    op.execute("""SELECT setval(pg_get_serial_sequence('identity.sensitive_read', 'id'), coalesce(max(id), 1),
                                count(*) > 0) FROM identity.sensitive_read_before""")
    op.drop_table('sensitive_read_before', schema='identity')
    op.create_primary_key('pk_sensitive_read', 'sensitive_read', ['at', 'id'], schema='identity')
    op.create_index('ix_sensitive_read_id', 'sensitive_read', ['id'], unique=False, schema='identity')
    op.create_index('ix_sensitive_read_actor', 'sensitive_read', ['actor', 'at', 'id'], unique=False, schema='identity')
    op.create_index('ix_sensitive_read_ids', 'sensitive_read', ['entity_ids'], unique=False, schema='identity', postgresql_using='gin')
    op.create_index('ix_sensitive_read_kinds', 'sensitive_read', ['kinds'], unique=False, schema='identity', postgresql_using='gin')
    op.create_index('ix_sensitive_read_entity', 'sensitive_read', ['entity', 'at', 'id'], unique=False, schema='identity', postgresql_where=sa.text("entity != 'party'"))
    op.create_index('ix_sensitive_read_reason', 'sensitive_read', ['at', 'id'], unique=False, schema='identity', postgresql_where=sa.text('reason IS NOT NULL'))


def downgrade() -> None:
    raise RuntimeError("the log's months are not put together again: restore the backup taken before")
