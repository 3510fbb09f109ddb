"""Code mapping (EC-09): a source system's code → the standard code; what is not mapped is reported, never guessed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from hutong.masterdata.code_sets import standard_codes
from hutong.masterdata.tables import code_mapping, unmapped_code
from hutong.platform.errors import Unprocessable


class Unmapped(NamedTuple):
    """A source code that no mapping covers, and how often a load met it."""

    source: str
    code_set: str
    source_code: str
    occurrences: int


def set_mapping(conn: Connection, source: str, set_code: str, pairs: Mapping[str, str], by: str) -> None:
    """Map a source's codes of one set. Raises Unprocessable when a standard code does not exist."""
    known = set(standard_codes(conn, set_code))
    if unknown := sorted(set(pairs.values()) - known):
        raise Unprocessable("masterdata-code-unknown", code_set=set_code, codes=", ".join(unknown))
    if not pairs:
        return
    statement = insert(code_mapping)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["source", "code_set", "source_code"],
            set_={name: statement.excluded[name] for name in ("standard_code", "mapped_by")},
        ),
        [
            {
                "source": source,
                "code_set": set_code,
                "source_code": theirs,
                "standard_code": ours,
                "mapped_by": by,
            }
            for theirs, ours in pairs.items()
        ],
    )
    conn.execute(
        unmapped_code.delete().where(
            tuple_(unmapped_code.c.source, unmapped_code.c.code_set) == (source, set_code),
            unmapped_code.c.source_code.in_(list(pairs)),
        )
    )


def mapping_of(conn: Connection, source: str) -> dict[str, dict[str, str]]:
    """All mappings of a source system: code set → source code → standard code."""
    made: dict[str, dict[str, str]] = {}
    rows = conn.execute(
        select(code_mapping.c.code_set, code_mapping.c.source_code, code_mapping.c.standard_code).where(
            code_mapping.c.source == source
        )
    )
    for row in rows:
        made.setdefault(row.code_set, {})[row.source_code] = row.standard_code
    return made


def report_unmapped(conn: Connection, found: Sequence[Unmapped]) -> None:
    """Count source codes that a load could not map."""
    if not found:
        return
    statement = insert(unmapped_code)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["source", "code_set", "source_code"],
            set_={
                "occurrences": unmapped_code.c.occurrences + statement.excluded.occurrences,
                "last_seen": func.now(),
            },
        ),
        [entry._asdict() for entry in found],
    )


def unmapped(conn: Connection) -> list[Unmapped]:
    """All unmapped codes, most frequent first."""
    columns = [unmapped_code.c[name] for name in Unmapped._fields]
    rows = conn.execute(
        select(*columns).order_by(
            unmapped_code.c.occurrences.desc(), unmapped_code.c.source, unmapped_code.c.source_code
        )
    )
    return [Unmapped(*row) for row in rows]
