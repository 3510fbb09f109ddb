"""TMF678 (read): bills and what is on them."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert
from tests.api.conftest import client_with
from tests.api.specification import conforms

from hutong.billing.tables import bill, bill_line, bill_run
from hutong.platform import clock
from hutong.platform import database as live

BASE = "/tmf-api/customerBillManagement/v4"
CHARGED = {"customer_id": 5, "account_id": 50, "plan": "mobile-5g", "version": 1, "section": "fee", "tariff": "59"}


@pytest.fixture(scope="module")
def billed(api: TestClient) -> list[int]:
    """A final bill with a fee and a discount, and another customer's pro-forma one."""
    now = clock.now()
    with live.begin("billing") as conn:
        run = {"cycle": "202609", "final": True, "catalog_release": 1, "bills": 2, "lines": 3, "total_micros": 1}
        (run_id,) = conn.execute(insert(bill_run).values(**run, run_by="test").returning(bill_run.c.id)).one()
        amounts = {"charges_micros": 59_000_000, "discounts_micros": -9_990_000, "total_micros": 49_010_000, "lines": 2}
        whole = {**amounts, "cycle": "202609", "run_id": run_id, "made_at": now}
        made = [
            {**whole, "account_id": 50, "customer_id": 5, "state": "final", "final_at": now},
            {**whole, "account_id": 60, "customer_id": 6, "state": "pro_forma", "final_at": None},
        ]
        ids = [conn.execute(insert(bill).values(**row).returning(bill.c.id)).scalar_one() for row in made]
        line = {**CHARGED, "bill_id": ids[0], "source_cycle": "202609", "unit": "month", "product_instance_id": 9}
        fee = {"line": 1, "kind": "recurring", "exact_micros": 59_000_000, "amount_micros": 59_000_000}
        off = {"line": 2, "kind": "discount", "exact_micros": -9_990_000, "amount_micros": -9_990_000, "reduces": 1}
        conn.execute(
            insert(bill_line), [line | fee | {"reduces": None, "level": None}, line | off | {"level": "account"}]
        )
    return ids


def listed(api: TestClient, kind: str, **query: Any) -> list[dict[str, Any]]:
    answer = api.get(f"{BASE}/{kind}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Result-Count"] == str(len(answer.json()))
    for one in answer.json():
        conforms("TMF678", kind[0].upper() + kind[1:], one)
        assert api.get(f"{BASE}/{kind}/{one['id']}").json() == one
    return list(answer.json())


def test_bills(api: TestClient, billed: list[int]) -> None:
    """XP-04."""
    trial, final = listed(api, "customerBill")
    assert (final["id"], final["state"], trial["state"]) == (str(billed[0]), "validated", "new")
    assert final["billingPeriod"] == {
        "startDateTime": "2026-08-31T16:00:00.000Z",
        "endDateTime": "2026-09-30T16:00:00.000Z",
    }
    assert listed(api, "customerBill", **{"relatedParty.id": 6}) == [trial]
    assert listed(api, "customerBill", state="validated", **{"billingAccount.id": "50,60"}) == [final]
    assert listed(api, "customerBill", state="settled") == listed(api, "customerBill", id="x") == []
    body = api.get(f"{BASE}/customerBill/{final['id']}").content
    due = bytes(msgspec.json.decode(body, type=dict[str, msgspec.Raw])["amountDue"]).decode()
    assert Decimal(due.split('"value":')[1].rstrip("}")) == Decimal("49.01")


def test_charges_and_credits(api: TestClient, billed: list[int]) -> None:
    fee, discount = listed(api, "appliedCustomerBillingRate", **{"bill.id": billed[0]})
    assert (fee["type"], discount["type"]) == ("appliedBillingCharge", "appliedBillingCredit")
    assert (fee["id"], fee["product"]["id"], fee["isBilled"]) == (f"{billed[0]}-1", "9", True)
    assert discount["taxIncludedAmount"]["value"] == -9.99
    assert {"name": "plan", "valueType": "string", "value": "mobile-5g"} in fee["characteristic"]
    assert listed(api, "appliedCustomerBillingRate", **{"bill.id": billed[1]}) == []
    assert listed(api, "appliedCustomerBillingRate", limit=1, offset=1) == [discount]


@pytest.mark.parametrize("path", ["customerBill/x", "customerBill/999", "appliedCustomerBillingRate/1", "x/1"])
def test_unknown(api: TestClient, billed: list[int], path: str) -> None:
    answer = api.get(f"{BASE}/{path}")
    assert answer.status_code == 404
    conforms("TMF678", "Error", answer.json())


def test_rights_and_scope(api: TestClient, billed: list[int]) -> None:
    """EC-17."""
    with client_with(["billing.read"], "own", scopes={"bill": "row.customer_id == 6"}) as own:
        assert [one["id"] for one in own.get(f"{BASE}/customerBill").json()] == [str(billed[1])]
        assert own.get(f"{BASE}/customerBill/{billed[0]}").status_code == 404
        assert own.get(f"{BASE}/appliedCustomerBillingRate").json() == []
    with client_with(["party.read"], "none") as none:
        assert none.get(f"{BASE}/customerBill").status_code == 403
