"""What a caller states about a party, standardised as files are (EC-03, EC-14). Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from hutong.party.columns import ATTRIBUTES, longest
from hutong.party.standardise import addresses, identifiers, names, organisations, phones, stated
from hutong.party.standardise.text import clean, not_given
from hutong.platform.errors import Invalid, Unprocessable


class PartyData(msgspec.Struct, frozen=True):
    """What a caller states about a party. `id_type`: code set id_type; `gender`: code set gender (GB/T 2261.1). No text
    is longer than files may have it.
    """

    kind: str
    name: str
    id_type: str | None = None
    id_number: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    mobile: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    postcode: str | None = None
    contact_name: str | None = None
    bank_card: str | None = None
    grade: str | None = None
    branch: str | None = None
    attributes: Mapping[str, Any] | None = None


_CHECKED = ("resident_id", "uscc", "organisation_code")
_TEXTS = tuple(name for name in PartyData.__struct_fields__ if name not in ("kind", "birth_date", "attributes"))
LARGEST_STRUCTURE = 20_000
"""Characters, as JSON, of a declared or TMF attribute that is no plain text."""
_PLACE = ("province", "city", "district", "road", "house")


def standardised(data: PartyData) -> dict[str, Any]:
    """The record's columns. Raises Unprocessable naming the field that is not valid, Invalid one that is too long."""
    _within_limits(data)
    record: dict[str, Any] = {attribute.name: None for attribute in ATTRIBUTES}
    record |= {"kind": data.kind, "name_partial": False, "id_valid": False}
    _name(record, data)
    number = identifiers.identifier(data.id_type, data.id_number)
    if data.id_number and data.id_type in _CHECKED and not number.valid:
        raise Unprocessable("party-id-invalid", field="id_number", reason=number.issue or "id_form")
    record |= {
        "id_type": data.id_type if number.value else None, "id_number": number.value, "id_valid": number.valid,
        "organisation_code": identifiers.organisation_part(data.id_type, number.value if number.valid else None),
        "birth_date": number.birth_date or data.birth_date, "gender": number.gender or data.gender,
        "email": identifiers.email(data.email), "bank_card": identifiers.bank_card(data.bank_card),
        "contact_name": names.person_name(data.contact_name).name, "postcode": clean(data.postcode) or None,
        "grade": data.grade, "branch": data.branch,
    }  # fmt: skip
    mobile, fixed = phones.phone(data.mobile), phones.phone(data.phone)
    for found in (mobile, fixed):
        slot = "mobile" if found.kind == "mobile" else "phone"
        if found.value and record[slot] is None:
            record[slot] = found.value
        elif found.value and record[slot] != found.value:
            record["other_phone"] = found.value
    place = addresses.address(data.address)
    record |= {"address": place.text, "address_key": place.key}
    record |= {part: getattr(place, part) for part in _PLACE}
    return record


READ_AS = {"mobile": "phone", "phone": "phone", "email": "email", "bank_card": "bank_card", "address": "address",
           "contact_name": "name"}  # fmt: skip
"""Attributes that a record leaves out where they cannot be read, and the kind of value they are."""


def kept(data: PartyData) -> dict[str, Any]:
    """The record's columns of what is stated to be kept: as `standardised`, and who states a value that cannot be read
    is told, instead of thanked. Raises Unprocessable naming its field. What only asks who somebody is leaves it out."""
    record = standardised(data)
    for name, kind in READ_AS.items():
        value = getattr(data, name)
        if value and not not_given(clean(value)):
            stated.standardised(kind, value, None, name)
    if data.id_number and record["id_number"] is None and not not_given(clean(data.id_number)):
        issue = identifiers.identifier(data.id_type, data.id_number).issue
        raise Unprocessable("party-id-invalid", field="id_number", reason=issue or "id_form")
    return record


def _within_limits(data: PartyData) -> None:
    """The limits of files (`columns.longest`)."""
    for name in _TEXTS:
        value = getattr(data, name)
        if value is not None and len(value) > longest(name):
            raise Invalid("party-value-long", field=name, what=name, most=longest(name))
    for name, value in (data.attributes or {}).items():
        plain = isinstance(value, str)
        most = longest(name) if plain else LARGEST_STRUCTURE
        if len(value if plain else msgspec.json.encode(value)) > most:
            raise Invalid("party-value-long", field=f"attributes.{name}"[:100], what=name[:100], most=most)


def _name(record: dict[str, Any], data: PartyData) -> None:
    if data.kind == "organisation":
        made = organisations.organisation_name(data.name)
        record |= {"name": made.name, "name_core": made.core, "name_key": made.key, "name_branch": made.branch}
    else:
        person = names.person_name(data.name)
        record |= {"name": person.name, "name_key": person.key, "name_partial": person.partial}
    if record["name"] is None:
        missing = not clean(data.name)
        raise Unprocessable("party-name-missing" if missing else "party-name-not-a-name", field="name")
