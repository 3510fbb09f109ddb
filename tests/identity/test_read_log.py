"""EC-17: what a request showed is in the access log before its answer begins, in one commit, whatever becomes of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from sqlalchemy import event, select
from sqlalchemy.engine import URL

from hutong.identity import Principal, protect
from hutong.identity.read_log import LoggedReads
from hutong.identity.tables import sensitive_read
from hutong.platform import database as live

VIEWER = Principal(3, "user", "clerk", frozenset(), clear=frozenset({"name"}))


def show(id: int) -> None:
    """One read that shows a name in clear."""
    protect(VIEWER, "party", [{"id": id, "name": "张三丰"}], {"name": "name"})


def logged() -> list[int]:
    """Whose reads are in the log, in their order."""
    with live.read("identity") as conn:
        columns = sensitive_read.c
        return [ids[0] for ids in conn.execute(select(columns.entity_ids).order_by(columns.id)).scalars()]


def application() -> FastAPI:
    """Answers at once, in pieces, and not at all."""
    app = FastAPI()

    @app.get("/page")
    def page() -> list[int]:
        show(1)
        show(2)
        return logged()

    @app.get("/pieces")
    def pieces() -> StreamingResponse:
        def made() -> Iterator[bytes]:
            for id in (4, 5):
                show(id)
                yield str(logged()).encode() + b" "

        show(3)
        return StreamingResponse(made())

    @app.get("/fails")
    def fails() -> None:
        show(6)
        raise ZeroDivisionError

    app.add_middleware(LoggedReads)
    return app


@pytest.fixture
def client(database: URL) -> TestClient:
    """Of the application, on a database of the test's own."""
    return TestClient(application(), raise_server_exceptions=False)


def test_one_statement_and_one_commit_for_a_page(client: TestClient) -> None:
    done: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        done.extend([statement] if "INSERT INTO identity.sensitive_read" in statement else [])

    event.listen(live.engine(), "before_cursor_execute", note)
    assert client.get("/page").json() == []  # not yet while the page was made
    assert logged() == [1, 2] and len(done) == 1


def test_an_answer_in_pieces_is_logged_before_each_of_them(client: TestClient) -> None:
    assert client.get("/pieces").text == "[3, 4] [3, 4, 5] "


def test_a_read_of_a_request_that_fails_is_logged(client: TestClient) -> None:
    assert client.get("/fails").status_code == 500
    assert logged() == [6]


def test_outside_of_requests_each_read_is_logged_at_once(database: URL) -> None:
    show(7)
    assert logged() == [7]
