"""TMF632 v4 Individual and Organization as they are sent to us, and what they state about a party.

Attributes we could not keep are refused by name, not dropped. Up to two phones, an e-mail, an address and an identity
document can be stated; source records hold the rest of what is known.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hutong.api.tmf.product_order_body import Reference, Typed
from hutong.party import PartyData
from hutong.party.standardise import identifiers, phones
from hutong.platform.errors import Unprocessable

Line = Annotated[str, Meta(max_length=500)]
Birth = Annotated[str, Meta(pattern=r"^(18|19|20)\d\d-[01]\d-[0-3]\d(T.*)?$", max_length=40)]
GENDERS = {"1": "male", "2": "female", "0": "unknown", "9": "notStated"}
SEXES = {word: code for code, word in GENDERS.items()} | {"m": "1", "f": "2"}
KINDS = {"individual": "person", "organization": "organisation"}
PLAIN = {
    "person": (
        "aristocraticTitle", "countryOfBirth", "deathDate", "disability", "familyNamePrefix", "formattedName",
        "generation", "languageAbility", "legalName", "location", "maritalStatus", "middleName", "nationality",
        "otherName", "placeOfBirth", "preferredGivenName", "skill", "taxExemptionCertificate", "title",
    ),
    "organisation": (
        "existsDuring", "isHeadOffice", "isLegalEntity", "nameType", "organizationType", "otherName",
        "taxExemptionCertificate",
    ),
}  # fmt: skip
"""Attributes kept as they came, by kind of party."""


class Medium(Typed, kw_only=True):
    """TMF632 MediumCharacteristic."""

    contact_type: Line | None = None
    phone_number: Line | None = None
    email_address: Line | None = None
    street1: Line | None = None
    city: Line | None = None
    state_or_province: Line | None = None
    post_code: Line | None = None
    country: Line | None = None


class Contact(Typed, kw_only=True):
    """TMF632 ContactMedium."""

    medium_type: Line | None = None
    preferred: bool | None = None
    characteristic: Medium | None = None


class Identification(Typed, kw_only=True):
    """TMF632 IndividualIdentification and OrganizationIdentification; the type is of the code set id_type."""

    identification_id: Line
    identification_type: Line


class Period(Typed, kw_only=True):
    """TMF TimePeriod."""

    start_date_time: Line | None = None
    end_date_time: Line | None = None


class Skill(Typed, kw_only=True):
    """TMF632 Skill."""

    skill_code: Line | None = None
    skill_name: Line | None = None
    evaluated_level: Line | None = None
    comment: Line | None = None
    valid_for: Period | None = None


class Disability(Typed, kw_only=True):
    """TMF632 Disability."""

    disability_code: Line | None = None
    disability_name: Line | None = None
    valid_for: Period | None = None


class Language(Typed, kw_only=True):
    """TMF632 LanguageAbility."""

    language_code: Line | None = None
    language_name: Line | None = None
    is_favourite_language: bool | None = None
    listening_proficiency: Line | None = None
    reading_proficiency: Line | None = None
    speaking_proficiency: Line | None = None
    writing_proficiency: Line | None = None
    valid_for: Period | None = None


class OtherName(Typed, kw_only=True):
    """TMF632 OtherNameIndividual."""

    aristocratic_title: Line | None = None
    family_name: Line | None = None
    family_name_prefix: Line | None = None
    formatted_name: Line | None = None
    full_name: Line | None = None
    generation: Line | None = None
    given_name: Line | None = None
    legal_name: Line | None = None
    middle_name: Line | None = None
    preferred_given_name: Line | None = None
    title: Line | None = None
    valid_for: Period | None = None


class OtherOrganizationName(Typed, kw_only=True):
    """TMF632 OtherNameOrganization."""

    name: Line | None = None
    name_type: Line | None = None
    trading_name: Line | None = None
    valid_for: Period | None = None


class TaxDefinition(Typed, kw_only=True):
    """TMF632 TaxDefinition."""

    id: Line | None = None
    name: Line | None = None
    tax_type: Line | None = None


class Exemption(Typed, kw_only=True):
    """TMF632 TaxExemptionCertificate."""

    id: Line | None = None
    tax_definition: Annotated[list[TaxDefinition], Meta(max_length=20)] | None = None
    valid_for: Period | None = None


class Rating(Typed, kw_only=True):
    """TMF632 PartyCreditProfile: kept as an evaluation of the party's credit."""

    credit_agency_name: Line | None = None
    credit_agency_type: Line | None = None
    rating_reference: Line | None = None
    rating_score: Annotated[int, Meta(ge=-(2**31), le=2**31)] | None = None
    valid_for: Period | None = None


class Related(Typed, kw_only=True):
    """TMF RelatedParty: kept as a relation; `role`: what the other is to the party, of the code set party_relation."""

    id: Line
    role: Line
    name: Line | None = None
    href: Line | None = None
    referred_type: Line | None = msgspec.field(name="@referredType", default=None)


class Organized(Typed, kw_only=True):
    """TMF632 OrganizationParentRelationship, OrganizationChildRelationship: kept as a relation; `relationship_type`:
    what the other is, of the code set party_relation."""

    organization: Reference
    relationship_type: Line


class External(Typed, kw_only=True):
    """TMF632 ExternalReference: the caller's own key of the party."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    external_reference_type: Line | None = None


class Named(Typed, kw_only=True):
    """A characteristic."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    value: Annotated[str, Meta(max_length=2000)] | Annotated[int, Meta(ge=-(2**53), le=2**53)] | bool | None
    value_type: Line | None = None


