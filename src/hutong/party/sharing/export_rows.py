"""The rows and columns of an export, as SQL (EC-14, EC-17): the consumer's rows, fields and masks, of all or of what
changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from hutong.identity import Principal, row_scope
from hutong.party import visibility
from hutong.party.model import extension
from hutong.party.sharing import facts, files
from hutong.party.sharing.document_kinds import Column, Export
from hutong.party.sharing.masked_sql import masked
from hutong.platform import cel

Row = dict[str, Any]


def facts_of(export: Export) -> list[str]:
    """The facts its columns show."""
    return [column.fact for column in export.columns]


def statement(
    consumer: Principal, export: Export, run: Row, position: int, some: Sequence[int] | None = None
) -> tuple[list[files.Shown], str]:
    """The columns and the SQL from FROM on: the consumer's rows that meet the filter, each field as it may be seen; of
    `some` customers alone."""
    condition = facts.condition(export.where)
    hidden = extension.hidden(consumer)
    shown = [_shown(consumer, column, hidden) for column in export.columns]
    scope = str(visibility.seen(consumer))
    chosen = f"party.party.state = 'active' AND {scope} AND {facts.where(condition)}"
    source = facts.source_of([*facts_of(export), *facts.names_of(condition)], some)
    if run["mode"] == "full":
        return shown, f"FROM {source} WHERE {chosen} ORDER BY party.party.id"
    return _changed(consumer, shown, source, chosen, (int(run["from_position"]), position))


def _shown(consumer: Principal, column: Column, hidden: Mapping[str, str]) -> files.Shown:
    """A column as the consumer may see it: as it is, masked, or nothing where its field list does not name it.

    `hidden`: extension attribute → kind of masking, of those the consumer may not see in clear.
    """
    heading, found = column.heading or column.fact, facts.fact(column.fact)
    family, _, own = column.fact.partition(".")
    if not consumer.has("party", family):
        return files.Shown(heading, "CAST(NULL AS text)", cel.STRING)
    if own in hidden:
        return files.Shown(heading, masked(consumer, found.sql, hidden[own]), cel.STRING)
    if column.fact == "attributes" and hidden:
        names = ", ".join(f"'{name}'" for name in sorted(hidden))
        return files.Shown(heading, f"({found.sql} - ARRAY[{names}])", found.type)
    if found.sensitive is not None and not consumer.sees(found.sensitive):
        return files.Shown(heading, masked(consumer, found.sql, found.sensitive), cel.STRING)
    if column.currency:
        return files.Shown(heading, f"round(CAST({found.sql} AS numeric) / 1000000, 2)", files.DECIMAL)
    return files.Shown(heading, found.sql, found.type)


def _changed(
    consumer: Principal, shown: Sequence[files.Shown], source: str, chosen: str, between: tuple[int, int]
) -> tuple[list[files.Shown], str]:
    """Of what changed since: the rows as they are, and `removed` for those that are no longer among the consumer's: who
    once was, and the erased, whose history is gone (every follower of the feed is told of them, too)."""
    after, upto = between
    touched = (
        "(SELECT DISTINCT CAST(payload ->> 'party_id' AS bigint) AS id FROM party.event_log "  # noqa: S608
        f"WHERE position > {after} AND position <= {upto} AND payload ? 'party_id') AS touched"
    )
    kept = ", ".join(f"{column.sql} AS c{number}" for number, column in enumerate(shown))
    gone = ", ".join("NULL" for _ in shown)
    known = ""
    if "party" in consumer.scopes:
        versions = {
            name: (sql.replace("party.party.", "h."), kind)
            for name, (sql, kind) in visibility.columns(consumer).items()
        }
        scope = row_scope(consumer, "party", versions)
        known = (
            f"AND (EXISTS (SELECT FROM party.party_history h WHERE h.id = touched.id AND {scope}) "  # noqa: S608
            "OR EXISTS (SELECT FROM party.tombstone d WHERE d.party_id = touched.id))"
        )
    union = (
        f"FROM (SELECT party.party.id AS id, 'changed' AS change, {kept} FROM {touched} "  # noqa: S608  (trusted)
        f"JOIN {source} ON party.party.id = touched.id WHERE {chosen} "
        f"UNION ALL SELECT touched.id, 'removed', {gone} FROM {touched} WHERE NOT EXISTS (SELECT FROM {source} "
        f"WHERE party.party.id = touched.id AND {chosen}) {known}) AS listed ORDER BY id"
    )
    columns = [files.Shown("party_id", "listed.id", cel.INT), files.Shown("change", "listed.change", cel.STRING)]
    columns += [column._replace(sql=f"listed.c{number}") for number, column in enumerate(shown)]
    return columns, union
