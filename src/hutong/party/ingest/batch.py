"""Records given by an interface (EC-14): the same way as a file, once for each idempotency key."""

import hashlib
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from typing import Any

from hutong.identity import Principal, require
from hutong.party.ingest import mappings
from hutong.party.ingest.load import LoadReport
from hutong.party.ingest.taking import take_in_rows
from hutong.platform.errors import Unprocessable

MOST = 10_000
"""Records of one batch."""
RIGHT = "party.load"


def batch(
    viewer: Principal,
    source: str,
    records: Sequence[MappingOf[str, Any]],
    idempotency_key: str,
    *,
    mapping: str | None = None,
) -> LoadReport:
    """Take records in by their source's mapping (`mapping`: its name, where the source has several, or of an area).

    A record is an object of the columns that the mapping names. The same key again gives the first report, with
    `again`, whatever the records are. Raises Unprocessable for an empty or too large batch, NotFound for a source
    without mapping, Invalid when no record has the mapping's columns.
    """
    require(viewer, RIGHT)
    if not 0 < len(records) <= MOST:
        raise Unprocessable("party-batch-size", field="records", most=MOST)
    if not 0 < len(idempotency_key) <= 200:
        raise Unprocessable("party-batch-key", field="Idempotency-Key")
    document = mappings.mapping_of_source(source, mapping)
    if document.source.code != source:
        raise Unprocessable("party-batch-source", field="mapping", source=source)
    digest = "key:" + hashlib.sha256(f"{viewer.actor} {idempotency_key}".encode()).hexdigest()
    return take_in_rows(records, document, viewer.actor, digest=digest, name=f"API {idempotency_key[:60]}")
