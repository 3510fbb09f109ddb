"""Kinds of documents, and how a text becomes one: read from YAML, checked, mistakes named with line and place."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import ValidationError
from sqlalchemy import Connection

from hutong.platform import yaml_text
from hutong.platform.errors import Unprocessable

D = TypeVar("D")
LONGEST = 400_000
"""Characters of a document."""
Body = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Kind(Generic[D]):
    """A kind of documents. `code` names it in addresses and messages; `model` makes one from data, with its `version`.

    `named`: the name a document gives itself; None where whoever publishes names it. `fixed`: the names there are, if
    these never grow; such a document cannot be retired. `shipped`: name → file in force until one is published.
    `reads`, `writes`, `approves`: the rights people need; without `approves` one person is enough.
    `published(conn, before, after)` runs in the transaction of each new version.
    """

    center: str
    code: str
    model: Callable[[Body], D]
    reads: str
    writes: str
    approves: str | None = None
    fixed: tuple[str, ...] = ()
    named: Callable[[D], str] | None = None
    shipped: Callable[[], Mapping[str, Path]] = dict
    published: Callable[[Connection, D | None, D], None] | None = None

    def name_of(self, document: D) -> str | None:
        """The name a document gives itself, or its kind."""
        if self.named:
            return self.named(document)
        return self.fixed[0] if len(self.fixed) == 1 else None

    @lru_cache  # noqa: B019  (kinds live as long as the program)
    def shipped_texts(self) -> dict[str, str]:
        """Name → text of the shipped documents."""
        return {name: path.read_text("utf-8") for name, path in self.shipped().items()}

    @lru_cache  # noqa: B019
    def shipped_document(self, name: str) -> D:
        """A shipped document. Raises KeyError."""
        text = self.shipped_texts()[name]
        return checked(self, text, shipped_version(text))


def body_of(text: str, file: str = "") -> Body:
    """A document's data. Raises Unprocessable for what is not a YAML mapping."""
    if len(text) > LONGEST:
        raise Unprocessable("platform-document-long", field="body", most=LONGEST)
    try:
        body = yaml_text.load(text)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise _mistake(line, f"{file} YAML".strip(), problem.problem or "?") from problem
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise _mistake(1, f"{file} YAML".strip(), str(problem).splitlines()[0]) from problem
    if not isinstance(body, dict):
        raise _mistake(1, f"{file} YAML".strip(), "a mapping is expected")
    return body


def read(model: Callable[[Body], D], text: str, file: str = "", **more: Any) -> D:
    """What a pydantic model makes of a text, and of `more`. Raises Unprocessable naming file, line, place and reason of
    the first mistake."""
    body = body_of(text, file)
    try:
        return model({**body, **more})
    except ValidationError as problem:
        first = problem.errors()[0]
        place = tuple(part for part in first["loc"] if not str(part).startswith("function-"))
        where = ".".join(str(part) for part in place) or "-"
        why = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise _mistake(_line(text, place), f"{file} {where}".strip(), why) from problem


def read_file(model: Callable[[Body], D], path: Path) -> D:
    """As `read`, of a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise _mistake(1, path.name, "not UTF-8") from problem
    return read(model, text, path.name)


def checked(kind: Kind[D], body: str | Mapping[str, Any], version: int = 0) -> D:
    """A document from its text or data. Raises Unprocessable naming line, place and reason of the first mistake."""
    return read(kind.model, body if isinstance(body, str) else as_text(body), version=version)


def _mistake(line: int, where: str, why: str) -> Unprocessable:
    return Unprocessable("platform-document-mistake", field="body", line=line, where=where, why=why)


def _line(text: str, place: tuple[Any, ...]) -> int:
    """The line of a place in a document, or of the nearest above it that is there."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return 1
    line = 1
    for part in place:
        inner = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, inner = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            inner = node.value[part]
            line = inner.start_mark.line + 1
        if inner is None:
            break
        node = inner
    return line


def as_text(body: Mapping[str, Any]) -> str:
    """Data as a document's text."""
    plain = json.loads(json.dumps(body, default=str))
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=110)


@lru_cache
def shipped_version(text: str) -> int:
    """The version a shipped text says it has, or 0."""
    return int(body_of(text).get("version") or 0)


def without_version(text: str) -> str:
    """A text without the line that says its version: versions are given when published."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("version:"))


def checksum(text: str) -> str:
    """SHA-256 of what a document says, whatever its layout, comments and version."""
    body = {name: value for name, value in body_of(text).items() if name != "version"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
