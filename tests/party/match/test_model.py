"""EC-05: one pair is scored as among many; nothing depends on the order of rows; models are documents."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.party.match import datasets
from tests.party.match.people import placeholders

from hutong.party.match.blocking import candidate_pairs, hashes, members
from hutong.party.match.link import link
from hutong.party.match.model import Model, parse_model
from hutong.party.match.scoring import encode, score, score_candidates
from hutong.party.match.training import sorted_records, train
from hutong.party.offline.mapping import read_mapping
from hutong.party.offline.standardising import read_all
from hutong.platform.errors import Invalid
from hutong.platform.processes import Processes

_TYPES = {"birth_date": pa.date32()}
_RECORD = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["crm", "billing"]),
        "name": st.none()
        | st.sampled_from(["王小明", "王晓明", "王", "wang xiaoming", "欧阳锋", "李雷", "john smith"]),
        "birth_date": st.none() | st.sampled_from([date(1990, 1, 2), date(1990, 2, 1), date(1991, 1, 2)]),
        "id_number": st.none() | st.sampled_from(["110101199001021234", "110101199001021243", "H123"]),
        "mobile": st.none() | st.sampled_from(["+8613812340001", "+8613812340010", "+8613912345678"]),
        "phone": st.none() | st.sampled_from(["+8657188012345", "+8613812340001"]),
        "email": st.none() | st.sampled_from(["a.b@x.cn", "ab@x.cn", "a.b@y.com"]),
        "address": st.none() | st.sampled_from(["杭州市文三路90号1幢101室", "文三路90号1-101", "12 High Street"]),
        "gender": st.none() | st.sampled_from(["1", "2"]),
    }
)


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], _TYPES.get(name, pa.string())) for name in rows[0]})


@pytest.fixture(scope="module")
def model() -> Model:
    """A model of a few hundred people, each written twice."""
    random = np.random.default_rng(3)
    rows = []
    for number in range(400):
        name = "".join(random.choice(list("王李张刘陈杨赵黄周吴"), 1)) + "".join(
            random.choice(list("明伟芳娜敏静强磊洋勇"), 2)
        )
        born = date(1950 + int(random.integers(50)), 1 + int(random.integers(12)), 1 + int(random.integers(28)))
        for copy in range(2):
            kept = random.random(5) < 0.9
            rows.append(
                {
                    "source": ("crm", "billing")[copy],
                    "key": str(number),
                    "name": name,
                    "birth_date": born if kept[0] else None,
                    "id_number": f"{110101199001010000 + number}" if kept[1] else None,
                    "mobile": f"+86138{number * 7919 % 100000000:08d}" if kept[2] else None,
                    "phone": None,
                    "email": f"u{number}@x.cn" if kept[3] else None,
                    "address": f"杭州市文三路{number}号1幢101室" if kept[4] else None,
                    "gender": str(1 + number % 2),
                }
            )
    return train(_table(rows), "person")


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(_RECORD, min_size=2, max_size=6))
def test_one_pair_weighs_the_same_alone_and_among_many(model: Model, rows: list[dict[str, Any]]) -> None:
    """EC-05, EC-14: batch and real time give one weight, level by level, nulls included."""
    right = np.arange(1, len(rows), dtype=np.int64)
    together = score(model, encode(model, _table(rows)), np.zeros(len(right), dtype=np.int64), right)
    alone = [score_candidates(model, rows[0], [other])[0] for other in rows[1:]]
    assert [pair.weight for pair in alone] == pytest.approx(together.weight.tolist(), abs=1e-9)
    assert [[field.level for field in pair.fields] for pair in alone] == together.levels.tolist()
    assert [pair.weight for pair in score_candidates(model, rows[0], rows[1:])] == pytest.approx(
        together.weight.tolist(), abs=1e-9
    )


def test_weights_add_up(model: Model) -> None:
    """EC-05: the prior and the bits of all comparisons, less what speaks for relatives, are the weight."""
    a = {
        "source": "crm",
        "name": "王小明",
        "mobile": "+8613812340001",
        "birth_date": date(1990, 1, 2),
        "email": "u1@x.cn",
    }
    [pair] = score_candidates(model, a, [a | {"source": "billing", "name": "王晓明", "gender": "1"}])
    assert pair.weight == pytest.approx(
        model.prior_bits + sum(field.bits for field in pair.fields) - pair.related, abs=1e-4
    )
    levels = {field.name: field.level_name for field in pair.fields}
    assert levels["name"] == "same_sound"
    assert levels["gender"] == "not_given"


def test_a_model_is_a_document(model: Model) -> None:
    """EC-05: saved and read again it is the same version; what is not a model is refused with the place."""
    assert parse_model(model.model_dump_json()).version == model.version
    with pytest.raises(Invalid) as problem:
        parse_model('{"kind": "person", "surprise": 1}')
    assert problem.value.message_id == "party-model-invalid"


def test_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    """EC-05: the same records in any order give the same model, pairs and clusters."""
    data = datasets.rldata(tmp_path, 500)
    records = read_all([(data.inputs[0], read_mapping(data.mapping))], Processes(0))[0]
    mixed = records.take(pa.array(np.random.default_rng(1).permutation(records.num_rows)))
    first, second = train(records, "person"), train(mixed, "person")
    assert first.version == second.version
    one, two = (link(model, sorted_records(table)) for model, table in ((first, records), (second, mixed)))
    assert one.label.tolist() == two.label.tolist()
    assert one.left.tolist() == two.left.tolist()


def test_match_keys_of_one_record_are_those_of_the_set(model: Model) -> None:
    """EC-14: two records that meet in a block share a key, however they are encoded."""
    a = {"source": "a", "name": "王小明", "mobile": "+8613812340001", "birth_date": date(1990, 1, 2)}
    b = a | {"name": "王晓明"}
    alone = [hashes(model.plans, encode(model, _table([row | {"email": None}])).values, model.blocks) for row in (a, b)]
    keys = [{(block, key) for block in model.blocks for key in members(block, own)[1].tolist()} for own in alone]
    met = candidate_pairs(model, encode(model, _table([row | {"email": None} for row in (a, b)])))
    assert bool(keys[0] & keys[1]) == (len(met.left) == 1)
    assert keys[0] & keys[1]


def test_values_of_many_parties_are_generic(tmp_path: Path) -> None:
    """EC-05: training disarms what many parties share: placeholders and an agent's line, not a family's."""
    data = placeholders(tmp_path, 1)
    model = train(read_all([(data.inputs[0], read_mapping(data.mapping))], Processes(0))[0], "person")
    assert set(model.generic["birth_date"]) == {"19000101", "19700101"}
    assert "110101190001010000" in model.generic["id_number"]
    assert {"+8613911112222"} <= set(model.generic["phone"])
    assert not {"name", "address"} & set(model.generic)
