"""The expression language of the platform: a typed subset of CEL with three executions (ADR 0002).

`parse(source, environment)` accepts or refuses a rule when it is saved; then `.evaluate(variables)` on one object,
`.to_sql(dialect, columns)` on a set, `.explain(locale)` as a sentence, `.explain_result(...)` for why it held.
"""

from hutong.platform.cel.errors import ExpressionError
from hutong.platform.cel.expression import Expression, parse, parse_condition
from hutong.platform.cel.functions import Function, register
from hutong.platform.cel.types import (
    BOOL,
    DATE,
    DURATION,
    INT,
    MONEY,
    STRING,
    TIMESTAMP,
    Environment,
    Type,
    list_of,
    map_of,
    object_of,
)
from hutong.platform.cel.unknown import UNKNOWN

__all__ = [
    "BOOL",
    "DATE",
    "DURATION",
    "INT",
    "MONEY",
    "STRING",
    "TIMESTAMP",
    "UNKNOWN",
    "Environment",
    "Expression",
    "ExpressionError",
    "Function",
    "Type",
    "list_of",
    "map_of",
    "object_of",
    "parse",
    "parse_condition",
    "register",
]
