"""What TMF632 and TMF629 have in common: retired and erased ids, and what stands beside a party."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from hutong import party
from hutong.api.tmf.errors import error_body
from hutong.api.tmf.party_body import KINDS, IndividualUpdate, OrganizationUpdate, Related
from hutong.api.tmf.party_contacts import Beside, add, documents, period_of
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


class Statement(NamedTuple):
    """A row of an area that a document states; `key` makes it replace itself."""

    area: str
    values: dict[str, Any]
    key: str | None = None


class Stated(NamedTuple):
    """What a document states beside a party's attributes: contacts and documents, relations (id of the other, and what
    it is to the party), rows of areas."""

    values: Sequence[Beside] = ()
    others: Sequence[tuple[str, str]] = ()
    rows: Sequence[Statement] = ()


BESIDE = frozenset({
    "relatedParty", "creditRating", "organizationParentRelationship", "organizationChildRelationship", "contactMedium",
    "individualIdentification", "organizationIdentification",
})  # fmt: skip
"""Attributes of TMF632 of which all or a part is kept beside the party's own."""


def check(viewer: Principal, stated: Stated, kind: str, key: int | None = None) -> None:
    """Refuse what `state` would, before anything of the document is written. `kind`: of the party; `key`: the party,
    where it is made already."""
    if stated.values:
        require(viewer, people.RIGHT)
    for other, role in _unrelated(viewer, key, stated.others):
        check_relation(viewer, number(other, "relatedParty"), role, to=kind, other_id=key)
    for row in stated.rows:
        people.check_statement(viewer, row.area, row.values)


def state(viewer: Principal, key: int, stated: Stated) -> None:
    """State what stands beside a party: values and rows, and relations that are not there yet. The specification's role
    is what the other is to this party, so each is stated of the other."""
    add(viewer, key, stated.values)
    for other, role in _unrelated(viewer, key, stated.others):
        relate(viewer, number(other, "relatedParty"), key, role)
    for row in stated.rows:
        people.state(viewer, key, row.area, row.values, row.key)


def of_party(
    viewer: Principal, document: IndividualUpdate | OrganizationUpdate, values: Sequence[Beside], key: int | None = None
) -> Stated:
    """What a TMF632 document states beside its party: further contacts (`values`) and documents, relations, and the
    credit ratings that `key` does not have yet. Raises Unprocessable."""
    if isinstance(document, IndividualUpdate):
        known = document.individual_identification
    else:
        known = document.organization_identification
    return Stated([*values, *documents(known or [])], _related(document), _unrated(viewer, key, document))


def _related(document: IndividualUpdate | OrganizationUpdate) -> list[tuple[str, str]]:
    made = others_of(document.related_party or [])
    if isinstance(document, OrganizationUpdate):
        above = document.organization_parent_relationship
        organized = [*([above] if above else []), *(document.organization_child_relationship or [])]
        made += [(one.organization.id, one.relationship_type) for one in organized]
    return list(dict.fromkeys(made))


def _unrated(viewer: Principal, key: int | None, document: IndividualUpdate | OrganizationUpdate) -> list[Statement]:
    """A document's credit ratings that are not there yet. Raises Unprocessable."""
    if not document.credit_rating:
        return []
    known = around(viewer, [key])[key]["credit"] if key is not None else []
    there = {(row["score"], row["grade"], row["model"]) for row in known}
    made = []
    for rating in document.credit_rating:
        score, grade, model = rating.rating_score, rating.rating_reference, rating.credit_agency_name
        begun, ended = period_of(rating.valid_for)
        if (score, grade, model) not in there:
            made.append(Statement("evaluation", {"kind": "credit", "score": score, "grade": grade, "model": model,
                                                 "valid_from": begun, "valid_to": ended}))  # fmt: skip
    return made


def others_of(stated: Iterable[Related]) -> list[tuple[str, str]]:
    """Of related parties, id and what each is to the party."""
    return list(dict.fromkeys((other.id, other.role) for other in stated))


def _unrelated(viewer: Principal, key: int | None, others: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if not others or key is None:
        return list(others)
    there = {(str(row["other_id"]), row["other_is"]) for row in around(viewer, [key])[key]["related"]}
    return [one for one in others if one not in there]
