"""EC-05: `hutong resolve` refuses before any work what could not be written, and never writes over what it reads."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hutong.cli.main import app

ROWS = "id,name,phone\n1,anna smith,5551234567\n2,ann smith,5551234567\n3,bob jones,5559876543\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, its mapping, and a folder."""
    (tmp_path / "people.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "map.yaml").write_text("key: id\ncolumns: {name: name, phone: phone}\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "nowhere/out.csv"], "does not exist"),
        (["-o", "folder"], "is a folder"),
        (["-o", "people.csv"], "read or written already"),
        (["-o", "map.yaml"], "read or written already"),
        (["-o", "out.csv", "--golden", "out.csv"], "read or written already"),
        (["-o", "out.csv", "--explain", "nowhere/pairs.csv"], "does not exist"),
        (["-o", "out.csv", "--model", "people.csv"], "read or written already"),
        (["-o", "out.csv", "--threshold", "high"], "a number is wanted"),
    ],
)
def test_what_cannot_be_written_is_refused_first(here: Path, options: list[str], said: str) -> None:
    """With what, where, and how to mend it; the files stay as they are."""
    result = CliRunner().invoke(app, ["resolve", "people.csv", "-m", "map.yaml", *options], env={"COLUMNS": "300"})
    assert result.exit_code == 2
    assert said in result.output
    assert (here / "people.csv").read_text(encoding="utf-8") == ROWS
    assert not (here / "out.csv").exists()


def test_a_model_is_saved_only_when_something_was_learned(here: Path) -> None:
    """The model of a single record would keep everybody apart next time."""
    (here / "people.csv").write_text("\n".join(ROWS.splitlines()[:2]), encoding="utf-8")
    call = ["resolve", "people.csv", "-m", "map.yaml", "-o", "out.csv", "--model", "model.json"]
    assert CliRunner().invoke(app, call).exit_code == 0
    assert (here / "out.csv").read_text(encoding="utf-8").splitlines()[1].endswith("1")
    assert '"comparisons"' not in (here / "model.json").read_text(encoding="utf-8")
    (here / "people.csv").write_text(ROWS, encoding="utf-8")
    assert CliRunner().invoke(app, call).exit_code == 0
