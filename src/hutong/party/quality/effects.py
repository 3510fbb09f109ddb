"""How many records would break quality rules that are being written (EC-18)."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party.effect import Effect, Told, choose
from hutong.party.quality.compiled import FROM, WHERE, compiled, scan
from hutong.party.quality.rules import ENTITIES, LEAD, Entity, QualityDocument, QualityRule
from hutong.platform import database

ASKS = ("entity", "applies", "holds", "unique")
"""What makes a rule another one; the rest is how it is told and worked off."""


MOST = 20_000
"""Records looked at, and customers; of more, evenly chosen ones."""
_SOME = "SELECT id FROM looked_at"


def effects(viewer: Principal, before: QualityDocument | None, after: QualityDocument) -> Told:
    """Each rule that the new document has, leaves out or changes: records that break it in force and as written. Rules
    that ask what they asked are left out: nothing is counted for them."""
    require(viewer, LEAD)
    known = {rule.rule: rule for rule in before.rules} if before else {}
    wanted = {rule.rule: rule for rule in after.rules}
    differing = [name for name in {**wanted, **known} if _asks(known.get(name)) != _asks(wanted.get(name))]
    then: dict[str, tuple[int, int]] = {}
    now: dict[str, tuple[int, int]] = {}
    looked_at, there = 0, 0
    with database.begin("party") as conn:
        for entity in ENTITIES:
            old, new = ([rules[name] for name in differing if name in rules and rules[name].entity == entity]
                        for rules in (known, wanted))  # fmt: skip
            if old or new:
                chosen, of = _choose(conn, entity)
                looked_at, there = looked_at + chosen, there + of
                then |= _failing(conn, entity, old)
                now |= _failing(conn, entity, new)
    made = [
        Effect(
            (wanted.get(name) or known[name]).name(viewer.locale),
            then[name][1] if name in then else None,
            now[name][1] if name in now else None,
            (now if name in now else then)[name][0],
        )
        for name in differing
    ]
    return Told(made, looked_at=looked_at, there=there)


def _asks(rule: QualityRule | None) -> list[object]:
    return [getattr(rule, name) for name in ASKS] if rule else []


def _choose(conn: Connection, entity: Entity) -> tuple[int, int]:
    """Make `looked_at`; how many are in it, and of how many."""
    table = FROM[entity].split()[0]
    ids, there = choose(conn, table, WHERE[entity].replace("r.", f"{table}."), MOST)
    conn.execute(text("DROP TABLE IF EXISTS looked_at"))
    conn.execute(text("CREATE TEMPORARY TABLE looked_at (id bigint PRIMARY KEY) ON COMMIT DROP"))
    conn.execute(text("INSERT INTO looked_at SELECT unnest(CAST(:ids AS bigint[]))"), {"ids": ids})
    conn.execute(text("ANALYZE looked_at"))
    return len(ids), there


def _failing(conn: Connection, entity: Entity, rules: Sequence[QualityRule]) -> dict[str, tuple[int, int]]:
    """Rule → records checked, records that break it, of those looked at; one scan."""
    if not rules:
        return {}
    made = compiled(rules, some=_SOME)
    counts = ", ".join(f"count(*) FILTER (WHERE {one.checked}), count(*) FILTER (WHERE {one.failed})" for one in made)
    row = conn.exec_driver_sql(f"SELECT {counts} {scan(entity, made, some=_SOME)}".replace("%", "%%"), {}).one()
    return {one.rule.rule: (int(row[2 * n]), int(row[2 * n + 1])) for n, one in enumerate(made)}
