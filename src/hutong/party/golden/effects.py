"""Which golden values a survivorship document that is being written would change, and for whom (EC-05)."""

from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import LEADERS, SENSITIVE
from hutong.party.effect import EXAMPLES, Effect, Example, Told, choose, names_seen
from hutong.party.golden.survivorship import SurvivorshipDocument, golden_sql, with_recent
from hutong.platform import database
from hutong.platform.i18n import translate

MOST = 4_000
"""Customers looked at; of more, evenly chosen ones."""
_MEMBERS = "(SELECT x.party_id, x.record_id FROM party.xref x JOIN looked_at t ON t.party_id = x.party_id)"
_CHOICE = "party.party.state <> 'merged' AND party.party.record_count > 1"


def effects(viewer: Principal, before: SurvivorshipDocument | None, after: SurvivorshipDocument) -> Told:
    """By attribute: golden values that differ between the document in force and the one written, among customers of
    several records (others have nothing to choose from) whom the viewer sees."""
    require(viewer, "party.model")
    with database.begin("party") as conn:
        looked_at, there = _choose(conn, viewer)
        for name, document in (("as_is", before or after), ("as_written", after)):
            statement = golden_sql(with_recent(conn, document), _MEMBERS)
            conn.execute(text(f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {statement}"))
        counts = ", ".join(f"count(*) FILTER (WHERE o.{name} IS DISTINCT FROM n.{name})" for name in LEADERS)
        found = conn.execute(text(f"SELECT {counts} FROM as_is o JOIN as_written n USING (id)")).one()  # noqa: S608
        changed = {name: int(count) for name, count in zip(LEADERS, found, strict=True) if count}
        examples = _examples(conn, viewer, list(changed))
    made = [
        Effect(translate(f"party-attribute-{name}", viewer.locale), 0, count, looked_at)
        for name, count in changed.items()
    ]
    return Told(made, examples, looked_at, there)


def _choose(conn: Connection, viewer: Principal) -> tuple[int, int]:
    """Make `looked_at`; how many are in it, and of how many."""
    ids, there = choose(conn, "party.party", f"{_CHOICE} AND ({visibility.seen(viewer)})", MOST)
    conn.execute(text("CREATE TEMPORARY TABLE looked_at (party_id bigint PRIMARY KEY) ON COMMIT DROP"))
    conn.execute(text("INSERT INTO looked_at SELECT unnest(CAST(:ids AS bigint[]))"), {"ids": ids})
    conn.execute(text("ANALYZE looked_at"))
    return len(ids), there


def _examples(conn: Connection, viewer: Principal, changed: list[str]) -> list[Example]:
    """Some of each attribute that changes, with both values as the viewer may see them."""
    found: list[tuple[str, Any]] = []
    for name in changed[:EXAMPLES]:
        query = f"""SELECT id, o.{name} AS before, n.{name} AS after FROM as_is o JOIN as_written n USING (id)
                    WHERE o.{name} IS DISTINCT FROM n.{name} ORDER BY id LIMIT :most"""  # noqa: S608
        rows = conn.execute(text(query), {"most": max(EXAMPLES // len(changed), 1)})
        found += [(name, row) for row in rows]
    names = names_seen(conn, viewer, [row.id for _, row in found])
    made = []
    for name, row in found:
        then, now = (_shown(viewer, row.id, name, value) for value in (row.before, row.after))
        what = translate(f"party-attribute-{name}", viewer.locale)
        made.append(Example([(row.id, names.get(row.id, ""))], what, then, now))
    return made


def _shown(viewer: Principal, key: int, name: str, value: Any) -> str:
    (row,) = protect(viewer, "party", [{"id": key, name: value}], SENSITIVE)
    return "" if row[name] is None else str(row[name])
