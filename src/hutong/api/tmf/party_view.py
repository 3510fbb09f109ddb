"""TMF632 v4 Individual and Organization, TMF629 v4 Customer, as we show them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hutong.api.tmf.party_body import DETAILS, GENDERS, PLAIN
from hutong.api.tmf.resource import Resource, identified, instant, reference
from hutong.party.relation_kinds import BELOW
from hutong.party.standardise.pinyin import COMPOUND_SURNAMES

BASE = "/tmf-api/party/v4"
CUSTOMERS = "/tmf-api/customerManagement/v4"
TYPES = {"person": ("individual", "Individual"), "organisation": ("organization", "Organization")}


ABOVE = ("parent_company", "head_office")
NOTHING: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "related": (), "credit": (), "payment": (), "values": (), "agreement": (),
}  # fmt: skip


def party(row: Mapping[str, Any], around: Mapping[str, Sequence[Mapping[str, Any]]] = NOTHING) -> Resource:
    """A row of `party.pages.page` as Individual or Organization; `around`: of `party.sharing.around`."""
    kind, type_name = TYPES[row["kind"]]
    plain = {name: value for name, value in row["attributes"].items() if name in PLAIN[row["kind"]]}
    of_kind = individual if kind == "individual" else organization
    made = of_kind(row, around["values"])
    return identified(
        BASE,
        kind,
        type_name,
        row["id"],
        **plain,
        **made,
        status="validated",
        contactMedium=contacts(row, around["values"]),
        externalReference=[{"externalReferenceType": source, "name": key} for source, key in row["xrefs"] or []],
        partyCharacteristic=characteristics(row),
        relatedParty=related(around["related"]) or None,
        creditRating=[credit_rating(one) for one in around["credit"]] or None,
        **(hierarchy(around["related"]) if kind == "organization" else {}),
    )


def hierarchy(rows: Sequence[Mapping[str, Any]]) -> Resource:
    """Of an organisation's relations, what is above it (TMF has place for one) and below it."""
    above = [_of_organization(row) for row in rows if row["other_is"] in ABOVE]
    below = [_of_organization(row) for row in rows if row["other_is"] in BELOW]
    return {
        "organizationParentRelationship": above[0] if above else None,
        "organizationChildRelationship": below or None,
    }


def _of_organization(row: Mapping[str, Any]) -> Resource:
    other = reference(f"{BASE}/organization", row["other_id"], "Organization", name=row["other_name"])
    return {"relationshipType": row["other_is"], "organization": other}


def related(rows: Sequence[Mapping[str, Any]]) -> list[Resource]:
    """Relations as RelatedParty: the role is what the other is to the party (code set party_relation)."""
    return [
        reference(
            f"{BASE}/{TYPES[row['other_kind']][0]}",
            row["other_id"],
            TYPES[row["other_kind"]][1],
            name=row["other_name"],
            role=row["other_is"],
        )
        for row in rows
    ]


def period(row: Mapping[str, Any]) -> Resource:
    """TMF TimePeriod of a row that holds for a time."""
    made = {"startDateTime": instant(row["valid_from"]), "endDateTime": instant(row.get("ends_at") or row["valid_to"])}
    return {name: value for name, value in made.items() if value is not None}


def credit_rating(row: Mapping[str, Any]) -> Resource:
    """An evaluation of credit as PartyCreditProfile."""
    made = {"creditAgencyName": row["model"] or row["source"], "ratingReference": row["grade"],
            "ratingScore": row["score"], "validFor": period(row)}  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def credit_profile(row: Mapping[str, Any]) -> Resource:
    """An evaluation of credit as TMF629 CreditProfile."""
    made: Resource = {"creditProfileDate": instant(row["valid_from"]), "validFor": period(row)}
    if row["score"] is not None:
        made["creditScore"] = row["score"]
    if (row["grade"] or "") in RISKS:
        made["creditRiskRating"] = RISKS[row["grade"]]
    return made


RISKS = {"a": 1, "low": 1, "b": 2, "medium": 2, "c": 3, "high": 3, "d": 4}
"""Grade of an evaluation → TMF's risk rating, 1 the least."""


