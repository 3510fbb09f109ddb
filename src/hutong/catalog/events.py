"""What the catalog tells others."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from hutong.catalog.differences import Difference
from hutong.catalog.document import Kind
from hutong.platform.outbox import Event, publish

PUBLISHED = "catalog.published"


def published(
    conn: Connection,
    number: int,
    effective_from: datetime,
    changes: Sequence[Difference],
    withdrawn: Sequence[tuple[Kind, str]],
) -> None:
    """`catalog.published`: {release, effective_from, changed: [{kind, code, change}], withdrawn: [{kind, code}]}."""
    payload = {
        "release": number,
        "effective_from": effective_from.isoformat(),
        "changed": [{"kind": item.kind, "code": item.code, "change": item.change} for item in changes],
        "withdrawn": [{"kind": kind, "code": code} for kind, code in withdrawn],
    }
    publish(conn, "catalog", [Event(PUBLISHED, "catalog:release", payload)])
