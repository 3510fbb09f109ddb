"""Contiguous history (BL-04): a table in use and a history of every version, with no gap and no overlap.

    account = historical(Table("account", metadata, Column("id", BigInteger, Identity(), primary_key=True), ...))

`account` shows the last accepted version of each row (what CRM reads); `account_history` holds all versions, that one
included. Writers go through `insert`, `change`, `end` and `restart`, never through the tables. See ADR 0001.
"""

from hutong.platform.history.declare import FOREVER, historical, history_of, is_historical, period_view, period_views
from hutong.platform.history.read import announce, as_of, differing, due, versions
from hutong.platform.history.verify import check, check_center
from hutong.platform.history.write import change, end, insert, insert_from, restart

__all__ = [
    "FOREVER",
    "announce",
    "as_of",
    "change",
    "check",
    "check_center",
    "differing",
    "due",
    "end",
    "historical",
    "history_of",
    "insert",
    "insert_from",
    "is_historical",
    "period_view",
    "period_views",
    "restart",
    "versions",
]
