"""Words of the command line and of every center: Chinese and English, the same of each."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fluent.syntax import FluentParser, ast, visitor

import hutong
from hutong.cli import words
from hutong.platform.settings import Settings

ROOT = Path(hutong.__file__).parent
FILES = sorted(str(path.relative_to(ROOT)).removesuffix("en.ftl") for path in ROOT.glob("**/locale/*en.ftl"))
"""Each pair of files without its language: `party/locale/`, `party/locale/stewardship.`"""
LOCALES = ("zh-CN", "en")
CHINESE = re.compile("[一-鿿]")


class Variables(visitor.Visitor):  # type: ignore[misc]
    """Collects the variables that a message is filled with."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: Any) -> None:  # noqa: N802 (the library's name)
        self.found.add(node.id.name)


def messages(file: str, locale: str) -> list[tuple[str, frozenset[str]]]:
    """(id, variables) of every message of a file; what cannot be parsed fails."""
    parsed = FluentParser().parse((ROOT / f"{file}{locale}.ftl").read_text(encoding="utf-8"))
    assert not [entry.content for entry in parsed.body if isinstance(entry, ast.Junk)]
    made = []
    for entry in parsed.body:
        if isinstance(entry, ast.Message):
            variables = Variables()
            variables.visit(entry)
            made.append((entry.id.name, frozenset(variables.found)))
    return made


@pytest.mark.parametrize("file", FILES)
def test_both_languages_say_the_same(file: str) -> None:
    """Each id once in each language, filled with the same variables."""
    chinese, english = (messages(file, locale) for locale in LOCALES)
    for said in (chinese, english):
        ids = [name for name, _ in said]
        assert sorted(ids) == sorted(set(ids))
    assert set(chinese) == set(english)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_message_is_said_in_two_files(locale: str) -> None:
    """All files of a language are one collection, in which a second message of an id would hide the first."""
    said = Counter(name for file in FILES for name, _ in messages(file, locale))
    assert [name for name, times in said.items() if times > 1] == []


