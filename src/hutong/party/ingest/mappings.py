"""Mapping documents in force, of parties and of information areas (EC-03, EC-16): packs' files to begin with, then the
versions people publish in the console."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from hutong.party.defaults import PACKS
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.mapping import Mapping
from hutong.platform import database, documents
from hutong.platform.errors import NotFound

FOLDERS = ("summaries", "mappings")
Document = Mapping | AreaMapping


def in_force() -> dict[str, Document]:
    """The mapping documents by pack and name: `telecom/crm`. A published version goes before the pack's file."""
    with database.read("party") as conn:
        return documents.all_in_force(conn, MAPPING)


def named(name: str) -> Document:
    """One of `in_force`. Raises NotFound."""
    with database.read("party") as conn:
        return documents.in_force(conn, MAPPING, name)


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
    """A mapping document from a YAML file, of an area where it names one. Raises Unprocessable naming the place."""
    return documents.read_file(_understood, path)


def from_body(body: dict[str, Any]) -> Document:
    """A document from its data, as a load keeps it."""
    return _parsed(json.dumps(body, sort_keys=True))


@lru_cache(maxsize=128)
def _parsed(body: str) -> Document:
    return _understood(json.loads(body))


def _understood(body: dict[str, Any]) -> Document:
    return (AreaMapping if "area" in body else Mapping).model_validate(body)


def _of_packs() -> dict[str, Path]:
    paths = (path for folder in FOLDERS for path in sorted(PACKS.glob(f"*/{folder}/*.yaml")))
    return {f"{path.parts[-3]}/{path.stem}": path for path in paths}


MAPPING = documents.Kind(
    "party", "mapping", _understood, reads="party.steward", writes="party.steward", shipped=_of_packs
)
"""What a source's files mean, named by pack and file."""
