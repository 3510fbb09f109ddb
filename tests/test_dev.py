"""`./dev`: plain sh, and plain words when something is missing. Installing itself is shown by CI on a clean machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DEV = ROOT / "dev"
BASICS = ("sh", "cat", "cmp", "head", "dirname", "id", "rm", "chmod", "env", "mkdir", "cp", "printf")
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-uv.lock",
    "requirements-node.lock",
    "package-lock.json",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing is installed, with the usual programs and no Python on its PATH."""
    folder = tmp_path / "hu tong"
    (folder / "path").mkdir(parents=True)
    for name in ("dev", *LOCKS):
        shutil.copy(ROOT / name, folder / name)
    for name in BASICS:
        if found := shutil.which(name):
            (folder / "path" / name).symlink_to(found)
    return folder


def program(checkout: Path, name: str, script: str) -> None:
    """Put a program on the checkout's PATH."""
    path = checkout / "path" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def dev(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ./dev there."""
    surroundings = {"PATH": str(checkout / "path"), "HOME": str(checkout)}
    return subprocess.run([checkout / "dev", *words], env=surroundings, capture_output=True, text=True)


PRETEND_PYTHON = """
case "$*" in
    *version_info*) exit 0 ;;
    *"import venv, ensurepip"*) exit 1 ;;
    *"import venv, pip"*) exit 1 ;;
    *"import venv"*) exit 0 ;;
    *python_version*) echo 3.11.2 ;;
    *) exit 1 ;;
esac
"""


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_needs_nothing(checkout: Path, word: str) -> None:
    """Help comes without Python and installs nothing."""
    ran = dev(checkout, word)
    assert ran.returncode == 0
    for command in ("demo", "serve", "test", "check", "bench", "fmt"):
        assert f"./dev {command}" in ran.stdout
    assert not (checkout / ".venv").exists()


def test_an_unknown_command_is_refused(checkout: Path) -> None:
    """It names the command and shows the known ones, and does nothing."""
    ran = dev(checkout, "dmeo")
    assert ran.returncode == 1
    assert "no command 'dmeo'" in ran.stderr
    assert not (checkout / ".venv").exists()


def test_no_python_is_said_plainly(checkout: Path) -> None:
    """Without any Python."""
    ran = dev(checkout, "check")
    assert ran.returncode == 1
    assert "no Python 3.11 or newer" in ran.stderr
    assert "apt-get install python3" in ran.stderr


def test_an_old_python_is_not_used(checkout: Path) -> None:
    """A Python that says it is too old is passed over."""
    program(checkout, "python3", "exit 1")
    assert "no Python 3.11 or newer" in dev(checkout, "check").stderr


def test_debian_without_python3_venv_is_said_plainly(checkout: Path) -> None:
    """Python is there, its ensurepip is not, nor pip, nor uv: name the package to install."""
    program(checkout, "python3", PRETEND_PYTHON)
    ran = dev(checkout, "check")
    assert ran.returncode == 1
    assert "apt-get install python3-venv" in ran.stderr
    assert not (checkout / ".venv").exists()


def test_pip_stands_in_for_a_missing_ensurepip(checkout: Path) -> None:
    """Debian with python3-pip but without python3-venv: the environment is made without pip, and pip fills it."""
    calls = checkout / "calls"
    program(
        checkout,
        "python3",
        PRETEND_PYTHON.replace('*"import venv, pip"*) exit 1', '*"import venv, pip"*) exit 0').replace(
            "*) exit 1 ;;\nesac", f'*) echo "$*" >>"{calls}" ; [ "$1 $2" != "-m pip" ] || [ "$5" != install ] ;;\nesac'
        ),
    )
    ran = dev(checkout, "check")
    assert ran.returncode == 1
    assert "pip could not install uv from PyPI" in ran.stderr
    assert "-m venv --without-pip" in calls.read_text()


def test_running_installs_less_than_testing(checkout: Path) -> None:
    """To serve, only what runs is installed; to check, the rest; and from then on that is enough for both."""
    venv, calls = checkout / ".venv", checkout / "calls"
    (venv / "bin").mkdir(parents=True)
    (checkout / "node_modules").mkdir()
    shutil.copy(checkout / "package-lock.json", checkout / "node_modules" / ".installed")
    (venv / "installed").write_text(f"{checkout}\nan older list\n")
    for name, script in (
        ("python", f'case "$*" in *purelib*) echo "{venv}" ;; esac'),
        ("uv", f'echo "$*" >>"{calls}"'),
    ):
        (venv / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (venv / "bin" / name).chmod(0o755)
    dev(checkout, "serve")
    assert "--require-hashes requirements.lock requirements-uv.lock" in calls.read_text()
    assert "requirements-dev.lock" not in calls.read_text()
    dev(checkout, "bench")
    assert "--require-hashes requirements-dev.lock requirements-uv.lock" in calls.read_text()
    for word in ("serve", "demo", "test", "bench"):
        dev(checkout, word)
    assert len(calls.read_text().splitlines()) == 2


def test_posix_sh_only() -> None:
    """dash, where there is one, accepts it, and no word of bash is in it."""
    if dash := shutil.which("dash"):
        assert subprocess.run([dash, "-n", DEV]).returncode == 0
    text = DEV.read_text()
    assert text.startswith("#!/bin/sh\n")
    for word in ("[[", "local ", "function ", "pipefail", "<<<", "source ", "BASH", "&>", "=~"):
        assert word not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_lockfiles_name_hashes_and_no_addresses(lock: str) -> None:
    """What is installed is named by its hash, wherever it comes from."""
    text = (ROOT / lock).read_text()
    for word in ('"resolved"', "--index-url", "--find-links", "files.pythonhosted.org", "registry.npmjs.org", " @ "):
        assert word not in text
    assert "--hash=sha256:" in text or '"integrity": "sha512-' in text


def test_scripts_are_executable() -> None:
    """As git hands them out."""
    for script in (DEV, ROOT / ".ci" / "run"):
        assert os.access(script, os.X_OK)


def test_skipped_tests_are_named_and_a_required_browser_is_required(tmp_path: Path) -> None:
    """The end of a run says what was not tested and why; in CI a page test that was skipped is a failure."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser\n")
    (tmp_path / "test_pages.py").write_text(
        "import pytest\n@pytest.mark.browser\ndef test_page():\n    pytest.skip('no Chromium here')\n"
        "def test_other():\n    pytest.skip('no Spark here')\n"
    )
    shutil.copy(ROOT / "tests" / "skipped.py", tmp_path / "skipped.py")
    command = [sys.executable, "-m", "pytest", "-p", "skipped"]
    surroundings = {key: value for key, value in os.environ.items() if key != "HUTONG_REQUIRE_BROWSER"}
    lenient = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True)
    assert lenient.returncode == 0
    assert "1 test: no Chromium here" in lenient.stdout
    assert "1 test: no Spark here" in lenient.stdout
    surroundings["HUTONG_REQUIRE_BROWSER"] = "1"
    strict = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True)
    assert strict.returncode == 1
    assert "1 failed, 1 skipped" in strict.stdout
    assert "no Chromium here" in strict.stdout
