"""Taking in whatever a mapping document describes, parties or an information area, each by its own loader (EC-03)."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hutong.party.ingest import preview
from hutong.party.ingest.areas.load import take_in_area
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.files import file_hash
from hutong.party.ingest.load import LoadReport, Progress, Taking, take_in
from hutong.party.ingest.mapping import FileForm
from hutong.party.ingest.mappings import Document


def take_in_file(
    path: Path,
    document: Document,
    by: str,
    *,
    folder: Path | None = None,
    tell: Progress = lambda _done, _total: None,
) -> LoadReport:
    """A file, whole or not at all; the same file under the same version changes nothing. `folder`, `tell`: as `Taking`.

    Raises Invalid (what, where, how to mend it) when the file is not what the document says.
    """
    digest = file_hash(path)
    if isinstance(document, AreaMapping):
        return take_in_area(Taking(path, document, by, digest, path.name))
    return take_in(Taking(path, document, by, digest, path.name, folder, tell=tell))


def take_in_rows(
    rows: Sequence[MappingOf[str, Any]],
    document: Document,
    by: str,
    *,
    digest: str,
    name: str,
    corrected_by: str | None = None,
) -> LoadReport:
    """Rows by column, as if they were a file. `digest` tells this taking in from others."""
    form = {"file": FileForm(format="jsonl")}
    with preview.written(rows) as path:
        if isinstance(document, AreaMapping):
            return take_in_area(Taking(path, document.model_copy(update=form), by, digest, name))
        lines = document.model_copy(update=form)
        return take_in(Taking(path, lines, by, digest, name, corrected_by=corrected_by))
