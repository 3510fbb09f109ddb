"""One accepted expression with its three executions: on an object, on a set (SQL), and as a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from hutong.platform.cel.check import Checker
from hutong.platform.cel.errors import ExpressionError
from hutong.platform.cel.evaluate import Run, compile_node
from hutong.platform.cel.parsing import syntax_tree
from hutong.platform.cel.syntax import Node, Variable, walk
from hutong.platform.cel.types import BOOL, Environment, Type, type_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from hutong.platform.cel.sentence import Result

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Expression:
    """A checked expression. Made by `parse`; immutable, safe to keep and share between threads."""

    source: str
    environment: Environment = field(repr=False)
    tree: Node = field(repr=False)

    @property
    def type(self) -> Type:
        """The type of its value."""
        return self.tree.type

    @cached_property
    def names(self) -> frozenset[str]:
        """The dotted variables it names: what a caller must pass or map to columns."""
        return frozenset(node.name for node in walk(self.tree) if isinstance(node, Variable))

    @cached_property
    def _run(self) -> Run:
        return compile_node(self.tree)

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """The value on one object: bool, int, str, datetime (UTC), date, timedelta, list, None for null, or UNKNOWN.

        `variables` maps the roots to values; fields are read from mappings or attributes, an absent field is null. A
        value of another type than declared (a float, a naive datetime) makes UNKNOWN what needs it, and never raises.
        """
        return self._run(variables)

    def holds(self, variables: Mapping[str, Any]) -> bool:
        """Whether the condition is true; false and unknown are not."""
        return self._run(variables) is True

    def to_sql(
        self,
        dialect: str,
        columns: Mapping[str, str],
        constants: Mapping[str, Any] = NOTHING,
        *,
        condition: bool = False,
    ) -> str:
        """SQL for "postgres" or "duckdb" whose value agrees with `evaluate`, NULL for null and unknown.

        `columns` gives the SQL of each dotted variable, trusted text (`{"row.branch": "p.branch"}`); `constants` binds
        roots to values now (`{"viewer": viewer}`). With `condition`, the SQL is only to be tested for truth (WHERE, ON,
        FILTER): shorter, and served by indexes. Durations are read from interval columns and given in microseconds;
        maps are jsonb (PostgreSQL) or JSON (DuckDB). Raises KeyError for a variable without column or constant.
        """
        from hutong.platform.cel.sql import Translator
        from hutong.platform.cel.sql_truth import truth

        to = Translator(dialect, columns, constants)
        made = truth(to, self.tree) if condition else to.value(self.tree)
        return str(made.sql(dialect=dialect))

    def to_clause(self, columns: Mapping[str, str], constants: Mapping[str, Any] = NOTHING) -> "ColumnElement[bool]":
        """The condition for SQLAlchemy on PostgreSQL, to be used as any other clause (no bind marks are read in it)."""
        from sqlalchemy import Boolean, literal_column

        return literal_column(f"({self.to_sql('postgres', columns, constants, condition=True)})", Boolean)

    def explain(self, locale: str, labels: Mapping[str, str] = NOTHING) -> str:
        """The expression as a sentence; `labels` give variables (`event.duration`) their business names."""
        from hutong.platform.cel.sentence import Sentences

        return Sentences(locale, labels, self.environment.timezone).say(self.tree)

    def explain_result(
        self, variables: Mapping[str, Any], locale: str, labels: Mapping[str, str] = NOTHING
    ) -> "Result":
        """XP-02: which of its conditions held on this object, with which values."""
        from hutong.platform.cel.sentence import Sentences

        return Sentences(locale, labels, self.environment.timezone).result(self.tree, variables)


@lru_cache(maxsize=4096)
def parse(source: str, environment: Environment, *, expects: str | Type | None = None) -> Expression:
    """Read and check an expression. `expects` names the type it must have ("bool" for a condition).

    Raises ExpressionError (422) with line and column and how to mend it.
    """
    tree = Checker(environment).value(syntax_tree(source))
    if expects is not None and tree.type != type_of(expects):
        raise ExpressionError("result-type", tree.at, expected=str(type_of(expects)), found=str(tree.type))
    return Expression(source, environment, tree)


def parse_condition(source: str, environment: Environment) -> Expression:
    """Read and check an expression that must be a condition (bool)."""
    return parse(source, environment, expects=BOOL)
