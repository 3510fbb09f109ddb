"""The facts of a customer that filters, lists, exports and scripts may name, and where SQL finds them.

One catalogue for all of them: a condition is CEL over `customer` (`customer.grade == "gold" && customer.age >= 30`),
run on a set as SQL or on one customer as an object.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from hutong.party.columns import ATTRIBUTES
from hutong.party.sharing import area_facts
from hutong.platform import cel
from hutong.platform.errors import Unprocessable
from hutong.platform.i18n import has_message, translate
from hutong.platform.quick_read import QuickRead
from hutong.platform.settings import settings

_TYPES = {"text": cel.STRING, "date": cel.DATE, "boolean": cel.BOOL}


CLAIM: dict[str, cel.Type] = {
    "amount_micros": cel.MONEY,
    "cause": cel.STRING,
    "line": cel.STRING,
    "injured": cel.BOOL,
    "documents_complete": cel.BOOL,
    "days_since_loss": cel.INT,
}
"""What a rule of routing may ask of a claim."""


class Fact(NamedTuple):
    """One fact: SQL over `party.party` and its joins (trusted text), type, kind of sensitive field, join needed."""

    sql: str
    type: cel.Type
    sensitive: str | None = None
    join: str | None = None


def _today() -> str:
    return f"CAST(now() AT TIME ZONE '{settings.business_timezone}' AS date)"


_HOUSEHOLD = """(SELECT count(DISTINCT o.of_source || ' ' || o.of_key) FROM party.xref x
    JOIN party.household_member m ON m.of_source = x.source AND m.of_key = x.key AND m.word <> 'removed'
    JOIN party.household_member o ON o.household_id = m.household_id AND o.word <> 'removed'
    WHERE x.party_id = party.party.id)"""


def _own() -> dict[str, Fact]:
    made = {
        attribute.name: Fact(f"party.party.{attribute.name}", _TYPES[attribute.type], attribute.sensitive)
        for attribute in ATTRIBUTES
        if attribute.golden
    }
    made["name_key"] = made["name_key"]._replace(sensitive="name")
    for name in ("kind", "state", "unit_path"):
        made[name] = Fact(f"party.party.{name}", cel.STRING)
    for name in ("id", "record_count", "owner_id"):
        made[name] = Fact(f"party.party.{name}", cel.INT)
    made["changed_at"] = Fact("party.party.changed_at", cel.TIMESTAMP)
    made["age"] = Fact(f"CAST(date_part('year', age({_today()}, party.party.birth_date)) AS bigint)", cel.INT)
    made["birthday_in"] = Fact(
        f"CAST(CAST(party.party.birth_date + make_interval(years => CAST(date_part('year', age({_today()} - 1, "
        f"party.party.birth_date)) AS int) + 1) AS date) - {_today()} AS bigint)",
        cel.INT,
    )
    made["attributes"] = Fact("party.party.attributes", cel.map_of(cel.STRING))
    made["roles"] = Fact(
        "ARRAY(SELECT r.role FROM party.v1_role r WHERE r.party_id = party.party.id)", cel.list_of(cel.STRING)
    )
    made["sources"] = Fact(
        "ARRAY(SELECT DISTINCT x.source FROM party.xref x WHERE x.party_id = party.party.id)", cel.list_of(cel.STRING)
    )
    return made


@lru_cache
def catalogue() -> dict[str, Fact]:
    """Name → fact."""
    of_areas = {
        name: Fact(area_facts.column_of(area, name), found.type, None, area)
        for area, group in area_facts.GROUPS.items()
        for name, found in group.items()
    }
    return {**_own(), **of_areas, "household_size": Fact(_HOUSEHOLD, cel.INT)}


@lru_cache
def environment() -> cel.Environment:
    """What a condition may name: `customer.<fact>`."""
    return cel.Environment({"customer": cel.object_of({name: fact.type for name, fact in catalogue().items()})})


_EXTENSION = re.compile(r"attributes\.([A-Za-z][A-Za-z0-9_]{0,60})")


def fact(name: str) -> Fact:
    """One fact; `attributes.<name>`: an extension attribute (EC-10) as text. Raises Unprocessable for unknown ones."""
    found = catalogue().get(name)
    own = _EXTENSION.fullmatch(name)
    if own:
        return Fact(f"(party.party.attributes ->> '{own[1]}')", cel.STRING)
    if found is None:
        raise Unprocessable("party-fact-unknown", name=name)
    return found


def condition(source: str) -> cel.Expression:
    """A condition over `customer`. Raises ExpressionError (422) with place and mending."""
    return cel.parse_condition(source, environment())


def labels(locale: str) -> dict[str, str]:
    """`customer.<fact>` → its name for people, for sentences; likewise of claims (`claim.<field>`)."""
    asked = {f"customer.{name}": f"party-fact-{name}" for name in catalogue()}
    asked |= {f"claim.{name}": f"party-claim-{name}" for name in CLAIM}
    return {name: translate(words, locale) for name, words in asked.items() if has_message(words, locale)}


def sentence(expression: cel.Expression, locale: str) -> str:
    """A condition as a sentence."""
    return expression.explain(locale, labels(locale))


def names_of(expression: cel.Expression) -> list[str]:
    """The facts an expression names."""
    return sorted({name.split(".")[1] for name in expression.names if "." in name})


def where(expression: cel.Expression) -> str:
    """The condition as SQL."""
    columns = {f"customer.{name}": fact(name).sql for name in names_of(expression)}
    return f"({expression.to_sql('postgres', columns, condition=True)})"


def source_of(names: Iterable[str], some: Sequence[int] | None = None) -> str:
    """`FROM` with the joins that facts need; of `some` parties alone, without a look at what is known of others."""
    joins = sorted({join for name in names if (join := fact(name).join)})
    made = [area_facts.join_of(join, _today(), each=some is not None) for join in joins]
    if some is None:
        return " ".join(["party.party", *made])
    ids = ", ".join(str(int(id)) for id in some)
    return " ".join([f"unnest(CAST(ARRAY[{ids}] AS bigint[])) AS one (id) JOIN party.party ON party.party.id = one.id",
                     *made])  # fmt: skip


@lru_cache(maxsize=64)
def _statement(names: frozenset[str], met: str) -> str:
    columns = ", ".join(f"{fact(name).sql} AS {name}" for name in sorted(names))
    return f"SELECT {columns} FROM {source_of(names)} WHERE party.party.id {met}"  # noqa: S608  (trusted)


def of_party(conn: Connection, party_id: int, names: Iterable[str]) -> dict[str, Any]:
    """Facts of one living party, unmasked: for conditions, not for showing."""
    asked = text(_statement(frozenset({*names, "id"}), "= :id"))
    row = conn.execute(asked, {"id": party_id}).mappings().one_or_none()
    return dict(row) if row else {}


def quickly(ids: Sequence[int], names: Iterable[str]) -> dict[int, dict[str, Any]]:
    """`of_party` for several, by id, in a read of its own: planning the statement takes longer than running it."""
    wanted = frozenset({*names, "id"})
    rows = [row for id in ids for row in _quick(wanted).rows([id])]
    return {row["id"]: row for row in (dict(zip(sorted(wanted), values, strict=True)) for values in rows)}


@lru_cache(maxsize=64)
def _quick(names: frozenset[str]) -> QuickRead:
    return QuickRead("party", _statement(names, "= $1"))
