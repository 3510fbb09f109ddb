"""Where TMF632 v4 and TMF629 v4 differ from the customer master: told in the API's description, held by a test that
walks the specifications. What stands in neither table is written as it is read."""

from collections.abc import Mapping

DERIVED: Mapping[str, str] = {
    "*.@type": "said of every object by what it is", "*.@baseType": "taken, not kept",
    "*.@schemaLocation": "taken, not kept", "*.@referredType": "follows from what is referred to",
    "*.href": "follows from the id", "RelatedParty.name": "the other's own", "OrganizationRef.name": "the other's own",
    "PaymentMethodRef.name": "the payment method's own",
    "Individual.familyName": "of fullName, where that is given",
    "Individual.givenName": "of fullName, where that is given",
    "ContactMedium.mediumType": "follows from what the characteristic states",
    "ContactMedium.preferred": "the one of its kind that survivorship shows; true chooses which of several is stated "
                               "as the party's own",
    "MediumCharacteristic.street2": "shown at the end of street1",
    "MediumCharacteristic.street1": "shown with province and city before it",
    "ExternalReference.name": "shown with the calling system's name before it",
    "ExternalReference.externalReferenceType": "the calling system's source",
    "Characteristic.valueType": "follows from the value",
    "Customer.name": "the engaged party's; given when a customer is made it states nothing",
}  # fmt: skip
"""Attributes that are taken where they are sent, and shown as follows."""
REFUSED: Mapping[str, str] = {
    "Individual.id": "given by the master", "Organization.id": "given by the master", "Customer.id": "the party's",
    "Individual.href": "follows from the id", "Organization.href": "follows from the id",
    "Customer.href": "follows from the id",
    "Individual.status": "in use a party is `validated`; DELETE asks for its end of use, which may need approval",
    "Organization.status": "in use a party is `validated`; DELETE asks for its end of use, which may need approval",
    "Customer.status": "a customer is one while its party has the role; DELETE takes it",
    "Customer.statusReason": "the reason of a change stands with its request (/party/v1/requests)",
    "Customer.validFor": "the role's own", "Customer.account": "accounts are opened by orders; shown",
    "Customer.agreement": "policies come from their systems; shown",
    "*Identification.attachment": "images are kept as document images, with the right to see them",
    "TaxExemptionCertificate.attachment": "images are kept as document images, with the right to see them",
    "PartyCreditProfile.creditAgencyType": "an evaluation names its agency or model, and no kind of it",
    "AccountRef.*": "accounts are shown only", "AgreementRef.*": "policies are shown only",
    "AttachmentRefOrValue.*": "see attachment",
}  # fmt: skip
"""Attributes that are refused with 400 where they are sent."""


def told() -> str:
    """Both tables, for the API's description."""
    lists = (("Taken, and shown as follows", DERIVED), ("Refused with 400 when sent", REFUSED))
    return "\n\n".join(
        f"**{title}**\n\n" + "\n".join(f"- `{name}`: {why}" for name, why in names.items()) for title, names in lists
    )
