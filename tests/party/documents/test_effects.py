"""EC-05, EC-10, EC-11: what a preview of a document says is what happens when it is put in force."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from tests.conftest import Filled

from hutong.cli.sample.generate import generate
from hutong.identity import SYSTEM, Principal
from hutong.identity.principal import SYSTEM as PRODUCT
from hutong.party import effect
from hutong.party.columns import LEADERS
from hutong.party.documents.effects import effects
from hutong.party.effect import Told, choose
from hutong.party.golden.survivorship import SURVIVORSHIP
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.match.rules import RULES
from hutong.party.model.extension import MODEL
from hutong.party.quality import effects as quality_effects
from hutong.party.quality.rules import QUALITY_RULES
from hutong.party.relations import household_effects
from hutong.party.relations.find_households import find_households
from hutong.party.relations.household_rules import HOUSEHOLD_RULES
from hutong.party.resolution import effects as rule_effects
from hutong.party.resolution.resolve import resolve
from hutong.platform import database, documents
from hutong.platform.documents import Kind

MAPPINGS = Path(__file__).parents[3] / "packs/telecom/mappings"
MODELLER = Principal(
    70, "user", "modeller", frozenset({"party.read", "party.steward", "party.model"}), locale="en",
    scopes={"party": "row.id > 0"},
)  # fmt: skip
BLIND = Principal(
    71, "user", "blind", frozenset({"party.read", "party.steward", "party.model"}), locale="en",
    scopes={"party": "row.id < 0"},
)  # fmt: skip


def build(folder: Path) -> None:
    generate(folder, customers=500, lines=400, seed=11, active=100, orders=2, first_cycle="2026-09", months=1,
             order_usage=False)  # fmt: skip
    for source, name in (("crm", "crm.csv"), ("billing", "billing.xlsx"), ("callcentre", "callcentre.jsonl")):
        load_file(folder / "sources" / name, read_mapping(MAPPINGS / f"{source}.yaml"), "user:1")
    resolve("user:1")


@pytest.fixture
def sample(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with filled("documents", lambda: build(tmp_path_factory.mktemp("documents"))):
        yield


pytestmark = pytest.mark.usefixtures("sample")


def text_of(kind: Kind[Any]) -> dict[str, Any]:
    """The document in force, as data."""
    with database.read("party") as conn:
        body: dict[str, Any] = yaml.safe_load(documents.source(conn, kind, kind.fixed[0])[1])
    return body


def put_in_force(kind: Kind[Any], body: dict[str, Any]) -> None:
    with database.begin("party") as conn:
        documents.publish(conn, kind, yaml.safe_dump(body, allow_unicode=True), "test", name=kind.fixed[0])


def previewed(kind: Kind[Any], body: dict[str, Any], viewer: Principal = MODELLER) -> Told:
    return effects(viewer, kind, kind.fixed[0], yaml.safe_dump(body, allow_unicode=True))


def counted(told: Told) -> dict[str, tuple[int | None, int | None]]:
    return {row.what: (row.before, row.after) for row in told.effects}


def rows(query: str) -> list[Any]:
    with database.read("party") as conn:
        return list(conn.execute(text(query)).all())


JUDGED = """SELECT verdict, count(*) FROM party.judgement WHERE ended_at IS NULL AND made_by_kind <> 'person'
            GROUP BY 1"""
VERDICTS = {"same": "Pairs of records that merge by themselves", "unsure": "Pairs that become suspects",
            "not_same": "Pairs kept apart"}  # fmt: skip


def judged() -> dict[str, int]:
    found = {row.verdict: row.count for row in rows(JUDGED)}
    return {words: found.get(verdict, 0) for verdict, words in VERDICTS.items()}


def stricter(body: dict[str, Any]) -> dict[str, Any]:
    """Rules that no longer trust a phone and a name, and look at another block."""
    body["person"]["strong"] = [rule for rule in body["person"]["strong"] if rule["rule"] != "same_phone_name"]
    body["person"]["blocks"].append(["name", "district"])
    return body


def test_rules_judge_as_the_preview_said() -> None:
    """EC-05: pairs that merge, suspects, pairs kept apart: before and after, as the runs before and after have them."""
    before, body = judged(), stricter(text_of(RULES))
    told = previewed(RULES, body)
    said = counted(told)
    assert {words: said[words][0] for words in VERDICTS.values()} == before
    assert said["same phone and name, nothing against it"][1] is None
    put_in_force(RULES, body)
    resolve("user:1")
    assert {words: said[words][1] for words in VERDICTS.values()} == judged() != before
    assert (told.looked_at, told.there) == (rows("SELECT count(*) FROM party.source_record")[0][0],) * 2


def test_rules_are_tried_on_some_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice of records meets all it would meet: every pair of a chosen record is judged as in the whole."""
    body = stricter(text_of(RULES))
    monkeypatch.setattr(rule_effects, "WHOLE", 100)
    monkeypatch.setattr(rule_effects, "SOME", 300)
    told = previewed(RULES, body)
    every = -(-told.there // 300)
    chosen = f"left_id % {every} = 0 OR right_id % {every} = 0"
    assert 0 < told.looked_at < told.there
    wanted = f"SELECT verdict, count(*) FROM party.judgement WHERE ended_at IS NULL AND ({chosen}) GROUP BY 1"
    before = {row.verdict: row.count for row in rows(wanted)}
    put_in_force(RULES, body)
    resolve("user:1")
    after = {row.verdict: row.count for row in rows(wanted)}
    said = counted(told)
    for verdict, words in VERDICTS.items():
        assert said[words] == (before.get(verdict, 0), after.get(verdict, 0)), verdict


def test_examples_are_of_customers_one_sees_and_masked() -> None:
    """EC-17: the same counts for all who may write rules, examples by right."""
    body = stricter(text_of(RULES))
    told, blind = previewed(RULES, body), previewed(RULES, body, BLIND)
    assert told.examples and not blind.examples and told.effects == blind.effects
    clear = {name for (name,) in rows("SELECT name FROM party.party")}
    shown = {name for one in told.examples for _, name in one.customers}
    assert shown and not shown & clear, "a modeller without the right sees no name in clear"
    assert {one.before for one in told.examples if one.after == "nothing"} | {one.after for one in told.examples}


def golden() -> dict[int, Any]:
    listed = ", ".join(LEADERS)
    return {row.id: row for row in rows(f"SELECT id, {listed} FROM party.party WHERE state <> 'merged'")}


def test_golden_values_change_as_the_preview_said() -> None:
    """EC-05: by attribute, how many golden values another document chooses otherwise."""
    body = text_of(SURVIVORSHIP)
    body["attributes"]["mobile"] = {"by": ["recency"], "sources": ["callcentre"]}
    body["attributes"]["address"] = {"by": ["trust", "recency"]}
    told = previewed(SURVIVORSHIP, body, PRODUCT)
    before = golden()
    put_in_force(SURVIVORSHIP, body)
    resolve("user:1", full=True)
    after = golden()
    changed = {
        name: sum(getattr(before[id], name) != getattr(after[id], name) for id in before)
        for name in LEADERS
    }  # fmt: skip
    said = {row.what: row.after for row in told.effects}
    assert (
        said == {words: changed[name] for name, words in (("mobile", "手机"), ("address", "地址")) if changed[name]}
        and said
    )
    example = next(one for one in told.examples if one.what == "手机")
    ((key, _),) = example.customers
    assert (example.before, example.after) == (before[key].mobile or "", after[key].mobile or "")
    masked = previewed(SURVIVORSHIP, text_of(SURVIVORSHIP) | {"attributes": {}})
    assert masked.examples and not {one.before for one in masked.examples if one.what == "Mobile" and one.before} & {
        row.mobile for row in after.values()}  # fmt: skip
    assert not previewed(SURVIVORSHIP, body | {"attributes": {}}, BLIND).effects, "of no customer that one sees"


def test_households_are_found_as_the_preview_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """EC-11: households before and after, with whom they would have."""
    body = text_of(HOUSEHOLD_RULES)
    body["rules"] = [rule for rule in body["rules"] if rule["code"] != "same_address_family_name"]
    body["rules"].append({"code": "same_phone", "zh": "同电话", "en": "One phone", "when": "pair.same_phone"})
    told = previewed(HOUSEHOLD_RULES, body)
    said = counted(told)
    monkeypatch.setattr(household_effects, "WHOLE", 50)
    monkeypatch.setattr(household_effects, "SOME", 10_000)
    assert counted(previewed(HOUSEHOLD_RULES, body)) == said, "all are chosen: the way of choosing loses nobody"
    first = find_households("test")
    put_in_force(HOUSEHOLD_RULES, body)
    second = find_households("test")
    assert said["Households"] == (first.households, second.households)
    assert said["Persons in a household"] == (first.members, second.members)
    assert first.households != second.households and told.examples
    assert said["Same address and family name"][1] is None and said["One phone"][0] is None
    assert not previewed(HOUSEHOLD_RULES, text_of(HOUSEHOLD_RULES) | {"largest": 2}, BLIND).examples


def test_declared_attributes_tell_what_records_state() -> None:
    """EC-10: how many records have a value, how many would no longer be valid, and whose."""
    first = {"name": "income", "zh": "收入", "en": "Income", "type": "text", "sensitive": "phone"}
    put_in_force(MODEL, {"model": "m", "attributes": [first]})
    with database.begin("party") as conn:
        conn.execute(
            text("""UPDATE party.source_record SET attributes = jsonb_build_object('income',
                             CASE WHEN id % 3 = 0 THEN '13800001111' ELSE 'much' END) WHERE id % 2 = 0""")
        )
    have, bad = rows("""SELECT count(*), count(*) FILTER (WHERE attributes ->> 'income' = 'much')
                        FROM party.source_record WHERE attributes ? 'income'""")[0]
    told = previewed(MODEL, {"model": "m", "attributes": [{**first, "type": "number"},
                                                          {"name": "hobby", "zh": "爱好", "en": "Hobby",
                                                           "type": "text"}]})  # fmt: skip
    assert counted(told) == {
        "Income: records with a value": (have, have), "Income: values that are not valid": (0, bad),
        "Hobby: records with a value": (None, 0), "Hobby: values that are not valid": (None, 0),
    }  # fmt: skip
    assert have > bad > 0 and {one.what for one in told.examples} == {"Income"}
    assert "much" not in str(told.examples), "masked as it will be"
    assert "much" in str(effects(SYSTEM, MODEL, "model", yaml.safe_dump(
        {"model": "m", "attributes": [{**first, "type": "number"}]})).examples)  # fmt: skip
    assert not previewed(MODEL, {"model": "m", "attributes": [{**first, "type": "number"}]}, BLIND).examples


def test_of_a_large_table_single_rows_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never all of it: the same rows each time, about as many as wanted, and about how many there are."""
    monkeypatch.setattr(effect, "EXACT", -2)  # less than PostgreSQL says of a table it knows nothing of
    active = {id for (id,) in rows("SELECT id FROM party.party WHERE state = 'active'")}
    with database.read("party") as conn:
        some = choose(conn, "party.party", "party.party.state = 'active'", 100)
        again = choose(conn, "party.party", "party.party.state = 'active'", 100)
        every = choose(conn, "party.party", "party.party.state = 'active'", 10_000)
        none = choose(conn, "party.party", "party.party.id < 0", 10)
    assert some == again and set(some.ids) < active and 50 <= len(some.ids) <= 200
    assert abs(some.there - len(active)) < len(active) // 2
    assert (set(every.ids), every.there) == (active, len(active)) and none == ([], 0)


@pytest.mark.parametrize("exact", [200_000, -2], ids=["a small table", "a large table"])
def test_quality_rules_are_tried_on_some_of_many(exact: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """EC-18: of the records looked at, who breaks a rule; whether a value is there twice is asked among all records."""
    monkeypatch.setattr(effect, "EXACT", exact)
    monkeypatch.setattr(quality_effects, "MOST", 200)
    told_by = {"severity": 3, "owner": "clerk", "zh": "一"}
    body = text_of(QUALITY_RULES)
    body["rules"] += [
        {**told_by, "rule": "reached", "en": "Reached", "dimension": "completeness", "holds": "record.email != null"},
        {**told_by, "rule": "once", "en": "Once", "dimension": "uniqueness", "applies": "record.mobile != null",
         "unique": ["mobile"]},
    ]  # fmt: skip
    told = previewed(QUALITY_RULES, body, replace(SYSTEM, locale="en"))
    with database.read("party") as conn:
        ids = choose(conn, "party.source_record", "true", 200).ids
    listed = ", ".join(map(str, ids))
    expected = rows(f"""SELECT count(*), count(*) FILTER (WHERE email IS NULL), count(mobile), count(*) FILTER (
        WHERE mobile IN (SELECT mobile FROM party.source_record GROUP BY 1 HAVING count(*) > 1))
        FROM party.source_record WHERE id IN ({listed})""")[0]
    found = {row.what: (row.of, row.before, row.after) for row in told.effects}
    assert found == {"Reached": (expected[0], None, expected[1]), "Once": (expected[2], None, expected[3])}
    assert 0 < told.looked_at == len(ids) < told.there and expected[3]
