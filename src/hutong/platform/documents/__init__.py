"""Versioned documents: rules, policies, mappings, models, definitions: what business people decide, as data.

One mechanism for all of them. A `Kind` says whose they are, how one is read and checked, and which the product ships.
A document is known by kind and name, and is written in YAML, kept as it was written (comments stay).

Reading (`reading`; a version is parsed once per process):
- `in_force(conn, RULES)`: the document in force: the newest version, else the shipped one, which has version 0 unless
  it says another. `in_force(conn, EXPORT, "renewals")` where a kind has several names; `all_in_force(conn, EXPORT)`.
- `as_of(conn, kind, name, version)`; `source(conn, kind, name)`: version and text to edit; `sources(conn, kind)`.
- `versions(conn, kind, name)`, newest first: who, when, why; `open_draft(conn, kind, name)`; for lists
  `listed(conn, kinds)`.
- `difference(before, after)`: two texts line by line.

Writing (`writing`; in the caller's transaction, `by` is an actor, rights are the caller's matter):
- `publish(conn, kind, text, by, name=..., reason=..., based_on=...)`: checks and puts in force; equal content keeps its
  version. `based_on` is the version the editor began with: Conflict when there is a newer one.
- `save`, `propose`, `approve` (by another person), `send_back`, `discard`: one draft per document (`states`).
- `roll_back` puts an earlier version in force again, `retire` takes a document out of force; both as a new version:
  a version never changes.
Each new version tells `<center>.document_published` (kind, name, version, state) and runs the kind's `published` hook.

`checked(kind, text)` reads a text, or data, and raises Unprocessable with line, place and reason of the first mistake;
`read_file` does the same for documents that are only files.
"""

from hutong.platform.documents.kind import Kind, as_text, checked, read_file
from hutong.platform.documents.reading import (
    Listed,
    Version,
    all_in_force,
    as_of,
    difference,
    in_force,
    listed,
    open_draft,
    source,
    sources,
    text_of,
    versions,
)
from hutong.platform.documents.writing import (
    approve,
    discard,
    propose,
    publish,
    retire,
    roll_back,
    save,
    send_back,
)

__all__ = [
    "Kind",
    "Listed",
    "Version",
    "all_in_force",
    "approve",
    "as_of",
    "as_text",
    "checked",
    "difference",
    "discard",
    "in_force",
    "listed",
    "open_draft",
    "propose",
    "publish",
    "read_file",
    "retire",
    "roll_back",
    "save",
    "send_back",
    "source",
    "sources",
    "text_of",
    "versions",
]
