"""A value that people or sources state of a party by its kind (EC-01, EC-04): as source records would keep it. Pure."""

from hutong.party.standardise import addresses, identifiers, names, organisations, phones
from hutong.party.standardise.text import clean
from hutong.platform.errors import Unprocessable

ATTRIBUTES = {"name": "name", "email": "email", "address": "address", "bank_card": "bank_card"}
"""Kinds of value whose main one is an attribute of that name; phones and identifiers depend on what they are."""


def standardised(kind: str, value: str, detail: str | None, field: str | None = None) -> str:
    """A value as source records would keep it. Raises Unprocessable naming the kind, how such a value is written, and
    the field it was stated in."""
    made: str | None
    if kind == "phone":
        made = phones.phone(value).value
    elif kind == "email":
        made = identifiers.email(value)
    elif kind == "address":
        made = addresses.address(value).text
    elif kind == "bank_card":
        made = identifiers.bank_card(value)
    elif kind == "identifier":
        number = identifiers.identifier(detail, value)
        made = number.value if number.valid or detail not in ("resident_id", "uscc", "organisation_code") else None
    elif kind == "name":
        made = names.person_name(value).name or organisations.organisation_name(value).name
    else:
        made = clean(value) or None
    if made is None:
        raise Unprocessable("party-value-not-one", field=field, kind=kind)
    return made


def main_attribute(kind: str, value: str, detail: str | None) -> str | None:
    """The golden attribute a value of a kind would be."""
    if kind == "phone":
        return "mobile" if phones.phone(value).kind == "mobile" else "phone"
    if kind == "identifier":
        return "id_number" if detail else None
    return ATTRIBUTES.get(kind)
