"""An expression as a sentence in Chinese or English, and the account of which of its conditions held."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from hutong.platform import i18n
from hutong.platform.cel.evaluate import compile_node
from hutong.platform.cel.syntax import (
    Arithmetic,
    Call,
    Choice,
    Compare,
    Constant,
    ListOf,
    Local,
    Logic,
    Lookup,
    Matches,
    Membership,
    Node,
    Not,
    Present,
    Quantified,
    Variable,
    walk,
)
from hutong.platform.cel.types import Type
from hutong.platform.cel.unknown import UNKNOWN, Unknown
from hutong.platform.money import to_decimal

COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
OPPOSITE = {"==": "!=", "!=": "=="}
"""Only these: with null or unknown, `!(a < b)` is not `a >= b` to a reader who checks values."""
MARKS = {True: "✓", False: "✗"}


@dataclass(frozen=True)
class Result:
    """One condition with its outcome (true, false or UNKNOWN), the values it looked at, and its parts (XP-02).

    `values` are by dotted variable name, `shown` the same as words, by label. They may be personal: whoever shows them
    to a person masks them first.
    """

    sentence: str
    outcome: Any
    values: Mapping[str, Any]
    parts: tuple["Result", ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)

    def lines(self, indent: int = 0) -> list[str]:
        """A line per condition: ✓ held, ✗ did not, ? unknown; the values in brackets."""
        mark = MARKS.get(self.outcome, "?") if isinstance(self.outcome, bool) else "?"
        seen = ", ".join(f"{label} = {said}" for label, said in self.shown.items())
        shown = f"  [{seen}]" if seen and not self.parts else ""
        below = [line for part in self.parts for line in part.lines(indent + 1)]
        return ["  " * indent + f"{mark} {self.sentence}{shown}", *below]


def _tidy(said: str, *parts: str) -> str:
    """Without the blanks around parts in full-width brackets, which bring their own space."""
    for part in parts:
        if part.startswith("（") and part.endswith("）"):
            said = said.replace(f" {part}", part).replace(f"{part} ", part)
    return said


class Sentences:
    """Says typed nodes in one locale; `labels` are business names of variables."""

    def __init__(self, locale: str, labels: Mapping[str, str], timezone: str) -> None:
        self.locale, self.labels = locale, labels
        self.zone = ZoneInfo(timezone)

    def words(self, message: str, **params: str) -> str:
        said = i18n.translate(f"platform-cel-say-{message}", self.locale, **params)
        return _tidy(said, *params.values())

    def say(self, node: Node) -> str:
        """The sentence of a node."""
        return _SAY[type(node)](self, node)

    def inner(self, node: Node) -> str:
        """The sentence of a part, in brackets where it would run into its surroundings."""
        said = self.say(node)
        return self.words("brackets", a=said) if isinstance(node, Logic | Choice | Arithmetic) else said

    def condition(self, node: Node) -> str:
        """A part that stands as a condition: a bare truth value needs a verb."""
        bare = isinstance(node, Variable | Local | Lookup)
        return self.words("holds", a=self.say(node)) if bare else self.inner(node)

    def variable(self, node: Variable) -> str:
        return self.labels.get(node.name, node.name)

    def local(self, node: Local) -> str:
        return self.labels.get(node.name, node.name)

    def constant(self, node: Constant) -> str:
        return self.plain(node.value, node.type)

    def plain(self, value: Any, type_: Type | None = None) -> str:
        """A value as people read it; money from micros, moments in the environment's time zone."""
        if isinstance(value, int) and not isinstance(value, bool) and type_ is not None and type_.money:
            return self.money(value)
        return next((say(self, value) for kind, say in _PLAIN if isinstance(value, kind)), str(value))

    def moment(self, value: datetime) -> str:
        return value.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")

    def money(self, micros: int) -> str:
        from babel.numbers import format_currency

        from hutong.platform.settings import settings

        amount, locale = to_decimal(micros), self.locale.replace("-", "_")
        return str(format_currency(amount, settings.currency, locale=locale, decimal_quantization=False))

    def duration(self, value: timedelta) -> str:
        seconds, micros = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        fine = f"{seconds}.{micros:06}".rstrip("0") if micros else str(seconds)
        parts = [("hours", str(hours)), ("minutes", str(minutes)), ("seconds", fine)]
        said = [self.words(unit, a=count) for unit, count in parts if count != "0"]
        return ("-" if value < timedelta(0) else "") + " ".join(said or [self.words("seconds", a="0")])

    def list_of(self, node: ListOf) -> str:
        return self.listed([self.say(item) for item in node.items])

    def listed(self, items: list[str]) -> str:
        return reduce(lambda a, b: self.words("list", a=a, b=b), items) if items else self.words("nothing")

    def logic(self, node: Logic) -> str:
        said = [self.condition(part) for part in node.parts]
        return reduce(lambda a, b: self.words("and" if node.operator == "&&" else "or", a=a, b=b), said)

    def negation(self, node: Not) -> str:
        match node.part:
            case Compare(operator=operator) as part if operator in OPPOSITE:
                return self.compared(part, OPPOSITE[operator])
            case Membership() as part:
                return self.words(self.member_word(part, "not-"), a=self.inner(part.item), b=self.say(part.items))
            case Present() as part:
                return self.words("absent", a=self.say(part.target))
            case Variable() | Local() | Lookup() as part:
                return self.words("fails", a=self.say(part))
        return self.words("not", a=self.say(node.part))

    def compare(self, node: Compare) -> str:
        return self.compared(node, node.operator)

    def compared(self, node: Compare, operator: str) -> str:
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Constant) and other.value is None:
                return self.words("empty" if operator == "==" else "filled", a=self.inner(one))
        timely = node.left.type.name in ("timestamp", "date") and operator not in OPPOSITE
        word = ("time-" if timely else "") + COMPARISONS[operator]
        return self.words(word, a=self.inner(node.left), b=self.inner(node.right))

    def membership(self, node: Membership) -> str:
        return self.words(self.member_word(node), a=self.inner(node.item), b=self.say(node.items))

    def member_word(self, node: Membership, prefix: str = "") -> str:
        return prefix + ("one-of" if isinstance(node.items, ListOf) else "in")

    def arithmetic(self, node: Arithmetic) -> str:
        if node.operator == "-" and isinstance(node.left, Constant) and node.left.value == 0:
            return f"-{self.inner(node.right)}"
        sign = {"*": "×", "/": "÷", "-": "−"}.get(node.operator, node.operator)
        left, right = self.inner(node.left), self.inner(node.right)
        return _tidy(f"{left} {sign} {right}", left, right)

    def choice(self, node: Choice) -> str:
        condition = self.condition(node.condition)
        return self.words("choice", a=condition, b=self.inner(node.yes), c=self.inner(node.no))

    def lookup(self, node: Lookup) -> str:
        if isinstance(node.map, Variable) and (name := f"{node.map.name}.{node.key}") in self.labels:
            return self.labels[name]
        return self.words("lookup", a=self.say(node.map), b=node.key)

    def present(self, node: Present) -> str:
        return self.words("present", a=self.say(node.target))

    def call(self, node: Call) -> str:
        names = ("a", "b", "c", "d", "e", "f")
        arguments = {name: self.inner(part) for name, part in zip(names, node.arguments, strict=False)}
        return i18n.translate(node.function.sentence, self.locale, **arguments)

    def matches(self, node: Matches) -> str:
        return self.words("matches", a=self.inner(node.text), b=node.pattern.source)

    def quantified(self, node: Quantified) -> str:
        return self.words(node.kind, a=self.say(node.items), b=node.local, c=self.condition(node.body))

    def result(self, node: Node, variables: Mapping[str, Any]) -> Result:
        """The account of a condition on one object, down to its single comparisons."""
        outcome = compile_node(node)(variables)
        named = {part.name: part for part in walk(node) if isinstance(part, Variable)}
        values = {name: compile_node(part)(variables) for name, part in named.items()}
        below: tuple[Node, ...] = ()
        if isinstance(node, Logic):
            below = node.parts
        elif isinstance(node, Not) and isinstance(node.part, Logic):
            below = node.part.parts
        return Result(
            sentence=self.condition(node) if not isinstance(node, Logic | Choice | Arithmetic) else self.say(node),
            outcome=UNKNOWN if outcome is None else outcome,
            values=values,
            parts=tuple(self.result(part, variables) for part in below),
            shown={self.variable(part): self.plain(values[name], part.type) for name, part in named.items()},
        )


_PLAIN: tuple[tuple[type, Callable[[Sentences, Any], str]], ...] = (
    (type(None), lambda to, _: to.words("null")),
    (Unknown, lambda to, _: to.words("unknown")),
    (bool, lambda to, value: to.words("true" if value else "false")),
    (str, lambda _, value: f"“{value}”"),
    (datetime, Sentences.moment),
    (date, lambda _, value: value.isoformat()),
    (timedelta, Sentences.duration),
    (list, lambda to, value: to.listed([to.plain(item) for item in value])),
)
"""How a value of each kind is said; the first that fits."""

_SAY: dict[type[Node], Callable[[Sentences, Any], str]] = {
    Constant: Sentences.constant,
    Variable: Sentences.variable,
    Local: Sentences.local,
    ListOf: Sentences.list_of,
    Not: Sentences.negation,
    Logic: Sentences.logic,
    Compare: Sentences.compare,
    Arithmetic: Sentences.arithmetic,
    Choice: Sentences.choice,
    Membership: Sentences.membership,
    Lookup: Sentences.lookup,
    Present: Sentences.present,
    Call: Sentences.call,
    Matches: Sentences.matches,
    Quantified: Sentences.quantified,
}
