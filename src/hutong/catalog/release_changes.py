"""What a release changed: each document it published beside the version before, place by place."""

from sqlalchemy import text

from hutong.catalog import differences, documents
from hutong.catalog.differences import Difference
from hutong.catalog.document import Kind
from hutong.platform import database

_PUBLISHED = text("""
    SELECT d.kind, d.code, d.body, before.body AS before FROM catalog.document d
    LEFT JOIN catalog.document before ON before.kind = d.kind AND before.code = d.code
        AND before.version = d.version - 1 AND before.release IS NOT NULL
    WHERE d.release = :number ORDER BY d.kind, d.code
""")
_WITHDRAWN = text("SELECT kind, code FROM catalog.document WHERE retired_release = :number ORDER BY kind, code")


def changes(number: int) -> list[Difference]:
    """Documents that a release published as new or changed."""
    with database.read("catalog") as conn:
        rows = conn.execute(_PUBLISHED, {"number": number}).all()
    before = {(Kind(row.kind), row.code): row.before for row in rows if row.before is not None}
    return differences.between(before, documents.drafts(row.body for row in rows))


def withdrawn(number: int) -> list[tuple[Kind, str]]:
    """Documents that a release took out of the catalog."""
    with database.read("catalog") as conn:
        return [(Kind(row.kind), row.code) for row in conn.execute(_WITHDRAWN, {"number": number})]
