"""OC-18: a peer's late answer reaches its step over HTTP; repeated it changes nothing; a made-up key is unknown."""

import uuid

from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.api.conftest import open_shop
from tests.api.test_product_order import body, post

from hutong.ordering.remote_steps import CALLBACK_PATH
from hutong.ordering.steps import step_key
from hutong.ordering.worker import dispatcher
from hutong.platform import database


def test_late_answers(api: TestClient) -> None:
    assert post(api, body(open_shop())).status_code == 201
    used = dispatcher()
    used.plan()
    used.local()
    used.close()
    with database.begin("ordering") as conn:
        row = conn.execute(
            text("""UPDATE ordering.step s SET sent = true, state = 'awaiting' FROM ordering.customer_order o
                    WHERE o.id = s.order_id AND s.id = (SELECT min(id) FROM ordering.step WHERE kind = 'take_payment')
                    RETURNING s.id, o.uid""")
        ).one()
    answer = {"key": step_key(row.uid, row.id), "state": "done", "result": {"receipt": "R-1"}}
    assert [api.post(CALLBACK_PATH, json=answer).status_code for _ in range(2)] == [204, 204]
    with database.read("ordering") as conn:
        step = conn.execute(text("SELECT state, result FROM ordering.step WHERE id = :id"), {"id": row.id}).one()
        late = conn.execute(text("SELECT count(*) FROM ordering.trace WHERE event = 'late_callback'")).scalar_one()
    assert (step.state, step.result, late) == ("done", {"receipt": "R-1"}, 1)
    made_up = {**answer, "key": step_key(uuid.uuid4(), row.id)}
    assert api.post(CALLBACK_PATH, json=made_up).status_code == 404
    assert api.post(CALLBACK_PATH, content=b"{").status_code == 400
