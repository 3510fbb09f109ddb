"""EC-05: a pair's features are the same in SQL and in Python; clusters depend on the set of judgements only; files
resolve alike with and without a database; a whole sample scores as promised."""

from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.party.conftest import MAPPINGS, write_crm

from hutong.party.columns import ATTRIBUTES, NAMES
from hutong.party.defaults import FOLDER
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.match.clusters import Apart, Links, cluster
from hutong.party.match.features import FEATURES, of_pair
from hutong.party.match.likeness import register
from hutong.party.match.rules import RULES, read_rules
from hutong.party.offline.by_rules import resolve_files
from hutong.party.offline.score import TruthColumns, score_table
from hutong.party.resolution.identity_of_clusters import keep_ids
from hutong.party.resolution.resolve import resolve
from hutong.party.resolution.score import score
from hutong.platform import database
from hutong.platform.documents import checked
from hutong.platform.errors import Unprocessable

ROOT = Path(__file__).parents[3]
CHICAGO = ROOT.parent / "shared/data/chicago-early-childhood.csv"

_TEXTS = st.none() | st.sampled_from(
    ["王小明", "王晓明", "wangxiaoming", "wangxiaomin", "12", "21", "13", "", "文三路|90"]
)
_RECORD = st.fixed_dictionaries(
    {
        **{a.name: _TEXTS for a in ATTRIBUTES if a.type == "text"},
        **{a.name: st.booleans() for a in ATTRIBUTES if a.type == "boolean"},
        "birth_date": st.none() | st.dates(),
        "phones": st.lists(st.sampled_from(["+861", "+862", "+863"]), max_size=3, unique=True),
    }
)


@settings(max_examples=60, deadline=None)
@given(one=_RECORD, other=_RECORD)
def test_features_agree_in_sql_and_python(one: dict[str, object], other: dict[str, object]) -> None:
    """EC-05: batch and real time see the same pair."""
    types = {"text": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}
    columns = ", ".join(f"?::{types[a.type]} AS {a.name}" for a in ATTRIBUTES) + ", ?::VARCHAR[] AS phones"
    values = [*(one[name] for name in NAMES), one["phones"], *(other[name] for name in NAMES), other["phones"]]
    listed = ", ".join(feature.sql for feature in FEATURES.values())
    with duckdb.connect() as duck:
        register(duck)
        row = duck.execute(f"SELECT {listed} FROM (SELECT {columns}) a, (SELECT {columns}) b", values).fetchone()
    pair = of_pair(one, other)
    assert row is not None
    found = dict(zip(FEATURES, row, strict=True))
    assert found == {name: pair[name.split(".")[0]][name.split(".")[1]] for name in FEATURES}


def test_the_weakest_link_breaks() -> None:
    """EC-05: a chain between two documents breaks where it is weakest; a person's word goes past rules."""
    none = np.zeros(0, dtype=np.int64)
    codes = np.array([1, 0, 0, 2])
    chain = Links(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([900, 500, 800]), np.zeros(3, dtype=bool))
    made = cluster(codes, chain, Apart(none, none, none))
    assert made.label.tolist() == [0, 0, 2, 2] and made.accepted.tolist() == [True, False, True]
    forced = chain._replace(forced=np.array([False, True, False]))
    assert cluster(codes, forced, Apart(none, none, none)).label.tolist() == [0, 0, 0, 0]
    by_person = Apart(np.array([0]), np.array([3]), np.array([2]))
    assert cluster(codes, forced, by_person).label.tolist() == [0, 0, 2, 2]


@settings(max_examples=100, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 5)), max_size=25),
    apart=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=4),
    codes=st.lists(st.integers(0, 3), min_size=10, max_size=10),
    seed=st.randoms(),
)
def test_clusters_depend_on_the_set_only(edges: list, apart: list, codes: list, seed: object) -> None:  # type: ignore[type-arg]
    """EC-05: any order of judgements gives the same partition, and what must stay apart is apart."""
    edges = [(min(a, b), max(a, b), s) for a, b, s in edges if a != b]
    apart = [(a, b) for a, b in apart if a != b]

    def run(given_edges: list) -> list[int]:  # type: ignore[type-arg]
        left, right, strength = (np.array([e[i] for e in given_edges], dtype=np.int64) for i in range(3))
        refused = [np.array([pair[i] for pair in apart], dtype=np.int64) for i in range(2)]
        level = np.ones(len(apart), dtype=np.int64)
        links = Links(left, right, strength, np.zeros(len(given_edges), dtype=bool))
        label: list[int] = cluster(np.array(codes), links, Apart(refused[0], refused[1], level)).label.tolist()
        return label

    label = run(edges)
    shuffled = list(edges)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert run(shuffled) == label
    assert all(label[a] != label[b] for a, b in apart)
    for one in set(label):
        assert len({code for code, own in zip(codes, label, strict=True) if own == one and code}) <= 1


