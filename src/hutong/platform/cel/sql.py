"""Translation to SQL for PostgreSQL and DuckDB, built and quoted by SQLGlot. The SQL agrees with `evaluate` and never raises.

NULL stands for both null and unknown; where null is a value (`==`, `in`, `? :`) the two are told apart by `unknown`.
"""

from collections.abc import Mapping
from typing import Any
from typing import cast as typed

from sqlglot import exp

from hutong.platform.cel import sql_arithmetic
from hutong.platform.cel import sql_parts as sql
from hutong.platform.cel.evaluate import compile_node
from hutong.platform.cel.sql_parts import Sql, paren
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
    can_be_null,
    walk,
)
from hutong.platform.cel.types import BOOL, NULL
from hutong.platform.cel.unknown import UNKNOWN

ORDERINGS = {"<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
ITEM = "hutong_item"
"""Column of the element inside `exists` and `all`."""


class Translator:
    """Translates typed nodes for one dialect; `constants` bind whole variables, as `viewer`, at translation time."""

    def __init__(self, dialect: str, columns: Mapping[str, str], constants: Mapping[str, Any]) -> None:
        if dialect not in sql.DIALECTS:
            raise ValueError(f"no such SQL dialect: {dialect}")
        self.dialect = dialect
        self.columns = columns
        self.constants = constants
        self.items: dict[str, Sql] = {}
        self.arithmetic = sql_arithmetic.Integers(dialect, self.value, self.known)

    def known(self, node: Node) -> tuple[bool, Any]:
        """Whether a node needs no column, and then its value."""
        for part in walk(node):
            if isinstance(part, Local) or (isinstance(part, Variable) and part.path[0] not in self.constants):
                return False, None
        return True, compile_node(node)(self.constants)

    # Three-valued: exactly the value, NULL for null and unknown

    def value(self, node: Node) -> Sql:
        """The value of a node."""
        constant, value = self.known(node)
        if constant:
            return sql.literal(value, node.type)
        match node:
            case Variable():
                return self.variable(node)
            case Local():
                return self.items[node.name].copy()
            case ListOf():
                return self.list_of(node)
            case Not():
                return exp.Not(this=paren(self.value(node.part)))
            case Logic():
                connector = exp.And if node.operator == "&&" else exp.Or
                return sql.joined(connector, [self.grouped(part) for part in node.parts])
            case Compare():
                return self.compare(node)
            case Arithmetic():
                return self.arithmetic.operation(node)
            case Choice():
                return self.choice(node, self.value(node.yes), self.value(node.no))
            case Membership():
                return self.membership(node)
            case Lookup():
                return self.lookup(node)
            case Present():
                return self.present(node)
            case Call():
                return self.call(node)
            case Matches():
                return self.matches(node)
            case Quantified():
                return self.quantified(node)
        raise TypeError(type(node).__name__)

    def grouped(self, node: Node) -> Sql:
        made = self.value(node)
        return exp.Paren(this=made) if isinstance(made, exp.Connector) else made

    def variable(self, node: Variable) -> Sql:
        if node.name not in self.columns:
            raise KeyError(f"no column given for {node.name}")
        column = sql.column(self.columns[node.name], self.dialect).copy()
        return sql.micros_of_interval(column, self.dialect) if node.type.name == "duration" else column

    def list_of(self, node: ListOf) -> Sql:
        items = exp.Array(expressions=[self.value(item) for item in node.items])
        unknown = sql.either(*(self.unknown(item) for item in node.items))
        made = sql.cast(items, sql.sql_type(node.type))
        return made if unknown == sql.FALSE else sql.case((unknown, sql.null(node.type)), default=made)

    def choice(self, node: Choice, yes: Sql, no: Sql) -> Sql:
        chosen = [exp.If(this=exp.true(), true=yes), exp.If(this=exp.false(), true=no)]
        return exp.Case(this=paren(self.value(node.condition)), ifs=chosen)

    def unknown(self, node: Node) -> Sql:
        """A two-valued condition: whether the node is unknown (null as a value is not)."""
        constant, value = self.known(node)
        if constant:
            return exp.true() if value is UNKNOWN else exp.false()
        if not can_be_null(node):
            return sql.is_null(self.value(node))
        if isinstance(node, Choice):
            branches = exp.Case(
                this=paren(self.value(node.condition)),
                ifs=[
                    exp.If(this=exp.true(), true=self.unknown(node.yes)),
                    exp.If(this=exp.false(), true=self.unknown(node.no)),
                ],
                default=exp.true(),
            )
            return branches
        return exp.false()

    def never_null(self, node: Node) -> bool:
        """Whether the node is certainly a plain value."""
        constant, value = self.known(node)
        return constant and value is not None and value is not UNKNOWN

    def compare(self, node: Compare) -> Sql:
        if node.operator in ORDERINGS:
            left, right = self.value(node.left), self.value(node.right)
            if node.left.type.name == "string" and self.dialect == "postgres":
                left = exp.Collate(this=paren(left), expression=exp.to_identifier("C", quoted=True))
            return ORDERINGS[node.operator](this=paren(left), expression=paren(right))
        made = self.equality(node.left, node.right)
        return made if node.operator == "==" else _negated(made)

    def equality(self, left: Node, right: Node) -> Sql:
        """Null-safe equality, NULL where a side is unknown."""
        a, b = self.value(left), self.value(right)
        if not can_be_null(left) and not can_be_null(right):
            return exp.EQ(this=paren(a), expression=paren(b))
        unknown = sql.either(self.unknown(left), self.unknown(right))
        same = self.same(left, a, right, b)
        return same if unknown == sql.FALSE else sql.case((unknown, sql.null(BOOL)), default=same)

    def same(self, left: Node, a: Sql, right: Node, b: Sql) -> Sql:
        for node, other in ((left, b), (right, a)):
            constant, value = self.known(node)
            if constant and (value is None or value is UNKNOWN):
                return sql.is_null(other)
        return exp.NullSafeEQ(this=paren(a), expression=paren(b))

    def membership(self, node: Membership) -> Sql:
        constant, value = self.known(node.items)
        if constant:
            return self.among_values(node.item, value, node.items)
        if isinstance(node.items, ListOf):
            unknown = sql.either(self.unknown(node.item), *(self.unknown(part) for part in node.items.items))
            item = self.value(node.item)
            same = [self.same(node.item, item.copy(), part, self.value(part)) for part in node.items.items]
            made = sql.joined(exp.Or, same) if same else exp.false()
            return made if unknown == sql.FALSE else sql.case((unknown, sql.null(BOOL)), default=made)
        items = self.value(node.items)
        finder = "ARRAY_POSITION" if self.dialect == "postgres" else "LIST_POSITION"
        position = sql.call(finder, items, self.typed_value(node.item, node.items))
        unknown = sql.either(sql.is_null(items.copy()), self.unknown(node.item))
        found = exp.Not(this=exp.Paren(this=sql.is_null(position)))
        return sql.case((unknown, sql.null(BOOL)), default=found)

    def typed_value(self, item: Node, items: Node) -> Sql:
        inner = items.type.item or NULL
        return sql.cast(self.value(item), sql.sql_type(inner))

    def among_values(self, item: Node, values: Any, items: Node) -> Sql:
        if values is None or values is UNKNOWN:
            return sql.null(BOOL)
        wanted = [sql.literal(value, items.type.item or NULL) for value in values if value is not None]
        made = self.value(item)
        found = exp.In(this=paren(made), expressions=wanted) if wanted else exp.false()
        if can_be_null(item):
            found = exp.Coalesce(this=found, expressions=[exp.false()]) if wanted else found
            if None in values:
                found = sql.joined(exp.Or, [sql.is_null(made.copy()), found])
            unknown = self.unknown(item)
            return found if unknown == sql.FALSE else sql.case((unknown, sql.null(BOOL)), default=found)
        return found if wanted else sql.case((sql.is_null(made), sql.null(BOOL)), default=exp.false())

    def lookup(self, node: Lookup) -> Sql:
        owner = self.value(node.map)
        if self.dialect == "duckdb":
            path = exp.Literal.string(f'$."{node.key}"')
            kind, text = sql.call("JSON_TYPE", owner, path), sql.call("JSON_EXTRACT_STRING", owner.copy(), path.copy())
            kinds = {"string": ["VARCHAR"], "bool": ["BOOLEAN"], "int": ["BIGINT", "UBIGINT"]}[node.type.name]
            value: Sql = exp.TryCast(this=text, to=exp.DataType.build(sql.TYPES[node.type.name]))
        else:
            key = exp.Literal.string(node.key)
            inner = exp.Paren(this=sql.call("JSONB_EXTRACT_PATH", owner, key))
            kind, text = (
                sql.call("JSONB_TYPEOF", inner.this),
                sql.call("JSONB_EXTRACT_PATH_TEXT", owner.copy(), key.copy()),
            )
            kinds = {"string": ["string"], "bool": ["boolean"], "int": ["number"]}[node.type.name]
            value = text if node.type.name == "string" else sql.cast(text, sql.TYPES[node.type.name])
            if node.type.name == "int":
                whole = exp.RegexpLike(this=text.copy(), expression=exp.Literal.string("^-?[0-9]{1,30}$"))
                wide = sql.within(sql.cast(text.copy(), "DECIMAL"), sql.INT_BOUNDS)
                value = sql.case((whole, sql.cast(wide, "BIGINT")))
        return sql.case((exp.In(this=kind, expressions=[exp.Literal.string(name) for name in kinds]), value))

    def present(self, node: Present) -> Sql:
        return exp.Not(this=exp.Paren(this=sql.is_null(self.value(node.target))))

    def call(self, node: Call) -> Sql:
        made = sql.fill(node.function.template(self.dialect), self.dialect, [self.argument(a) for a in node.arguments])
        return sql.cast(made, "BIGINT") if node.type.name == "int" else made

    def argument(self, node: Node) -> Sql:
        """An argument with its type: a bare NULL or literal has none in SQL."""
        made = self.value(node)
        return sql.cast(made, "TEXT") if isinstance(made, exp.Literal) and made.is_string else made

    def matches(self, node: Matches) -> Sql:
        return exp.RegexpLike(this=paren(self.value(node.text)), expression=exp.Literal.string(node.pattern.portable))

    # exists and all

    def quantified(self, node: Quantified) -> Sql:
        constant, values = self.known(node.items)
        if constant or isinstance(node.items, ListOf):
            return self.expanded(node, values if constant else None)
        items = self.value(node.items)
        rows, body = self.unnested(node, items)
        held = exp.select(exp.alias_(body, "held")).from_(rows).subquery("each_item")
        column = exp.column("held", table="each_item")
        decides = column if node.kind == "exists" else exp.Not(this=column)
        outcome = sql.case(
            (sql.call("BOOL_OR", decides), exp.true() if node.kind == "exists" else exp.false()),
            (sql.call("BOOL_OR", sql.is_null(column.copy())), sql.null(BOOL)),
            default=exp.false() if node.kind == "exists" else exp.true(),
        )
        folded = exp.select(outcome).from_(held).subquery()
        return sql.case((sql.is_null(items.copy()), sql.null(BOOL)), default=folded)

    def unnested(self, node: Quantified, items: Sql, *, truth: bool = False) -> tuple[Sql, Sql]:
        table = f"item_{len(self.items)}"
        alias = exp.TableAlias(this=exp.to_identifier(table), columns=[exp.to_identifier(ITEM)])
        rows = exp.Unnest(expressions=[items], alias=alias)
        self.items[node.local] = exp.column(ITEM, table=table)
        body = self.truth(node.body) if truth else self.value(node.body)
        del self.items[node.local]
        return rows, body

    def expanded(self, node: Quantified, values: Any, *, truth: bool = False) -> Sql:
        """Over a list known now: one condition per element."""
        if not isinstance(node.items, ListOf) or values is not None:
            if values is None or values is UNKNOWN:
                return sql.null(BOOL)
            inner = node.items.type.item or NULL
            parts: tuple[Node, ...] = tuple(Constant(inner, node.at, value) for value in values)
        else:
            parts = node.items.items
        translate = self.truth if truth else self.grouped
        bodies = [paren(translate(_with_item(node.body, node.local, part))) for part in parts]
        if not bodies:
            return exp.false() if node.kind == "exists" else exp.true()
        made = sql.joined(exp.Or if node.kind == "exists" else exp.And, bodies)
        unknown = sql.either(*(self.unknown(part) for part in parts))
        return made if unknown == sql.FALSE else sql.case((unknown, sql.null(BOOL)), default=made)

    # Two-valued: only whether it is true, so that plain comparisons remain and indexes serve them

    def truth(self, node: Node) -> Sql:
        """A condition that is true exactly where the node is true; elsewhere false or NULL."""
        constant, value = self.known(node)
        if constant:
            return exp.true() if value is True else exp.false()
        match node:
            case Logic():
                connector = exp.And if node.operator == "&&" else exp.Or
                parts = [self.truth(part) for part in node.parts]
                return sql.joined(connector, _without_neutral(parts, connector))
            case Compare(operator="=="):
                return self.true_equality(node.left, node.right)
            case Membership():
                return self.true_membership(node)
            case Quantified():
                known, values = self.known(node.items)
                if known or isinstance(node.items, ListOf):
                    return self.expanded(node, values, truth=True)
                if node.kind == "exists":
                    rows, body = self.unnested(node, self.value(node.items), truth=True)
                    return exp.Exists(this=exp.select("1").from_(rows).where(body))
        return self.value(node)

    def true_equality(self, left: Node, right: Node) -> Sql:
        if self.never_null(left) or self.never_null(right) or not (can_be_null(left) and can_be_null(right)):
            return exp.EQ(this=paren(self.value(left)), expression=paren(self.value(right)))
        return self.equality(left, right)

    def true_membership(self, node: Membership) -> Sql:
        constant, values = self.known(node.items)
        if constant and isinstance(values, list) and values and None not in values:
            wanted = [sql.literal(value, node.items.type.item or NULL) for value in values]
            return exp.In(this=paren(self.value(node.item)), expressions=wanted)
        if not constant and not isinstance(node.items, ListOf) and self.never_null(node.item):
            item = self.typed_value(node.item, node.items)
            if self.dialect == "postgres":
                return exp.EQ(this=item, expression=sql.call("ANY", self.value(node.items)))
            return sql.call("LIST_CONTAINS", self.value(node.items), item)
        return self.membership(node)


def _negated(made: Sql) -> Sql:
    """NOT, written as the opposite operator where there is one."""
    match made:
        case exp.EQ():
            return exp.NEQ(this=made.this, expression=made.expression)
        case exp.NullSafeEQ():
            return exp.NullSafeNEQ(this=made.this, expression=made.expression)
        case exp.Is():
            return exp.Not(this=exp.Paren(this=made))
    return exp.Not(this=paren(made))


def _without_neutral(parts: list[Sql], connector: type[exp.Connector]) -> list[Sql]:
    neutral, deciding = (sql.TRUE, sql.FALSE) if connector is exp.And else (sql.FALSE, sql.TRUE)
    if deciding in parts:
        return [deciding.copy()]
    return [part for part in parts if part != neutral] or [neutral.copy()]


def _with_item(node: Node, local: str, item: Node) -> Node:
    """The body with the element in place of its name."""
    from dataclasses import fields, replace

    if isinstance(node, Local) and node.name == local:
        return item
    changes: dict[str, Any] = {}
    for member in fields(node):
        value = getattr(node, member.name)
        if isinstance(value, Node):
            changes[member.name] = _with_item(value, local, item)
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            changes[member.name] = tuple(_with_item(typed(Node, part), local, item) for part in value)
    return replace(node, **changes) if changes else node
