"""What TMF632 and TMF629 have in common: retired and erased ids, and what stands beside a party."""

from collections.abc import Iterable, Sequence
from typing import Any

from hutong import party
from hutong.api.tmf.errors import error_body
from hutong.api.tmf.party_body import KINDS, IndividualUpdate, OrganizationUpdate, Related
from hutong.api.tmf.party_contacts import Beside, add, documents, period_of, split
from hutong.api.tmf.product_order_body import number
from hutong.api.tmf.resource import JsonAnswer
from hutong.identity import Principal, require
from hutong.party.areas import people
from hutong.party.lifecycle.changes import apply_change
from hutong.party.lifecycle.tombstones import check_tombstone
from hutong.party.reading import pages
from hutong.party.relations.relate import check_relation, relate
from hutong.party.sharing.around import around
from hutong.platform.errors import NotFound
from hutong.platform.settings import settings


def current(viewer: Principal, key: int, kind: str | None = None) -> int:
    """The living party an id stands for: itself, or the survivor it was merged into, if the viewer sees that one.

    Raises NotFound, Gone for one that was erased.
    """
    living = party.survivor_ids([key])[key]
    kinds = {"kind": [KINDS[kind]]} if kind else {}
    if not pages.page(viewer, {"id": [str(living)], **kinds}, limit=1).rows:
        check_tombstone(key)
        raise NotFound("api-resource-unknown")
    return living


def elsewhere(path: str, key: int, status: int) -> JsonAnswer:
    """Where a resource is found that was merged: 301 to read it there, 308 to ask the same there again."""
    place = f"{settings.public_url}{path}/{key}"
    content = error_body("api-resource-merged", f"Merged into {key}", status, place)
    return JsonAnswer(content, status_code=status, headers={"Location": place})


def modify(viewer: Principal, key: int, changes: dict[str, Any]) -> int:
    """Ask for a change of attributes. Returns the status to answer: 200, or 202 while it waits for approval."""
    applied = apply_change(viewer, "modify", [key], body={"attributes": changes})
    return 202 if applied.state == "pending" else 200


def relations(stated: IndividualUpdate | OrganizationUpdate) -> list[tuple[str, str]]:
    """The others a document relates a party to: id, and what the other is to it."""
    made = others_of(stated.related_party or [])
    if isinstance(stated, OrganizationUpdate):
        above = stated.organization_parent_relationship
        organized = [*([above] if above else []), *(stated.organization_child_relationship or [])]
        made += [(one.organization.id, one.relationship_type) for one in organized]
    return list(dict.fromkeys(made))


BESIDE = frozenset({
    "relatedParty", "creditRating", "organizationParentRelationship", "organizationChildRelationship", "contactMedium",
    "individualIdentification", "organizationIdentification",
})  # fmt: skip
"""Attributes of which all or a part is kept beside the party's own."""


def beside_of(stated: IndividualUpdate | OrganizationUpdate) -> list[Beside]:
    """Contacts and documents that are stated beside the party's own. Raises Unprocessable."""
    if isinstance(stated, IndividualUpdate):
        known = stated.individual_identification
    else:
        known = stated.organization_identification
    return [*split(stated.contact_medium or [])[1], *documents(known or [])]


def check_beside(viewer: Principal, stated: IndividualUpdate | OrganizationUpdate, key: int | None = None) -> None:
    """Refuse what `add_beside` would, before anything of the document is written. `key`: the party, once it is made."""
    if beside_of(stated):
        require(viewer, people.RIGHT)
    kind = "person" if isinstance(stated, IndividualUpdate) else "organisation"
    for other, role in _unrelated(viewer, key, relations(stated)):
        check_relation(viewer, number(other, "relatedParty"), role, to=kind, other_id=key)
    for rating in _unrated(viewer, key, stated):
        people.check_statement(viewer, "evaluation", rating)


def add_beside(viewer: Principal, key: int, stated: IndividualUpdate | OrganizationUpdate) -> None:
    """Add the relations, ratings, further contacts and documents that a document states and that are not there yet."""
    add(viewer, key, beside_of(stated))
    relate_to(viewer, key, relations(stated))
    for rating in _unrated(viewer, key, stated):
        people.state(viewer, key, "evaluation", rating)


def _unrated(viewer: Principal, key: int | None, stated: IndividualUpdate | OrganizationUpdate) -> list[dict[str, Any]]:
    """A document's credit ratings that are not there yet, as rows of the area `evaluation`. Raises Unprocessable."""
    if not stated.credit_rating:
        return []
    known = around(viewer, [key])[key]["credit"] if key is not None else []
    there = {(row["score"], row["grade"], row["model"]) for row in known}
    made = []
    for rating in stated.credit_rating:
        score, grade, model = rating.rating_score, rating.rating_reference, rating.credit_agency_name
        begun, ended = period_of(rating.valid_for)
        if (score, grade, model) not in there:
            made.append({"kind": "credit", "score": score, "grade": grade, "model": model, "valid_from": begun,
                         "valid_to": ended})  # fmt: skip
    return made


def others_of(stated: Iterable[Related]) -> list[tuple[str, str]]:
    """Of related parties, id and what each is to the party."""
    return list(dict.fromkeys((other.id, other.role) for other in stated))


def relate_to(viewer: Principal, key: int, others: Sequence[tuple[str, str]]) -> None:
    """Add relations that are not there yet. The specification's role is what the other is to this party, so each is
    stated of the other."""
    for other, role in _unrelated(viewer, key, others):
        relate(viewer, number(other, "relatedParty"), key, role)


def _unrelated(viewer: Principal, key: int | None, others: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if not others or key is None:
        return list(others)
    there = {(str(row["other_id"]), row["other_is"]) for row in around(viewer, [key])[key]["related"]}
    return [one for one in others if one not in there]
