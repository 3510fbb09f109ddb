"""TMF678 Customer Bill Management v4 (read): bills, and the charges and credits on them.

A charge's id is `<bill>-<line>`. A pro-forma bill is `new`, a final one `validated`.
"""

from collections.abc import Mapping
from datetime import UTC
from enum import Enum
from typing import Any

from fastapi import APIRouter, Request

from hutong.api.tmf import openapi
from hutong.api.tmf.listing import Page, fields_of, list_answer, wanted
from hutong.api.tmf.product_order_view import INVENTORY, account, characteristics, customer
from hutong.api.tmf.resource import JsonAnswer, Resource, chosen_fields, identified, instant, key_of, money, reference
from hutong.billing import queries
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.states import BillState
from hutong.identity.http import Caller
from hutong.platform.errors import NotFound
from hutong.platform.settings import settings

BASE = "/tmf-api/customerBillManagement/v4"
TAGS: list[str | Enum] = ["TMF678 Customer Bill"]
router = APIRouter(prefix=BASE, tags=TAGS)
STATE = {BillState.PRO_FORMA.value: "new", BillState.FINAL.value: "validated"}
OURS = {text: state for state, text in STATE.items()}
BILLS = {
    "id": "id",
    "billNo": "id",
    "state": "state",
    "billingAccount.id": "account_id",
    "relatedParty.id": "customer_id",
}
CREDIT = "discount"
RATES = {
    "bill.id": "bill_id",
    "billingAccount.id": "account_id",
    "product.id": "product_instance_id",
}


@router.get("/customerBill", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(BILLS))
def find_bills(request: Request, viewer: Caller) -> JsonAnswer:
    """List or find bills, newest first."""
    asked = wanted(request, BILLS)
    filters = {name: list(values) for name, values in asked.filters.items()}
    if "state" in filters:
        filters["state"] = [OURS[text] for text in filters["state"] if text in OURS]
    found = queries.bills(viewer, filters, asked.offset, asked.limit)
    return list_answer(Page([bill(row) for row in found.rows], found.total), asked)


@router.get("/customerBill/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve_bill(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One bill."""
    found = queries.bills(viewer, {"id": [str(key_of(key))]}, limit=1)
    if not found.rows:
        raise NotFound("api-resource-unknown")
    return JsonAnswer(chosen_fields(bill(found.rows[0]), fields_of(request)))


@router.get(
    "/appliedCustomerBillingRate", responses=openapi.responses(200, many=True), openapi_extra=openapi.lists(RATES)
)
def find_rates(request: Request, viewer: Caller) -> JsonAnswer:
    """List or find charges and credits, in the order of their bills."""
    asked = wanted(request, RATES)
    found = queries.lines(viewer, asked.filters, asked.offset, asked.limit)
    return list_answer(Page([rate(row) for row in found.rows], found.total), asked)


@router.get("/appliedCustomerBillingRate/{key}", responses=openapi.responses(200, 404), openapi_extra=openapi.fields())
def retrieve_rate(key: str, request: Request, viewer: Caller) -> JsonAnswer:
    """One charge or credit."""
    one, _, line = key.partition("-")
    place = {"bill_id": [str(key_of(one))], "line": [str(key_of(line))]}
    found = queries.lines(viewer, place, limit=1)
    if not found.rows:
        raise NotFound("api-resource-unknown")
    return JsonAnswer(chosen_fields(rate(found.rows[0]), fields_of(request)))


def bill(row: Mapping[str, Any]) -> Resource:
    """A row of `billing.queries.bills` as CustomerBill."""
    final = row["state"] == BillState.FINAL
    return identified(
        BASE,
        "customerBill",
        "CustomerBill",
        row["id"],
        billNo=str(row["id"]),
        category="normal" if final else "trial",
        runType="onCycle",
        state=STATE[row["state"]],
        billDate=instant(row["made_at"]),
        lastUpdate=instant(row["final_at"] or row["made_at"]),
        billingPeriod=period(row["cycle"]),
        amountDue=money(row["total_micros"]),
        taxIncludedAmount=money(row["total_micros"]),
        billingAccount=account(row["account_id"]),
        relatedParty=[customer(row["customer_id"])],
    )


def rate(row: Mapping[str, Any]) -> Resource:
    """A row of `billing.queries.lines` as AppliedCustomerBillingRate."""
    known = {
        name: row[name]
        for name in ("plan", "version", "section", "tariff", "unit", "events", "quantity", "free", "level", "reduces")
        if row[name] not in (None, "", 0)
    }
    product = row["product_instance_id"]
    return identified(
        BASE,
        "appliedCustomerBillingRate",
        "AppliedCustomerBillingRate",
        f"{row['bill_id']}-{row['line']}",
        name=row["kind"],
        type="appliedBillingCredit" if row["kind"] == CREDIT else "appliedBillingCharge",
        date=instant(row["made_at"]),
        isBilled=row["state"] == BillState.FINAL,
        bill=reference(f"{BASE}/customerBill", row["bill_id"], "CustomerBill"),
        billingAccount=account(row["account_id"]),
        product=reference(f"{INVENTORY}/product", product, "Product") if product else None,
        periodCoverage=period(row["source_cycle"]),
        taxIncludedAmount=money(row["amount_micros"]),
        characteristic=characteristics(known),
    )


def period(cycle: str) -> Resource:
    """A bill cycle as TMF TimePeriod."""
    months = Cycle.parse(cycle)
    begin, end = months.begins(settings.zone).astimezone(UTC), months.ends(settings.zone).astimezone(UTC)
    return {"startDateTime": instant(begin), "endDateTime": instant(end)}
