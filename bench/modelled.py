"""The model in the customer master against `hutong resolve` on the same files: who is merged, and how well.

./dev bench modelled [CUSTOMERS]    # of the telecom sample; default 5000

The sample's three files, taken in and resolved by rules; then models of persons and organisations, trained on them,
reviewed (the truth answers in place of the stewards), approved, in force with the policy `merges`; then the model alone
on the files, without a database. The truth is used for the review and for scoring only.
"""

import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from hutong.cli.sample import telecom
from hutong.identity import Principal
from hutong.party.defaults import FOLDER
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.match.rules import KINDS, RULES, read_rules
from hutong.party.models import registry, sampling
from hutong.party.offline.resolve import resolve_files
from hutong.party.offline.score import Score, TruthColumns, score_table
from hutong.party.resolution.resolve import resolve
from hutong.party.resolution.score import score
from hutong.platform import database
from hutong.platform.documents import publish
from hutong.platform.errors import Unprocessable

MAPPINGS = Path(__file__).parents[1] / "packs/telecom/mappings"
FILES = {"crm": "crm.csv", "billing": "billing.xlsx", "callcentre": "callcentre.jsonl"}
TRAINER, APPROVER = (Principal(n, "user", f"user{n}", frozenset({"party.*"})) for n in (2, 3))


def told(name: str, found: Score) -> None:
    """Print a score."""
    print(f"{name:36}{found.records:8,} records  precision {found.precision:.5f}  recall {found.recall:.4f}  "
          f"F1 {found.f1:.4f}  B3 F1 {found.b3_f1:.4f}", flush=True)  # fmt: skip


def in_database(name: str, truth: Path) -> None:
    """A run, scored by kind."""
    began = time.perf_counter()
    done = resolve(full=True)
    print(f"{name}: {done.pairs:,} pairs, {done.parties:,} parties, {time.perf_counter() - began:.1f} s", flush=True)
    with database.read("party") as conn:
        for kind in KINDS:
            told(f"  {name}, {kind}", score(conn, truth, kind=kind))


def put_in_force(truth: Path) -> None:
    """Models of both kinds, as far as their review approves them, and rules that let them merge."""
    body = read_rules(FOLDER / "rules.yaml").model_dump()
    for kind in KINDS:
        model = sampling.train_new(kind, TRAINER.actor)
        decided = sampling.review_from(TRAINER, model, truth, TruthColumns())
        found = registry.evaluate(TRAINER, model)
        print(f"model of {kind}: {decided} pairs reviewed, merges from {found['merge_bits']} bits", flush=True)
        try:
            registry.approve(APPROVER, model)
        except Unprocessable:
            print("  not approved", flush=True)
            continue
        registry.put_in_force(APPROVER, model)
        body[kind]["model"] = "merges"
    with database.begin("party") as conn:
        publish(conn, RULES, body, APPROVER.actor)


def main(customers: int) -> None:
    """Rules, rules with models, and the model alone."""
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder)
        telecom(out=sample, customers=customers, events=1000, seed=7)
        truth = sample / "truth.csv"
        inputs = [(sample / "sources" / file, read_mapping(MAPPINGS / f"{name}.yaml")) for name, file in FILES.items()]
        for path, mapping in inputs:
            load_file(path, mapping, "system:0")
        in_database("rules", truth)
        put_in_force(truth)
        in_database("rules and models", truth)
        for one in resolve_files(inputs).kinds:
            own = one.records.select(["source", "key"]).append_column("party", pa.array(one.linked.label))
            told(f"  hutong resolve, {one.kind}", score_table(own, truth))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
