"""EC-15: what analysis finds about customers comes back through the API and is there for whoever serves them (回写)."""

from contextlib import ExitStack
from html import unescape

from fastapi.testclient import TestClient
from tests.web.conftest import SignIn
from tests.web.sample_site import Site

from hutong.identity import clients
from hutong.platform import database
from hutong.server import create_app

SINCE = "2026-11-01T00:00:00Z"
FOUND: tuple[tuple[str, dict[str, object], str], ...] = (
    (
        "evaluation",
        {"kind": "risk", "score": 73, "grade": "high", "model": "lapse v4, 2026-11", "valid_from": SINCE},
        "lapse-v4/risk",
    ),
    ("classification", {"scheme": "value", "class": "low", "valid_from": SINCE}, "segments/value"),
)


def stated(analysis: TestClient, party: int, *rows: tuple[str, dict[str, object], str]) -> list[int]:
    """How many rows each statement made."""
    made = []
    for area, values, key in rows:
        answer = analysis.post(f"/party/v1/parties/{party}/areas/{area}", json={"key": key, "values": values})
        assert answer.status_code == 201, answer.text
        made.append(len(answer.json()["ids"]))
    return made


def test_results_of_analysis_are_seen_on_the_page_and_at_a_glance(sign_in: SignIn, site: Site) -> None:
    """Said again they are there once; under their key the next month's replace them."""
    with database.begin("identity") as conn:
        key = clients.register(
            conn, code="analysis", name="Analysis", rights=["party.*"], per_second=1000, clear=("*",)
        )
    clerk, party = sign_in("administrator"), site.customer
    with ExitStack() as stack:
        analysis = stack.enter_context(TestClient(create_app(), headers={"Authorization": f"Bearer {key}"}))
        before = analysis.get(f"/party/v1/parties/{party}/glance").json()["facts"]
        assert (before["risk_grade"], before["value_class"]) == (None, None)
        assert stated(analysis, party, *FOUND) == [1, 1]
        stated(analysis, party, *FOUND)
        for area, _, _ in FOUND:
            assert len(analysis.get(f"/party/v1/parties/{party}/areas/{area}").json()) == 1, "said twice, there once"
        seen = analysis.get(f"/party/v1/parties/{party}/glance").json()
        assert (seen["facts"]["risk_grade"], seen["facts"]["value_class"]) == ("high", "low")
        assert {"evaluation", "classification"} <= {row["area"] for row in seen["history"]}
        page = unescape(clerk.get(f"/customers/{party}?tab=areas").text)
        for shown in ("lapse v4, 2026-11", "73"):
            assert shown in page, shown
        assert "lapse v4, 2026-11" in unescape(clerk.get(f"/customers/{party}/glance").text)
        later = ("evaluation", {"kind": "risk", "score": 12, "grade": "low", "model": "lapse v5"}, "lapse-v4/risk")
        assert stated(analysis, party, later) == [1]
        now = analysis.get(f"/party/v1/parties/{party}/glance").json()["facts"]
        assert now["risk_grade"] == "low"
