"""Tests generated from our own OpenAPI description: whatever is sent, the answer is one that the description names."""

import hypothesis
import pytest
import schemathesis
from fastapi.testclient import TestClient
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hutong.server import create_app

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_asgi("/openapi.json", create_app()).include(path_regex="^/(tmf-api|party)/")


OPERATIONS = [found.ok() for found in schema.get_all_operations()]
"""Each a test of its own name: test processes share out work by names."""


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_answers_are_those_described(api: TestClient, operation: schemathesis.APIOperation) -> None:
    """XP-04: bad input is answered with code and reason, never with a 500."""

    @hypothesis.given(case=operation.as_strategy())
    @hypothesis.settings(
        max_examples=5,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    def answered(case: schemathesis.Case) -> None:
        if case.query and str(case.query.get("wait", "")).isdigit():
            case.query["wait"] = 0  # a long poll that waits is not a failure
        case.call_and_validate(headers={"Authorization": api.headers["Authorization"]}, checks=CHECKS)

    answered()


def test_every_api_is_described(api: TestClient) -> None:
    document = api.get("/openapi.json").json()
    paths = {path.removeprefix("/tmf-api/") for path in document["paths"] if path.startswith("/tmf-api/")}
    for expected in (
        "productOrderingManagement/v4/productOrder",
        "productOrderingManagement/v4/cancelProductOrder/{key}",
        "productOrderingManagement/v4/hub",
        "productInventory/v4/product",
        "party/v4/individual/{key}",
        "party/v4/organization",
        "customerManagement/v4/customer",
        "customerBillManagement/v4/customerBill",
        "customerBillManagement/v4/appliedCustomerBillingRate/{key}",
        "usageManagement/v4/usage",
    ):
        assert expected in paths, expected
    create = document["paths"]["/tmf-api/productOrderingManagement/v4/productOrder"]["post"]
    body = create["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert "productOrderItem" in document["components"]["schemas"][body]["required"]


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_description_is_open(api: TestClient, path: str) -> None:
    assert api.get(path, headers={"Authorization": ""}).status_code == 200
