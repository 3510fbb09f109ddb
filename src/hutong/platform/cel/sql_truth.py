"""Conditions tested only for truth (WHERE, ON, FILTER): plain comparisons remain, so that indexes serve them."""

from typing import Any

from sqlglot import exp

from hutong.platform.cel import sql_lists
from hutong.platform.cel import sql_parts as sql
from hutong.platform.cel.sql import Translator
from hutong.platform.cel.sql_parts import Sql, paren
from hutong.platform.cel.syntax import Compare, Logic, Membership, Node, Quantified, can_be_null


def truth(to: Translator, node: Node) -> Sql:
    """SQL that is true exactly where the node is true; elsewhere it is false or NULL."""
    constant, value = to.known(node)
    if constant:
        return exp.true() if value is True else exp.false()
    match node:
        case Logic():
            return _logic(to, node)
        case Compare(operator="=="):
            return _equality(to, node)
        case Membership():
            return _membership(to, node)
        case Quantified():
            return _quantified(to, node)
    return to.value(node)


def _logic(to: Translator, node: Logic) -> Sql:
    connector = exp.And if node.operator == "&&" else exp.Or
    neutral, deciding = (sql.TRUE, sql.FALSE) if node.operator == "&&" else (sql.FALSE, sql.TRUE)
    parts = [truth(to, part) for part in node.parts]
    if deciding in parts:
        return deciding.copy()
    return sql.joined(connector, [part for part in parts if part != neutral] or [neutral.copy()])


def _equality(to: Translator, node: Compare) -> Sql:
    plain = to.never_null(node.left) or to.never_null(node.right)
    if plain or not (can_be_null(node.left) and can_be_null(node.right)):
        return exp.EQ(this=paren(to.value(node.left)), expression=paren(to.value(node.right)))
    return to.equality(node.left, node.right)


def _membership(to: Translator, node: Membership) -> Sql:
    constant, values = to.known(node.items)
    if constant and isinstance(values, list) and values and None not in values:
        return exp.In(this=paren(to.value(node.item)), expressions=sql_lists.literals(node, values))
    if sql_lists.elements(to, node.items) is None and to.never_null(node.item):
        item, items = to.value(node.item), to.value(node.items)
        if to.dialect == "postgres":
            return exp.EQ(this=item, expression=sql.call("ANY", items))
        return sql.call("LIST_CONTAINS", items, item)
    return to.value(node)


def _quantified(to: Translator, node: Quantified) -> Sql:
    def translate(part: Node) -> Sql:
        return truth(to, part)

    parts = sql_lists.elements(to, node.items)
    known: tuple[bool, Any] = to.known(node.items)
    if parts is not None and known[0]:
        return sql_lists.expanded(node, parts, translate)
    if parts is None and node.kind == "exists":
        rows, body = sql_lists.unnested(to, node, translate)
        return exp.Exists(this=exp.select("1").from_(rows).where(body))
    return to.value(node)
