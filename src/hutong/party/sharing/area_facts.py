"""Facts that come from the information areas (EC-16): policies, claims, events, classes, evaluations, consents.

Each group of them is one aggregate by party, joined where a condition or a list names one of its facts.
"""

from typing import NamedTuple

from hutong.platform import cel

_NOW = "coalesce(t.valid_to > now(), true) AND t.valid_from <= now()"


class AreaFact(NamedTuple):
    """A fact of a group: its aggregate over the area's rows `t`, its type, and what it is where there are no rows."""

    aggregate: str
    type: cel.Type
    otherwise: str = "0"


def _count(condition: str) -> AreaFact:
    return AreaFact(f"count(*) FILTER (WHERE {condition})", cel.INT)


def _sum(column: str, condition: str = "true") -> AreaFact:
    return AreaFact(f"CAST(sum(t.{column}) FILTER (WHERE {condition}) AS bigint)", cel.MONEY)


def _codes(expression: str, condition: str) -> AreaFact:
    distinct = f"array_agg(DISTINCT {expression}) FILTER (WHERE {condition} AND {expression} IS NOT NULL)"
    return AreaFact(distinct, cel.list_of(cel.STRING), "CAST(ARRAY[] AS text[])")


def _latest(expression: str, condition: str, kind: cel.Type) -> AreaFact:
    return AreaFact(
        f"(array_agg({expression} ORDER BY t.valid_from DESC, t.id DESC) FILTER (WHERE {condition}))[1]", kind, "NULL"
    )


_FORCE = "t.state = 'in_force'"
_OPEN_CLAIM = "t.closed_at IS NULL AND t.state NOT IN ('closed', 'paid', 'rejected', 'withdrawn')"
_OPEN_EVENT = "t.closed_at IS NULL AND coalesce(t.state NOT IN ('closed', 'done'), true)"
GROUPS: dict[str, dict[str, AreaFact]] = {
    "policy_summary": {
        "policies": _count(_FORCE),
        "policies_ever": _count("true"),
        "premium_micros": _sum("premium_micros", _FORCE),
        "insured_micros": _sum("insured_micros", _FORCE),
        "lines": _codes("t.line", _FORCE),
        "policy_states": _codes("t.state", "true"),
        "next_due_on": AreaFact(f"min(t.due_on) FILTER (WHERE {_FORCE})", cel.DATE, "NULL"),
        "days_to_due": AreaFact(f"CAST(min(t.due_on) FILTER (WHERE {_FORCE}) - {{today}} AS bigint)", cel.INT, "NULL"),
        "first_policy_at": AreaFact("min(t.valid_from)", cel.TIMESTAMP, "NULL"),
    },
    "claim_summary": {
        "claims": _count("true"),
        "claims_open": _count(_OPEN_CLAIM),
        "claims_last_year": _count("t.at > now() - interval '1 year'"),
        "claims_paid_micros": _sum("paid_micros"),
        "claims_rejected": _count("t.state = 'rejected'"),
    },
    "customer_event": {
        "complaints": _count("t.kind = 'complaint'"),
        "complaints_open": _count(f"t.kind = 'complaint' AND {_OPEN_EVENT}"),
        "events_open": _count(_OPEN_EVENT),
    },
    "touch": {
        "touches": _count("true"),
        "last_touch_at": AreaFact("max(t.at)", cel.TIMESTAMP, "NULL"),
    },
    "classification": {
        "classes": _codes("t.scheme || ':' || t.class", _NOW),
        "value_class": _latest("t.class", f"t.scheme IN ('value', 'customer_value') AND {_NOW}", cel.STRING),
        "blacklisted": AreaFact(
            f"bool_or(t.scheme = 'watch_list' AND t.class = 'black' AND {_NOW})", cel.BOOL, "false"
        ),
        "watched": AreaFact(f"bool_or(t.scheme = 'watch_list' AND {_NOW})", cel.BOOL, "false"),
    },
    "evaluation": {
        "risk_grade": _latest("t.grade", f"t.kind = 'risk' AND {_NOW}", cel.STRING),
        "risk_score": _latest("t.score", f"t.kind = 'risk' AND {_NOW}", cel.INT),
        "value_score": _latest("t.score", f"t.kind = 'value' AND {_NOW}", cel.INT),
    },
    "consent": {
        "marketing_refused": AreaFact(
            f"bool_or(t.purpose IN ('marketing', 'telesales') AND NOT t.given AND {_NOW})", cel.BOOL, "false"
        ),
        "consents": _codes("t.purpose", f"t.given AND {_NOW}"),
    },
    "preference": {
        "do_not_call": AreaFact(f"bool_or(t.kind = 'do_not_contact' AND {_NOW})", cel.BOOL, "false"),
        "preferred_channel": _latest("t.value", f"t.kind = 'channel' AND {_NOW}", cel.STRING),
    },
    "points_entry": {"points": AreaFact("CAST(sum(t.points) FILTER (WHERE t.at <= now()) AS bigint)", cel.INT)},
}


def join_of(area: str, today: str, *, each: bool = False) -> str:
    """The aggregate of an area, one row per party; `each`: made for one party after the other, where few are asked."""
    columns = ", ".join(f"{fact.aggregate} AS {name}" for name, fact in GROUPS[area].items()).replace("{today}", today)
    rows = f"FROM party.xref x JOIN party.{area} t ON t.of_source = x.source AND t.of_key = x.key"  # declared here
    if each:
        return f"CROSS JOIN LATERAL (SELECT {columns} {rows} WHERE x.party_id = party.party.id) AS {area}"
    return (
        f"LEFT JOIN (SELECT x.party_id, {columns} {rows} GROUP BY x.party_id) AS {area} "
        f"ON {area}.party_id = party.party.id"
    )


def column_of(area: str, name: str) -> str:
    """A fact's column, with what it is where there are no rows."""
    otherwise = GROUPS[area][name].otherwise
    return f"{area}.{name}" if otherwise == "NULL" else f"coalesce({area}.{name}, {otherwise})"
