"""EC-05: versions of the model: trained, measured on a reviewed sample, approved by a second person, in force; judging
the same in runs and in real time, under the policy of its kind."""

import csv
import random
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer
from tests.party.realtime.test_sets import judgements
from tests.party.resolution.test_resolve import person
from tests.party.state import partition

from hutong.identity import SYSTEM, Principal
from hutong.party import PartyData, find_or_create
from hutong.party.defaults import FOLDER
from hutong.party.match.rules import RULES, read_rules
from hutong.party.models import registry, sampling
from hutong.party.models.evaluation import Stratum, measured, proposed, wilson
from hutong.party.models.frequent import LEAST_PARTIES
from hutong.party.offline.score import TruthColumns
from hutong.party.resolution.resolve import resolve
from hutong.platform import database
from hutong.platform.documents import publish
from hutong.platform.errors import Conflict, Forbidden, Unprocessable

pytestmark = pytest.mark.usefixtures("database")
TRAINER = Principal(2, "user", "trainer", frozenset({"party.*"}))
APPROVER = Principal(3, "user", "approver", frozenset({"party.*"}))
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", "小明丽华伟芳娜敏静强磊军洋勇艳杰"


def rows(count: int) -> list[dict[str, str]]:
    """Customers stated twice, the second time without some of it; their entity in the key."""
    dice = random.Random(5)
    made = []
    for number in range(count):
        name = dice.choice(SURNAMES) + dice.choice(GIVEN) + dice.choice(GIVEN)
        birth = f"{dice.randint(1950, 2004)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
        first = {
            "出生日期": birth,
            "联系电话": f"139{number + 12345:08d}",
            "电子邮箱": f"m{number}@163.com",
            "归属地市": "杭州",
        }
        made.append(person(f"{number}-a", name, **first))
        second = {key: value for key, value in first.items() if key == "出生日期" or dice.random() < 0.6}
        made.append(person(f"{number}-b", name, **second))
    return made


