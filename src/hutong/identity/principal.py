"""Who asks: a person, a calling system, or the product itself; with the rights their roles give (CR-10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from hutong.platform.errors import Forbidden

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Principal:
    """The viewer that every query and action is asked on behalf of.

    `rights` are names like `party.merge`; `clear` the kinds of sensitive field this viewer sees unmasked;
    `scopes` gives, per entity, the CEL condition a row must meet (absent: every row); `fields`, per entity, the
    attributes an interface may have at all (absent: all).
    """

    id: int
    kind: Literal["user", "client", "customer", "system"]
    name: str
    rights: frozenset[str]
    roles: tuple[str, ...] = ()
    unit_path: str = ""
    clear: frozenset[str] = frozenset()
    scopes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    locale: str = "zh-CN"
    fields: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    def may(self, right: str) -> bool:
        """Whether the viewer holds a right; `*` and `party.*` are allowed in roles."""
        center = right.split(".", 1)[0]
        return bool(self.rights & {right, f"{center}.*", EVERYTHING})

    def sees(self, field_kind: str) -> bool:
        """Whether the viewer sees a kind of sensitive field unmasked."""
        return bool(self.clear & {field_kind, EVERYTHING})

    def has(self, entity: str, attribute: str) -> bool:
        """Whether the viewer's interface may have an attribute of an entity at all (EC-17)."""
        return entity not in self.fields or attribute in self.fields[entity]

    @property
    def actor(self) -> str:
        """How history and logs name the viewer; holds no personal data."""
        return f"{self.kind}:{self.id}"


SYSTEM = Principal(0, "system", "system", frozenset({EVERYTHING}), clear=frozenset({EVERYTHING}))


def require(viewer: Principal, right: str) -> None:
    """Raise Forbidden when the viewer lacks a right."""
    if not viewer.may(right):
        raise Forbidden("identity-right-missing", right=right)
