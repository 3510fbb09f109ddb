"""mappings are versioned documents too

Revision: 0005 after 0004. Moves what `mapping_document` held.
"""

import hashlib
import json
from collections.abc import Sequence

import sqlalchemy as sa
import yaml
from alembic import op

revision: str = '0005'
down_revision: str | None = '0004'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
MOVES_DATA = True

KEPT = sa.text("""
    INSERT INTO party.document
        (kind, name, version, state, body, checksum, author, reason, written_at, published_by, published_at)
    VALUES ('mapping', :name, :version, 'published', :text, :checksum, :published_by, :reason, :published_at,
            :published_by, :published_at)""")


def upgrade() -> None:
    conn = op.get_bind()
    for row in conn.execute(sa.text("SELECT * FROM party.mapping_document")).mappings().all():
        written = "".join(line for line in row["body"].splitlines(keepends=True) if not line.startswith("version:"))
        digest = hashlib.sha256(json.dumps(yaml.safe_load(written), sort_keys=True, default=str).encode())
        conn.execute(KEPT, {**row, "text": written, "checksum": digest.hexdigest(), "reason": row["note"] or ""})
    op.drop_table('mapping_document', schema='party')


def downgrade() -> None:
    raise RuntimeError("drafts do not fit the table before: restore the backup taken before")