def test_ids_keep_by_largest_overlap_and_come_back() -> None:
    """EC-05: the larger part keeps the id; a retired id is taken up before a new one is made."""
    label = np.array([0, 0, 0, 3, 3, 5])
    assert keep_ids(label, np.array([7, 7, 8, 7, 0, 0]), {}).tolist() == [7, 7, 7, -1, -1, -2]
    assert keep_ids(label, np.array([7, 7, 8, 7, 0, 0]), {3: [4]}).tolist() == [7, 7, 7, 4, 4, -1]


def test_rules_that_cannot_be_read_are_refused() -> None:
    """EC-05: a rules document is refused as a whole, naming rule and place."""
    body = read_rules(FOLDER / "rules.yaml").model_dump()
    body["person"]["strong"][0]["when"] = "same.shoe_size"
    with pytest.raises(Unprocessable) as caught:
        checked(RULES, body)
    assert "person.strong.0" in caught.value.message("en") and "shoe_size" in caught.value.message("en")


@pytest.mark.usefixtures("database")
def test_with_and_without_a_database_alike(tmp_path: Path) -> None:
    """EC-05: `hutong resolve` on files gives the partition that the customer master has."""
    rows = [
        {"客户编号": f"C{n}", "客户名称": name, "联系电话": f"1391234000{n % 4}", "电子邮箱": f"m{n % 3}@163.com"}
        for n, name in enumerate(
            ["王小明", "王晓明", "李丽", "王小明", "李莉", "张伟", "张玮", "王小明", "李丽", "赵云"]
        )
    ]
    path, mapping = write_crm(tmp_path / "crm.csv", rows), read_mapping(MAPPINGS / "crm.yaml")
    load_file(path, mapping, "user:1")
    resolve()
    offline = resolve_files([(path, mapping)], read_rules(FOLDER / "rules.yaml"))
    groups: dict[int, set[str]] = {}
    for row in offline.to_pylist():
        groups.setdefault(row["party"], set()).add(row["key"])
    from tests.party.state import partition

    assert {frozenset(group) for group in groups.values()} == partition()
    truth = tmp_path / "truth.csv"
    lines = [f"crm,{row['key']},{row['party']}" for row in offline.to_pylist()]
    truth.write_text("source,source_key,customer_id\n" + "\n".join(lines), encoding="utf-8")
    with database.read("party") as conn:
        assert score(conn, truth).f1 == 1.0


def test_scores(tmp_path: Path) -> None:
    """Pairwise and B³ on a case counted by hand: one right pair, one wrong, one missed."""
    import pyarrow as pa

    made = pa.table({"source": ["s"] * 5, "key": list("abcde"), "party": [1, 1, 2, 2, 3]})
    truth = tmp_path / "t.csv"
    truth.write_text("source,source_key,customer_id\ns,a,1\ns,b,1\ns,c,2\ns,d,3\ns,e,3\n", encoding="utf-8")
    found = score_table(made, truth)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert found.b3_precision == pytest.approx(0.8) and found.b3_recall == pytest.approx(0.8)


@pytest.mark.skipif(not CHICAGO.exists(), reason="the real Chicago file is not beside the repository")
def test_the_real_file_of_chicago() -> None:
    """Nine real lists of organisations: rules on parsed addresses reach pairwise F1 of .95."""
    pack = ROOT / "packs/samples/chicago"
    made = resolve_files([(CHICAGO, read_mapping(pack / "mapping.yaml"))], read_rules(pack / "rules.yaml"))
    assert score_table(made, CHICAGO, TruthColumns("Id", "True Id", None)).f1 > 0.95
