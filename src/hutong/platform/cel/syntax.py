"""The typed syntax tree: what every execution (Python, SQL, sentence) of an expression reads."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hutong.platform.cel.types import Type

if TYPE_CHECKING:
    from hutong.platform.cel.functions import Function
    from hutong.platform.cel.patterns import Pattern


class Place(NamedTuple):
    """Where in the source, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A typed expression at a place of the source."""

    type: Type
    at: Place


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A value written in the rule."""

    value: Any


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """A declared variable or a field of one: `event.duration` is ("event", "duration")."""

    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The dotted name."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Local(Node):
    """The element inside `exists` or `all`."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """A list written in the rule: `[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`!a`"""

    part: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`a && b && c` or `a || b || c`, with any number of parts."""

    operator: Literal["&&", "||"]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`a < b` and so on; `==` and `!=` treat null as a value."""

    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Integers, concatenation of text, timestamps and durations."""

    operator: Literal["+", "-", "*", "/", "%"]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`condition ? yes : no`"""

    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`item in items`"""

    item: Node
    items: Node


@dataclass(frozen=True, slots=True)
class Lookup(Node):
    """`map["key"]` or `map.key`; unknown where the key is missing or its value null."""

    map: Node
    key: str


@dataclass(frozen=True, slots=True)
class Present(Node):
    """`has(a.b)`: there and not null; never unknown."""

    target: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A registered function."""

    function: "Function"
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Matches(Node):
    """`text.matches("pattern")`"""

    text: Node
    pattern: "Pattern"


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """`items.exists(x, body)` or `items.all(x, body)`"""

    kind: Literal["exists", "all"]
    local: str
    items: Node
    body: Node


def children(node: Node) -> Iterator[Node]:
    """The direct parts of a node."""
    for member in fields(node):
        value = getattr(node, member.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Node):
                yield part


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for part in children(node):
        yield from walk(part)


def can_be_null(node: Node) -> bool:
    """Whether null is a possible *value* here; elsewhere a SQL null can only mean unknown."""
    match node:
        case Variable() | Local():
            return True
        case Constant():
            return node.value is None
        case Choice():
            return can_be_null(node.yes) or can_be_null(node.no)
        case _:
            return False
