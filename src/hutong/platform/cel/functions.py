"""What a function of the language is: one overload with its executions in Python, PostgreSQL and DuckDB, in one place.

A function's Python side gets plain values, never null, and answers None (or raises ValueError, ArithmeticError) for
unknown. Its SQL side is a template per dialect with the arguments `_1`, `_2`, ...: it must answer NULL when an argument
is NULL, must never raise, and must agree with the Python side. A function that `absorbs` sees null and UNKNOWN itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hutong.platform.cel.types import ANY, NULL, Type


@dataclass(frozen=True)
class Function:
    """One overload. `sentence` is the Fluent message (`$a`, `$b`, ... are the arguments) that says it."""

    name: str
    parameters: tuple[Type, ...]
    result: Type
    python: Callable[..., Any]
    sql: Mapping[str, str]
    """Template by dialect: "postgres", "duckdb"; "" stands for both."""
    sentence: str
    absorbs: bool = False
    calendar: bool = False
    """Its last parameter is a time zone, filled in from the environment where a rule writes none."""
    bounds: tuple[int, int] | None = None
    """Least and greatest integer result, where narrower than 64 bits."""

    def template(self, dialect: str) -> str:
        """The SQL of a dialect. Raises KeyError where the function has none."""
        return self.sql[dialect] if dialect in self.sql else self.sql[""]

    def parameter(self, index: int, result: Type) -> Type:
        """The type a null takes as this argument."""
        wanted = self.parameters[index]
        return result if wanted == ANY else wanted

    def accepts(self, found: tuple[Type, ...]) -> Type | None:
        """The result type for arguments of these types, or None. ANY is one type throughout; null fits everywhere."""
        if len(found) != len(self.parameters):
            return None
        chosen: Type | None = None
        for wanted, given in zip(self.parameters, found, strict=True):
            if wanted.item is not None and given.name == wanted.name:
                wanted, given = wanted.item, given.item or NULL  # noqa: PLW2901 - lists are compared by element
            if given == NULL:
                continue
            if wanted == ANY:
                wanted = chosen = chosen or given  # noqa: PLW2901 - the first use decides
            if given != wanted:
                return None
        return (chosen or NULL) if self.result == ANY else self.result


FUNCTIONS: dict[str, list[Function]] = {}


def register(function: Function) -> Function:
    """Add a function, or one more overload of its name; registering the same overload again replaces it."""
    overloads = FUNCTIONS.setdefault(function.name, [])
    overloads[:] = [known for known in overloads if known.parameters != function.parameters]
    overloads.append(function)
    return function
