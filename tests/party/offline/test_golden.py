"""EC-05: golden records of files: what survives, where it came from, whatever the number of processes."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from tests.party.match.many import write_persons

from hutong.party.match import blocking, forming, levels, scoring
from hutong.party.offline import resolve, standardising
from hutong.party.offline.explain import explanations
from hutong.party.offline.golden import golden_records
from hutong.party.offline.mapping import FileMapping, read_mapping
from hutong.party.offline.outputs import write_outputs
from hutong.party.offline.resolve import KindResolved, Resolved, resolve_files
from hutong.platform.processes import Processes

RECORDS = 3000


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Resolved, Path]:
    """Made persons, resolved in this process; and their folder."""
    folder = tmp_path_factory.mktemp("persons")
    made = write_persons(folder, RECORDS)
    return resolve_files([(made.file, read_mapping(made.mapping))]), folder


def test_a_golden_value_is_stated_by_the_record_it_names(resolved: tuple[Resolved, Path]) -> None:
    """EC-05: by most records, then at most length, of those of its party; none is left out that somebody states."""
    found, _ = resolved
    golden = golden_records(found).to_pylist()
    records = found.kinds[0].records.to_pylist()
    members: dict[int, list[dict[str, str]]] = {}
    for record, party in zip(records, found.clusters["party"].to_pylist(), strict=True):
        members.setdefault(party, []).append(record)
    assert [row["party"] for row in golden] == sorted(members) and len(golden) < RECORDS
    for row in golden:
        own = members[row["party"]]
        assert row["records"] == len(own) and row["kind"] == "person"
        for attribute in ("name", "birth_date", "id_number", "mobile", "email", "address", "postcode"):
            stated = Counter(record[attribute] for record in own if record[attribute])
            if not stated:
                assert row[attribute] is row[f"{attribute}_from_key"] is None
                continue
            best = max((number, len(value)) for value, number in stated.items())
            assert (stated[row[attribute]], len(row[attribute])) == best
            origin = (row[f"{attribute}_from_source"], row[f"{attribute}_from_key"])
            assert [r[attribute] for r in own if (r["source"], r["key"]) == origin] == [row[attribute]]
        place = [r for r in own if (r["source"], r["key"]) == (row["address_from_source"], row["address_from_key"])]
        assert not place or place[0]["house"] == row["house"]


def test_processes_and_threads_give_what_one_gives(
    resolved: tuple[Resolved, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clusters, explanations and golden records are equal, value for value."""
    one, folder = resolved
    monkeypatch.setattr(resolve, "SHARED_BYTES", 0)
    monkeypatch.setattr(standardising, "ROWS", 700)
    monkeypatch.setattr(forming, "WORTH_SHARING", 1)
    monkeypatch.setattr(forming, "ROWS", 500)
    monkeypatch.setattr(levels, "PART", 300)
    monkeypatch.setattr(scoring, "PART", 500)
    monkeypatch.setattr(blocking, "WORTH_THREADS", 1)
    models = {kind.kind: kind.model for kind in one.kinds}
    many = resolve_files([(folder / "persons.csv", read_mapping(folder / "persons.yaml"))], models)
    assert many.clusters.equals(one.clusters)
    assert explanations(many).equals(explanations(one))
    assert golden_records(many).equals(golden_records(one))


def test_a_surname_alone_and_a_damaged_document_do_not_survive(tmp_path: Path) -> None:
    """EC-05: however many records state them."""
    rows = ["王,110101199001011230", "王,110101199001011230", "王小明,110101199001011237"]
    (tmp_path / "a.csv").write_text("name,id\n" + "\n".join(rows) + "\n", encoding="utf-8")
    mapping = FileMapping.model_validate({"columns": {"name": "name", "id_number": "id"}})
    records = standardising.read_all([(tmp_path / "a.csv", mapping)], Processes(0))[0]
    together = KindResolved("person", records, None, None, np.ones(3, dtype=np.int64))  # type: ignore[arg-type]
    clusters = records.select(["source", "key"])
    (row,) = golden_records(Resolved(clusters, (together,), 0)).to_pylist()
    assert (row["name"], row["name_from_source"], row["name_from_key"]) == ("王小明", "a", "3")
    assert (row["id_number"], row["id_number_from_key"], row["records"]) == ("110101199001011237", "3", 3)


def test_they_are_written_as_csv_or_parquet(resolved: tuple[Resolved, Path], tmp_path: Path) -> None:
    """The same rows in either form."""
    found, _ = resolved
    pairs = write_outputs(found, tmp_path / "clusters.csv", tmp_path / "golden.parquet", tmp_path / "pairs.parquet")
    write_outputs(found, tmp_path / "clusters.parquet", tmp_path / "golden.csv", None)
    golden = pa.parquet.read_table(tmp_path / "golden.parquet")
    assert golden.num_rows == len((tmp_path / "golden.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert pa.parquet.read_table(tmp_path / "pairs.parquet").num_rows == pairs > 500
    assert pa.parquet.read_table(tmp_path / "clusters.parquet").equals(found.clusters)
