"""How a simulated peer misbehaves: on demand by the control endpoint, or by an attribute of the order.

POST /control  {"peer": "network", "operation": "provision", "how": "refuse", "times": 2,
                "match": {"products.0.product": "BROADBAND"}, "seconds": 0}
order attribute (extra):  {"simulate": "network.provision.BROADBAND=refuse"}, several joined by ";"
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class How(StrEnum):
    """What goes wrong."""

    NORMAL = "normal"
    REFUSE = "refuse"  # a business refusal, for good
    FAIL = "fail"  # 503, nothing done
    LATE = "late"  # done at once, answered after `seconds`
    CALLBACK = "callback"  # accepted; done and called back after `seconds`
    TWICE = "twice"  # accepted; called back twice
    SILENT = "silent"  # accepted; done after `seconds`, never called back: must be asked
    DROP = "drop"  # done, but the connection breaks before the answer


@dataclass
class Rule:
    """One way of misbehaving, for matching requests, so many times (None: always)."""

    how: How
    peer: str
    operation: str | None = None
    match: Mapping[str, Any] = field(default_factory=dict)
    times: int | None = 1
    seconds: float = 0.0

    def fits(self, peer: str, operation: str, body: Mapping[str, Any]) -> bool:
        """Whether a request is meant."""
        if self.peer != peer or self.operation not in (None, operation) or self.times == 0:
            return False
        return all(_at(body, path) == value for path, value in self.match.items())


class Behaviour:
    """The rules in force. Safe for threads."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """Add a rule; earlier ones come first."""
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Behave well again."""
        with self._lock:
            self._rules.clear()

    def choose(self, peer: str, operation: str, body: Mapping[str, Any]) -> Rule:
        """How to behave to a request."""
        with self._lock:
            for rule in self._rules:
                if rule.fits(peer, operation, body):
                    if rule.times is not None:
                        rule.times -= 1
                    return rule
        return _by_attribute(peer, operation, body) or Rule(How.NORMAL, peer)


def _by_attribute(peer: str, operation: str, body: Mapping[str, Any]) -> Rule | None:
    wish = (body.get("extra") or {}).get("simulate", "")
    for part in filter(None, str(wish).split(";")):
        target, _, how = part.partition("=")
        where = target.strip().split(".")
        products = [line.get("product") for line in body.get("products") or ()]
        if where[:2] == [peer, operation] and (len(where) < 3 or where[2] in products):
            name, _, seconds = how.strip().partition(":")
            return Rule(How(name), peer, seconds=float(seconds or 0))
    return None


def _at(body: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(body, list):
            body = body[int(part)] if int(part) < len(body) else None
        elif isinstance(body, Mapping):
            body = body.get(part)
        else:
            return None
    return body
