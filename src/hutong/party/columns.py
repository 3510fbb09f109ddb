"""The attributes of a party: what a source record is standardised to, and of those what the golden record holds.

One list, read by the tables, the loader, the matcher and survivorship, so that an attribute is added in one place.
"""

from typing import NamedTuple


class Attribute(NamedTuple):
    """One standardised column. `group`: columns that survive together, from one record, so that parts stay coherent."""

    name: str
    type: str  # text | date | boolean
    golden: bool = True
    group: str | None = None
    sensitive: str | None = None  # kind of identity.masking


ATTRIBUTES = (
    Attribute("name", "text", sensitive="name"),
    Attribute("name_core", "text", group="name", sensitive="name"),
    Attribute("name_key", "text", group="name", sensitive="name"),
    Attribute("name_partial", "boolean", group="name"),
    Attribute("name_branch", "text", group="name"),
    Attribute("gender", "text"),
    Attribute("birth_date", "date"),
    Attribute("id_type", "text", group="id_number"),
    Attribute("id_number", "text", sensitive="id_card"),
    Attribute("id_valid", "boolean", group="id_number"),
    Attribute("organisation_code", "text", group="id_number", sensitive="id_card"),
    Attribute("mobile", "text", sensitive="phone"),
    Attribute("phone", "text", sensitive="phone"),
    Attribute("other_phone", "text", golden=False, sensitive="phone"),
    Attribute("email", "text", sensitive="email"),
    Attribute("bank_card", "text", sensitive="bank_card"),
    Attribute("address", "text", sensitive="address"),
    Attribute("province", "text", group="address"),
    Attribute("city", "text", group="address"),
    Attribute("district", "text", group="address"),
    Attribute("road", "text", group="address", sensitive="address"),
    Attribute("house", "text", group="address", sensitive="address"),
    Attribute("address_key", "text", group="address", sensitive="address"),
    Attribute("postcode", "text"),
    Attribute("contact_name", "text", sensitive="name"),
    Attribute("grade", "text"),
    Attribute("branch", "text"),
)
NAMES = tuple(attribute.name for attribute in ATTRIBUTES)
GOLDEN = tuple(attribute.name for attribute in ATTRIBUTES if attribute.golden)
LEADERS = tuple(attribute.name for attribute in ATTRIBUTES if attribute.golden and attribute.group is None)
"""Attributes with a survivorship rule of their own; the rest follow their group's leader."""
LONGEST_KEY = 200
"""Characters of a source's key."""
SENSITIVE = {attribute.name: attribute.sensitive for attribute in ATTRIBUTES if attribute.sensitive}


def longest(attribute: str) -> int:
    """Characters a value may have, from files and interfaces alike: longer ones are no values, and could not be
    indexed."""
    return 200 if attribute in ("name", "contact_name") else 500


def followers(leader: str) -> list[str]:
    """The columns that come from the same record as the leader."""
    return [attribute.name for attribute in ATTRIBUTES if attribute.group == leader]
