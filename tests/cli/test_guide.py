"""The guide to the customer master: its commands run as they stand, in both languages, in their order."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(language: str) -> list[str]:
    """The commands of the guide."""
    text = (GUIDE / f"customer-master{language}.md").read_text(encoding="utf-8")
    return [line for block in BLOCK.findall(text) for line in block.splitlines()]


def test_both_languages_give_the_same_commands() -> None:
    """And there are some."""
    assert commands("") == commands(".zh-CN")
    assert len(commands("")) >= 8


@pytest.mark.parametrize("language", ["", ".zh-CN"])
def test_what_the_guide_links_to_is_there(language: str) -> None:
    """Files, pictures, the other language."""
    text = (GUIDE / f"customer-master{language}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (GUIDE / target).is_file(), target


def test_the_commands_of_the_guide_run(database: URL, tmp_path: Path) -> None:
    """A newcomer who types them gets what it says: their two files merged, and a backup."""
    shutil.copytree(GUIDE / "customer-master", tmp_path / "here")
    program = f"{sys.executable} -m hutong.cli.main"
    here = {**os.environ, "LANG": "en_US.UTF-8", "COLUMNS": "200"}
    told = []
    for command in commands(""):
        assert command.startswith("hutong ")
        ran = subprocess.run(
            ["sh", "-c", command.replace("hutong", program, 1)], cwd=tmp_path / "here", env=here, capture_output=True,
            text=True,
        )  # fmt: skip
        assert ran.returncode == 0, command + ran.stdout + ran.stderr
        told.append(ran.stdout)
    said = "\n".join(told)
    assert re.search(r"227 records → 1[67]\d parties", said)
    assert "shop: 126 rows, 124 admitted, 2 rejected" in said
    assert re.search(r"225 records → 1[67]\d parties", said)
    assert re.search(r"B³ F1 +│ +0\.9[5-9]", said) or "B³ F1        │ 1.0" in said
    made = (tmp_path / "here" / "rejected.csv").read_text(encoding="utf-8-sig")
    assert "M0998" in made and "M0999" in made
    assert (tmp_path / "here" / "pairs.csv").stat().st_size > 1000
    golden = (tmp_path / "here" / "golden.csv").read_text(encoding="utf-8").splitlines()
    assert 160 < len(golden) - 1 < 180 and '"mobile_from_source","mobile_from_key"' in golden[0]
    assert (tmp_path / "here" / "model.json").is_file()
