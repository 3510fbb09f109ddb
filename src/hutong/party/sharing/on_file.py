"""Ask only once (EC-15): which papers, consents and values a business needs are on file and still valid."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party.sharing import facts
from hutong.party.sharing.document_kinds import NEEDS, Need, Needs
from hutong.party.sharing.glance import party_row
from hutong.platform import clock, database, documents

Row = dict[str, Any]
_HELD = text("""
    SELECT 'image:' || t.kind AS what, t.at AS since, CAST(NULL AS timestamptz) AS until, t.source AS source
    FROM party.xref x JOIN party.document_image t ON t.of_source = x.source AND t.of_key = x.key WHERE x.party_id = :id
    UNION ALL
    SELECT 'consent:' || t.purpose, t.valid_from, t.valid_to, t.source FROM party.xref x
    JOIN party.consent t ON t.of_source = x.source AND t.of_key = x.key
    WHERE x.party_id = :id AND t.given AND t.valid_from <= :now AND NOT EXISTS (
        SELECT FROM party.consent n JOIN party.xref y ON y.source = n.of_source AND y.key = n.of_key
        WHERE y.party_id = :id AND n.purpose = t.purpose AND NOT n.given AND n.valid_from > t.valid_from
          AND n.valid_from <= :now AND coalesce(n.valid_to > :now, true))
    UNION ALL
    SELECT v.kind || CASE WHEN v.kind = 'identifier' THEN ':' || v.detail ELSE '' END,
           greatest(v.last_seen_at, max(t.confirmed_at)), max(t.valid_to), v.sources[1]
    FROM party.party_value v
    LEFT JOIN party.xref x ON x.party_id = v.party_id
    LEFT JOIN party.stated_value t ON t.of_source = x.source AND t.of_key = x.key AND t.kind = v.kind
                                  AND t.value = v.value
    WHERE v.party_id = :id AND v.kind IN ('identifier', 'phone', 'email', 'address', 'bank_card')
    GROUP BY v.kind, v.detail, v.value, v.last_seen_at, v.sources""")


def reusable(viewer: Principal, party_id: int, business: str) -> list[Row]:
    """What a business needs of a customer: `what`, `title`, `state` (valid, expired, missing), `since`, `until`,
    `source`. What is valid need not be asked for again. Raises NotFound."""
    require(viewer, "party.read")
    with database.read("party") as conn:
        row = party_row(conn, viewer, party_id)
        needs = documents.in_force(conn, NEEDS, business)
        return papers(conn, row["id"], needs, facts.of_party(conn, row["id"], needs.facts()), viewer.locale)


def papers(conn: Connection, party_id: int, needs: Needs, known: Row, locale: str) -> list[Row]:
    """As `reusable`, of a party whose facts are known."""
    now = clock.now()
    held: dict[str, list[Row]] = {}
    for row in conn.execute(_HELD, {"id": party_id, "now": now}).mappings():
        held.setdefault(row["what"], []).append(dict(row))
    return [
        _paper(need, [one for what in need.any_of for one in held.get(what, [])], now, locale)
        for need in needs.needs
        if facts.condition(need.when).holds({"customer": known})
    ]


def _paper(need: Need, found: list[Row], now: datetime, locale: str) -> Row:
    """The best that is on file for a need."""
    oldest = now - timedelta(days=need.keep_days) if need.keep_days else None
    valid = [
        one
        for one in found
        if (one["until"] is None or one["until"] > now)
        and (oldest is None or (one["since"] is not None and one["since"] > oldest))
    ]
    best = max(valid or found, key=lambda one: (one["since"] is not None, one["since"] or now), default=None)
    state = "valid" if valid else "expired" if found else "missing"
    shown = {name: best[name] if best else None for name in ("since", "until", "source", "what")}
    return {"title": need.title.of(locale), "any_of": need.any_of, "state": state, **shown}
