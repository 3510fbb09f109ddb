"""TMF632 v4 Individual and Organization as they are sent to us. Attributes that are not kept are refused by name, not
dropped; `party_specification` says which and why."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hutong.api.tmf.product_order_body import Reference, Typed

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
DETAILS = "identificationDetails"
"""The attribute that keeps who issued identity documents, when, and how long they hold; by type."""


class Period(Typed, kw_only=True):
    """TMF TimePeriod."""

    start_date_time: Line | None = None
    end_date_time: Line | None = None


class Medium(Typed, kw_only=True):
    """TMF632 MediumCharacteristic. `contact_type`: of the code set value_use, or what it is shown as without one."""

    contact_type: Line | None = None
    phone_number: Line | None = None
    fax_number: Line | None = None
    email_address: Line | None = None
    social_network_id: Line | None = None
    street1: Line | None = None
    street2: Line | None = None
    city: Line | None = None
    state_or_province: Line | None = None
    post_code: Line | None = None
    country: Line | None = None


class Contact(Typed, kw_only=True):
    """TMF632 ContactMedium. `preferred`: the one of its kind that is stated as the party's own attribute."""

    medium_type: Line | None = None
    preferred: bool | None = None
    characteristic: Medium | None = None
    valid_for: Period | None = None


class Identification(Typed, kw_only=True):
    """TMF632 IndividualIdentification and OrganizationIdentification; the type is of the code set id_type."""

    identification_id: Line
    identification_type: Line
    issuing_authority: Line | None = None
    issuing_date: Line | None = None
    valid_for: Period | None = None


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
    referred_type: Line | None = msgspec.field(name="@referredType", default=None)


class Exemption(Typed, kw_only=True):
    """TMF632 TaxExemptionCertificate."""

    id: Line | None = None
    tax_definition: Annotated[list[TaxDefinition], Meta(max_length=20)] | None = None
    valid_for: Period | None = None


class Rating(Typed, kw_only=True):
    """TMF632 PartyCreditProfile: kept as an evaluation of the party's credit."""

    credit_agency_name: Line | None = None
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
    individual_identification: Annotated[list[Identification], Meta(max_length=10)] | None = None


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
    organization_identification: Annotated[list[Identification], Meta(max_length=10)] | None = None


PATCHES: dict[str, type[IndividualUpdate] | type[OrganizationUpdate]] = {
    "individual": IndividualUpdate,
    "organization": OrganizationUpdate,
}
