"""The masks of `identity.masking` as SQL, so that a set of millions is masked where it is read (EC-17).

A test holds both against each other on arbitrary text.
"""

from collections.abc import Callable

from hutong.identity import Principal


def masked(viewer: Principal, sql: str, kind: str | None) -> str:
    """A column as the viewer sees it: as it is, or masked by the kind of sensitive field it is. Raises KeyError for an
    unknown kind."""
    return sql if kind is None or viewer.sees(kind) else MASKS[kind](sql)


def _middle(value: str, first: str, last: int) -> str:
    hidden = f"(length({value}) - {first} - {last})"
    return (
        f"CASE WHEN {hidden} <= 0 THEN repeat('*', length({value})) "
        f"ELSE left({value}, {first}) || repeat('*', {hidden}) || right({value}, {last}) END"
    )


def _name(value: str) -> str:
    keep = f"CASE WHEN length({value}) > 5 THEN 2 ELSE 1 END"
    words = (
        f"regexp_replace(regexp_replace(btrim({value}, E' \\t\\n\\r'), '\\s+', ' ', 'g'), '(\\S)\\S*', '\\1**', 'g')"
    )
    return (
        f"CASE WHEN octet_length({value}) = length({value}) THEN {words} "
        f"ELSE left({value}, {keep}) || repeat('*', greatest(length({value}) - ({keep}), 1)) END"
    )


def _email(value: str) -> str:
    at = f"position('@' IN {value})"
    return (
        f"CASE WHEN {at} > 0 THEN left(substr({value}, 1, {at} - 1), 1) || '***' || substr({value}, {at}) "
        f"ELSE repeat('*', length({value})) END"
    )


def _address(value: str) -> str:
    middle = _middle(value, f"least(6, length({value}) / 2)", 0)
    return f"CASE WHEN strpos({value}, '|') > 0 THEN repeat('*', length({value})) ELSE {middle} END"


MASKS: dict[str, Callable[[str], str]] = {
    "name": _name,
    "id_card": lambda value: _middle(value, "3", 2),
    "phone": lambda value: _middle(value, f"greatest(length({value}) - 8, 0)", 4),
    "address": _address,
    "bank_card": lambda value: _middle(value, "0", 4),
    "email": _email,
}
