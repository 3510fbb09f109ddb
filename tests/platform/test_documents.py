"""Versioned documents: in force, drafted, approved by a second person, rolled back, retired; versions never change."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from hutong.platform import database as live
from hutong.platform import documents
from hutong.platform.documents import Kind, states
from hutong.platform.errors import Conflict, Forbidden, NotFound, Unprocessable

pytestmark = pytest.mark.usefixtures("database")


class Greeting(BaseModel):
    """A document for tests."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    greeting: str
    words: list[str]
    version: int = 0


TOLD: list[tuple[str, str]] = []


def kind(folder: Path, *shipped: str, fixed: tuple[str, ...] = ()) -> Kind[Greeting]:
    """A kind in the schema of the customer master, with documents shipped in a folder."""
    for name in shipped:
        (folder / f"{name}.yaml").write_text(f"# by us\ngreeting: {name}\nversion: 3\nwords: [good day]\n")

    def tell(_conn: Connection, before: Greeting | None, after: Greeting) -> None:
        TOLD.append((before.words[0] if before else "", after.words[0]))

    return Kind(
        "party", "greeting", Greeting.model_validate, reads="r", writes="w", approves="a", fixed=fixed,
        named=lambda one: one.greeting, shipped=lambda: {name: folder / f"{name}.yaml" for name in shipped},
        published=tell,
    )  # fmt: skip


def test_shipped_until_another_is_published(tmp_path: Path) -> None:
    """The shipped one keeps its number; equal content makes no version, whatever comments say; old ones stay."""
    greeting = kind(tmp_path, "hello")
    TOLD.clear()
    with live.begin("party") as conn:
        assert documents.in_force(conn, greeting, "hello").version == 3
        same = "greeting: hello\nwords:\n- good day # still\n"
        assert documents.publish(conn, greeting, same, "user:1").version == 3
        written = "# kept\nversion: 9\ngreeting: hello\nwords: [hi]\n"
        assert documents.publish(conn, greeting, written, "user:1", reason="shorter").version == 4
        assert documents.publish(conn, greeting, {"greeting": "hello", "words": ["hi"]}, "user:2").version == 4
        assert documents.source(conn, greeting, "hello") == (4, "# kept\ngreeting: hello\nwords: [hi]\n")
        assert documents.as_of(conn, greeting, "hello", 3).words == ["good day"]
        assert documents.all_in_force(conn, greeting)["hello"].words == ["hi"]
        assert documents.in_force(conn, greeting, "hello") is documents.in_force(conn, greeting, "hello")
        (told,) = documents.versions(conn, greeting, "hello")
        assert (told.version, told.author, told.reason, told.state) == (4, "user:1", "shorter", "published")
        with pytest.raises(NotFound):
            documents.as_of(conn, greeting, "hello", 9)
        events = conn.execute(text("SELECT payload FROM party.outbox WHERE type = 'party.document_published'"))
        assert [row[0]["version"] for row in events] == [4]
    assert TOLD == [("good day", "hi")]


def test_an_editor_is_told_of_a_newer_version(tmp_path: Path) -> None:
    greeting = kind(tmp_path, "hello")
    with live.begin("party") as conn:
        documents.publish(conn, greeting, {"greeting": "hello", "words": ["hi"]}, "user:1", based_on=3)
        with pytest.raises(Conflict):
            documents.publish(conn, greeting, {"greeting": "hello", "words": ["ho"]}, "user:2", based_on=3)
        assert documents.roll_back(conn, greeting, "hello", 3, by="user:2").version == 5
        assert documents.in_force(conn, greeting, "hello").words == ["good day"]


def test_proposals_need_a_second_person(tmp_path: Path) -> None:
    """Drafts may hold mistakes, proposals may not; nobody approves what they wrote; a sent back one says why."""
    greeting = kind(tmp_path, "hello")
    with live.begin("party") as conn:
        documents.save(conn, greeting, "hello", "words: [", "user:1", based_on=3)
        with pytest.raises(Unprocessable):
            documents.propose(conn, greeting, "hello", "words: [", "user:1")
        with pytest.raises(Conflict):
            documents.save(conn, greeting, "hello", "words: []", "user:2")
        body = "greeting: hello\nwords: [hey]\n"
        documents.propose(conn, greeting, "hello", body, "user:1", reason="younger", based_on=3)
        with pytest.raises(Conflict):
            documents.save(conn, greeting, "hello", body, "user:1")
        with pytest.raises(Forbidden):
            documents.approve(conn, greeting, "hello", "user:1")
        documents.send_back(conn, greeting, "hello", "too young")
        held = documents.open_draft(conn, greeting, "hello")
        assert held and (held.state, held.reason, held.body) == ("draft", "too young", body)
        documents.propose(conn, greeting, "hello", body, "user:1", reason="as asked", based_on=3)
        assert documents.approve(conn, greeting, "hello", "user:2").version == 4
        [one] = documents.listed(conn, [greeting])
        told = one.newest
        assert told and (told.author, told.published_by, told.reason) == ("user:1", "user:2", "as asked")
        assert (one.version, one.draft) == (4, None)
        with pytest.raises(NotFound):
            documents.approve(conn, greeting, "hello", "user:2")


