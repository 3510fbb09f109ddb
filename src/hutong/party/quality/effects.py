"""How many records would break quality rules that are being written (EC-18)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from hutong.identity import Principal, require
from hutong.party.effect import Effect
from hutong.party.quality.compiled import compiled, scan
from hutong.party.quality.rules import ENTITIES, LEAD, Entity, QualityDocument, QualityRule
from hutong.platform import database

ASKS = ("entity", "applies", "holds", "unique")
"""What makes a rule another one; the rest is how it is told and worked off."""


def effects(viewer: Principal, before: QualityDocument | None, after: QualityDocument) -> list[Effect]:
    """Each rule that the new document has, leaves out or changes: records that break it in force and as written. Rules
    that ask what they asked are left out: nothing is counted for them."""
    require(viewer, LEAD)
    known = {rule.rule: rule for rule in before.rules} if before else {}
    wanted = {rule.rule: rule for rule in after.rules}
    differing = [name for name in {**wanted, **known} if _asks(known.get(name)) != _asks(wanted.get(name))]
    with database.read("party") as conn:
        then = _failing(conn, [known[name] for name in differing if name in known])
        now = _failing(conn, [wanted[name] for name in differing if name in wanted])
    return [
        Effect(
            (wanted.get(name) or known[name]).name(viewer.locale),
            then[name][1] if name in then else None,
            now[name][1] if name in now else None,
            (now if name in now else then)[name][0],
        )
        for name in differing
    ]


def _asks(rule: QualityRule | None) -> list[object]:
    return [getattr(rule, name) for name in ASKS] if rule else []


def _failing(conn: Connection, rules: Sequence[QualityRule]) -> dict[str, tuple[int, int]]:
    """Rule → records checked, records that break it; one scan per entity."""
    made: dict[str, tuple[int, int]] = {}
    for entity in ENTITIES:
        made |= _scanned(conn, entity, [rule for rule in rules if rule.entity == entity])
    return made


def _scanned(conn: Connection, entity: Entity, rules: Sequence[QualityRule]) -> dict[str, tuple[int, int]]:
    if not rules:
        return {}
    made = compiled(rules)
    counts = ", ".join(f"count(*) FILTER (WHERE {one.checked}), count(*) FILTER (WHERE {one.failed})" for one in made)
    row = conn.exec_driver_sql(f"SELECT {counts} {scan(entity, made)}".replace("%", "%%"), {}).one()
    return {one.rule.rule: (int(row[2 * n]), int(row[2 * n + 1])) for n, one in enumerate(made)}
