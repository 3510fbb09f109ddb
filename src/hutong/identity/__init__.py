"""Identity: who asks, what they may do and see, and the log of what they saw."""

from hutong.identity.principal import SYSTEM, Principal, require
from hutong.identity.protection import protect, record_read
from hutong.identity.scope import row_scope

__all__ = ["SYSTEM", "Principal", "protect", "record_read", "require", "row_scope"]
