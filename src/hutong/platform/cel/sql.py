"""Translation to SQL for PostgreSQL and DuckDB, built and quoted by SQLGlot: agrees with `evaluate`, never raises.

NULL stands for both null and unknown; where null is a value (`==`, `in`, `? :`) the two are told apart by `unknown`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from hutong.platform.cel import sql_arithmetic, sql_json, sql_lists
from hutong.platform.cel import sql_parts as sql
from hutong.platform.cel.evaluate import compile_node
from hutong.platform.cel.sql_parts import Sql, paren
from hutong.platform.cel.syntax import (
    Arithmetic,
    Call,
    Choice,
    Compare,
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
    can_be_null,
    walk,
)
from hutong.platform.cel.types import BOOL
from hutong.platform.cel.unknown import UNKNOWN

ORDERINGS: dict[str, type[exp.Binary]] = {"<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}


class Translator:
    """Translates typed nodes for one dialect; `constants` bind whole roots, as `viewer`, at translation time."""

    def __init__(self, dialect: str, columns: Mapping[str, str], constants: Mapping[str, Any]) -> None:
        if dialect not in sql.DIALECTS:
            raise ValueError(f"no such SQL dialect: {dialect}")
        self.dialect, self.columns, self.constants = dialect, columns, constants
        self.items: dict[str, Sql] = {}
        """Columns of the elements inside `exists` and `all`."""
        self.arithmetic = sql_arithmetic.Integers(dialect, self.value, self.known)

    def known(self, node: Node) -> tuple[bool, Any]:
        """Whether a node needs no column, and then its value."""
        for part in walk(node):
            if isinstance(part, Local) or (isinstance(part, Variable) and part.path[0] not in self.constants):
                return False, None
        return True, compile_node(node)(self.constants)

    def never_null(self, node: Node) -> bool:
        """Whether the node is certainly a plain value."""
        constant, value = self.known(node)
        return constant and value is not None and value is not UNKNOWN

    def value(self, node: Node) -> Sql:
        """The value of a node: exactly, in three-valued logic."""
        constant, value = self.known(node)
        return sql.literal(value, node.type) if constant else _TRANSLATE[type(node)](self, node)

    def unknown(self, node: Node) -> Sql:
        """A two-valued condition: whether the node is unknown (null as a value is not)."""
        constant, value = self.known(node)
        if constant:
            return exp.true() if value is UNKNOWN else exp.false()
        if not can_be_null(node):
            return sql.is_null(self.value(node))
        if isinstance(node, Choice):
            return self.branches(node, self.unknown(node.yes), self.unknown(node.no), exp.true())
        return exp.false()

    def unless_unknown(self, nodes: list[Node], made: Sql) -> Sql:
        """The SQL, but NULL where one of the nodes is unknown."""
        unknown = sql.either(*(self.unknown(node) for node in nodes))
        return made if unknown == sql.FALSE else sql.case((unknown, sql.null(BOOL)), default=made)

    def variable(self, node: Variable) -> Sql:
        if node.name not in self.columns:
            raise KeyError(f"no column given for {node.name}")
        column = sql.column(self.columns[node.name], self.dialect).copy()
        return sql.micros_of_interval(column, self.dialect) if node.type.name == "duration" else column

    def local(self, node: Local) -> Sql:
        return self.items[node.name].copy()

    def list_of(self, node: ListOf) -> Sql:
        made = sql.cast(exp.Array(expressions=[self.value(item) for item in node.items]), sql.sql_type(node.type))
        unknown = sql.either(*(self.unknown(item) for item in node.items))
        return made if unknown == sql.FALSE else sql.case((unknown, sql.null(node.type)), default=made)

    def negation(self, node: Not) -> Sql:
        return exp.Not(this=paren(self.value(node.part)))

    def logic(self, node: Logic) -> Sql:
        return sql.joined(exp.And if node.operator == "&&" else exp.Or, [self.value(part) for part in node.parts])

    def arithmetical(self, node: Arithmetic) -> Sql:
        return self.arithmetic.operation(node)

    def choice(self, node: Choice) -> Sql:
        return self.branches(node, self.value(node.yes), self.value(node.no))

    def branches(self, node: Choice, yes: Sql, no: Sql, default: Sql | None = None) -> Sql:
        chosen = [exp.If(this=exp.true(), true=yes), exp.If(this=exp.false(), true=no)]
        return exp.Case(this=paren(self.value(node.condition)), ifs=chosen, default=default)

    def compare(self, node: Compare) -> Sql:
        if node.operator not in ORDERINGS:
            made = self.equality(node.left, node.right)
            return made if node.operator == "==" else sql.negated(made)
        left, right = paren(self.value(node.left)), paren(self.value(node.right))
        if node.left.type.name == "string" and self.dialect == "postgres":
            left = paren(exp.Collate(this=left, expression=exp.to_identifier("C", quoted=True)))
        return ORDERINGS[node.operator](this=left, expression=right)

    def equality(self, left: Node, right: Node) -> Sql:
        """Null-safe equality, NULL where a side is unknown."""
        if not can_be_null(left) and not can_be_null(right):
            return exp.EQ(this=paren(self.value(left)), expression=paren(self.value(right)))
        return self.unless_unknown([left, right], self.same(left, right))

    def same(self, left: Node, right: Node) -> Sql:
        """Null-safe equality of sides that are not unknown."""
        for node, other in ((left, right), (right, left)):
            constant, value = self.known(node)
            if constant and (value is None or value is UNKNOWN):
                return sql.is_null(self.value(other))
        return exp.NullSafeEQ(this=paren(self.value(left)), expression=paren(self.value(right)))

    def membership(self, node: Membership) -> Sql:
        return sql_lists.membership(self, node)

    def quantified(self, node: Quantified) -> Sql:
        return sql_lists.quantified(self, node)

    def lookup(self, node: Lookup) -> Sql:
        return sql_json.entry(self.value(node.map), node.key, node.type, self.dialect)

    def present(self, node: Present) -> Sql:
        return sql.negated(sql.is_null(self.value(node.target)))

    def call(self, node: Call) -> Sql:
        arguments = [self.value(part) for part in node.arguments]
        made = sql.fill(node.function.template(self.dialect), self.dialect, arguments)
        return sql.cast(made, "BIGINT") if node.type.name == "int" else made

    def matches(self, node: Matches) -> Sql:
        pattern = exp.Literal.string(node.pattern.portable)
        return exp.RegexpLike(this=paren(self.value(node.text)), expression=pattern)


_TRANSLATE: dict[type[Node], Callable[[Translator, Any], Sql]] = {
    Variable: Translator.variable,
    Local: Translator.local,
    ListOf: Translator.list_of,
    Not: Translator.negation,
    Logic: Translator.logic,
    Compare: Translator.compare,
    Arithmetic: Translator.arithmetical,
    Choice: Translator.choice,
    Membership: Translator.membership,
    Lookup: Translator.lookup,
    Present: Translator.present,
    Call: Translator.call,
    Matches: Translator.matches,
    Quantified: Translator.quantified,
}