def test_a_proposal_overtaken_is_not_approved(tmp_path: Path) -> None:
    greeting = kind(tmp_path, "hello")
    with live.begin("party") as conn:
        documents.propose(conn, greeting, "hello", "greeting: hello\nwords: [hey]\n", "user:1", based_on=3)
        documents.publish(conn, greeting, {"greeting": "hello", "words": ["hi"]}, "system:0")
        with pytest.raises(Conflict):
            documents.approve(conn, greeting, "hello", "user:2")
        documents.discard(conn, greeting, "hello")
        assert documents.open_draft(conn, greeting, "hello") is None


def test_retired_is_out_of_force_until_published_again(tmp_path: Path) -> None:
    greeting, needed = kind(tmp_path, "hello"), kind(tmp_path, "hello", fixed=("hello",))
    with live.begin("party") as conn:
        documents.retire(conn, greeting, "hello", "user:1", "nobody says it")
        with pytest.raises(NotFound):
            documents.in_force(conn, greeting, "hello")
        assert documents.all_in_force(conn, greeting) == documents.sources(conn, greeting) == {}
        [one] = documents.listed(conn, [greeting])
        assert one.newest and (one.newest.state, one.version) == ("retired", 0)
        assert documents.roll_back(conn, greeting, "hello", 3, by="user:1").version == 5
        with pytest.raises(Conflict):
            documents.retire(conn, needed, "hello", "user:1")


def test_a_version_never_changes(tmp_path: Path) -> None:
    greeting = kind(tmp_path)
    with live.begin("party") as conn:
        documents.publish(conn, greeting, {"greeting": "moin", "words": ["moin"]}, "user:1")
    for wrong in ("UPDATE party.document SET body = ''", "DELETE FROM party.document"):
        with pytest.raises(DBAPIError, match="never changes"), live.begin("party") as conn:
            conn.execute(text(wrong))


@pytest.mark.parametrize(
    ("body", "line", "where"),
    [("greeting: a\nwords: 3\n", 2, "words"), ("greeting: a\nwords:\n- a\n- [b]\n", 4, "words.1"),
     ("greeting: [\n", 2, "YAML"), ("- a\n", 1, "YAML"), ("greeting: a\nwords: []\nmore: 1\n", 3, "more")],
)  # fmt: skip
def test_mistakes_have_a_line_and_a_place(tmp_path: Path, body: str, line: int, where: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        documents.checked(kind(tmp_path), body)
    assert (caught.value.params["line"], caught.value.params["where"]) == (line, where)


def test_a_document_is_kept_under_its_own_name(tmp_path: Path) -> None:
    with live.begin("party") as conn, pytest.raises(Unprocessable):
        documents.publish(conn, kind(tmp_path), {"greeting": "moin", "words": []}, "user:1", name="servus")


def test_every_state_can_be_left() -> None:
    """No draft is stuck: from every state that people see, something is possible."""
    seen = {state for sources, target in states.TRANSITIONS.values() for state in (*sources, target)} - {"gone"}
    assert all(any(states.may(action, state) for action in states.TRANSITIONS) for state in seen)


def test_a_list_costs_one_statement(tmp_path: Path) -> None:
    """However many kinds and documents there are: shipped, drafted, published ones by kind and name, without texts."""
    greeting, other = kind(tmp_path, "hello", "servus"), replace(kind(tmp_path, "moin"), code="other")
    with live.begin("party") as conn:
        documents.publish(conn, greeting, {"greeting": "hello", "words": ["hi"]}, "user:1")
        documents.save(conn, greeting, "new", "words: [", "user:1")
        asked: list[object] = []
        event.listen(conn, "before_cursor_execute", lambda *given: asked.append(given[2]))
        found = documents.listed(conn, [other, greeting])
    assert len(asked) == 1
    assert [(one.kind, one.name, one.version) for one in found] == [
        ("other", "moin", 3), ("greeting", "hello", 4), ("greeting", "new", 0), ("greeting", "servus", 3),
    ]  # fmt: skip
    assert [one.newest.author if one.newest else None for one in found] == [None, "user:1", None, None]
    assert [one.draft.state if one.draft else None for one in found] == [None, None, "draft", None]
