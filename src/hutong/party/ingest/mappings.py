"""Mapping documents in force, of parties and of information areas (EC-03, EC-16): packs' files to begin with, then the
versions people publish in the console."""

import difflib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy import text as sql

from hutong.identity import Principal, require
from hutong.party.areas.mapping import AreaMapping
from hutong.party.ingest.mapping import Mapping, read_as
from hutong.party.tables import mapping_document as table
from hutong.platform import database
from hutong.platform.errors import Conflict, NotFound, Unprocessable

PACKS = Path(__file__).parents[4] / "packs"
RIGHT = "party.steward"
LONGEST = 200_000
"""Characters of a document."""
FOLDERS = ("summaries", "mappings")
Found = dict[str, Any]
Document = Mapping | AreaMapping


def in_force() -> dict[str, Document]:
    """The mapping documents by pack and name: `telecom/crm`. A published version goes before the pack's file."""
    return {name: _read(text) for name, text in sorted(texts().items())}


def named(name: str) -> Document:
    """One of `in_force`. Raises NotFound."""
    found = texts().get(name)
    if found is None:
        raise NotFound("party-mapping-unknown", field="mapping", name=name)
    return _read(found)


def mapping_of_source(source: str, name: str | None = None) -> Document:
    """The mapping by which a source's records are read; `name` chooses where it has several, else the first of
    parties. Raises NotFound."""
    if name is not None:
        return named(name)
    found = [each for each in in_force().values() if each.source.code == source and isinstance(each, Mapping)]
    if not found:
        raise NotFound("party-mapping-unknown", field="source", name=source)
    return found[0]


def read_document(path: Path) -> Document:
    """A mapping document from a YAML file, of an area where it names one. Raises Invalid naming the place."""
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        body = None  # said below
    return read_as(_model(body), path)


def from_body(body: dict[str, Any]) -> Document:
    """A document from its data, as a load keeps it."""
    return _parsed(json.dumps(body, sort_keys=True))


@lru_cache(maxsize=128)
def _parsed(body: str) -> Document:
    made = json.loads(body)
    return _model(made).model_validate(made)


def _model(body: Any) -> type[Document]:
    return AreaMapping if isinstance(body, dict) and "area" in body else Mapping


def texts() -> dict[str, str]:
    """The documents in force as YAML, by name."""
    made = {
        f"{path.parts[-3]}/{path.stem}": path.read_text("utf-8")
        for folder in FOLDERS
        for path in sorted(PACKS.glob(f"*/{folder}/*.yaml"))
    }
    with database.read("party") as conn:
        return made | {row.name: row.body for row in conn.execute(sql(_NEWEST))}


_NEWEST = "SELECT DISTINCT ON (name) name, body FROM party.mapping_document ORDER BY name, version DESC"


@lru_cache(maxsize=128)
def _read(text: str) -> Document:
    return checked(text)


def checked(text: str) -> Document:
    """A document from its text. Raises Unprocessable naming line, place and reason of the first mistake."""
    if len(text) > LONGEST:
        raise Unprocessable("party-mapping-long", field="body", most=LONGEST)
    try:
        body = yaml.safe_load(text)
        return _model(body).model_validate(body)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise Unprocessable(
            "party-mapping-mistake", field="body", line=line, where="YAML", why=problem.problem or "?"
        ) from problem
    except (ValidationError, yaml.YAMLError, RecursionError) as problem:
        first = problem.errors()[0] if isinstance(problem, ValidationError) else {"loc": (), "msg": str(problem)}
        place = tuple(first["loc"])
        where = ".".join(str(part) for part in place) or "-"
        line = _line(text, place)
        raise Unprocessable(
            "party-mapping-mistake", field="body", line=line, where=where, why=first["msg"]
        ) from problem


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


def versions(viewer: Principal, name: str) -> list[Found]:
    """Published versions of a document, newest first: version, note, published_by, published_at, body."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        rows = conn.execute(select(table).where(table.c.name == name).order_by(table.c.version.desc()))
        return [dict(row) for row in rows.mappings()]


def difference(before: str, after: str) -> list[str]:
    """Lines of a unified difference, without its head."""
    return list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]


def publish(viewer: Principal, name: str, text: str, note: str, based_on: int | None) -> int:
    """Put a document in force as a new version, and return it. `based_on`: the version the editor began with.

    The version in the text is set. Raises Conflict when another version came in between, Unprocessable for a mistake.
    """
    require(viewer, RIGHT)
    document = checked(text)
    with database.begin("party") as conn:
        conn.execute(
            sql("SELECT pg_advisory_xact_lock(hashtextextended('party.mapping:' || :name, 0))"), {"name": name}
        )
        now = named(name).version if name in texts() else 0
        if based_on is not None and based_on != now:
            raise Conflict("party-mapping-newer", name=name, version=now)
        version = now + 1
        body = _with_version(text, version)
        assert checked(body).source == document.source  # noqa: S101  (only the version differs)
        values = {"name": name, "version": version, "body": body, "note": note, "published_by": viewer.actor}
        conn.execute(table.insert(), values)
    return version


def _with_version(text: str, version: int) -> str:
    lines = text.splitlines()
    for place, line in enumerate(lines):
        if line.startswith("version:"):
            lines[place] = f"version: {version}"
            break
    return "\n".join(lines) + "\n"


def roll_back(viewer: Principal, name: str, version: int) -> int:
    """Publish an earlier version's text again, as a new version. Raises NotFound."""
    body = next((found["body"] for found in versions(viewer, name) if found["version"] == version), None)
    if body is None:
        raise NotFound("party-mapping-version-unknown", name=name, version=version)
    return publish(viewer, name, body, f"↩ {version}", None)
