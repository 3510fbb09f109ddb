"""EC-05: mistakes with `hutong resolve` and `hutong score` are answered with what, where and how to mend it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from tests.party.match.people import PEOPLE

from hutong.party.offline.mapping import read_mapping
from hutong.party.offline.resolve import resolve_files
from hutong.party.offline.score import TruthColumns, score_table, truth_columns
from hutong.platform.errors import Invalid, Problem

_GOOD = "kind: person\nkey: id\ncolumns: {name: name, phone: phone}\n"
_ROWS = "id,name,phone\n1,anna smith,5551234567\n2,ann smith,5551234567\n3,bob jones,5559876543\n"


def _resolve(folder: Path, mapping: str, body: str, name: str = "people.csv") -> None:
    (folder / name).write_text(body, encoding="utf-8")
    (folder / "map.yaml").write_text(mapping, encoding="utf-8")
    resolve_files([(folder / name, read_mapping(folder / "map.yaml"))])


@pytest.mark.parametrize(
    ("mapping", "body", "said"),
    [
        pytest.param(_GOOD.replace("phone: phone", "phone: tel"), _ROWS, "tel", id="no column"),
        pytest.param(_GOOD.replace("name: name", "nom: name"), _ROWS, "nom", id="no attribute"),
        pytest.param(_GOOD, "id,name,phone\n", "people.csv", id="no rows"),
        pytest.param(_GOOD, "", "people.csv", id="nothing"),
        pytest.param(_GOOD + "delimiter: ';'\n", _ROWS, "id,name,phone", id="delimiter"),
        pytest.param("kind: person\ncolumns: [\n", _ROWS, "map.yaml", id="no YAML"),
        pytest.param("kind: person\ncolumns: {}\n", _ROWS, "columns", id="no columns"),
        pytest.param(_GOOD + "encoding: utf-99\n", _ROWS, "utf-99", id="encoding"),
        pytest.param(_GOOD, "id,name,phone\n1,,\n2,,\n", "person", id="nothing given"),
        pytest.param(_GOOD, "customers of 2024\n" + _ROWS, "header: false", id="a title above"),
        pytest.param(_GOOD + "encoding: ascii\n", _ROWS.replace("anna", "änna"), "big5", id="wrong encoding"),
        pytest.param(_GOOD + "region: USA\n", _ROWS, "USA", id="no region"),
        pytest.param(
            _GOOD.replace("name: name", "birth_date: {column: name, date: soon}"), _ROWS, "DD/MM/YYYY", id="date"
        ),
        pytest.param(_GOOD, _ROWS.replace("id,name,phone", "id,phone,Phone"), "phone", id="a column twice"),
        pytest.param(_GOOD, "id,name,phone\n1,,5551234567\n2,,5551234567\n", "person", id="only one phone"),
        pytest.param(_GOOD, "PK\x03\x04 and so on", "CSV", id="a workbook"),
        pytest.param(_GOOD, _ROWS.replace("ann smith", '"ann smith'), "3", id="a quote left open"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, mapping: str, body: str, said: str) -> None:
    """EC-05: the message names the place."""
    with pytest.raises(Problem) as problem:
        _resolve(tmp_path, mapping, body)
    assert said in problem.value.message("en")
    assert said in problem.value.message("zh-CN")


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    """EC-05: by its name it should be, so it is said that it is not."""
    with pytest.raises(Invalid) as problem:
        _resolve(tmp_path, _GOOD, _ROWS, "people.parquet")
    assert problem.value.message_id == "party-offline-file"


def test_parquet_is_resolved_as_csv_is(tmp_path: Path) -> None:
    """EC-05: the same table in both forms gives the same clusters."""
    data = PEOPLE["tiny"](tmp_path, 3)
    table = pyarrow.csv.read_csv(data.inputs[0])
    whole = tmp_path / f"{data.inputs[0].stem}.parquet"
    pa.parquet.write_table(table, whole)
    mapping = read_mapping(data.mapping)
    assert resolve_files([(whole, mapping)]).clusters == resolve_files([(data.inputs[0], mapping)]).clusters


def test_scores_name_what_is_missing(tmp_path: Path) -> None:
    """EC-05: a truth without the named column, and one that knows none of the records."""
    truth = tmp_path / "truth.csv"
    truth.write_text("key,entity\nx,1\n", encoding="utf-8")
    with pytest.raises(Invalid) as problem:
        truth_columns(truth, entity="customer")
    assert problem.value.message_id == "party-score-columns"
    assert "loaded" not in problem.value.message("en")
    made = pa.table({"source": ["a"], "key": ["1"], "party": [1]})
    with pytest.raises(Invalid) as problem:
        score_table(made, truth, TruthColumns("key", "entity", None))
    assert problem.value.message_id == "party-score-nothing"


def test_a_truth_may_come_in_several_files(tmp_path: Path) -> None:
    """EC-05: as that of the demo does, whose telecom and insurance samples are of one group."""
    for name, lines in (("one", "source,key,entity\na,1,7\n"), ("two", "key,entity,source,why\n2,7,b,same\n3,8,b,\n")):
        (tmp_path / f"{name}.csv").write_text(lines, encoding="utf-8")
    made = pa.table({"source": ["a", "b", "b"], "key": ["1", "2", "3"], "party": [1, 1, 2]})
    found = score_table(made, sorted(tmp_path.glob("*.csv")), TruthColumns("key", "entity", "source"))
    assert (found.records, found.clusters, found.precision, found.recall) == (3, 2, 1.0, 1.0)


def test_a_column_twice_that_is_not_used_is_no_mistake(tmp_path: Path) -> None:
    """EC-05: nor is one whose name looks as if it had been made out of another."""
    _resolve(tmp_path, _GOOD, _ROWS.replace("id,name,phone", "id,name,phone,note,Note,phone_1"))


def test_rows_that_all_say_the_same_are_one_party(tmp_path: Path) -> None:
    """EC-05: there is nothing to learn from, and nothing to doubt; unless the file has each party only once."""
    rows = "id,name,phone\n" + "".join(f"{number},anna smith,5551234567\n" for number in range(1, 4))
    (tmp_path / "people.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(_GOOD, encoding="utf-8")
    made = resolve_files([(tmp_path / "people.csv", read_mapping(tmp_path / "map.yaml"))])
    assert made.clusters["party"].to_pylist() == [1, 1, 1]
    with pytest.raises(Invalid) as problem:
        _resolve(tmp_path, _GOOD + "unique: true\n", rows)
    assert problem.value.message_id == "party-model-nothing"


def test_a_truth_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    """EC-05: a key of two entities; the same said twice is none, nor is a key of two sources."""
    truth = tmp_path / "truth.csv"
    truth.write_text("source,key,entity\na,1,x\na,1,x\nb,1,y\nb,1,\n", encoding="utf-8")
    made = pa.table({"source": ["a", "b"], "key": ["1", "1"], "party": ["1", "2"]})
    assert score_table(made, truth, TruthColumns("key", "entity", "source")).f1 == 1.0
    with pytest.raises(Invalid) as problem:
        score_table(made, truth, TruthColumns("key", "entity", None))
    assert problem.value.message_id == "party-score-contradiction"
    assert {"truth.csv", "x", "y", "--source"} <= set(problem.value.message("en").replace(":", " ").split()) | {
        "--source"
    }
