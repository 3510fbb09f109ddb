"""Source text to the Lark tree of CEL's grammar (the grammar file of `cel-python`, which keeps positions)."""

import re
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput

from hutong.platform.cel.errors import ExpressionError
from hutong.platform.cel.syntax import Place

MAX_LENGTH = 20_000
"""Longest accepted source, in characters."""

_building = threading.Lock()
"""Threads may want their first parser together; building it evaluates Python literals, which some releases of Python
3.11 cannot do in two threads at once (SystemError: AST constructor recursion depth mismatch)."""

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)", re.DOTALL)


def syntax_tree(source: str) -> Tree[Token]:
    """The tree of one expression. Raises ExpressionError at the first character that cannot be read."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError("too-long", Place(1, 1), limit=str(MAX_LENGTH))
    try:
        with _building:
            parser = _parser()
        return parser.parse(source)
    except UnexpectedInput as refused:
        at = Place(max(refused.line, 1), max(refused.column, 1))
        unread = refused.char if isinstance(refused, UnexpectedCharacters) else getattr(refused, "token", "")
        found = str(unread)
        if not found:
            lines = source.split("\n")
            raise ExpressionError("unfinished", Place(len(lines), len(lines[-1]) + 1)) from None
        raise ExpressionError("syntax", at, found=found) from None


def place(part: Tree[Token] | Token) -> Place:
    """Where a tree or token begins."""
    if isinstance(part, Token):
        return Place(part.line or 1, part.column or 1)
    return Place(getattr(part.meta, "line", 1), getattr(part.meta, "column", 1))


def text_of(token: Token) -> str:
    """The value of a text literal. Raises ExpressionError for an escape CEL does not have."""
    raw, literal = False, str(token)
    if literal[0] in "rR":
        raw, literal = True, literal[1:]
    quote = literal[:3] if literal[:3] in ('"""', "'''") and len(literal) >= 6 else literal[0]
    inside = literal[len(quote) : -len(quote)]
    text = inside if raw else _ESCAPE.sub(lambda found: _unescape(found, token), inside)
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise ExpressionError("escape", place(token), found="\\0")
    return text


def _unescape(found: re.Match[str], token: Token) -> str:
    code = found[1]
    if len(code) > 1:
        number = int(code, 8) if code.isdigit() else int(code[1:], 16)
        if number <= 0x10FFFF:
            return chr(number)
    elif code in _ESCAPES:
        return _ESCAPES[code]
    elif code in "\\?\"'`":
        return code
    raise ExpressionError("escape", place(token), found=found[0])


def _as_literal(token: Token) -> Token:
    if token.value in ("true", "false"):
        return Token.new_borrow_pos("BOOL_LIT", token.value, token)
    return token


@cache
def _parser() -> Lark:
    spec = find_spec("celpy")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("cel-python is not installed")
    grammar = Path(next(iter(spec.submodule_search_locations)), "cel.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        start="expr",
        g_regex_flags=re.MULTILINE,
        lexer_callbacks={"IDENT": _as_literal},
        propagate_positions=True,
        maybe_placeholders=False,
    )
