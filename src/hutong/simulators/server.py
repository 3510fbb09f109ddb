"""The HTTP process of the simulated peer centers. Every answer says that it is simulated.

POST /{network|payment|sms}/{operation}   Idempotency-Key: KEY
GET  /{peer}/requests/{key}
POST /control   a rule of misbehaviour      DELETE /control   behave well
GET  /effects   everything that happened    GET /healthz
"""

import json
import ssl
import threading
import time
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx2 as httpx

from hutong.simulators.behaviour import Behaviour, How, Rule
from hutong.simulators.effects import Effects, Known

PEERS = ("network", "payment", "sms")
CALLBACK_TRIES = 5
TICK_SECONDS = 0.02
_STATUS = {"done": 200, "pending": 202, "refused": 422}


class Simulators(ThreadingHTTPServer):
    """The server; `port` 0 takes a free one. `start` runs it in threads, `stop` ends them."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, book: Path) -> None:
        super().__init__((host, port), _Handler)
        self.effects = Effects(book)
        self.behaviour = Behaviour()
        self._ending = threading.Event()
        self._twice: set[str] = set()
        self._silent: set[str] = set()

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        threading.Thread(target=self._clockwork, daemon=True).start()

    def stop(self) -> None:
        """Stop serving and close the book."""
        self._ending.set()
        self.shutdown()
        self.server_close()
        self.effects.close()

    def take(self, peer: str, operation: str, key: str, body: Mapping[str, Any]) -> tuple[Known | None, Rule]:
        """Treat a request as the rules say. None: answer that we fail."""
        known = self.effects.known(peer, key)
        if known is not None:
            return self.effects.receive(peer, operation, key, body, None), Rule(How.NORMAL, peer)
        rule = self.behaviour.choose(peer, operation, body)
        match rule.how:
            case How.FAIL:
                return None, rule
            case How.REFUSE:
                return self.effects.refuse(peer, operation, key, body, f"{peer}-refused"), rule
            case How.CALLBACK | How.TWICE | How.SILENT:
                if rule.how is How.TWICE:
                    self._twice.add(key)
                elif rule.how is How.SILENT:
                    self._silent.add(key)
                return self.effects.receive(peer, operation, key, body, time.time() + rule.seconds), rule
            case _:
                return self.effects.receive(peer, operation, key, body, None), rule

    def _clockwork(self) -> None:
        while not self._ending.wait(TICK_SECONDS):
            for _peer, known, callback in self.effects.due():
                if callback and known.key not in self._silent:
                    times = 2 if known.key in self._twice else 1
                    threading.Thread(target=_call_back, args=(callback, known, times), daemon=True).start()


def _call_back(url: str, known: Known, times: int) -> None:
    """Post the answer; a few tries, then whoever asked must ask again."""
    body = {"key": known.key, "state": known.state, "result": known.result, "reason": known.reason}
    for _ in range(times):
        for attempt in range(CALLBACK_TRIES):
            try:
                answer = httpx.post(url, json=body, timeout=5, trust_env=False, verify=_trusted())
                if answer.status_code < 500:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.2 * 2**attempt)


@cache
def _trusted() -> ssl.SSLContext:
    """Whom calls trust: read once, since reading it takes longer than a call."""
    return httpx.create_ssl_context(trust_env=False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Simulators

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: the book says what happened."""

    def do_POST(self) -> None:
        """A request to a peer, or a rule."""
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        parts = [unquote(part) for part in self.path.strip("/").split("/")]
        if parts == ["control"]:
            try:
                self.server.behaviour.add(Rule(**{**body, "how": How(body.get("how"))}))
            except (TypeError, ValueError) as error:
                return self._answer(400, {"reason": str(error)})
            return self._answer(200, {"state": "done"})
        if len(parts) != 2 or parts[0] not in PEERS:
            return self._answer(404, {"reason": "no such peer"})
        key = self.headers.get("idempotency-key")
        if not key:
            return self._answer(400, {"reason": "Idempotency-Key is missing"})
        return self._serve(parts[0], parts[1], key, body)

    def do_GET(self) -> None:
        """What became of a request; every effect; health."""
        parts = [unquote(part) for part in self.path.strip("/").split("/")]
        if parts == ["healthz"]:
            return self._answer(200, {"state": "done"})
        if parts == ["effects"]:
            return self._answer(200, {"effects": self.server.effects.counts()})
        if len(parts) == 3 and parts[1] == "requests":
            known = self.server.effects.known(parts[0], parts[2])
            return self._tell(known, 200) if known else self._answer(404, {"reason": "unknown"})
        return self._answer(404, {"reason": "no such address"})

    def do_DELETE(self) -> None:
        """Behave well again."""
        self.server.behaviour.clear()
        self._answer(200, {"state": "done"})

    def _serve(self, peer: str, operation: str, key: str, body: dict[str, Any]) -> None:
        known, rule = self.server.take(peer, operation, key, body)
        if known is None:
            return self._answer(503, {"reason": f"{peer} fails on demand"})
        if rule.how is How.DROP:
            self.close_connection = True
            return None
        if rule.how is How.LATE:
            time.sleep(rule.seconds)
        return self._tell(known, _STATUS[known.state])

    def _tell(self, known: Known, status: int) -> None:
        self._answer(status, {"state": known.state, "result": known.result, "reason": known.reason})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps({**body, "simulated": True}).encode()
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.send_header("x-simulated", "true")
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):  # the caller did not wait
            self.close_connection = True
