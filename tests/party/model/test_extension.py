"""EC-10: the model is documented, versioned, and extended without code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from tests.party.conftest import Importer, write_crm
from tests.party.resolution.test_resolve import ids, person
from tests.party.state import parties

from hutong.identity import SYSTEM, Principal
from hutong.party import get
from hutong.party.documents import desk
from hutong.party.golden import explanation
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import Mapping
from hutong.party.model import documentation, extension, publication, searching
from hutong.party.reading import pages, queries
from hutong.party.resolution.resolve import resolve
from hutong.platform import database
from hutong.platform.documents import checked
from hutong.platform.errors import Forbidden, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
READER = Principal(8, "user", "reader", frozenset({"party.read"}), clear=frozenset({"name"}))
PACK = Path(__file__).parents[3] / "packs/insurance/party/model.yaml"


def published(source: str) -> int:
    """Put in force; the version it has then."""
    return desk.publish(SYSTEM, extension.MODEL, source).version


def declared(**attribute: Any) -> str:
    """A document with one attribute."""
    base = {"name": "state", "zh": "状态", "en": "State", "type": "text"}
    return yaml.safe_dump({"model": "test", "attributes": [base | attribute]}, allow_unicode=True)


def test_the_packs_document_is_valid() -> None:
    """The insurance pack's attributes are accepted as they are delivered."""
    assert {"occupation", "smoker"} <= set(checked(extension.MODEL, PACK.read_text(encoding="utf-8")).named())


def test_values_survive_as_declared(take_in: Importer, tmp_path: Path, crm: Mapping) -> None:
    """EC-05: by trust unless declared by recency; published anew, the next run follows."""
    take_in(person("A", "王小明", **ids(1), 客户状态="1", 更新时间="2026/03/01 00:00:00"))
    source = crm.source.model_copy(update={"code": "older", "trust": 90})
    trusted = crm.model_copy(update={"source": source, "mapping": "older"})
    row = person("B", "王小明", **ids(1), 客户状态="2", 更新时间="2026/01/01 00:00:00")
    load_file(write_crm(tmp_path / "older.csv", [row]), trusted, "test")
    resolve()
    party = parties()["A"]
    assert get(SYSTEM, party)["attributes"]["state"] == "2"
    first = published(declared(survives="recency"))
    resolve()
    assert get(SYSTEM, party)["attributes"]["state"] == "1"
    assert published(declared(survives="recency")) == first
    assert published(declared(survives="trust")) == first + 1
    resolve()
    assert get(SYSTEM, party)["attributes"]["state"] == "2"
    assert len(documentation.model(SYSTEM)["versions"]) == 2


def test_sensitive_values_are_masked_everywhere(take_in: Importer) -> None:
    """EC-17: wherever attributes are read."""
    take_in(person("A", "王小明", **ids(1), 客户状态="13912345678"))
    resolve()
    published(declared(sensitive="phone"))
    party = parties()["A"]
    reads: list[Callable[[Principal], Any]] = [
        lambda viewer: get(viewer, party),
        lambda viewer: queries.source_records(viewer, party),
        lambda viewer: pages.page(viewer, {}).rows,
        lambda viewer: explanation.side_by_side(viewer, party),
        lambda viewer: explanation.versions(viewer, party),
    ]
    for read in reads:
        assert "13912345678" in str(read(SYSTEM)) and "13912345678" not in str(read(READER))
    assert get(READER, party)["attributes"]["state"] == "139****5678"


def test_values_are_checked(take_in: Importer) -> None:
    """Type, validation and kind of party; None withdraws."""
    published(PACK.read_text(encoding="utf-8"))
    with database.read("party") as conn:
        good = extension.checked(conn, "person", {"height_cm": " 178 ", "smoker": "否", "occupation": None})
        assert good == {"height_cm": 178, "smoker": False, "occupation": None}
        for wrong in ({"height_cm": "tall"}, {"height_cm": 20}, {"smoker": "perhaps"}, {"employees": 3}, {"x": 1},
                      {"occupation": "x" * 41}):  # fmt: skip
            with pytest.raises(Unprocessable):
                extension.checked(conn, "person", wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        "attributes: [", "model: x\nattributes: 3", declared(name="mobile"), declared(sensitive="shoe_size"),
        declared(type="code"), declared(validation="value.x > 3"), declared(validation="1 + 1"),
    ],
)  # fmt: skip
def test_wrong_documents_are_refused(wrong: str) -> None:
    """Nothing is published, the place is named."""
    with pytest.raises(Unprocessable):
        published(wrong)
    assert documentation.model(SYSTEM)["versions"] == []


