"""Source records as a model takes them: texts, as runs and real time give them alike (EC-05)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from hutong.party.columns import ATTRIBUTES, NAMES, Attribute
from hutong.party.match.kernels import as_text
from hutong.platform import arrow

KEPT = ("source", "key", *NAMES)


def _text(attribute: Attribute) -> str:
    """A column as the text that real time gives to the model."""
    name = f"r.{attribute.name}"
    if attribute.type == "date":
        return f"to_char({name}, 'YYYYMMDD')"
    return f"CASE WHEN {name} THEN 'True' WHEN NOT {name} THEN 'False' END" if attribute.type == "boolean" else name


def records_of_kind(conn: Connection, kind: str, records: Sequence[int] | None = None) -> pa.Table:
    """Source records of a kind (all, or some of these ids) as texts, in the order of (source, key), with their ids and
    parties (one of its own, below zero, for a record without)."""
    listed = ", ".join(_text(attribute) for attribute in ATTRIBUTES)
    quoted = {"person": "'person'", "organisation": "'organisation'"}[kind]
    some = "" if records is None else f"AND r.id IN ({', '.join(str(int(id)) for id in records) or 'NULL'})"
    return arrow.fetch(
        conn,
        f"""SELECT r.id, coalesce(x.party_id, -r.id), r.source, r.key, {listed}
            FROM party.source_record r LEFT JOIN party.xref x ON x.record_id = r.id WHERE r.kind = {quoted} {some}
            ORDER BY r.source COLLATE "C", r.key COLLATE "C\"""",  # noqa: S608
        {"id": pa.int64(), "party": pa.int64(), **dict.fromkeys(KEPT, pa.large_string())},
    )


def of_mappings(records: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Records at hand as the same texts, without ids."""
    columns = {name: [_plain(record.get(name)) for record in records] for name in KEPT}
    return pa.table({name: pa.array(values, pa.large_string()) for name, values in columns.items()})


def _plain(value: Any) -> str | None:
    return value.strftime("%Y%m%d") if hasattr(value, "strftime") else as_text(value)
