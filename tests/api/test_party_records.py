"""EC-14: records in batches over HTTP, once for each idempotency key."""

import pytest
from tests.api.conftest import client_with

pytestmark = pytest.mark.usefixtures("database")
PATH = "/party/v1/sources/crm/records"


def test_a_batch_over_http() -> None:
    """EC-14: taken in like a file, once; without the right, without a key, for no source: refused."""
    client = client_with(["party.load"], code="core")
    records = [{"客户编号": "B1", "客户类型": "1", "客户名称": "王小明"}, {"客户编号": "B2", "客户类型": "1"}]
    first = client.post(PATH, json={"records": records}, headers={"Idempotency-Key": "k1"})
    assert first.status_code == 200
    told = first.json()
    assert (told["rows"], told["admitted"], told["reasons"], told["again"]) == (2, 1, {"no_name": 1}, False)
    again = client.post(PATH, json={"records": records[:1]}, headers={"Idempotency-Key": "k1"}).json()
    assert (again["load"], again["again"]) == (told["load"], True)
    assert client.post(PATH, json={"records": records}).status_code in (400, 422)
    other_source = PATH.replace("crm", "nobody")
    nobody = client.post(other_source, json={"records": records}, headers={"Idempotency-Key": "k"})
    assert nobody.status_code == 404
    other = client_with(["party.read"], code="other")
    assert other.post(PATH, json={"records": records}, headers={"Idempotency-Key": "k2"}).status_code == 403
