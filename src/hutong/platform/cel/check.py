"""Lark tree to typed tree: declares what each name means, checks every type, and refuses what SQL could not repeat."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, cast

from lark import Token, Tree

from hutong.platform.cel import literals
from hutong.platform.cel.errors import ExpressionError
from hutong.platform.cel.parsing import place, text_of
from hutong.platform.cel.patterns import PatternError, read_pattern
from hutong.platform.cel.standard import FUNCTIONS
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
    Place,
    Present,
    Quantified,
    Variable,
)
from hutong.platform.cel.types import (
    BOOL,
    DURATION,
    INT,
    INT_MAX,
    INT_MIN,
    MONEY,
    NULL,
    ORDERED,
    SCALARS,
    STRING,
    TIMESTAMP,
    Environment,
    Type,
    list_of,
)

MAX_DEPTH = 60
OPERATORS = {
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "eq": "==",
    "ne": "!=",
    "in": "in",
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "mod": "%",
}
RESULTS: dict[tuple[str, str, str], Type] = {
    **{(operator, "int", "int"): INT for operator in "+-*/%"},
    ("+", "string", "string"): STRING,
    ("+", "duration", "duration"): DURATION,
    ("-", "duration", "duration"): DURATION,
    ("+", "timestamp", "duration"): TIMESTAMP,
    ("+", "duration", "timestamp"): TIMESTAMP,
    ("-", "timestamp", "duration"): TIMESTAMP,
    ("-", "timestamp", "timestamp"): DURATION,
}
"""Result type of (operator, left, right)."""

UNSUPPORTED = {
    "FLOAT_LIT": "double",
    "UINT_LIT": "uint",
    "BYTES_LIT": "bytes",
    "map_lit": "map-literal",
    "member_object": "message",
    "dot_ident": "root-name",
    "dot_ident_arg": "root-name",
}
MACROS = {"map", "filter", "exists_one", "existsOne", "reduce", "sortBy"}

Part = Tree[Token] | Token


class Checker:
    """Turns one Lark tree into typed nodes."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.locals: dict[str, Type] = {}
        self.depth = 0

    def node(self, part: Part) -> Node:
        """The typed node of a part of the tree; parts that only wrap one other are passed through."""
        while isinstance(part, Tree) and len(part.children) == 1 and part.data in _WRAPPERS:
            part = part.children[0]
        if isinstance(part, Token):
            return self.literal(part)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("too-deep", place(part), limit=str(MAX_DEPTH))
        if part.data in UNSUPPORTED:
            raise ExpressionError(f"unsupported-{UNSUPPORTED[part.data]}", place(part))
        made = cast(Callable[[Tree[Token]], Node], getattr(self, f"on_{part.data}"))(part)
        self.depth -= 1
        return made

    def literal(self, token: Token) -> Node:
        if token.type in UNSUPPORTED:
            raise ExpressionError(f"unsupported-{UNSUPPORTED[token.type]}", place(token), found=str(token))
        if token.type in ("STRING_LIT", "MLSTRING_LIT"):
            return Constant(STRING, place(token), text_of(token))
        if token.type == "BOOL_LIT":
            return Constant(BOOL, place(token), str(token) == "true")
        if token.type == "NULL_LIT":
            return Constant(NULL, place(token), None)
        number = int(token, 16) if "0x" in token else int(token)
        if not INT_MIN <= number <= INT_MAX:
            raise ExpressionError("literal-int", place(token), found=str(token))
        return Constant(INT, place(token), number)

    # Names

    def on_ident(self, tree: Tree[Token]) -> Node:
        token = cast(Token, tree.children[0])
        name = str(token)
        if name in self.locals:
            return Local(self.locals[name], place(token), name)
        declared = self.environment.variables
        if name not in declared:
            known = ", ".join([*self.locals, *declared])
            raise ExpressionError("unknown-variable", place(token), name=name, known=known)
        return Variable(declared[name], place(token), (name,))

    def on_member_dot(self, tree: Tree[Token]) -> Node:
        owner, field = self.node(tree.children[0]), cast(Token, tree.children[1])
        return self.select(owner, str(field), place(field))

    def on_member_index(self, tree: Tree[Token]) -> Node:
        owner, key = (self.node(child) for child in tree.children)
        if not (isinstance(key, Constant) and isinstance(key.value, str)) or owner.type.name not in ("map", "object"):
            raise ExpressionError("unsupported-index", key.at, type=str(owner.type))
        return self.select(owner, key.value, key.at)

    def select(self, owner: Node, field: str, at: Place) -> Node:
        if owner.type.name == "map" and owner.type.item:
            if not literals.is_plain_key(field):
                raise ExpressionError("map-key", at, found=field)
            return Lookup(owner.type.item, owner.at, owner, field)
        fields = dict(owner.type.fields)
        if not isinstance(owner, Variable) or field not in fields:
            known = ", ".join(fields) or "-"
            raise ExpressionError("unknown-field", at, name=field, type=str(owner.type), known=known)
        return Variable(fields[field], owner.at, (*owner.path, field))

    def value(self, part: Part) -> Node:
        """A node that is a value: an object is only ever a way to its fields."""
        made = self.node(part)
        if made.type.name == "object":
            known = ", ".join(name for name, _ in made.type.fields)
            raise ExpressionError("whole-object", made.at, name=cast(Variable, made).name, known=known)
        return made

    # Operators

    def on_expr(self, tree: Tree[Token]) -> Node:
        condition, yes, no = (self.value(child) for child in tree.children)
        self.expect(condition, BOOL, "? :")
        joined, (yes, no) = self.join([yes, no], "? :")
        return Choice(joined, condition.at, condition, yes, no)

    def on_conditionalor(self, tree: Tree[Token]) -> Node:
        return self.logic(tree, "||")

    def on_conditionaland(self, tree: Tree[Token]) -> Node:
        return self.logic(tree, "&&")

    def logic(self, tree: Tree[Token], operator: Literal["&&", "||"]) -> Node:
        rights: list[Part] = []
        left: Part = tree
        while isinstance(left, Tree) and left.data == tree.data and len(left.children) == 2:
            rights.append(left.children[1])
            left = left.children[0]
        parts = tuple(self.value(part) for part in (left, *reversed(rights)))
        for part in parts:
            self.expect(part, BOOL, operator)
        return Logic(BOOL, parts[0].at, operator, parts)

    def on_relation(self, tree: Tree[Token]) -> Node:
        operator, left, right = self.operands(tree)
        if operator == "in":
            return self.membership(left, right)
        if operator not in ("==", "!=") and NULL in (left.type, right.type):
            raise ExpressionError("not-comparable", right.at, operator=operator, type="null")
        joined, (left, right) = self.join([left, right], operator)
        comparable = (*SCALARS, NULL) if operator in ("==", "!=") else ORDERED
        is_null_test = isinstance(right, Constant) and right.value is None
        if joined not in comparable and not (operator in ("==", "!=") and is_null_test):
            raise ExpressionError("not-comparable", right.at, operator=operator, type=str(joined))
        return Compare(BOOL, left.at, cast(Any, operator), left, right)

    def membership(self, item: Node, items: Node) -> Node:
        if items.type.name == "map" and isinstance(item, Constant) and isinstance(item.value, str):
            return Present(BOOL, item.at, self.select(items, item.value, item.at))
        inner = items.type.item
        if items.type.name != "list" or inner is None:
            raise ExpressionError("type", items.at, operator="in", expected="list", found=str(items.type))
        if item.type not in (inner, NULL) and inner != NULL:
            raise ExpressionError("type", item.at, operator="in", expected=str(inner), found=str(item.type))
        if item.type.money and isinstance(items, ListOf):
            items = ListOf(list_of(MONEY), items.at, tuple(as_money(part) for part in items.items))
        return Membership(BOOL, item.at, typed_null(item, inner), items)

    def on_addition(self, tree: Tree[Token]) -> Node:
        operator, left, right = self.operands(tree)
        return arithmetic(operator, left, right)

    on_multiplication = on_addition

    def operands(self, tree: Tree[Token]) -> tuple[str, Node, Node]:
        head = cast(Tree[Token], tree.children[0])
        operator = OPERATORS[head.data.rpartition("_")[2]]
        return operator, self.value(head.children[0]), self.value(tree.children[1])

    def on_unary(self, tree: Tree[Token]) -> Node:
        sign, part = cast(Tree[Token], tree.children[0]), self.value(tree.children[1])
        at = place(tree)
        if sign.data == "unary_not":
            self.expect(part, BOOL, "!")
            return Not(BOOL, at, part)
        self.expect(part, INT, "-")
        return arithmetic("-", Constant(part.type, at, 0), part)

    def on_list_lit(self, tree: Tree[Token]) -> Node:
        parts = [self.value(part) for part in arguments_of(tree, 0)]
        if not parts:
            return ListOf(list_of(NULL), place(tree), ())
        joined, parts = self.join(parts, "[ ]")
        if joined not in (*SCALARS, NULL):
            raise ExpressionError("type", parts[0].at, operator="[ ]", expected="scalar", found=str(joined))
        return ListOf(list_of(joined), place(tree), tuple(parts))

    # Functions

    def on_ident_arg(self, tree: Tree[Token]) -> Node:
        token = cast(Token, tree.children[0])
        parts = arguments_of(tree, 1)
        name, at = str(token), place(token)
        if name == "has":
            return self.presence(parts, at)
        if name in literals.CONSTRUCTORS and len(parts) == 1:
            argument = self.value(parts[0])
            if isinstance(argument, Constant) and argument.type == STRING:
                return literals.construct(name, argument)
        return self.call(name, at, [self.value(part) for part in parts])

    def on_member_dot_arg(self, tree: Tree[Token]) -> Node:
        token = cast(Token, tree.children[1])
        parts = arguments_of(tree, 2)
        name, at = str(token), place(token)
        if name in MACROS:
            raise ExpressionError("unsupported-macro", at, name=name)
        owner = self.value(tree.children[0])
        if name in ("exists", "all"):
            return self.quantified(cast(Literal["exists", "all"], name), owner, parts, at)
        if name == "matches" and len(parts) == 1:
            return self.matches(owner, self.value(parts[0]))
        return self.call(name, at, [owner, *(self.value(part) for part in parts)])

    def call(self, name: str, at: Place, arguments: list[Node]) -> Node:
        if name not in FUNCTIONS:
            raise ExpressionError("unknown-function", at, name=name, known=", ".join(sorted(FUNCTIONS)))
        for function in FUNCTIONS[name]:
            given = list(arguments)
            if function.calendar:
                given = literals.with_zone(given, self.environment.timezone, len(function.parameters))
            result = function.accepts(tuple(part.type for part in given))
            if result is not None:
                given = [typed_null(part, function.parameter(i, result)) for i, part in enumerate(given)]
                return Call(result, given[0].at if given else at, function, tuple(given))
        found = ", ".join(str(part.type) for part in arguments)
        accepted = "; ".join(", ".join(map(str, f.parameters)) for f in FUNCTIONS[name])
        raise ExpressionError("arguments", at, name=name, found=found, expected=accepted)

    def presence(self, parts: list[Part], at: Place) -> Node:
        target = self.value(parts[0]) if len(parts) == 1 else None
        if isinstance(target, Lookup) or (isinstance(target, Variable) and len(target.path) > 1):
            return Present(BOOL, at, target)
        raise ExpressionError("has", at)

    def matches(self, text: Node, pattern: Node) -> Node:
        self.expect(text, STRING, "matches")
        if not isinstance(pattern, Constant) or not isinstance(pattern.value, str):
            raise ExpressionError("pattern-literal", pattern.at)
        try:
            return Matches(BOOL, text.at, text, read_pattern(pattern.value))
        except PatternError as refused:
            position = str(refused.offset + 1)
            raise ExpressionError("pattern", pattern.at, found=refused.found, position=position) from None

    def quantified(self, kind: Literal["exists", "all"], items: Node, parts: list[Part], at: Place) -> Node:
        name = literals.local_name(parts[0]) if len(parts) == 2 else None
        if items.type.name != "list" or items.type.item is None or name is None:
            raise ExpressionError("quantifier", at, name=kind)
        if name in self.locals or name in self.environment.variables:
            raise ExpressionError("name-taken", place(parts[0]), name=name)
        self.locals[name] = items.type.item
        body = self.value(parts[1])
        del self.locals[name]
        self.expect(body, BOOL, kind)
        return Quantified(BOOL, items.at, kind, name, items, body)

    # Types

    def expect(self, node: Node, wanted: Type, operator: str) -> None:
        if node.type != wanted:
            raise ExpressionError("type", node.at, operator=operator, expected=str(wanted), found=str(node.type))

    def join(self, nodes: list[Node], operator: str) -> tuple[Type, list[Node]]:
        """The one type of several nodes; null fits any, and numbers beside money are money."""
        joined = next((node.type for node in nodes if node.type != NULL), NULL)
        for node in nodes:
            if node.type not in (joined, NULL):
                raise ExpressionError("type", node.at, operator=operator, expected=str(joined), found=str(node.type))
        if joined == INT and any(node.type.money for node in nodes):
            return MONEY, [as_money(typed_null(node, MONEY)) for node in nodes]
        return joined, [typed_null(node, joined) for node in nodes]


