"""A peer center over HTTP: time-out, idempotency key, circuit breaker. Retries are steps of the plan, not loops here.

POST {url}/{operation}        Idempotency-Key: KEY   {...}  → 200 done, 202 pending, 409/422 refused
GET  {url}/requests/{key}                                  → 200 (state in the body), 404 never seen
"""

from collections.abc import Mapping
from typing import Any

import httpx2 as httpx
import msgspec

from hutong.ordering.ports.breaker import CircuitBreaker
from hutong.ordering.ports.peer import Answer, AnswerState, PeerFailure

_STATES = {200: AnswerState.DONE, 202: AnswerState.PENDING, 409: AnswerState.REFUSED, 422: AnswerState.REFUSED}
CONNECTIONS = 32


class HttpPeer:
    """One peer center at a base address. Safe for many threads."""

    def __init__(self, url: str, breaker: CircuitBreaker | None = None) -> None:
        self._url = url.rstrip("/")
        self._breaker = breaker or CircuitBreaker()
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._client = httpx.Client(limits=limits, trust_env=False)

    @property
    def available(self) -> bool:
        """Whether the circuit is closed, or due for a trial."""
        return self._breaker.closed

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def request(self, operation: str, key: str, payload: Mapping[str, Any], timeout: float) -> Answer:
        """Ask for something to be done, once per key. Raises PeerFailure when the outcome is unknown."""
        headers = {"idempotency-key": key, "content-type": "application/json"}
        body = msgspec.json.encode(payload)
        response = self._send("POST", f"{self._url}/{operation}", timeout, content=body, headers=headers)
        state = _STATES.get(response.status_code)
        if state is None:
            raise PeerFailure(f"peer-status-{response.status_code}")
        return _answer(state, response)

    def find(self, key: str, timeout: float) -> Answer | None:
        """What became of an earlier request. Raises PeerFailure."""
        response = self._send("GET", f"{self._url}/requests/{key}", timeout)
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise PeerFailure(f"peer-status-{response.status_code}")
        return _answer(None, response)

    def _send(self, method: str, url: str, timeout: float, **rest: Any) -> httpx.Response:
        if not self._breaker.allow():
            raise PeerFailure("peer-circuit-open", reached=False)
        try:
            response = self._client.request(method, url, timeout=timeout, **rest)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self._breaker.failed()
            raise PeerFailure("peer-unreachable", reached=False) from error
        except httpx.TimeoutException as error:
            self._breaker.failed()
            raise PeerFailure("peer-timeout") from error
        except httpx.HTTPError as error:
            self._breaker.failed()
            raise PeerFailure("peer-connection-lost") from error
        if response.status_code >= 500:
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        return response


def _answer(state: AnswerState | None, response: httpx.Response) -> Answer:
    try:
        body: dict[str, Any] = msgspec.json.decode(response.content, type=dict[str, Any])
        settled = state or AnswerState(body["state"])
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, ValueError) as error:
        raise PeerFailure("peer-answer-unreadable") from error
    return Answer(settled, body.get("result") or {}, str(body.get("reason") or ""))
