"""Resolution: how well and how fast files with known truth are resolved, without labels, beside Splink 5.

./dev bench accuracy [NAME ...]    # febrl1 febrl2 febrl3 febrl4 rldata500 rldata10000 chicago telecom affiliations
                                   # patents rldata_years, the shapes of tests/party/match/{few,people,firms}.py;
                                   # default: all
                                   # add `splink` to run Splink 5 with its default settings on the persons beside it
"""

import csv
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from tests.party.match import datasets, few
from tests.party.match.firms import FIRMS
from tests.party.match.people import PEOPLE

from hutong.cli.sample import telecom
from hutong.party.match.training import sorted_records
from hutong.party.offline.mapping import read_mapping
from hutong.party.offline.resolve import Resolved, resolve_files
from hutong.party.offline.score import Score, TruthColumns, score_table

SETS: dict[str, Callable[[Path], datasets.Data]] = {
    "febrl1": lambda folder: datasets.febrl(folder, "1"),
    "febrl2": lambda folder: datasets.febrl(folder, "2"),
    "febrl3": lambda folder: datasets.febrl(folder, "3"),
    "febrl4": lambda folder: datasets.febrl(folder, "4a", "4b"),
    "rldata500": lambda folder: datasets.rldata(folder, 500),
    "rldata10000": lambda folder: datasets.rldata(folder, 10000),
    "chicago": datasets.chicago,
    "affiliations": datasets.affiliations,
    "patents": datasets.patents,
    "rldata_years": datasets.years,
    **{shape: partial(lambda shape, folder: few.made(folder, shape), shape) for shape in few.SHAPES},
    **{name: partial(lambda make, folder: make(folder, 1), make) for name, make in {**PEOPLE, **FIRMS}.items()},
}
MAPPINGS = datasets.ROOT / "packs/telecom/mappings"


def main() -> None:
    """Print a line for each set."""
    wanted = [name for name in sys.argv[1:] if name != "splink"] or [*SETS, "telecom"]
    print(f"{'':22}{'records':>9}{'precision':>11}{'recall':>9}{'F1':>9}{'B3 F1':>9}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            if name == "telecom":
                _telecom(Path(folder))
                continue
            data = SETS[name](Path(folder) / name)
            started = time.perf_counter()
            mapping = read_mapping(data.mapping)
            resolved = resolve_files([(path, mapping) for path in data.inputs])
            truth = TruthColumns("key", "entity", None)
            _line(name, score_table(resolved.clusters, data.truth, truth), time.perf_counter() - started)
            if name == "chicago":
                _line("  same house only", score_table(_by_house(resolved), data.truth, truth), 0.0)
            if "splink" in sys.argv and "given_name" in resolved.kinds[0].records.column_names:
                started = time.perf_counter()
                made = _splink(resolved)
                _line("  Splink 5, default", score_table(made, data.truth, truth), time.perf_counter() - started)


def _line(name: str, found: Score, seconds: float) -> None:
    print(
        f"{name:22}{found.records:9,}{found.precision:11.5f}{found.recall:9.4f}{found.f1:9.4f}{found.b3_f1:9.4f}{seconds:9.1f}",
        flush=True,
    )


def _telecom(folder: Path) -> None:
    for seed in (7, 11):
        telecom(out=folder / str(seed), customers=20_000, events=2000, seed=seed)
        sources = folder / str(seed) / "sources"
        started = time.perf_counter()
        files = (("crm.csv", "crm"), ("billing.xlsx", "billing"), ("callcentre.jsonl", "callcentre"))
        resolved = resolve_files([(sources / file, read_mapping(MAPPINGS / f"{name}.yaml")) for file, name in files])
        seconds = time.perf_counter() - started
        for kind in resolved.kinds:
            own = kind.records.select(["source", "key"]).append_column("party", pa.array(kind.linked.label))
            _line(f"telecom {seed} {kind.kind}", score_table(own, folder / str(seed) / "truth.csv"), seconds)


def _by_house(resolved: Resolved) -> pa.Table:
    """The plain rule: the same house number, direction and street is the same site."""
    records = resolved.kinds[0].records
    groups = [house or f"record {place}" for place, house in enumerate(records["house"].to_pylist())]
    return records.select(["source", "key"]).append_column("party", pa.array(groups))


def _splink(resolved: Resolved) -> pa.Table:
    """Splink 5 with its name, date and exact comparisons, u from random pairs, m by EM, components at 0.95."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    records = sorted_records(resolved.kinds[0].records)
    numbered = records.append_column("unique_id", pa.array(range(records.num_rows)))
    have = set(numbered.column_names)
    names = [name for name in ("given_name", "family_name", "place", "street") if name in have]
    compared: list[Any] = [cl.JaroWinklerAtThresholds(name, [0.95, 0.88]) for name in names]
    compared += [
        cl.LevenshteinAtThresholds(name, [1, 2]) for name in ("birth_date", "postcode", "id_number") if name in have
    ]
    rules = [
        block_on(name) for name in ("family_name", "given_name", "birth_date", "id_number", "postcode") if name in have
    ]
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=compared, blocking_rules_to_generate_predictions=rules
    )
    linker = Linker(DuckDBAPI().register(numbered), settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in rules[:3]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.5)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(found, 0.95).as_pyarrow_table()
    by_id = dict(zip(clusters["unique_id"].to_pylist(), clusters["cluster_id"].to_pylist(), strict=True))
    party = [str(by_id.get(number, f"record {number}")) for number in range(records.num_rows)]
    return records.select(["source", "key"]).append_column("party", pa.array(party))


if __name__ == "__main__":
    csv.field_size_limit(1 << 20)
    main()
