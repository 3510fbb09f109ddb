"""What simulated peers have done, kept in a file, so that tests can kill anything and then count.

An effect happens once per key, whatever is asked how often. An undoing leaves a mark even if there was nothing to
undo: a request that arrives later under the undone key is refused.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS request (
    peer TEXT NOT NULL, key TEXT NOT NULL, operation TEXT NOT NULL, state TEXT NOT NULL, result TEXT NOT NULL,
    reason TEXT NOT NULL, order_id INTEGER, business_order_id INTEGER, times INTEGER NOT NULL, at REAL NOT NULL,
    callback TEXT, due_at REAL, PRIMARY KEY (peer, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS effect (
    id INTEGER PRIMARY KEY, peer TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL, undoes TEXT,
    order_id INTEGER, business_order_id INTEGER, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS undone (peer TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (peer, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending ON request (due_at) WHERE state = 'pending';
"""


@dataclass(frozen=True)
class Known:
    """A request as the peer remembers it."""

    key: str
    operation: str
    state: str
    result: dict[str, Any]
    reason: str


class Effects:
    """The book of one process of simulated peers. Safe for threads; survives kills."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        with self._lock:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_TABLES)

    def known(self, peer: str, key: str) -> Known | None:
        """What became of a request."""
        with self._lock:
            row = self._db.execute(
                "SELECT key, operation, state, result, reason FROM request WHERE peer = ? AND key = ?", (peer, key)
            ).fetchone()
        return Known(row[0], row[1], row[2], json.loads(row[3]), row[4]) if row else None

    def receive(self, peer: str, operation: str, key: str, body: Mapping[str, Any], due_at: float | None) -> Known:
        """Take a request. Its effect happens now, or at `due_at`; a repeat only counts."""
        with self._lock, self._transaction():
            self._db.execute("UPDATE request SET times = times + 1 WHERE peer = ? AND key = ?", (peer, key))
            if not self._db.execute("SELECT changes()").fetchone()[0]:
                state = "pending" if due_at else "done"
                if self._undone(peer, key):
                    state = "refused"
                self._db.execute(
                    "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
                    (
                        *(peer, key, operation, state, "{}", "undone-before" if state == "refused" else ""),
                        *(body.get("order_id"), body.get("business_order_id"), time.time()),
                        *(json.dumps({"url": body.get("callback"), "undoes": body.get("undoes")}), due_at),
                    ),
                )
                if state == "done":
                    self._happen(peer, operation, key, body)
        known = self.known(peer, key)
        assert known  # noqa: S101 (just written)
        return known

    def refuse(self, peer: str, operation: str, key: str, body: Mapping[str, Any], reason: str) -> Known:
        """Refuse a request for good; what is known under its key already stays."""
        with self._lock, self._transaction():
            self._db.execute(
                "INSERT INTO request VALUES (?, ?, ?, 'refused', '{}', ?, ?, ?, 1, ?, NULL, NULL)"
                " ON CONFLICT DO UPDATE SET times = times + 1",
                (peer, key, operation, reason, body.get("order_id"), body.get("business_order_id"), time.time()),
            )
        known = self.known(peer, key)
        assert known  # noqa: S101
        return known

    def due(self) -> list[tuple[str, Known, str | None]]:
        """Let the effects happen whose time has come: (peer, request, callback address)."""
        made = []
        with self._lock, self._transaction():
            rows = self._db.execute(
                "SELECT peer, key, operation, order_id, business_order_id, callback FROM request"
                " WHERE state = 'pending' AND due_at <= ?",
                (time.time(),),
            ).fetchall()
            for peer, key, operation, order_id, business_order_id, callback in rows:
                told = json.loads(callback)
                state, reason = ("refused", "undone-before") if self._undone(peer, key) else ("done", "")
                if state == "done":
                    ids = {"order_id": order_id, "business_order_id": business_order_id, "undoes": told["undoes"]}
                    self._happen(peer, operation, key, ids)
                self._db.execute(
                    "UPDATE request SET state = ?, reason = ? WHERE peer = ? AND key = ?", (state, reason, peer, key)
                )
                made.append((peer, Known(key, operation, state, {}, reason), told["url"]))
        return made

    def counts(self) -> list[dict[str, Any]]:
        """Every effect: what tests and audits count."""
        with self._lock:
            rows = self._db.execute(
                "SELECT peer, operation, key, undoes, order_id, business_order_id, at FROM effect ORDER BY id"
            ).fetchall()
        names = ("peer", "operation", "key", "undoes", "order_id", "business_order_id", "at")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _undone(self, peer: str, key: str) -> bool:
        return self._db.execute("SELECT 1 FROM undone WHERE peer = ? AND key = ?", (peer, key)).fetchone() is not None

    def _happen(self, peer: str, operation: str, key: str, body: Mapping[str, Any]) -> None:
        """The effect itself. An undoing of what never happened leaves its mark and no effect."""
        undoes = body.get("undoes")
        if undoes:
            self._db.execute("INSERT OR IGNORE INTO undone VALUES (?, ?)", (peer, undoes))
            happened = "SELECT 1 FROM effect WHERE peer = ? AND key = ?"
            if not self._db.execute(happened, (peer, undoes)).fetchone():
                return
        self._db.execute(
            "INSERT INTO effect (peer, operation, key, undoes, order_id, business_order_id, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (peer, operation, key, undoes, body.get("order_id"), body.get("business_order_id"), time.time()),
        )

    def _transaction(self) -> sqlite3.Connection:
        self._db.execute("BEGIN IMMEDIATE")
        return self._db  # commits or rolls back as a context manager