def individual(row: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> Resource:
    """What only persons have."""
    name = row["name"] or ""
    family, given = names(name)
    return {
        "fullName": name,
        "familyName": family,
        "givenName": given,
        "gender": GENDERS.get(row["gender"] or "", row["gender"]),
        "birthDate": day(row["birth_date"]),
        "individualIdentification": identification(row, values),
    }


def organization(row: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> Resource:
    """What only organisations have."""
    return {
        "name": row["name"],
        "tradingName": row["attributes"].get("tradingName") or row["name"],
        "organizationIdentification": identification(row, values),
    }


def names(name: str) -> tuple[str, str]:
    """Family name and given name: Chinese names begin with the family name, of one or two characters."""
    if name.isascii():
        given, _, family = name.rpartition(" ")
        return family, given
    size = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    return name[:size], name[size:]


def day(value: date | None) -> str | None:
    """A calendar day in TMF's date-time form."""
    return None if value is None else f"{value.isoformat()}T00:00:00Z"


def identification(row: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> list[Resource] | None:
    """The identity documents that hold now, the golden one first."""
    known = row["attributes"].get(DETAILS) or {}
    made = []
    for one in values:
        if one["kind"] == "identifier":
            kind = one["detail"] or row["id_type"] or "other"
            said = {"identificationType": kind, "identificationId": one["value"], "validFor": period(one)}
            made.append(said | known.get(kind, {}))
    return made or None


MEDIA: Mapping[str, tuple[str, str, str]] = {
    "mobile": ("mobile", "mobile", "phoneNumber"),
    "fixed": ("telephone", "fixed", "phoneNumber"),
    "fax": ("fax", "fax", "faxNumber"),
    "email": ("email", "email", "emailAddress"),
    "social": ("socialNetwork", "social", "socialNetworkId"),
    "address": ("postalAddress", "address", "street1"),
}
"""What reaches a party → TMF's medium, contact type, and the characteristic that has the value."""


def contacts(row: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> list[Resource]:
    """How to reach the party: every number and address that holds now; the golden ones are preferred."""
    return [_medium(row, one) for one in values if one["kind"] != "identifier"]


def _medium(row: Mapping[str, Any], one: Mapping[str, Any]) -> Resource:
    kind = ("mobile" if one["mobile"] else "fixed") if one["kind"] == "phone" else one["kind"]
    medium, contact, name = MEDIA["fax" if one["use"] == "fax" else kind]
    detail = {"contactType": one["use"] or (one["detail"] if kind == "social" else "") or contact, name: one["value"]}
    if kind == "address":
        place = {"city": one["city"], "stateOrProvince": one["province"]}
        place["country"] = "CN" if one["province"] else None
        place["postCode"] = row["postcode"] if one["current"] else None
        detail |= {part: value for part, value in place.items() if value}
    return {"mediumType": medium, "preferred": one["current"], "characteristic": detail, "validFor": period(one)}


def characteristics(row: Mapping[str, Any]) -> list[Resource]:
    """Grade, branch, and what sources state beyond TMF's attributes."""
    given = {"grade": row["grade"], "branch": row["branch"]} | {
        name: value
        for name, value in row["attributes"].items()
        if name not in PLAIN[row["kind"]] and name not in (DETAILS, "tradingName")
    }
    return [
        {"name": name, "valueType": VALUE_TYPES.get(type(value), "string"), "value": value}
        for name, value in given.items()
        if value is not None
    ]


VALUE_TYPES = {bool: "boolean", int: "integer", str: "string"}


def customer(
    row: Mapping[str, Any],
    accounts: Sequence[Mapping[str, Any]],
    around: Mapping[str, Sequence[Mapping[str, Any]]] = NOTHING,
) -> Resource:
    """A row of `party.pages.page` with its accounts (id, name) as Customer; `around`: of `party.sharing.around`."""
    kind, type_name = TYPES[row["kind"]]
    return identified(
        CUSTOMERS,
        "customer",
        "Customer",
        row["id"],
        name=row["name"],
        status="active",
        engagedParty=reference(f"{BASE}/{kind}", row["id"], type_name, name=row["name"]),
        contactMedium=contacts(row, around["values"]),
        characteristic=characteristics(row),
        account=[
            reference(None, account["id"], "BillingAccount", name=account["name"] or str(account["id"]))
            for account in accounts
        ],
        creditProfile=[credit_profile(one) for one in around["credit"]] or None,
        paymentMethod=[reference(None, one["value"], "PaymentMethod", name=one["value"]) for one in around["payment"]]
        or None,
        relatedParty=related(around["related"]) or None,
        agreement=[
            reference(None, one["number"], "InsurancePolicy", name=one["product"]) for one in around["agreement"]
        ]
        or None,
        validFor={"startDateTime": instant(row["effective_at"])},
    )
