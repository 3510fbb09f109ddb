"""Lists in SQL: `in`, `exists` and `all` over lists known now (one condition per element) or list columns."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from hutong.platform.cel import sql_parts as sql
from hutong.platform.cel.sql_parts import Sql, paren
from hutong.platform.cel.syntax import Constant, ListOf, Local, Membership, Node, Quantified, can_be_null
from hutong.platform.cel.types import BOOL, NULL

if TYPE_CHECKING:
    from hutong.platform.cel.sql import Translator

ITEM = "hutong_item"
"""Column of the element of an unnested list: no caller's column may have this name."""


def elements(to: "Translator", items: Node) -> tuple[Node, ...] | None:
    """The elements of a list known now, as nodes; None for a list column."""
    constant, values = to.known(items)
    if constant and isinstance(values, list):
        return tuple(Constant(items.type.item or NULL, items.at, value) for value in values)
    return items.items if isinstance(items, ListOf) else None


def membership(to: "Translator", node: Membership) -> Sql:
    """`item in items`, null-safe; NULL where the item or the list is unknown, or the list null."""
    constant, values = to.known(node.items)
    if constant and not isinstance(values, list):
        return sql.null(BOOL)
    if constant:
        return to.unless_unknown([node.item], _among(to, node, values))
    if isinstance(node.items, ListOf):
        same = [to.same(node.item, part) for part in node.items.items]
        return to.unless_unknown([node.item, *node.items.items], sql.joined(exp.Or, same))
    finder = "ARRAY_POSITION" if to.dialect == "postgres" else "LIST_POSITION"
    items = to.value(node.items)
    found = sql.negated(sql.is_null(sql.call(finder, items, item_of(to, node))))
    unknown = sql.either(sql.is_null(items.copy()), to.unknown(node.item))
    return sql.case((unknown, sql.null(BOOL)), default=found)


def item_of(to: "Translator", node: Membership) -> Sql:
    """The item as an element of the list."""
    made = to.value(node.item)
    inner = sql.sql_type(node.items.type.item or NULL)
    return made if to.never_null(node.item) else sql.cast(made, inner)


def _among(to: "Translator", node: Membership, values: list[Any]) -> Sql:
    """Among plain values, for an item that is not unknown."""
    wanted = literals(node, values)
    item = to.value(node.item)
    parts: list[Sql] = [sql.is_null(item)] if None in values and can_be_null(node.item) else []
    if wanted:
        found: Sql = exp.In(this=paren(item.copy()), expressions=wanted)
        parts.append(exp.Coalesce(this=found, expressions=[exp.false()]) if can_be_null(node.item) else found)
    return sql.joined(exp.Or, parts) if parts else exp.false()


def literals(node: Membership, values: list[Any]) -> list[Sql]:
    """The plain values of a list as literals."""
    return [sql.literal(value, node.items.type.item or NULL) for value in values if value is not None]


def quantified(to: "Translator", node: Quantified) -> Sql:
    """`exists` and `all` in three-valued logic."""
    constant, values = to.known(node.items)
    if constant and not isinstance(values, list):
        return sql.null(BOOL)
    parts = elements(to, node.items)
    if parts is not None:
        known = [] if constant else list(parts)
        return to.unless_unknown(known, expanded(node, parts, to.value))
    items = to.value(node.items)
    rows, body = unnested(to, node, to.value)
    held = exp.select(exp.alias_(body, "held")).from_(rows).subquery("each_item")
    folded = exp.select(_outcome(node, exp.column("held", table="each_item"))).from_(held).subquery()
    return sql.case((sql.is_null(items), sql.null(BOOL)), default=folded)


def _outcome(node: Quantified, held: Sql) -> Sql:
    """True or false when one element decides it; else unknown when one is unknown."""
    exists = node.kind == "exists"
    decides, decided, otherwise = (
        (held, exp.true(), exp.false()) if exists else (sql.negated(held), exp.false(), exp.true())
    )
    unknown = sql.call("BOOL_OR", sql.is_null(held.copy()))
    return sql.case((sql.call("BOOL_OR", decides), decided), (unknown, sql.null(BOOL)), default=otherwise)


def unnested(to: "Translator", node: Quantified, translate: Callable[[Node], Sql]) -> tuple[Sql, Sql]:
    """The rows of a list column, and the body on each."""
    table = f"item_{len(to.items)}"
    alias = exp.TableAlias(this=exp.to_identifier(table), columns=[exp.to_identifier(ITEM)])
    rows = exp.Unnest(expressions=[to.value(node.items)], alias=alias)
    to.items[node.local] = exp.column(ITEM, table=table)
    body = translate(node.body)
    del to.items[node.local]
    return rows, body


def expanded(node: Quantified, parts: tuple[Node, ...], translate: Callable[[Node], Sql]) -> Sql:
    """One condition per element."""
    bodies = [translate(_with_item(node.body, node.local, part)) for part in parts]
    if not bodies:
        return exp.false() if node.kind == "exists" else exp.true()
    return sql.joined(exp.Or if node.kind == "exists" else exp.And, bodies)


def _with_item(node: Node, local: str, item: Node) -> Node:
    """The body with the element in place of its name."""
    if isinstance(node, Local) and node.name == local:
        return item
    changes: dict[str, Any] = {}
    for member in fields(node):
        value = getattr(node, member.name)
        if isinstance(value, Node):
            changes[member.name] = _with_item(value, local, item)
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            changes[member.name] = tuple(_with_item(part, local, item) for part in value)
    return replace(node, **changes) if changes else node
