"""Reading versions: as of an instant, all of a row, and those whose date has come."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, func, literal, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from hutong.platform import clock, outbox
from hutong.platform.history.declare import business, history_of, key_of


def as_of(table: Table, instant: datetime, ids: Sequence[int] | Sequence[str] | None = None) -> Select[Any]:
    """The rows as they were or will be in force at an instant (by `valid_from`), ended ones left out."""
    history = history_of(table)
    key = history.c[key_of(table)]
    chosen = select(history).where(history.c.valid_from <= instant)
    if ids is not None:
        chosen = chosen.where(key.in_(ids))
    versions_then = chosen.ext(distinct_on(key)).order_by(key, history.c.valid_from.desc()).subquery("version")
    names = (key_of(table), *business(table), "valid_from", "effective_at", "changed_at", "changed_by", "cause")
    return select(*(versions_then.c[name] for name in names)).where(~versions_then.c.ended)


def versions(table: Table, key: int | str) -> Select[Any]:
    """All versions of one row, the earliest first, ends included."""
    history = history_of(table)
    return select(history).where(history.c[key_of(table)] == key).order_by(history.c.valid_from)


def differing(version: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[str] | None:
    """Of the columns that a version states, those that are other than in the version before it; None for the first.
    Pure. A change may name columns that it leaves as they are, so `changed` alone tells more than happened."""
    stated = version["changed"]
    if stated is None or before is None:
        return None if stated is None else list(stated)
    return [name for name in stated if version[name] != before[name]]


def due(table: Table, after: datetime, until: datetime) -> Select[Any]:
    """Versions recorded ahead that came into effect after one instant and up to another. Reads the whole history."""
    history = history_of(table)
    return (
        select(history)
        .where(history.c.valid_from > after, history.c.valid_from <= until)
        .where(history.c.valid_from > history.c.changed_at)
    )


def announce(conn: Connection, table: Table) -> int:
    """Tell, by events `<center>.<table>_effective`, of versions recorded ahead whose date has come; each once.

    Payload: the row's key as `id`, `valid_from`, `changed` (column names, null for a first version). One statement for
    all of them; returns how many. The worker runs it for every center each minute.
    """
    history = history_of(table)
    claimed = (
        update(history)
        .where(~history.c.announced, history.c.valid_from <= clock.now())
        .values(announced=True)
        .returning(history.c[key_of(table)].label("id"), history.c.valid_from, history.c.changed)
        .cte("claimed")
    )
    center = str(table.schema)
    payload = func.jsonb_build_object(
        "id", claimed.c.id, "valid_from", claimed.c.valid_from, "changed", func.to_jsonb(claimed.c.changed)
    )
    return outbox.publish_from(
        conn,
        center,
        select(
            literal(f"{center}.{table.name}_effective").label("type"),
            func.concat(f"{table.name}:", claimed.c.id).label("aggregate"),
            payload.label("payload"),
            claimed.c.valid_from.label("occurred_at"),
        ).order_by(claimed.c.valid_from, claimed.c.id),
    )