def arithmetic(operator: str, left: Node, right: Node) -> Node:
    """A typed arithmetic node; money plus a number is money."""
    result = RESULTS.get((operator, left.type.name, right.type.name))
    if result is None:
        found = f"{left.type} {operator} {right.type}"
        raise ExpressionError("operator", right.at, operator=operator, found=found)
    if result == INT and (left.type.money or right.type.money):
        result = MONEY
        if operator in "+-":
            left, right = as_money(left), as_money(right)
    return Arithmetic(result, left.at, cast(Any, operator), left, right)


def as_money(node: Node) -> Node:
    """A number written beside money is an amount in micros too."""
    return Constant(MONEY, node.at, node.value) if isinstance(node, Constant) and node.type == INT else node


def typed_null(node: Node, wanted: Type) -> Node:
    """A null takes the type of what it stands beside: engines have no null without a type."""
    if node.type != NULL or wanted == NULL:
        return node
    if isinstance(node, Choice):
        yes, no = typed_null(node.yes, wanted), typed_null(node.no, wanted)
        return Choice(wanted, node.at, node.condition, yes, no)
    return replace(node, type=wanted)


def arguments_of(tree: Tree[Token], index: int) -> list[Part]:
    """The expressions of an optional `exprlist` child."""
    if len(tree.children) <= index:
        return []
    return cast(Tree[Token], tree.children[index]).children


_WRAPPERS = {
    "expr",
    "conditionalor",
    "conditionaland",
    "relation",
    "addition",
    "multiplication",
    "unary",
    "member",
    "primary",
    "paren_expr",
    "literal",
}
