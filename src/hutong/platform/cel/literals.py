"""Values a rule writes through a constructor: `timestamp("...")`, `date("...")`, `duration("1h30m")`."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lark import Token, Tree

from hutong.platform.cel.errors import ExpressionError
from hutong.platform.cel.syntax import Constant, Node, Place
from hutong.platform.cel.types import DATE, DURATION, DURATION_MAX_MICROS, STRING, TIMESTAMP

CONSTRUCTORS = {"timestamp": TIMESTAMP, "date": DATE, "duration": DURATION}
MICROS = {"h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
MICROSECOND = timedelta(microseconds=1)

_DURATION = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?(?:h|ms|us|m|s))+")
_DURATION_PART = re.compile(r"([0-9]+)(?:\.([0-9]+))?(h|ms|us|m|s)")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")
_PLAIN_KEY = re.compile(r"[\w][\w .:/-]*")


def construct(name: str, argument: Constant) -> Constant:
    """The constant a constructor call means. Raises ExpressionError when the text is no such value."""
    read = {"timestamp": read_timestamp, "date": read_date, "duration": read_duration}[name]
    try:
        return Constant(CONSTRUCTORS[name], argument.at, read(argument.value))
    except (ValueError, OverflowError):
        raise ExpressionError(f"literal-{name}", argument.at, found=argument.value) from None


def read_timestamp(text: str) -> datetime:
    """An RFC 3339 moment with offset, at most microseconds."""
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def read_date(text: str) -> date:
    """A day as YYYY-MM-DD."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError(text)
    return date.fromisoformat(text)


def read_duration(text: str) -> timedelta:
    """A duration such as `90s`, `1h30m`, `1.5h`, `-250ms`; parts of a microsecond are refused."""
    if not _DURATION.fullmatch(text):
        raise ValueError(text)
    micros = 0
    for whole, fraction, unit in _DURATION_PART.findall(text):
        scaled = int(whole + fraction) * MICROS[unit]
        part, rest = divmod(scaled, 10 ** len(fraction))
        if rest:
            raise ValueError(text)
        micros += part
    if micros > DURATION_MAX_MICROS:
        raise ValueError(text)
    return timedelta(microseconds=-micros if text.startswith("-") else micros)


def with_zone(arguments: list[Node], zone: str, wanted: int) -> list[Node]:
    """Arguments of a calendar function, completed by a time zone; a written one must be a name known here."""
    if len(arguments) == wanted - 1:
        at = arguments[0].at if arguments else Place(1, 1)
        return [*arguments, Constant(STRING, at, zone)]
    if len(arguments) == wanted and arguments[-1].type == STRING:
        last = arguments[-1]
        if not isinstance(last, Constant) or not is_zone(last.value):
            raise ExpressionError("time-zone", last.at)
    return arguments


def is_zone(name: Any) -> bool:
    """Whether this is a region's time zone, as Asia/Shanghai, or UTC."""
    from zoneinfo import ZoneInfo

    if not isinstance(name, str) or not (name == "UTC" or "/" in name):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def is_plain_key(key: str) -> bool:
    """Whether a map key can be written in every engine's JSON path."""
    return _PLAIN_KEY.fullmatch(key) is not None


def local_name(part: Tree[Token] | Token) -> str | None:
    """The name a macro binds: its argument must be a bare identifier."""
    while isinstance(part, Tree) and len(part.children) == 1:
        if part.data == "ident":
            return str(part.children[0])
        child = part.children[0]
        part = child
    return None
