"""Parties as the border lists them (TMF632, TMF629): in use, by filters, offset and limit, with keys and roles."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, func, or_, select

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.columns import SENSITIVE
from hutong.party.model import extension
from hutong.party.standardise import identifiers, names, organisations, phones
from hutong.party.standardise.text import simplified
from hutong.party.tables import party, party_value, redirect, role, xref
from hutong.platform import database, paging
from hutong.platform.errors import Forbidden

READ = "party.read"


def page(viewer: Principal, filters: Mapping[str, Sequence[str]], offset: int = 0, limit: int = 100) -> paging.Rows:
    """Parties in use, newest first: golden records with `xrefs` ([source, key] pairs) and `roles`.

    `filters`: names of `FILTERS` → values. Identifiers, phones, e-mails and names match any that a source states.
    Raises Forbidden for a filter by an attribute that the viewer's interface does not have: who is left would tell it.
    """
    require(viewer, READ)
    for name in filters:
        if not (name in _OPEN or viewer.has("party", _ATTRIBUTE.get(name, name))):
            raise Forbidden("party-filter-hidden", name=name)
    references = select(func.jsonb_agg(func.jsonb_build_array(xref.c.source, xref.c.key))).where(
        xref.c.party_id == party.c.id
    )
    statement = select(
        party,
        references.scalar_subquery().label("xrefs"),
        func.array(select(role.c.role.distinct()).where(_of_party()).scalar_subquery()).label("roles"),
    ).where(party.c.state == "active", visibility.seen(viewer))
    with database.read("party") as conn:
        found = paging.page(conn, statement, FILTERS, filters, order_by=party.c.id.desc(), offset=offset, limit=limit)
    fields = {name: kind for name, kind in SENSITIVE.items() if name in party.c}
    shown = protect(viewer, "party", found.rows, {**fields, "name_key": "name"})
    return paging.Rows(extension.protected(viewer, shown), found.total)


def _of_party() -> ColumnElement[bool]:
    """Roles given to the party, or to one that was merged into it."""
    merged = select(redirect.c.retired_id).where(redirect.c.survivor_id == party.c.id)
    return or_(role.c.party_id == party.c.id, role.c.party_id.in_(merged))


def _stated(kind: str, *values: str | None) -> ColumnElement[bool]:
    known = [value for value in values if value]
    stated = select(party_value.c.party_id).where(party_value.c.kind == kind, party_value.c.value.in_(known))
    return party.c.id.in_(stated)


def _name(values: Sequence[str]) -> ColumnElement[bool]:
    asked = [
        name
        for value in values
        for name in (value, names.person_name(value).name, organisations.organisation_name(value).name)
    ]
    return or_(_stated("name", *asked), party.c.name.in_([name for name in asked if name]))


def _family_name(values: Sequence[str]) -> ColumnElement[bool]:
    """Chinese family names come first, others last."""
    starts = (party.c.name.startswith(simplified(value), autoescape=True) for value in values)
    ends = (party.c.name.endswith(" " + value.casefold(), autoescape=True) for value in values)
    return or_(*starts, *ends)


def _phone(values: Sequence[str]) -> ColumnElement[bool]:
    return _stated("phone", *values, *(phones.phone(value).value for value in values))


def _identifier(values: Sequence[str]) -> ColumnElement[bool]:
    kinds = ("resident_id", "uscc", "passport")
    return _stated(
        "identifier", *values, *(identifiers.identifier(kind, value).value for value in values for kind in kinds)
    )


def _reference(values: Sequence[str]) -> ColumnElement[bool]:
    return party.c.id.in_(select(xref.c.party_id).where(xref.c.key.in_(values)))


def _role(values: Sequence[str]) -> ColumnElement[bool]:
    return select(role.c.party_id).where(_of_party(), role.c.role.in_(values)).exists()


_OPEN = frozenset({"id", "kind", "reference", "role"})
"""Filters that every interface may use: they are no attributes of the golden record."""
_ATTRIBUTE = {"family_name": "name", "phone": "mobile", "identifier": "id_number"}
"""Filter → attribute of which it tells, where they differ."""
FILTERS: paging.Filterable = {
    **{name: party.c[name] for name in ("id", "kind", "gender", "grade", "branch", "city")},
    "name": _name,
    "family_name": _family_name,
    "phone": _phone,
    "email": lambda values: _stated("email", *(value.casefold() for value in values)),
    "identifier": _identifier,
    "reference": _reference,
    "role": _role,
}
