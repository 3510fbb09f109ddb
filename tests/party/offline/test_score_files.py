"""EC-05: `hutong score` takes clusters and truth as analysts have them, and names what is missing."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from hutong.cli.main import app
from hutong.platform.settings import settings

CLUSTERS = "source,key,party\na,1,1\na,2,1\na,3,2\n"
TRUTH = "key,entity\n1,x\n2,x\n3,y\n"


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever language a test before left stated."""
    monkeypatch.setattr(settings, "default_locale", "en")


def score(folder: Path, clusters: bytes, truth: bytes, name: str = "truth.csv") -> tuple[int, str]:
    """Exit status, and what is said."""
    (folder / "clusters.csv").write_bytes(clusters)
    if truth:
        (folder / name).write_bytes(truth)
    call = ["score", str(folder / "clusters.csv"), "--truth", str(folder / name)]
    result = CliRunner().invoke(app, call, env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("clusters", "truth"),
    [
        (CLUSTERS.encode(), TRUTH.encode()),
        (CLUSTERS.replace(",", ";").encode("utf-16"), TRUTH.encode("utf-8-sig")),
        (CLUSTERS.encode(), TRUTH.replace(",", "\t").replace("x", "张").encode("gb18030")),
        (CLUSTERS.encode(), (TRUTH + "4,\n5,z\n").encode()),
    ],
    ids=["plain", "semicolons, UTF-16", "tabs, GB 18030", "more than is asked"],
)
def test_however_the_files_are_written(tmp_path: Path, clusters: bytes, truth: bytes) -> None:
    """The same figures: three records, all right."""
    status, said = score(tmp_path, clusters, truth)
    assert status == 0
    assert said.count("1.0000") == 6


def test_keys_that_became_floats(tmp_path: Path) -> None:
    """A truth in Parquet whose keys are 1.0, 2.0, 3.0."""
    pa.parquet.write_table(pa.table({"key": [1.0, 2.0, 3.0], "entity": ["x", "x", "y"]}), tmp_path / "truth.parquet")
    status, said = score(tmp_path, CLUSTERS.encode(), b"", "truth.parquet")
    assert status == 0
    assert said.count("1.0000") == 6


@pytest.mark.parametrize(
    ("clusters", "truth", "said"),
    [
        ("", TRUTH, "clusters.csv"),
        (TRUTH, CLUSTERS, "lacks the columns source, party"),
        (CLUSTERS, "key\n1\n2\n", "lacks the columns entity"),
        (CLUSTERS, "key,entity\n01,x\n", "--key"),
        (CLUSTERS, "\n\n", "truth.csv"),
    ],
    ids=["no clusters", "the wrong way round", "no entity", "other keys", "no truth"],
)
def test_what_is_missing_is_named(tmp_path: Path, clusters: str, truth: str, said: str) -> None:
    """What and where, not a traceback."""
    status, told = score(tmp_path, clusters.encode(), truth.encode())
    assert status == 1
    assert said in told
