"""EC-03, EC-14: what an interface states is bound by the limits of files; nothing of what is too long is stored."""

from typing import Any

import pytest
from msgspec.structs import fields, replace
from sqlalchemy import text
from tests.api.conftest import client_with
from tests.party.conftest import Importer

from hutong.identity import SYSTEM
from hutong.party import PartyData, find_or_create
from hutong.party.columns import longest
from hutong.party.realtime.stated import LARGEST_STRUCTURE, standardised
from hutong.platform import database
from hutong.platform.errors import Invalid

TEXTS = [each.name for each in fields(PartyData) if each.name not in ("kind", "birth_date", "attributes")]


def plain(**more: Any) -> PartyData:
    """Somebody."""
    return replace(PartyData("person", "王小明"), **more)


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_has_its_limit(name: str) -> None:
    """One character more than files may have is refused, saying which and how many; the limit itself is not."""
    with pytest.raises(Invalid) as refused:
        standardised(plain(**{name: "字" * (longest(name) + 1)}))
    assert (refused.value.status, refused.value.field) == (400, name)
    assert f"{longest(name)} " in refused.value.message("en")
    if name != "name":
        standardised(plain(**{name: "9" * longest(name)}))


def test_declared_attributes_have_limits_too() -> None:
    """Plain texts as files have them; structures of a standard's body more."""
    for value, most in (("x" * 501, 500), ([{"skill": "y" * LARGEST_STRUCTURE}], LARGEST_STRUCTURE)):
        with pytest.raises(Invalid) as refused:
            standardised(plain(attributes={"occupation": value}))
        assert (refused.value.params["what"], refused.value.params["most"]) == ("occupation", most)
    standardised(plain(attributes={"occupation": "x" * 500, "skill": [{"skill": "y" * 600}]}))


@pytest.mark.usefixtures("database")
def test_over_http_it_is_a_400_and_nothing_is_stored(take_in: Importer) -> None:
    """Find-or-create, match, and the individual of TMF632: a problem that names field and limit."""
    client = client_with(["*"])
    long = "福州市" * 200
    asked = {"name": "王小明", "address": long}
    for answer in (
        client.post("/party/v1/parties", json=asked | {"key": "1"}),
        client.post("/party/v1/match", json=asked),
        client.post("/party/v1/issue", json=asked | {"key": "1"}),
        client.post("/tmf-api/party/v4/individual", json={"familyName": "王", "givenName": "明" * 300}),
    ):
        assert answer.status_code == 400, answer.text
    told = client.post("/party/v1/parties", json=asked | {"key": "1"}).json()
    assert "500" in told["title"] and told["field"] == "address"
    with pytest.raises(Invalid):
        find_or_create(SYSTEM, plain(name="明" * 201), "2")
    with database.read("party") as conn:
        assert conn.execute(text("SELECT count(*) FROM party.source_record")).scalar() == 0


@pytest.mark.usefixtures("database")
def test_files_have_the_same_limit_for_attributes_of_their_own(take_in: Importer, crm: Any, tmp_path: Any) -> None:
    """What is too long is an issue of the record, and not kept."""
    from tests.party.conftest import write_crm

    from hutong.party.ingest.load import load_file

    mapping = crm.model_copy(update={"attributes": {"remark": "客户状态"}})
    rows = [{"客户编号": "C1", "客户名称": "王小明", "客户状态": "x" * 501}]
    load_file(write_crm(tmp_path / "long.csv", rows), mapping, "user:1")
    with database.read("party") as conn:
        row = conn.execute(text("SELECT attributes, issues FROM party.source_record")).one()
    assert row.attributes.get("remark") is None and "remark:too_long" in row.issues