def labels(path: Path, count: int) -> Path:
    """Who is who."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["source", "source_key", "customer_id"])
        writer.writerows(["crm", f"{number}-{part}", number] for number in range(count) for part in "ab")
    return path


def test_the_sample_tells_the_threshold() -> None:
    """Precision counts strata by their population; it stops where nobody reviewed, and where it is too low."""
    strata = [Stratum(20, 5000, 40, 40), Stratum(10, 1000, 40, 40), Stratum(5, 500, 40, 20), Stratum(0, 9000, 0, 0)]
    found = measured(strata)
    assert [one.least for one in found] == [20, 10, 5]
    assert found[0].precision == 1.0 and 0.93 < found[0].lower < 0.94 and found[1].lower > found[0].lower
    assert found[2].precision == pytest.approx((6000 + 250) / 6500)
    assert proposed(found, 0.94) == 10 and proposed(found, 0.9999) is None


def test_many_reviews_of_sure_pairs_say_nothing_of_the_unsure() -> None:
    """EC-05: each stratum's doubt counts by its population: 900 right answers about few pairs do not make up for 20
    about most of them; one that was reviewed whole leaves no doubt; where reviews go by population, the bound is near
    what as many reviews of one stratum say."""
    skewed = measured([Stratum(20, 900, 450, 450), Stratum(10, 9000, 20, 20)])[-1]
    assert skewed.precision == 1.0 and skewed.lower < 0.9 < wilson(470, 470)
    assert measured([Stratum(20, 40, 40, 40)])[0].lower == 1.0
    even = measured([Stratum(20, 4000, 200, 198), Stratum(10, 4000, 200, 198)])[-1]
    assert even.lower == pytest.approx(wilson(396, 400), abs=0.003) and even.lower < even.precision == 0.99


def test_from_training_to_force(take_in: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only measured, only approved by a second person; then it judges under the policy, the same in real time; a
    newer one retires it; people see its weights as reasons."""
    take_in(*rows(150))
    resolve()
    by_rules = len(partition())
    model = sampling.train_new("person", TRAINER.actor)
    assert sampling.train_new("person", TRAINER.actor) == model, "the same records train the same model"
    with pytest.raises(Unprocessable):
        registry.evaluate(TRAINER, model)
    with pytest.raises(Conflict):
        registry.put_in_force(APPROVER, model)
    pair = sampling.next_pair(SYSTEM, model)
    assert pair and len(pair["records"]) == 2
    decided = sampling.review_from(TRAINER, model, labels(tmp_path / "truth.csv", 150), TruthColumns())
    assert decided > 40 and sampling.next_pair(SYSTEM, model) is None
    found = registry.evaluate(TRAINER, model, 0.9)
    assert found["merge_bits"] is not None
    monkeypatch.setattr(registry, "LEAST_PRECISION", 1.01)
    with pytest.raises(Unprocessable):
        registry.approve(APPROVER, model)
    monkeypatch.setattr(registry, "LEAST_PRECISION", 0.9)
    with pytest.raises(Forbidden):
        registry.approve(TRAINER, model)
    registry.approve(APPROVER, model)
    registry.put_in_force(APPROVER, model)
    assert [row["state"] for row in registry.versions(SYSTEM)] == ["in_force"]
    done = resolve()
    assert done.scope == "full" and len(partition()) == by_rules, "by default a model only suspects"
    body = read_rules(FOLDER / "rules.yaml").model_dump()
    body["person"]["model"] = "merges"
    with database.begin("party") as conn:
        publish(conn, RULES, body, APPROVER.actor)
    resolve()
    assert len(partition()) < by_rules
    with database.read("party") as conn:
        told = conn.execute(text("SELECT rule, reasons FROM party.judgement WHERE made_by_kind = 'model' "
                                 "AND verdict = 'same' AND ended_at IS NULL LIMIT 1")).one()  # fmt: skip
    assert told.rule.startswith(f"model:{model}:") and any(word.startswith("weight ") for word in told.reasons)
    for number in range(0, 150, 10):
        row = rows(150)[2 * number + 1]
        stated = {"mobile": row.get("联系电话"), "email": row.get("电子邮箱")}
        find_or_create(SYSTEM, PartyData("person", row["客户名称"], **stated), f"api-{number}", "crm")
    before = partition(), judgements()
    again = resolve(full=True)
    assert (again.judgements_made, again.judgements_ended) == (0, 0) and (partition(), judgements()) == before
    registry.retire(APPROVER, model)
    resolve()
    with database.read("party") as conn:
        left = conn.execute(text("SELECT count(*) FROM party.judgement WHERE made_by_kind = 'model' "
                                 "AND ended_at IS NULL")).scalar_one()  # fmt: skip
    assert left == 0


def test_a_kept_model_names_nobody(take_in: Importer) -> None:
    """EC-17: values that fewer than five parties state are in no model body: no phone, no e-mail, no birth date of one
    person; names that many share are."""
    take_in(*rows(150))
    resolve()
    model = registry.content(SYSTEM, sampling.train_new("person", TRAINER.actor))
    with database.read("party") as conn:
        stated = text("""SELECT v.value, count(DISTINCT x.party_id) AS parties
                         FROM party.source_record r JOIN party.xref x ON x.record_id = r.id
                         CROSS JOIN LATERAL (VALUES (r.name), (r.mobile), (r.email), (r.city),
                                             (to_char(r.birth_date, 'YYYYMMDD'))) AS v (value)
                         WHERE v.value IS NOT NULL GROUP BY 1""")
        parties = {row.value: row.parties for row in conn.execute(stated)}
    kept = {value for one in (*model.vocabularies.values(), *model.words.values()) for value in one.counts}
    assert kept and not {value for value in kept if parties.get(value, LEAST_PARTIES) < LEAST_PARTIES}
    assert not [value for value in kept if (value.isdigit() and len(value) > 6) or "@" in value]
    assert "wang" in kept, "a family name that many share"