def test_every_word_of_the_command_line_exists() -> None:
    """Ids written out in the commands are messages, and no message of `cli-` is left over from an earlier command."""
    known = {name for file in FILES for name, _ in messages(file, "en")}
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "cli").rglob("*.py"))
    quoted = set(re.findall(r'"((?:cli|journey)-[a-z0-9_-]*[a-z0-9])"', source))
    begun = tuple(re.findall(r'f"((?:cli|journey)-[a-z0-9_-]*)\{', source))
    assert quoted <= known
    ours = {name for name in known if name.startswith(("cli-", "journey-"))}
    assert {name for name in ours - quoted if not name.startswith(begun)} == set()


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "zh-CN"),
        ({"LANG": "C.UTF-8"}, "zh-CN"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "fr_FR.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, "zh-CN"),
        ({"LANG": "en_US.UTF-8", "HUTONG_DEFAULT_LOCALE": "zh-CN"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "HUTONG_DEFAULT_LOCALE": "en"}, "en"),
        ({"HUTONG_DEFAULT_LOCALE": "eo"}, "zh-CN"),
    ],
)
def test_the_language(variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting, else the terminal's language, else Chinese."""
    for name in (*words.LOCALE_VARIABLES, "HUTONG_DEFAULT_LOCALE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(words, "settings", Settings())
    assert words.language() == language


def hutong_says(*arguments: str, locale: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`hutong ARGUMENTS` as a user runs it."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("HUTONG_")}
    surroundings |= {"HUTONG_DEFAULT_LOCALE": locale, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", **env}
    command = [sys.executable, "-m", "hutong.cli.main", *arguments]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=120)


EVERY_HELP = """
import sys
import typer.main
from hutong.cli.main import app

def walk(command, path):
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, [*path, name])

for path in walk(typer.main.get_command(app), []):
    print("##", *path)
    try:
        app([*path, "--help"], prog_name="hutong")
    except SystemExit as ended:
        assert ended.code == 0
"""


def every_help(locale: str) -> Iterator[tuple[str, str]]:
    """(command, its help) of every command."""
    env = {**os.environ, "HUTONG_DEFAULT_LOCALE": locale, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    told = subprocess.run([sys.executable, "-c", EVERY_HELP], env=env, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    for part in told.stdout.split("## ")[1:]:
        command, _, text = part.partition("\n")
        yield command, text


def test_every_help_speaks_chinese() -> None:
    """What each command and each option does; nothing is cut off."""
    told = dict(every_help("zh-CN"))
    assert {"demo", "serve", "bill run", "catalog publish", "sample telecom", "resolve-parties"} <= set(told)
    for command, text in told.items():
        assert "用法：" in text and "选项" in text and "显示这段说明后结束" in text, command
        assert not re.search("Usage|Options|Commands|Show this|default:|required", text), command
        assert len(CHINESE.findall(text.replace("显示这段说明后结束", ""))) >= 12, command
    assert "…" not in "".join(text for command, text in told.items() if " " in command)


def test_every_help_speaks_english() -> None:
    """No Chinese in it but the product's name."""
    told = dict(every_help("en"))
    for command, text in told.items():
        assert "Usage:" in text and "Options" in text and "Show this help and end" in text, command
        assert not CHINESE.search(text.replace("户通", "")), command
    assert told.keys() == dict(every_help("zh-CN")).keys()


WRONG_CALLS = [
    (["bill", "nix"], "没有命令 nix", "no command nix"),
    (["bill", "rate"], "缺少 'cycle'", "'cycle' is missing"),
    (["bill", "rate", "1", "2"], "多余的参数：2", "Arguments too many: 2"),
    (["serve", "--prot", "1"], "没有选项 --prot。相近的有：--host, --port", "no option --prot. Near: --host, --port"),
    (["serve", "--port"], "选项 --port 需要一个值", "Option --port needs a value"),
    (["serve", "--port", "x"], "'--port' 的值不可用：应为整数", "'--port' cannot be used: a whole number is wanted"),
    (["bill", "run", "1", "--final=x"], "选项 --final 不带值", "Option --final takes no value"),
    (["import", "/no/such"], "“/no/such”不存在。请检查路径", "'/no/such' does not exist. Check the path"),
    (["import", "/"], "“/”是目录，需要的是文件", "'/' is a folder; a file is wanted"),
    (["sample", "telecom", "--out", "x", "--customers", "3"], "不得小于 200", "it must be 200 or more"),
    (["sample", "telecom", "--out", "x", "--months", "13"], "不得大于 12", "it must be 12 or less"),
    (["sample", "telecom", "--out", "x", "--first-cycle", "2026-13"], "2026-13 不是月份", "2026-13 is not a month"),
]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_wrong_call_is_told_in_the_users_words(
    locale: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Typer says in English only, in both languages: which word is wrong, and what is wanted. Status 2."""
    from hutong.cli.main import app

    monkeypatch.setattr(words, "settings", Settings(default_locale=locale))
    monkeypatch.setenv("COLUMNS", "200")
    for arguments, chinese, english in WRONG_CALLS:
        with pytest.raises(SystemExit) as ended:
            app(arguments, prog_name="hutong")
        said = capsys.readouterr().err
        assert ended.value.code == 2
        assert (chinese if locale == "zh-CN" else english) in said, said


@pytest.mark.parametrize(
    ("arguments", "env", "chinese", "english"),
    [
        (
            ["db", "upgrade"],
            {"HUTONG_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            "连不上数据库：.*127.0.0.1.*请检查 HUTONG_DATABASE_URL",
            "The database cannot be reached: .*127.0.0.1.*Check HUTONG_DATABASE_URL",
        ),
        (
            ["resolve", __file__, "--mapping", __file__, "--out", os.devnull],
            {},
            "第 1 行.*test_words.py.*请修改文档",
            "Line 1 .*test_words.py.*Mend the document",
        ),
    ],
)
def test_a_failing_command_says_what_where_and_how(
    arguments: list[str], env: dict[str, str], chinese: str, english: str
) -> None:
    """Status 1, one message, no traceback, in both languages."""
    for locale, message in zip(LOCALES, (chinese, english), strict=True):
        told = hutong_says(*arguments, locale=locale, **env)
        assert told.returncode == 1, told.stderr
        assert re.search(message, told.stderr, re.DOTALL), told.stderr
        assert "Traceback" not in told.stderr


def test_a_defect_shows_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only expected failures are told in a sentence: what nobody expected keeps its traceback."""
    from hutong.cli.main import app
    from hutong.platform import migrations

    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(migrations, "upgrade_all", broken)
    with pytest.raises(ZeroDivisionError):
        app(["db", "upgrade"], prog_name="hutong")
