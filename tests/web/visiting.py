"""Going to a page in Chromium, and waiting no longer than it works."""

from typing import Any

IDLE = "() => new Promise(done => requestIdleCallback(() => setTimeout(() => requestIdleCallback(done), 40)))"
"""Until the page had nothing to do, then every timer of up to 40 ms has fired (htmx settles after 20 ms what it put
in), then had nothing to do again. Timers fire in their order, so a busy machine makes this longer, not weaker."""


def visit(page: Any, address: str) -> Any:
    """Go there and wait until what the page fetches by itself has come and is shown; returns the answer.

    Like Playwright's `networkidle`, which waits half a second more on each page, idle or not.
    """
    asked: set[Any] = set()
    ended: set[Any] = set()

    def note(request: Any) -> None:
        asked.add(request)

    def strike(request: Any) -> None:
        ended.add(request)

    listeners = {"request": note, "requestfinished": strike, "requestfailed": strike}
    for name, listener in listeners.items():
        page.on(name, listener)
    answer = page.goto(address)
    before = -1
    while before < len(asked) or asked - ended:
        before = len(asked)
        page.evaluate(IDLE)
    for name, listener in listeners.items():
        page.remove_listener(name, listener)
    return answer
