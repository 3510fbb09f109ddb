"""UNKNOWN: the answer of an expression that met an error or a missing value (SQL null)."""

from typing import Final


class Unknown:
    """The one unknown answer. As a condition it is not true."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
