"""EC-17 at the border: a salesperson's customers, and only they, in the console and through TMF632 and TMF629; and the
stewards' page of a suspected group."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.engine import URL
from tests.web.sample_site import PACKS, PASSWORD, signed_in

from hutong.identity import SYSTEM, Principal, roles, users
from hutong.party import PartyData, find_or_create
from hutong.party.reading import suspects
from hutong.party.realtime import statements
from hutong.party.resolution import resolve
from hutong.platform import database

SignIn = Callable[[str], TestClient]
PEOPLE = (
    ("ada", "east-01", "salesperson"),
    ("bob", "east-01", "salesperson"),
    ("eve", "west-01", "salesperson"),
    ("lead", "hq", "steward"),
)


class Customers(NamedTuple):
    """Whose the customers are."""

    own: int
    units: int
    others: int
    lead: int


@pytest.fixture(scope="module")
def customers(module_database: URL) -> Customers:
    """Three salespeople with a customer each, of whom two are suspected to be one."""
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        people: dict[str, Principal] = {}
        for login, unit, role in PEOPLE:
            number = users.save(conn, login=login, name=login, password=PASSWORD, unit_code=unit, roles=[role])
            people[login] = users.principal(conn, number)
    stated = {
        "ada": PartyData("person", "王小明", id_type="resident_id", id_number="11010519491231002X"),
        "bob": PartyData("person", "李丽华", mobile="13912340002"),
        "eve": PartyData("person", "欧阳娜", id_type="resident_id", id_number="11010519491231002X"),
    }
    made = {login: find_or_create(people[login], data, login).party_id for login, data in stated.items()}
    for party in made.values():
        statements.take_role(SYSTEM, party, "customer")
    resolve.resolve()
    return Customers(made["ada"], made["bob"], made["eve"], people["lead"].id)


@pytest.fixture(scope="module")
def sign_in(customers: Customers) -> Iterator[SignIn]:
    """Makes a client that is signed in; it sends the CSRF token with every request."""
    with ExitStack() as open_clients:
        yield lambda login: signed_in(login, open_clients)


def test_in_the_console(sign_in: SignIn, customers: Customers) -> None:
    """List, search and the 360° page with its parts."""
    ada = sign_in("ada")
    rows = ada.get("/customers/rows").json()["rows"]
    assert {row["id"] for row in rows} == {customers.own, customers.units}
    for party, words, status in (
        (customers.own, "王小明", 200),
        (customers.units, "李丽华", 200),
        (customers.others, "欧阳娜", 404),
    ):
        for page in ("", *(f"/part/{tab}" for tab in ("overview", "records", "changes"))):
            assert ada.get(f"/customers/{party}{page}").status_code == status, page
        assert (f'href="/customers/{party}"' in ada.get("/search/quick", params={"q": words}).text) == (status == 200)


@pytest.mark.parametrize(
    "collection", ["/tmf-api/party/v4/individual", "/tmf-api/customerManagement/v4/customer"], ids=["TMF632", "TMF629"]
)
def test_through_the_interfaces(sign_in: SignIn, customers: Customers, collection: str) -> None:
    """Listed, counted and retrieved: own and the unit's only."""
    ada = sign_in("ada")
    ada.headers["accept"] = "application/json"
    answer = ada.get(collection)
    assert {one["id"] for one in answer.json()} == {str(customers.own), str(customers.units)}
    assert answer.headers["X-Total-Count"] == "2"
    for party, status in ((customers.own, 200), (customers.units, 200), (customers.others, 404)):
        assert ada.get(f"{collection}/{party}").status_code == status


def test_a_group_is_assigned_and_handed_back_with_a_note(sign_in: SignIn, customers: Customers) -> None:
    """EC-06: given to a steward by choice; "unsure" keeps why, on the page of the next who looks."""
    lead = sign_in("lead")
    [group] = suspects.queue(SYSTEM)
    page = f"/suspects/{group['id']}"
    assert f'<option value="{customers.lead}"' in lead.get(page).text
    assert lead.post(f"{page}/assign", data={"to": "999"}).status_code == 422
    assert lead.post(f"{page}/assign", data={"to": str(customers.lead)}).status_code == 204
    assert suspects.group(SYSTEM, group["id"])["assignee"] == f"user:{customers.lead}"
    assert lead.post(f"{page}/decide", data={"verdict": "unsure", "reason": "called twice"}).status_code == 204
    shown = lead.get(page).text
    assert "called twice" in shown
    with database.read("party") as conn:
        row = conn.execute(text("SELECT state, assignee FROM party.suspect_group WHERE id = :id"), {"id": group["id"]})
        assert row.one() == ("open", None)
