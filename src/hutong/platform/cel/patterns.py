"""The subset of regular expressions on which RE2 (Python, DuckDB) and PostgreSQL agree, written anew for both.

Kept: characters, `.`, classes, `\\d \\w \\s` (ASCII), groups, `|`, `* + ? {m,n}`, `^` and `$` (ends of the whole text).
Everything else (back-references, look-around, flags, lazy or possessive repeats, `\\b`) is refused with its position.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

MAX_REPEAT = 255
"""The highest repeat PostgreSQL takes."""
MAX_EXPANSION = 1000
"""Longest pattern in characters and classes, repeats multiplied out: PostgreSQL refuses larger ones when it runs."""

_SHORTHANDS = {"d": "0-9", "w": "0-9A-Za-z_", "s": " \\t\\n\\r\\f\\v"}
_ESCAPES = {"t": "\\t", "n": "\\n", "r": "\\r", "f": "\\f", "v": "\\v"}
_SPECIAL = set("\\.[]{}()*+?|^$-/&~#\"'")


class PatternError(ValueError):
    """The pattern is outside the subset; `offset` counts its characters from 0."""

    def __init__(self, offset: int, found: str) -> None:
        self.offset, self.found = offset, found
        super().__init__(f"{found} at {offset}")


@dataclass(frozen=True)
class Pattern:
    """A checked pattern, as the user wrote it and as every engine understands it."""

    source: str
    portable: str

    @cached_property
    def compiled(self) -> Any:
        """The RE2 program."""
        import re2  # type: ignore[import-untyped]  # ships no types

        return re2.compile(self.portable)

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""
        return self.compiled.search(text) is not None


def read_pattern(source: str) -> Pattern:
    """Check a pattern and write it so that all engines agree. Raises PatternError."""
    reader = _Reader(source)
    written, _ = reader.alternatives()
    if reader.position < len(source):
        raise PatternError(reader.position, source[reader.position])
    pattern = Pattern(source, written)
    try:
        pattern.compiled  # noqa: B018 - compiled now, so that a pattern too large for RE2 is refused when saved
    except Exception as refused:
        raise PatternError(0, str(refused)) from refused
    return pattern


class _Reader:
    """A recursive reader; each method returns the rewritten text and how far repeats may expand it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0

    def peek(self) -> str:
        return self.source[self.position : self.position + 1]

    def refuse(self, found: str | None = None) -> PatternError:
        return PatternError(self.position, found or self.peek() or "end")

    def alternatives(self) -> tuple[str, int]:
        parts, size = [], 0
        while True:
            branch, expansion = self.branch()
            parts.append(branch)
            size += expansion
            if self.peek() != "|":
                return "|".join(parts), size
            self.position += 1

    def branch(self) -> tuple[str, int]:
        written, size = "", 1
        while (char := self.peek()) and char not in "|)":
            if char in "^$":
                self.position += 1
                written += char
                if self.peek() and self.peek() in "*+?{":
                    raise self.refuse()
                continue
            atom, expansion = self.atom()
            start = self.position
            repeat, times = self.repeat()
            size += expansion * times
            if size > MAX_EXPANSION:
                raise PatternError(start, repeat or atom)
            written += atom + repeat
        return written or "(?:)", size

    def atom(self) -> tuple[str, int]:
        char = self.peek()
        if char == "(":
            return self.group()
        if char == "[":
            return self.char_class(), 1
        if char in "*+?{})]":
            raise self.refuse()
        self.position += 1
        if char == ".":
            return "[^\\n]", 1
        if char == "\\":
            inside, is_set = self.escape()
            return (f"[{inside}]" if is_set else inside), 1
        return self.literal(char), 1

    def literal(self, char: str) -> str:
        return "\\" + char if char in _SPECIAL else char

    def escape(self) -> tuple[str, bool]:
        char = self.peek()
        if char in _SHORTHANDS and char:
            self.position += 1
            return _SHORTHANDS[char], True
        if char in _ESCAPES and char:
            self.position += 1
            return _ESCAPES[char], False
        if char not in _SPECIAL or not char:
            raise self.refuse("\\" + char)
        self.position += 1
        return "\\" + char, False

    def group(self) -> tuple[str, int]:
        self.position += 1
        if self.peek() == "?":
            if self.source[self.position : self.position + 2] != "?:":
                raise self.refuse(self.source[self.position - 1 : self.position + 2])
            self.position += 2
        inner, size = self.alternatives()
        if self.peek() != ")":
            raise self.refuse()
        self.position += 1
        return f"(?:{inner})", size

    def char_class(self) -> str:
        self.position += 1
        written = "["
        if self.peek() == "^":
            written += "^"
            self.position += 1
        empty = True
        while (char := self.peek()) != "]" or empty:
            if char in ("", "[", "]"):
                raise self.refuse()
            low, is_set = self.member()
            written += low
            empty = False
            following = self.source[self.position : self.position + 2]
            if following.startswith("-") and len(following) == 2 and following[1] != "]":
                self.position += 1
                high, high_is_set = self.member()
                if is_set or high_is_set or len(low) != 1 or len(high) != 1 or low > high:
                    raise self.refuse(f"{low}-{high}")
                written += "-" + high
        self.position += 1
        return written + "]"

    def member(self) -> tuple[str, bool]:
        char = self.peek()
        self.position += 1
        return self.escape() if char == "\\" else (self.literal(char), False)

    def repeat(self) -> tuple[str, int]:
        char = self.peek()
        if not char or char not in "*+?{":
            return "", 1
        times = 1
        if char == "{":
            end = self.source.find("}", self.position)
            bounds = self.source[self.position + 1 : end].split(",") if end > 0 else []
            if not 1 <= len(bounds) <= 2 or not bounds[0].isascii() or not bounds[0].isdigit():
                raise self.refuse()
            if len(bounds) == 2 and bounds[1] and not (bounds[1].isascii() and bounds[1].isdigit()):
                raise self.refuse()
            low = int(bounds[0])
            times = int(bounds[-1]) if bounds[-1] else low
            if max(low, times) > MAX_REPEAT or low > times:
                raise self.refuse()
            written = self.source[self.position : end + 1]
            self.position = end + 1
        else:
            written = char
            self.position += 1
        if self.peek() and self.peek() in "*+?{":
            raise self.refuse()
        return written, max(times, 1)
