"""What TMF632 and TMF629 documents state about a party, in the words of `PartyData`."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from hutong.api.tmf.party_body import DETAILS, GENDERS, PLAIN, SEXES, IndividualUpdate, Named, OrganizationUpdate
from hutong.api.tmf.party_contacts import details
from hutong.party import PartyData
from hutong.party.standardise import identifiers, phones
from hutong.platform.errors import Unprocessable

_ATTRIBUTES = {"grade", "branch"}


def changes(
    body: IndividualUpdate | OrganizationUpdate, named: set[str], contacts: Mapping[str, Any]
) -> dict[str, Any]:
    """What a document states of the party's own attributes, in the words of PartyData.

    `named`: the attributes it names; `contacts`: those of its contacts that are attributes. Raises Unprocessable."""
    made: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    if isinstance(body, IndividualUpdate):
        kind, identifications = "person", body.individual_identification
        if named & {"fullName", "givenName", "familyName"}:
            made["name"] = _name(body)
        if "gender" in named:
            made["gender"] = _gender(body.gender)
        if "birthDate" in named:
            made["birth_date"] = _birth(body.birth_date)
    else:
        kind, identifications = "organisation", body.organization_identification
        if named & {"name", "tradingName"}:
            made["name"] = body.name or body.trading_name or ""
            attributes["tradingName"] = body.trading_name if body.trading_name != made["name"] else None
    if named & {"individualIdentification", "organizationIdentification"}:
        one = identifications[0] if identifications else None
        made |= {"id_type": one and one.identification_type, "id_number": one and one.identification_id}
        attributes[DETAILS] = details(identifications or [])
    if "contactMedium" in named:
        made |= contacts
    plain = {field.encode_name: getattr(body, field.name) for field in msgspec.structs.fields(body)}
    attributes |= {name: msgspec.to_builtins(plain[name]) for name in PLAIN[kind] if name in named}
    if "partyCharacteristic" in named:
        given = characteristics(body.party_characteristic or [])
        attributes |= given.pop("attributes", {})
        made |= given
    if attributes:
        made["attributes"] = attributes
    _refuse_useless(made)
    return made


def characteristics(named: Iterable[Named]) -> dict[str, Any]:
    """Characteristics in the words of PartyData: grade and branch, and extension attributes (EC-10)."""
    given = {one.name: one.value for one in named}
    made = {name: given.pop(name) for name in _ATTRIBUTES if name in given}
    return {**made, "attributes": given} if given else made


def party_data(body: IndividualUpdate | OrganizationUpdate, named: set[str], contacts: Mapping[str, Any]) -> PartyData:
    """A new party's data."""
    return PartyData(**{"name": "", **changes(body, named, contacts), "kind": kind_of(body)})


def kind_of(body: IndividualUpdate | OrganizationUpdate) -> str:
    """The kind of party a document is about."""
    return "person" if isinstance(body, IndividualUpdate) else "organisation"


def _name(body: IndividualUpdate) -> str:
    """A person's whole name. Raises Unprocessable where its parts are of another."""
    family, given = body.family_name or "", body.given_name or ""
    if body.full_name and not all(part.casefold() in body.full_name.casefold() for part in (family, given)):
        raise Unprocessable("api-party-names-differ", field="fullName")
    return body.full_name or _full_name(family, given)


def _full_name(family: str, given: str) -> str:
    """Chinese names are written family name first, without a space."""
    return f"{given} {family}".strip() if (family + given).isascii() else family + given


def _gender(word: str | None) -> str | None:
    if word is None or word in GENDERS:
        return word
    if word.casefold() not in SEXES:
        raise Unprocessable("api-reference-unknown", field="gender", name="gender")
    return SEXES[word.casefold()]


def _birth(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise Unprocessable("api-reference-unknown", field="birthDate", name="birthDate") from None


def _refuse_useless(made: dict[str, Any]) -> None:
    """Masked values, and contacts that standardisation cannot use: a statement that would be dropped is refused."""
    for name in ("name", "id_number", "mobile", "phone", "email", "address"):
        value = made.get(name)
        if value and "*" in value:
            raise Unprocessable("api-masked", field=name, name=name)
        standard = {"mobile": _phone, "phone": _phone, "email": identifiers.email}.get(name)
        if value and standard and not standard(value):
            raise Unprocessable("api-party-useless", field=name, name=name)


def _phone(value: str) -> str | None:
    return phones.phone(value).value