class _Party(Typed, kw_only=True):
    contact_medium: Annotated[list[Contact], Meta(max_length=20)] | None = None
    external_reference: Annotated[list[External], Meta(max_length=1)] | None = None
    party_characteristic: Annotated[list[Named], Meta(max_length=100)] | None = None
    related_party: Annotated[list[Related], Meta(max_length=50)] | None = None
    credit_rating: Annotated[list[Rating], Meta(max_length=10)] | None = None
    tax_exemption_certificate: Annotated[list[Exemption], Meta(max_length=20)] | None = None


class IndividualUpdate(_Party, kw_only=True):
    """TMF632 Individual_Update."""

    given_name: Line | None = None
    family_name: Line | None = None
    full_name: Line | None = None
    gender: Line | None = None
    birth_date: Birth | None = None
    title: Line | None = None
    nationality: Line | None = None
    marital_status: Line | None = None
    country_of_birth: Line | None = None
    place_of_birth: Line | None = None
    location: Line | None = None
    aristocratic_title: Line | None = None
    death_date: Birth | None = None
    family_name_prefix: Line | None = None
    formatted_name: Line | None = None
    generation: Line | None = None
    legal_name: Line | None = None
    middle_name: Line | None = None
    preferred_given_name: Line | None = None
    disability: Annotated[list[Disability], Meta(max_length=20)] | None = None
    language_ability: Annotated[list[Language], Meta(max_length=50)] | None = None
    other_name: Annotated[list[OtherName], Meta(max_length=20)] | None = None
    skill: Annotated[list[Skill], Meta(max_length=50)] | None = None
    individual_identification: Annotated[list[Identification], Meta(max_length=1)] | None = None


class OrganizationUpdate(_Party, kw_only=True):
    """TMF632 Organization_Update."""

    name: Line | None = None
    trading_name: Line | None = None
    organization_type: Line | None = None
    is_legal_entity: bool | None = None
    is_head_office: bool | None = None
    name_type: Line | None = None
    exists_during: Period | None = None
    organization_parent_relationship: Organized | None = None
    organization_child_relationship: Annotated[list[Organized], Meta(max_length=50)] | None = None
    other_name: Annotated[list[OtherOrganizationName], Meta(max_length=20)] | None = None
    organization_identification: Annotated[list[Identification], Meta(max_length=1)] | None = None


PATCHES: dict[str, type[IndividualUpdate] | type[OrganizationUpdate]] = {
    "individual": IndividualUpdate,
    "organization": OrganizationUpdate,
}
_ATTRIBUTES = {"grade", "branch"}


def changes(body: IndividualUpdate | OrganizationUpdate, named: set[str]) -> dict[str, Any]:
    """What a document states, in the words of PartyData. `named`: the attributes it names. Raises Unprocessable."""
    made: dict[str, Any] = {}
    if isinstance(body, IndividualUpdate):
        kind, identifications = "person", body.individual_identification
        if named & {"fullName", "givenName", "familyName"}:
            made["name"] = body.full_name or _full_name(body.family_name or "", body.given_name or "")
        if "gender" in named:
            made["gender"] = _gender(body.gender)
        if "birthDate" in named:
            made["birth_date"] = _birth(body.birth_date)
    else:
        kind, identifications = "organisation", body.organization_identification
        if named & {"name", "tradingName"}:
            made["name"] = body.name or body.trading_name or ""
    if named & {"individualIdentification", "organizationIdentification"}:
        one = identifications[0] if identifications else None
        made |= {"id_type": one and one.identification_type, "id_number": one and one.identification_id}
    if "contactMedium" in named:
        made |= contacts(body.contact_medium or [])
    plain = {field.encode_name: getattr(body, field.name) for field in msgspec.structs.fields(body)}
    attributes = {name: msgspec.to_builtins(plain[name]) for name in PLAIN[kind] if name in named}
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


def party_data(body: IndividualUpdate | OrganizationUpdate, named: set[str]) -> PartyData:
    """A new party's data."""
    kind = "person" if isinstance(body, IndividualUpdate) else "organisation"
    return PartyData(**{"name": "", **changes(body, named), "kind": kind})


def contacts(media: Iterable[Contact]) -> dict[str, Any]:
    """Contacts as PartyData has them. Raises Unprocessable for more than can be kept."""
    known = [medium.characteristic for medium in media if medium.characteristic]
    numbers = _at_most(2, "phoneNumber", [medium.phone_number for medium in known])
    emails = _at_most(1, "emailAddress", [medium.email_address for medium in known])
    places = [medium for medium in known if medium.street1 or medium.city or medium.state_or_province]
    texts = [_address(medium) for medium in places]
    address = next(iter(_at_most(1, "street1", texts)), None)
    postcode = next((medium.post_code for medium in known if medium.post_code), None)
    mobile, phone = (*numbers, None, None)[:2]
    return {
        "mobile": mobile,
        "phone": phone,
        "email": next(iter(emails), None),
        "address": address,
        "postcode": postcode,
    }


def _at_most(most: int, name: str, values: Iterable[str | None]) -> list[str]:
    given = [value for value in values if value]
    if len(given) > most:
        raise Unprocessable("api-party-too-many", field=name, name=name, most=most)
    return given


def _address(medium: Medium) -> str:
    """The street with what it lacks of province and city before it."""
    text = medium.street1 or ""
    for part in (medium.city, medium.state_or_province):
        if part and part not in text:
            text = part + text
    return text


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
