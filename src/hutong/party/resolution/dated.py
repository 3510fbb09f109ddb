"""Values whose end was stated for a later day (EC-01): when it comes, golden records are brought to it."""

from datetime import timedelta

import numpy as np
from sqlalchemy import text

from hutong.party.resolution import membership
from hutong.platform import database

BACK = timedelta(days=7)
"""How far back ends are looked for: a week in which no worker ran is caught up."""
_ENDED = text("""
    SELECT min(x.record_id) FROM party.stated_value v
    JOIN party.xref x ON x.source = v.of_source AND x.key = v.of_key
    JOIN party.party p ON p.id = x.party_id
    WHERE v.valid_to <= now() AND v.valid_to > now() - CAST(:back AS interval)
      AND v.value IN (p.id_number, p.mobile, p.phone, p.email, p.bank_card, p.address)
    GROUP BY x.party_id""")


def settle_ended(by: str) -> int:
    """Renew the golden records that show a value which has ended meanwhile. Returns how many parties; again, none."""
    with database.begin("party") as conn:
        membership.lock(conn)
        records = list(conn.execute(_ENDED, {"back": BACK}).scalars())
        if not records:
            return 0
        operation = membership.new_operation(conn, "intake", "values ended", by)
        none = np.zeros(0, dtype=np.int64)
        return membership.move(conn, none, none, none, operation_id=operation, by=by, touched=records).changed
