"""The guides to sharing, stewardship and operations: their commands and calls run as they stand, and name pages that
are there."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from hutong.cli.main import app
from hutong.platform import jobs
from hutong.platform.relay import relay_once
from hutong.platform.settings import settings
from hutong.server import create_app

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
GUIDES = ("sharing", "stewardship", "operations")
HERE = "http://127.0.0.1:8000"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(name: str) -> list[str]:
    """The commands of a guide."""
    text = (GUIDE / f"{name}.md").read_text(encoding="utf-8")
    return [line for block in BLOCK.findall(text) for line in block.splitlines()]


@pytest.mark.parametrize("name", GUIDES)
def test_both_languages_give_the_same_commands(name: str) -> None:
    """And there are some."""
    assert commands(name) == commands(f"{name}.zh-CN") and len(commands(name)) >= 8


@pytest.mark.parametrize("language", ["", ".zh-CN"])
@pytest.mark.parametrize("name", GUIDES)
def test_pages_and_links_are_there(name: str, language: str) -> None:
    """What is bold is the name of a page in that language; links lead somewhere."""
    text = (GUIDE / f"{name}{language}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (GUIDE / target).is_file(), target
    words = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob(f"locale/*{language or '.en'}.ftl")
    ) + "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob(f"locale/{(language or '.en')[1:]}.ftl")
    )
    for page in re.findall(r"\*\*([^*\n]+)\*\*", text):
        assert f"= {page}\n" in words, page


@pytest.fixture
def here(database: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A newcomer's folder with the guide's files, on an empty installation."""
    folder = tmp_path / "here"
    shutil.copytree(GUIDE / "customer-master", folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(settings, "data_dir", tmp_path / "data")
    assert CliRunner().invoke(app, ["setup", "--login", "admin"]).exit_code == 0
    yield folder


def ran(client: TestClient, line: str, key: str) -> str:
    """What a command or call prints; raises for one that fails. The worker's work is done after each."""
    words = shlex.split(line.replace("$KEY", key))
    program, rest = words[0], words[1:]
    if program == "hutong":
        result = CliRunner().invoke(app, rest)
        assert result.exit_code == 0, line + result.output
        return result.output
    assert program == "curl", line
    headers, body, method, url = {}, None, None, ""
    while rest:
        word = rest.pop(0)
        if word == "-H":
            name, _, value = rest.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = rest.pop(0)
        elif word == "-X":
            method = rest.pop(0)
        elif word != "-s":
            url = word
    assert url.startswith(HERE), line
    verb = method or ("POST" if body else "GET")
    answer = client.request(verb, url.removeprefix(HERE), headers=headers, content=body and body.encode())
    assert answer.is_success, line + answer.text
    jobs.run_queued()
    relay_once("party")
    return answer.text


def told(name: str) -> dict[str, str]:
    """Command → what it said."""
    client, key, said = TestClient(create_app()), "", {}
    for line in commands(name):
        said[line] = ran(client, line, key)
        if line.startswith("hutong client"):
            key = re.findall(r"[\w-]{40,}", said[line].replace("\n", ""))[0]
    return said


def test_sharing(here: Path) -> None:
    """A consumer gets in, brings customers, asks by scenario, fetches its file, follows the feed."""
    said = told("sharing")
    calls = {line: text.replace(" ", "") for line, text in said.items() if line.startswith("curl")}
    first, issued = (next(text for line, text in calls.items() if key in line) for key in ("order-1", "policy-1"))
    assert '"created":true' in first and '"party_id":1' in first and '"created":false' in issued
    file = next(text for line, text in calls.items() if line.split()[2].endswith("/runs/1/file"))
    assert "王小明" in file and "wang@post.example" not in file, "names are in clear for this consumer, mails are not"
    assert "party.created" in next(text for line, text in calls.items() if "/changes" in line)
    assert "李丽华" in next(text for line, text in calls.items() if "/individual" in line)


def test_stewardship(here: Path) -> None:
    """Files in, resolved by the house's own rules; explained; changed, one waits for a second person; enhanced, taken
    back."""
    said = told("stewardship")
    calls = {line: text for line, text in said.items() if line.startswith("curl")}
    assert any("126" in text and "124" in text for text in said.values())
    assert '"pending"' in next(text for line, text in calls.items() if '"erase"' in line)
    waiting = next(text for line, text in calls.items() if "change-requests" in line and "-d" not in line)
    assert "erase" in waiting
    assert "withdrawn" in next(text for line, text in calls.items() if "/withdraw" in line)


def test_operations(here: Path) -> None:
    """The server answers and is measured, tables and histories agree, a backup is whole."""
    said = told("operations")
    assert '"ready"' in said[f"curl -s {HERE}/readyz"]
    assert 'route="/readyz",status="200"' in said[f"curl -s {HERE}/metrics"]
    assert "party" in said["hutong history check"]
    assert (here / "backup-1").is_dir()
