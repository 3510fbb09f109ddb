"""What a resolution of files leaves behind: cross-references, golden records, explanations; CSV or Parquet by their
names."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from hutong.party.offline.explain import explanations
from hutong.party.offline.golden import golden_records
from hutong.party.offline.resolve import Resolved


def write_outputs(resolved: Resolved, out: Path, golden: Path | None, explain: Path | None) -> int:
    """Write the clusters, and what else is wanted; returns how many pairs are explained."""
    with ThreadPoolExecutor(2) as pool:
        stored = pool.submit(lambda: write_table(golden_records(resolved), golden)) if golden else None
        write_table(resolved.clusters, out)
        explained = write_table(explanations(resolved), explain) if explain else 0
        if stored:
            stored.result()
    return explained


def write_table(table: pa.Table, path: Path) -> int:
    """Write a table; returns its rows."""
    if path.suffix.lower() in (".parquet", ".pq"):
        pa.parquet.write_table(table, path)
    else:
        pa.csv.write_csv(table, path)
    return int(table.num_rows)
