"""Figures that are dear to count are counted behind the viewer's back."""

import threading

import pytest
from sqlalchemy.engine import URL

from hutong.web import kept as module
from hutong.web.kept import kept

AT_MOST = 15_000
"""Looks at what comes by itself: minutes, on a machine that others keep busy."""


class Counter:
    """Counts how often it was asked, and can be made slow or failing."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = threading.Event()
        self.go.set()

    def __call__(self, number: int) -> int:
        self.asked += 1
        assert self.go.wait(300)
        if self.asked == 99:
            raise ValueError("no answer")
        return number + self.asked


def test_cheap_figures_are_always_counted(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small installations, and tests, see every change at once."""
    monkeypatch.setattr(module, "DEAR_SECONDS", 1000.0)
    count = Counter()
    ask = kept(count.__call__)
    assert [ask(0), ask(0), ask(0)] == [1, 2, 3]


def test_dear_figures_are_kept_and_renewed_behind(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first viewer waits; one renewal at a time; a renewal that fails leaves the old value."""
    monkeypatch.setattr(module, "DEAR_SECONDS", 0.0)
    count = Counter()
    ask = kept(count.__call__)
    assert ask(0) == 1
    monkeypatch.setattr(module, "TIMES", 1e9)
    assert [ask(0), ask(0), ask(10)] == [1, 1, 12], "kept, each argument by itself"
    monkeypatch.setattr(module, "TIMES", 0)
    count.go.clear()
    assert [ask(0) for _ in range(5)] == [1] * 5, "nobody waits"
    count.go.set()
    monkeypatch.setattr(module, "TIMES", 1e9)
    for _ in range(AT_MOST):
        if ask(0) != 1:
            break
        threading.Event().wait(0.02)
    assert (ask(0), count.asked) == (3, 3)
    count.asked = 98
    monkeypatch.setattr(module, "TIMES", 0)
    assert ask(0) == 3
    monkeypatch.setattr(module, "TIMES", 1e9)
    for _ in range(AT_MOST):
        if count.asked == 99:
            break
        threading.Event().wait(0.02)
    assert ask(0) == 3