def test_a_preview_tells_what_would_change(take_in: Importer) -> None:
    """Added, removed, changed; how many values would not be valid. Publishing and preview need their right."""
    take_in(person("A", "王小明", **ids(1), 客户状态="1"), person("B", "李丽华", **ids(2), 客户状态="gone"))
    resolve()
    published(declared(name="old"))
    seen = publication.preview(SYSTEM, declared(type="number"))
    assert (seen["added"], seen["removed"], seen["changed"]) == (["state"], ["old"], [])
    assert seen["stated"]["state"] == {"parties": 2, "invalid": 1}
    for act in (publication.preview, lambda viewer, source: desk.publish(viewer, extension.MODEL, source)):
        with pytest.raises(Forbidden):
            act(READER, declared())


def test_the_model_documents_itself() -> None:
    """Every column of every area has a meaning, from the declarations."""
    told = documentation.entities()
    assert {"party", "policy_summary", "stated_value"} <= {entity.name for entity in told}
    for entity in told:
        assert entity.meaning, entity.name
        if entity.group == "area":
            said = {one.name for one in entity.attributes if one.meaning}
            assert said >= {one.name for one in entity.attributes} - {"id", "stated_by", "stated_at"}, entity.name
    policy = next(entity for entity in told if entity.name == "policy_summary")
    assert next(one for one in policy.attributes if one.name == "state").code_set == "policy_state"


def test_customers_are_found_by_a_searchable_attribute(take_in: Importer) -> None:
    """EC-10, EC-17: by its whole value, as text or as its type, beside names and numbers; within the viewer's rows,
    masked; not by what is not searchable, nor by what an interface does not have. The index serves it."""
    take_in(
        person("A", "王小明", **ids(1), 客户状态="SSN-77", 建档网点="east"),
        person("B", "李丽华", **ids(2), 客户状态="SSN-77", 建档网点="west"),
        person("C", "赵云", **ids(3), 客户状态="41207"),
    )
    resolve()
    one, two, three = (parties()[key] for key in "ABC")
    assert queries.search(SYSTEM, "SSN-77") == []
    published(declared(searchable=True, sensitive="id_card"))
    assert [row["id"] for row in queries.search(SYSTEM, " SSN-77")] == [one, two]
    assert [row["id"] for row in queries.search(SYSTEM, "41207")] == [three], "digits, like a number"
    assert queries.search(SYSTEM, "SSN-7") == [] and [row["id"] for row in queries.search(SYSTEM, "赵云")] == [three]
    east = Principal(9, "user", "e", frozenset({"party.read"}), scopes={"party": 'row.branch == "east"'})
    assert [(row["id"], row["name"]) for row in queries.search(east, "SSN-77")] == [(one, "王**")]
    without = Principal(9, "client", "c", frozenset({"party.read"}), fields={"party": frozenset({"name"})})
    assert queries.search(without, "SSN-77") == []
    published(declared(searchable=True, type="number"))
    assert [row["id"] for row in queries.search(SYSTEM, "41207")] == [three]
    with pytest.raises(Unprocessable):
        published(declared(searchable=True, type="boolean"))
    with database.read("party") as conn:
        found = searching.stating(conn, SYSTEM, "41207")
        assert found is not None
        conn.execute(text("SET LOCAL enable_seqscan = off"))
        plan = conn.execute(text(f"EXPLAIN SELECT id FROM party.party WHERE {found.sql}"), found.values).scalars()
        assert any("ix_party_attributes" in line for line in plan)
