"""Arithmetic in SQL: done in a wider type, NULL outside of the result's range, so that none can raise."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from hutong.platform.cel import sql_parts as sql
from hutong.platform.cel.sql_parts import DURATION_BOUNDS, INT_BOUNDS, TIMESTAMP_BOUNDS, WIDE, Sql, paren
from hutong.platform.cel.syntax import Arithmetic, Call, Node
from hutong.platform.cel.types import INT_MIN

BOUNDS = {"int": INT_BOUNDS, "duration": DURATION_BOUNDS, "timestamp": TIMESTAMP_BOUNDS}


class Integers:
    """Integers, durations and timestamps, the latter two as whole microseconds."""

    def __init__(self, dialect: str, value: Callable[[Node], Sql], known: Callable[[Node], tuple[bool, Any]]) -> None:
        self.dialect, self.value, self.known = dialect, value, known

    def operation(self, node: Arithmetic) -> Sql:
        """The value of an arithmetic node."""
        if node.type.name == "string":
            return exp.DPipe(this=paren(self.value(node.left)), expression=paren(self.value(node.right)))
        made = self.wide_operation(node)
        if node.type.name == "timestamp":
            return sql.timestamp_of_micros(made, self.dialect)
        return sql.cast(made, "BIGINT")

    def wide_operation(self, node: Arithmetic) -> Sql:
        left, right = self.wide(node.left), self.wide(node.right)
        if isinstance(left, exp.Literal):
            left = sql.cast(left, WIDE[self.dialect])
        made = (
            self.divided(node, left, right)
            if node.operator in "/%"
            else _OPERATORS[node.operator](this=paren(left), expression=paren(right))
        )
        low, high = self.raw_bounds(node)
        kept = BOUNDS[node.type.name]
        return made if kept[0] <= low and high <= kept[1] else sql.within(made, kept)

    def divided(self, node: Arithmetic, left: Sql, right: Sql) -> Sql:
        """Towards zero; by zero is NULL."""
        constant, divisor = self.known(node.right)
        guarded = right if constant and divisor else sql.call("NULLIF", right, exp.Literal.number(0))
        if node.operator == "%":
            return exp.Mod(this=paren(left), expression=paren(guarded))
        if self.dialect == "postgres":
            return sql.call("DIV", left, guarded)
        return exp.IntDiv(this=paren(left), expression=paren(guarded))

    def wide(self, node: Node) -> Sql:
        """An operand in the wide type."""
        if isinstance(node, Arithmetic) and not self.known(node)[0]:
            return self.wide_operation(node)
        value = self.value(node)
        if node.type.name == "timestamp":
            return sql.micros_of_timestamp(value, self.dialect)
        return value if isinstance(value, exp.Literal) else sql.cast(value, WIDE[self.dialect])

    def bounds(self, node: Node) -> tuple[int, int]:
        """Least and greatest value an operand can have."""
        constant, value = self.known(node)
        if constant and node.type.name == "int" and isinstance(value, int):
            return value, value
        kept = BOUNDS[node.type.name]
        if isinstance(node, Arithmetic):
            low, high = self.raw_bounds(node)
            return max(low, kept[0]), min(high, kept[1])
        if isinstance(node, Call) and node.function.bounds:
            return node.function.bounds
        return (kept[0], kept[1]) if node.type.name != "timestamp" else (-(2**63), 2**63)

    def raw_bounds(self, node: Arithmetic) -> tuple[int, int]:
        """Bounds of the exact result, before the range is kept."""
        (a, b), (c, d) = self.bounds(node.left), self.bounds(node.right)
        match node.operator:
            case "+":
                return a + c, b + d
            case "-":
                return a - d, b - c
            case "*":
                corners = [a * c, a * d, b * c, b * d]
                return min(corners), max(corners)
            case "%":
                return a, b
        largest = max(abs(a), abs(b))
        safe = a > INT_MIN or not c <= -1 <= d
        return (-largest, min(largest, -INT_MIN - 1)) if safe else (-largest, largest)


_OPERATORS: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}
