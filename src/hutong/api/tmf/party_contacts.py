"""How to reach a party, and its identity documents, as TMF632 and TMF629 state them: what becomes the party's own
attributes (one of each, the preferred first), and what is stated beside them: further ones, their use and validity."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hutong import masterdata
from hutong.api.tmf.party_body import Contact, Identification, Medium, Period
from hutong.identity import Principal
from hutong.party.areas import values
from hutong.party.standardise.stated import standardised
from hutong.platform import clock, database
from hutong.platform.errors import Unprocessable

FAX = "fax"
CHINA = ("cn", "chn", "china", "中国", "中华人民共和国")
SHOWN_AS = {"phone": ("mobile", "fixed"), "email": ("email",), "social": ("social",), "address": ("address",)}
"""What a contact without a use is shown as (`party_view.MEDIA`): sent back, it says nothing."""
MAIN = {"phone": ("mobile", "phone"), "email": ("email",), "address": ("address",)}
"""Kinds of value of which some are attributes of the party."""


class Beside(NamedTuple):
    """A value stated beside the party's attributes."""

    kind: str
    value: str
    detail: str | None
    use: str | None
    valid_from: datetime | None
    valid_to: datetime | None

    @property
    def says_more(self) -> bool:
        """Whether it says more than that the party has it."""
        return bool(self.use or self.valid_from or self.valid_to)

    @property
    def holds(self) -> bool:
        """Whether it holds now."""
        now = clock.now()
        return (self.valid_from is None or self.valid_from <= now) and (self.valid_to is None or self.valid_to > now)


class Contacts(NamedTuple):
    """What a document says about how to reach a party: attributes of PartyData, and what is stated beside them."""

    main: dict[str, Any]
    beside: list[Beside]


def split(media: Iterable[Contact]) -> Contacts:
    """Contacts as they are kept. Raises Unprocessable."""
    ordered = sorted(media, key=lambda one: not one.preferred)
    uses = _uses(ordered)
    found = [value for one in ordered for value in _values(one, uses)]
    made: dict[str, Any] = {}
    beside = []
    for kind, names in MAIN.items():
        own = [one for one in found if one.kind == kind and one.holds and one.use != FAX]
        made |= {name: own[n].value if n < len(own) else None for n, name in enumerate(names)}
        beside += [one for one in found if one.kind == kind and (one.says_more or one not in own[: len(names)])]
    beside += [one for one in found if one.kind not in MAIN]
    _check(beside)
    codes = (one.characteristic.post_code for one in ordered if one.characteristic)
    made["postcode"] = next((code for code in codes if code), None)
    return Contacts(made, beside)


def _uses(contacts: Iterable[Contact]) -> Collection[str]:
    """The uses that are known (code set value_use), where a contact names one."""
    if not any(one.characteristic and one.characteristic.contact_type for one in contacts):
        return ()
    with database.read("masterdata") as conn:
        return masterdata.standard_codes(conn, "value_use")


def _values(contact: Contact, uses: Collection[str]) -> list[Beside]:
    medium = contact.characteristic
    if medium is None:
        return []
    start, end = period_of(contact.valid_for)
    given = {"phone": medium.phone_number, FAX: medium.fax_number, "email": medium.email_address,
             "social": medium.social_network_id, "address": _address(medium)}  # fmt: skip
    made = []
    for kind, value in given.items():
        if not value:
            continue
        if "*" in value:
            raise Unprocessable("api-masked", field="contactMedium", name="contactMedium")
        if kind == FAX:
            made.append(Beside("phone", value, None, FAX, start, end))
        else:
            use, detail = _use(kind, medium.contact_type, uses)
            made.append(Beside(kind, value, detail, use, start, end))
    return made


def _use(kind: str, said: str | None, known: Collection[str]) -> tuple[str | None, str | None]:
    """Use and detail that a contact type says. Raises Unprocessable for one that is not known."""
    word = (said or "").casefold()
    if not word or word in SHOWN_AS[kind]:
        return None, None
    if word in known or not known:
        return word, None
    if kind == "social":  # the network
        return None, said
    raise Unprocessable("api-party-contact-type", field="contactType", value=said or "", known=", ".join(sorted(known)))


def _address(medium: Medium) -> str:
    """The street with what it lacks of province and city before it; a country that is not China after it."""
    lines = [line for line in (medium.street1, medium.street2) if line]
    text = (" " if "".join(lines).isascii() else "").join(lines)
    if not (text or medium.city or medium.state_or_province):
        return ""
    for part in (medium.city, medium.state_or_province):
        if part and part not in text:
            text = part + text
    abroad = medium.country and medium.country.casefold() not in CHINA and medium.country not in text
    return f"{text}, {medium.country}" if abroad else text


def documents(given: Sequence[Identification]) -> list[Beside]:
    """The identity documents after the first, which is the party's own."""
    made = [
        Beside("identifier", one.identification_id, one.identification_type, None, *period_of(one.valid_for))
        for one in given[1:]
    ]
    _check(made)
    return made


def _check(found: Iterable[Beside]) -> None:
    """Refuse what is no value of its kind before anything is written."""
    for one in found:
        standardised(one.kind, one.value, one.detail)


def details(given: Sequence[Identification]) -> dict[str, Any] | None:
    """Who issued documents, when, and how long they hold, by type; None where nothing is said of them."""
    made = {}
    for one in given:
        period = {"startDateTime": one.valid_for.start_date_time, "endDateTime": one.valid_for.end_date_time} if (
            one.valid_for) else {}  # fmt: skip
        said = {"issuingAuthority": one.issuing_authority, "issuingDate": one.issuing_date,
                "validFor": {name: value for name, value in period.items() if value}}  # fmt: skip
        if kept := {name: value for name, value in said.items() if value}:
            made[one.identification_type] = kept
    return made or None


def period_of(period: Period | None) -> tuple[datetime | None, datetime | None]:
    """A TimePeriod's instants. Raises Unprocessable."""
    if period is None:
        return None, None
    return instant_of(period.start_date_time), instant_of(period.end_date_time)


def instant_of(said: str | None) -> datetime | None:
    """A date-time as it was sent; without a zone UTC."""
    if said is None:
        return None
    try:
        return clock.zoned(datetime.fromisoformat(said))
    except ValueError:
        raise Unprocessable("api-reference-unknown", field="validFor", name="validFor") from None


def add(viewer: Principal, party_id: int, beside: Iterable[Beside]) -> None:
    """State values beside a party's attributes; again, they change nothing."""
    for one in beside:
        values.add(
            viewer, party_id, one.kind, one.value, use=one.use, detail=one.detail, valid_from=one.valid_from,
            valid_to=one.valid_to,
        )  # fmt: skip
