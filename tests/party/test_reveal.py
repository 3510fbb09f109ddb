"""EC-17: any masked value of a customer, of the golden record or of the rows of areas, is shown for a reason that is in
the access log; to nobody else."""

from dataclasses import replace

import pytest
from tests.party.resolution.test_resolve import resident

from hutong.identity import SYSTEM, Principal
from hutong.identity.queries import sensitive_reads
from hutong.party import PartyData, find_or_create
from hutong.party.areas import values
from hutong.party.information import AREAS
from hutong.party.reading.reveal import reveal
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
AGENT = Principal(7, "user", "agent", frozenset({"party.read", "party.reveal"}))
WHY = "customer asks which address we have"


@pytest.fixture
def customer() -> int:
    data = PartyData("person", "王小明", id_type="resident_id", id_number=resident(1), mobile="13912340001")
    party_id = find_or_create(SYSTEM, data, "k1").party_id
    values.add(SYSTEM, party_id, "phone", "13812340002", use="work")
    values.add(SYSTEM, party_id, "address", "杭州市西湖区文三路90号")
    values.add(SYSTEM, party_id, "bank_card", "6222021234567890128")
    return party_id


def test_every_masked_value_can_be_revealed_with_a_reason(customer: int) -> None:
    masked = values.values(AGENT, customer)
    clear = {row["token"]: row["value"] for row in values.values(SYSTEM, customer)}
    assert {row["kind"] for row in masked} >= {"name", "phone", "address", "identifier", "bank_card"}
    assert len(clear) == len(masked)
    for row in masked:
        assert row["value"] != clear[row["token"]], row["kind"]
        assert clear[row["token"]] not in row["token"]
        assert reveal(AGENT, customer, f"values/{row['token']}", WHY) == clear[row["token"]]
    logged = sensitive_reads(SYSTEM, actor=AGENT.actor)
    assert len(logged) == len(masked)
    assert {one["reason"] for one in logged} == {WHY} and {tuple(one["entity_ids"]) for one in logged} == {(customer,)}


def test_only_areas_of_values_have_sensitive_fields() -> None:
    """An area that comes to have one needs a way to reveal it."""
    assert {area.name for area in AREAS.values() for one in area.fields if one.sensitive} == {"stated_value"}


def test_what_is_no_value_of_the_customer_is_not_found(customer: int) -> None:
    other = find_or_create(SYSTEM, PartyData("person", "李丽"), "k2").party_id
    token = values.values(AGENT, customer)[0]["token"]
    for party, wrong in ((other, f"values/{token}"), (customer, "values/x"), (customer, "touch/1/note"),
                         (customer, "changed_at"), (customer, "")):  # fmt: skip
        with pytest.raises(NotFound):
            reveal(AGENT, party, wrong, WHY)


def test_it_needs_the_right_the_rows_and_a_reason(customer: int) -> None:
    token = f"values/{values.values(AGENT, customer)[0]['token']}"
    with pytest.raises(Forbidden):
        reveal(replace(AGENT, rights=frozenset({"party.read"})), customer, token, WHY)
    with pytest.raises(NotFound):
        reveal(replace(AGENT, scopes={"party": "false"}), customer, token, WHY)
    with pytest.raises(Unprocessable):
        reveal(AGENT, customer, token, " a ")
    assert sensitive_reads(SYSTEM, actor=AGENT.actor) == []
