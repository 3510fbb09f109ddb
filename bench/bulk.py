"""Persons from file to stored golden records, cross-references and explanations; Splink 5 on the same data beside it.

./dev bench bulk [PERSONS] [splink]    # records of made persons; default 1000000. Trained on 100000 others.

Memory is the most that one process held at once: the working one, or one that it started, whichever held more.
"""

import logging
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
from tests.party.match.many import Made, write_persons

from hutong.party.offline.mapping import read_mapping
from hutong.party.offline.outputs import write_outputs
from hutong.party.offline.resolve import resolve_files
from hutong.party.offline.score import TruthColumns, score_table

TRAINED_ON = 100_000


def main() -> None:
    """Make the persons and the model, then run each way in a process of its own."""
    if sys.argv[1:2] == ["--only"]:
        {"hutong": hutong, "splink": splink}[sys.argv[2]](Path(sys.argv[3]))
        return
    wanted = [given for given in sys.argv[1:] if given != "splink"]
    with tempfile.TemporaryDirectory(prefix="hutong-bulk-") as named:
        folder = Path(named)
        records = int(wanted[0]) if wanted else 1_000_000
        part = write_persons(folder / "part", TRAINED_ON, seed=11)
        model = resolve_files([(part.file, read_mapping(part.mapping))]).kinds[0].model
        (folder / "model.json").write_text(model.model_dump_json())
        write_persons(folder, records)
        for name in ("hutong", *(["splink"] if "splink" in sys.argv else [])):
            subprocess.run([sys.executable, "-m", "bench.bulk", "--only", name, str(folder)], check=True)


def _made(folder: Path) -> Made:
    return Made(folder / "persons.csv", folder / "persons.yaml", folder / "truth.csv")


def hutong(folder: Path) -> None:
    """As `hutong resolve` does it with a trained model: time by step."""
    from hutong.party.match.model import parse_model

    made = _made(folder)
    model = parse_model((folder / "model.json").read_text())
    started = time.perf_counter()
    steps: list[tuple[str, float]] = []
    resolved = resolve_files(
        [(made.file, read_mapping(made.mapping))],
        {"person": model},
        lambda step: steps.append((step, time.perf_counter())),
    )
    steps.append(("write", time.perf_counter()))
    pairs = write_outputs(resolved, folder / "clusters.csv", folder / "golden.parquet", folder / "pairs.parquet")
    ended = time.perf_counter()
    ends = [at for _, at in steps[1:]] + [ended]
    told = ", ".join(f"{name} {end - at:.1f}" for (name, at), end in zip(steps, ends, strict=True))
    linked = resolved.kinds[0].linked
    print(f"  {told}; {linked.compared:,} pairs compared, {pairs:,} explained")
    _tell("hutong", resolved.clusters, made, ended - started)


def splink(folder: Path) -> None:
    """Splink alone, from the file to clusters: comparisons of its library, trained on the part; components at 0.95."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.disable(logging.WARNING)  # Splink tells every step
    made = _made(folder)
    blocks = [
        block_on("id_number"), block_on("mobile"), block_on("email"), block_on("name", "birth_date"),
        block_on("address"), block_on("name", "postcode"),
    ]  # fmt: skip
    compared = [
        cl.JaroWinklerAtThresholds("name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("birth_date", [1, 2]), cl.LevenshteinAtThresholds("id_number", [1, 2]),
        cl.LevenshteinAtThresholds("mobile", [1, 2]), cl.JaroWinklerAtThresholds("email", [0.92]),
        cl.JaroWinklerAtThresholds("address", [0.95, 0.88]), cl.ExactMatch("postcode"), cl.ExactMatch("gender"),
    ]  # fmt: skip
    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="key", comparisons=compared,
        blocking_rules_to_generate_predictions=blocks,
    )  # fmt: skip
    part = Linker(DuckDBAPI().register(_read(folder / "part" / "persons.csv")), settings)
    part.training.estimate_probability_two_random_records_match([blocks[0], blocks[3]], recall=0.7)
    part.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for block in (blocks[0], blocks[1], blocks[3]):
        part.training.estimate_parameters_using_expectation_maximisation(block)
    model = part.misc.save_model_to_json()
    started = time.perf_counter()
    linker = Linker(DuckDBAPI().register(_read(made.file)), model)
    found = linker.inference.predict(threshold_match_probability=0.5)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(found, 0.95).as_pyarrow_table()
    clusters = clusters.select(["source", "key", "cluster_id"]).rename_columns(["source", "key", "party"])
    pyarrow.csv.write_csv(clusters, folder / "splink.csv")
    _tell("Splink 5 alone", clusters, made, time.perf_counter() - started)


def _read(path: Path) -> pa.Table:
    with duckdb.connect() as duck:
        return duck.sql("FROM read_csv(?, all_varchar = true)", params=[str(path)]).to_arrow_table()


def _tell(name: str, clusters: pa.Table, made: Made, seconds: float) -> None:
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    found = score_table(clusters, made.truth, TruthColumns("key", "entity", None))
    print(
        f"{name:16}{clusters.num_rows:10,} records {seconds:7.1f} s {most / 2**20:6.2f} GB; precision "
        f"{found.precision:.5f} recall {found.recall:.4f} F1 {found.f1:.4f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
