"""Whom a definition of sharing that is being written would concern (EC-14, EC-15), among the customers one sees."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal
from hutong.party import visibility
from hutong.party.effect import Effect, Told, compared
from hutong.party.sharing import facts
from hutong.party.sharing.call_lists import preview
from hutong.party.sharing.document_kinds import CallList, ClaimRoute, Export, Needs, Scripts, claim_condition
from hutong.party.sharing.some import Some, some_of
from hutong.platform import clock, database
from hutong.platform.i18n import translate

BACK = timedelta(days=30)
MOST = 5_000
Row = dict[str, Any]


def of_export(viewer: Principal, before: Export | None, after: Export) -> Told:
    """Rows of the file."""
    counts, some = _customers(viewer, [before.where if before else "true", after.where])
    words = translate("party-effect-rows", viewer.locale)
    return _told([Effect(words, counts[0] if before else None, counts[1], counts[2])], some)


def of_call_list(viewer: Principal, before: CallList | None, after: CallList) -> Told:
    """Who is to be called, and who is held back by which reason."""
    then, now = preview(viewer, before) if before else None, preview(viewer, after)
    made = [Effect(translate("party-effect-called", viewer.locale), then["size"] if then else None, now["size"])]
    for reason in sorted({*now["held_back"], *(then["held_back"] if then else ())}):
        was = then["held_back"].get(reason, 0) if then else None
        words = translate(f"party-effect-held-{reason.replace('_', '-')}", viewer.locale)
        made.append(Effect(words, was, now["held_back"].get(reason, 0)))
    return Told(made, looked_at=now["looked_at"], there=now["there"])


def of_scripts(viewer: Principal, before: Scripts | None, after: Scripts) -> Told:
    """Customers with whom each script is shown first to last, by its condition alone."""
    return _by_title(viewer, before.scripts if before else [], after.scripts)


def of_needs(viewer: Principal, before: Needs | None, after: Needs) -> Told:
    """Customers of whom each is needed."""
    return _by_title(viewer, before.needs if before else [], after.needs)


def _by_title(viewer: Principal, before: Sequence[Any], after: Sequence[Any]) -> Told:
    counts, some = _customers(viewer, [one.when for one in (*before, *after)])
    said = [(one.title.of(viewer.locale), count) for one, count in zip((*before, *after), counts, strict=False)]
    then, now = said[: len(before)], said[len(before) :]
    made = compared({words: (words, n) for words, n in then}, {words: (words, n) for words, n in now}, counts[-1])
    return _told(made, some)


def _told(effects: list[Effect], some: Some) -> Told:
    return Told(effects, looked_at=some.looked_at, there=some.there)


def _customers(viewer: Principal, conditions: Sequence[str]) -> tuple[list[int], Some]:
    """How many customers in use meet each condition; last, how many are looked at. One scan."""
    parsed = [facts.condition(one) for one in conditions]
    named = {name for one in parsed for name in facts.names_of(one)}
    counts = "".join(f"count(*) FILTER (WHERE {facts.where(one)}), " for one in parsed)
    with database.read("party") as conn:
        some = some_of(conn, viewer)
        statement = (
            f"SELECT {counts}count(*) FROM {facts.source_of(named, some.ids)} "  # noqa: S608  (compiled conditions)
            f"WHERE party.party.state = 'active' AND {visibility.seen(viewer)}"
        )
        return [int(count) for count in conn.execute(text(statement.replace(":", "\\:"))).one()], some


_DECIDED = text("""
    SELECT d.party_id, d.inputs -> 'claim' AS claim FROM party.claim_decision d
    WHERE d.decided_at > :since ORDER BY d.id DESC LIMIT :most""")


def of_claim_route(viewer: Principal, before: ClaimRoute | None, after: ClaimRoute) -> list[Effect]:
    """The claims of the last 30 days, routed anew by each rule with what is known of the customers now."""
    rules = [*(before.rules if before else ()), *after.rules]
    with database.read("party") as conn:
        claims = conn.execute(_DECIDED, {"since": clock.now() - BACK, "most": MOST}).all()
        known = _known(
            conn, viewer, [row.party_id for row in claims], {name for rule in rules for name in rule.facts()}
        )
    inputs = [{"customer": known[row.party_id], "claim": row.claim} for row in claims if row.party_id in known]
    return compared(_routed(before, inputs, viewer.locale) if before else {}, _routed(after, inputs, viewer.locale),
                    len(inputs))  # fmt: skip


def _known(conn: Connection, viewer: Principal, ids: Sequence[int], names: set[str]) -> dict[int, Row]:
    """Facts of customers one sees, by id."""
    wanted = sorted(names | {"id"})
    columns = ", ".join(f"{facts.fact(name).sql} AS {name}" for name in wanted)
    statement = (
        f"SELECT {columns} FROM {facts.source_of(wanted)} "  # noqa: S608  (declared facts)
        f"WHERE party.party.id = ANY(ARRAY[{', '.join(str(int(id)) for id in ids) or 'NULL'}]::bigint[]) "
        f"AND {visibility.seen(viewer)}"
    )
    return {row["id"]: dict(row) for row in conn.execute(text(statement.replace(":", "\\:"))).mappings()}


def _routed(document: ClaimRoute, inputs: Sequence[Mapping[str, Any]], locale: str) -> dict[str, tuple[str, int]]:
    counts = dict.fromkeys((rule.code for rule in document.rules), 0)
    conditions = [(rule.code, claim_condition(rule.when)) for rule in document.rules]
    for one in inputs:
        counts[next(code for code, condition in conditions if condition.holds(one))] += 1
    return {rule.code: (rule.reason.of(locale), counts[rule.code]) for rule in document.rules}
