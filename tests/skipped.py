"""Says at the end of a run what was not tested and why; with HUTONG_REQUIRE_BROWSER=1 an untested page is a failure."""

import os
from collections import Counter
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped browser test into a failure where a browser is required."""
    report = yield
    if report.skipped and item.get_closest_marker("browser") and os.environ.get("HUTONG_REQUIRE_BROWSER") == "1":
        report.outcome = "failed"
        report.longrepr = f"HUTONG_REQUIRE_BROWSER=1, but {item.nodeid} was skipped: {reason_of(report)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped, and why."""
    reasons = Counter(reason_of(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        terminalreporter.section("not tested on this machine")
        for reason, tests in reasons.most_common():
            terminalreporter.line(f"{tests} test{'s' if tests > 1 else ''}: {reason}")


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test was skipped, in the words of whoever skipped it."""
    where = report.longrepr
    words = str(where[2]) if isinstance(where, tuple) else str(where)
    return words.removeprefix("Skipped: ")
