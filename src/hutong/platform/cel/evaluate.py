"""Evaluation on one object: the typed tree becomes nested Python functions once, and is called many times.

Null is a value for `==`, `!=`, `in`, `has` and `? :`; every other operation answers UNKNOWN for null, as SQL does.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

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
)
from hutong.platform.cel.types import INT_MAX, INT_MIN
from hutong.platform.cel.unknown import UNKNOWN
from hutong.platform.cel.values import ADMIT, LONGEST, admission, follow

Variables = Mapping[str, Any]
Run = Callable[[Variables], Any]

ERRORS = (ArithmeticError, ValueError, TypeError, LookupError)
"""What a registered function may raise to say unknown."""


def compile_node(node: Node) -> Run:
    """A function from variables to the value of the node, null or UNKNOWN; it never raises for a value's sake."""
    return _COMPILERS[type(node)](node)


def _constant(node: Constant) -> Run:
    value = node.value
    return lambda _: value


def _variable(node: Variable) -> Run:
    path, admit = node.path, admission(node.type)
    if len(path) == 1:
        name = path[0]
        return lambda variables: admit(variables.get(name, UNKNOWN))
    return lambda variables: admit(follow(variables, path))


def _local(node: Local) -> Run:
    name = node.name
    return lambda variables: variables[name]


def _list(node: ListOf) -> Run:
    items = [compile_node(item) for item in node.items]

    def run(variables: Variables) -> Any:
        values = [item(variables) for item in items]
        return UNKNOWN if UNKNOWN in values else values

    return run


def _not(node: Not) -> Run:
    part = compile_node(node.part)

    def run(variables: Variables) -> Any:
        value = part(variables)
        return (not value) if value is True or value is False else UNKNOWN

    return run


def _logic(node: Logic) -> Run:
    parts = [compile_node(part) for part in node.parts]
    decides = node.operator == "||"

    def run(variables: Variables) -> Any:
        answer: Any = not decides
        for part in parts:
            value = part(variables)
            if value is decides:
                return decides
            if value is None or value is UNKNOWN:
                answer = UNKNOWN
        return answer

    return run


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compare(node: Compare) -> Run:
    left, right, compare = compile_node(node.left), compile_node(node.right), _COMPARE[node.operator]
    if node.operator not in ("==", "!="):
        return _strict(compare, [left, right])

    def run(variables: Variables) -> Any:
        a, b = left(variables), right(variables)
        return UNKNOWN if a is UNKNOWN or b is UNKNOWN else compare(a, b)

    return run


def _strict(function: Callable[..., Any], arguments: list[Run]) -> Run:
    """Call with plain values only; null, UNKNOWN, an error or no answer are UNKNOWN."""
    if len(arguments) == 2:
        return _strict_pair(function, *arguments)

    def run(variables: Variables) -> Any:
        values = []
        for argument in arguments:
            value = argument(variables)
            if value is None or value is UNKNOWN:
                return UNKNOWN
            values.append(value)
        try:
            answer = function(*values)
        except ERRORS:
            return UNKNOWN
        return UNKNOWN if answer is None else answer

    return run


def _strict_pair(function: Callable[[Any, Any], Any], left: Run, right: Run) -> Run:
    """`_strict` for two arguments, the common case, without a list."""

    def run(variables: Variables) -> Any:
        a = left(variables)
        if a is None or a is UNKNOWN:
            return UNKNOWN
        b = right(variables)
        if b is None or b is UNKNOWN:
            return UNKNOWN
        try:
            answer = function(a, b)
        except ERRORS:
            return UNKNOWN
        return UNKNOWN if answer is None else answer

    return run


def _whole(function: Callable[[int, int], int]) -> Callable[[int, int], Any]:
    def run(a: int, b: int) -> Any:
        answer = function(a, b)
        return answer if INT_MIN <= answer <= INT_MAX else UNKNOWN

    return run


def _divide(a: int, b: int) -> int:
    """Towards zero, as CEL and SQL do; raises ZeroDivisionError, which is unknown."""
    return a // b if (a < 0) == (b < 0) else -(-a // b)


def _remainder(a: int, b: int) -> int:
    return a - b * _divide(a, b)


_INT: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
}


def _timely(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(a: Any, b: Any) -> Any:
        answer = function(a, b)
        return UNKNOWN if isinstance(answer, timedelta) and not -LONGEST <= answer <= LONGEST else answer

    return run


def _arithmetic(node: Arithmetic) -> Run:
    sides = [compile_node(node.left), compile_node(node.right)]
    if node.type.name == "int":
        return _strict(_whole(_INT[node.operator]), sides)
    plain = operator.add if node.operator == "+" else operator.sub
    return _strict(plain if node.type.name == "string" else _timely(plain), sides)


def _choice(node: Choice) -> Run:
    condition, yes, no = compile_node(node.condition), compile_node(node.yes), compile_node(node.no)

    def run(variables: Variables) -> Any:
        value = condition(variables)
        if value is True:
            return yes(variables)
        return no(variables) if value is False else UNKNOWN

    return run


def _membership(node: Membership) -> Run:
    item, items = compile_node(node.item), compile_node(node.items)
    if isinstance(node.items, ListOf) and all(isinstance(part, Constant) for part in node.items.items):
        members = frozenset(items({}))
        return lambda variables: UNKNOWN if (value := item(variables)) is UNKNOWN else value in members

    def run(variables: Variables) -> Any:
        value, among = item(variables), items(variables)
        if value is UNKNOWN or among is None or among is UNKNOWN:
            return UNKNOWN
        return value in among

    return run


def _lookup(node: Lookup) -> Run:
    owner, key, admit = compile_node(node.map), node.key, ADMIT[node.type.name]

    def run(variables: Variables) -> Any:
        entries = owner(variables)
        return UNKNOWN if entries is None or entries is UNKNOWN else admit(entries.get(key))

    return run


def _present(node: Present) -> Run:
    target = compile_node(node.target)
    return lambda variables: (value := target(variables)) is not None and value is not UNKNOWN


def _call(node: Call) -> Run:
    arguments = [compile_node(part) for part in node.arguments]
    function = node.function.python
    if node.function.absorbs:
        return lambda variables: function(*(argument(variables) for argument in arguments))
    return _strict(_whole_call(function) if node.type.name == "int" else function, arguments)


def _whole_call(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        answer = function(*values)
        return answer if answer is None or INT_MIN <= answer <= INT_MAX else UNKNOWN

    return run


def _matches(node: Matches) -> Run:
    return _strict(node.pattern.found_in, [compile_node(node.text)])


def _quantified(node: Quantified) -> Run:
    items, body, local = compile_node(node.items), compile_node(node.body), node.local
    decides = node.kind == "exists"

    def run(variables: Variables) -> Any:
        values = items(variables)
        if values is None or values is UNKNOWN:
            return UNKNOWN
        answer: Any = not decides
        for value in values:
            held = body({**variables, local: value})
            if held is decides:
                return decides
            if held is None or held is UNKNOWN:
                answer = UNKNOWN
        return answer

    return run


_COMPILERS: dict[type[Node], Callable[[Any], Run]] = {
    Constant: _constant,
    Variable: _variable,
    Local: _local,
    ListOf: _list,
    Not: _not,
    Logic: _logic,
    Compare: _compare,
    Arithmetic: _arithmetic,
    Choice: _choice,
    Membership: _membership,
    Lookup: _lookup,
    Present: _present,
    Call: _call,
    Matches: _matches,
    Quantified: _quantified,
}
