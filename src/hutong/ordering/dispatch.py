"""The dispatcher: claims what is ready, in sets, and does it (OC-06, OC-20). Any number may run at once.

Local steps are done and recorded in one transaction; if it breaks, everything is as before and ready again. Remote
steps are claimed under a lease and a fence, called outside any transaction, and recorded as the answers come.
"""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from hutong.ordering import exceptions, failure, planning, ready_queue, recording, remote_steps, timers
from hutong.ordering.local_steps import Handler
from hutong.ordering.ports.peer import Peer
from hutong.ordering.ready_queue import Claimer
from hutong.ordering.states import STEP
from hutong.ordering.steps import ClaimedStep, Outcome, failed, lock_ready
from hutong.platform import clock, database
from hutong.platform.errors import Unavailable
from hutong.platform.logs import log

SET = 500
PLAN_SET = 200
CALLS = 32
LEASE_MARGIN_SECONDS = 15.0
RECONCILIATION_CALLS = 2  # a retry asks first, then requests

_CLAIM = text("""
    UPDATE ordering.step
    SET state = :running, fence = fence + 1, sent = true, started_at = coalesce(started_at, :now), actor = :actor
    WHERE id = ANY(:ids)""")
_LOCK = text("SELECT id FROM ordering.step WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")


def actor_name() -> str:
    """How traces name this process."""
    return f"worker:{socket.gethostname()}:{os.getpid()}"


class Dispatcher:
    """One worker's dispatcher. Its rounds return how much they did: 0 means nothing was ready.

    `handlers`: local step kind → handler; `peers`: name → peer.
    """

    def __init__(self, handlers: Mapping[str, Handler], peers: Mapping[str, Callable[[], Peer]]) -> None:
        self.actor = actor_name()
        self._handlers = handlers
        self._peers = peers
        self._claimers = {
            lane: Claimer(lane) for lane in (ready_queue.PLAN, ready_queue.FAILURE, ready_queue.LOCAL, *peers)
        }
        self._pools: dict[str, ThreadPoolExecutor] = {}

    @property
    def lanes(self) -> tuple[str, ...]:
        """Peers this dispatcher calls."""
        return tuple(self._peers)

    def plan(self) -> int:
        """Plan accepted orders; if the set breaks, one by one, so that an order that cannot be planned stops none."""
        order_ids: list[int] = []
        try:
            with database.begin("ordering") as conn:
                order_ids = self._claimers[ready_queue.PLAN].claim(conn, PLAN_SET)
                if order_ids:
                    planning.plan_orders(conn, order_ids)
        except Exception as error:
            if passing(error) or not order_ids:
                raise
            for order_id in order_ids:
                self._plan_alone(order_id)
        return len(order_ids)

    def _plan_alone(self, order_id: int) -> None:
        try:
            with database.begin("ordering") as conn:
                if ready_queue.take(conn, ready_queue.PLAN, order_id):
                    planning.plan_orders(conn, [order_id])
        except Exception as error:
            if passing(error):
                raise
            with database.begin("ordering") as conn:
                if ready_queue.take(conn, ready_queue.PLAN, order_id):
                    exceptions.hold_order(conn, order_id, "planning-failed", {"error": type(error).__name__})

    def fail(self) -> int:
        """Handle a step that failed for good; if that breaks, it is put before people."""
        step_ids: list[int] = []
        try:
            with database.begin("ordering") as conn:
                step_ids = self._claimers[ready_queue.FAILURE].claim(conn, 1)
                if step_ids:
                    failure.handle(conn, self.actor, step_ids)
        except Exception as error:
            if passing(error) or not step_ids:
                raise
            with database.begin("ordering") as conn:
                if ready_queue.take(conn, ready_queue.FAILURE, step_ids[0]):
                    failure.to_people(conn, step_ids[0], type(error).__name__)
        return len(step_ids)

    def local(self) -> int:
        """Do a set of local steps."""
        with database.begin("ordering") as conn:
            ids = self._claimers[ready_queue.LOCAL].claim(conn, SET)
            steps = lock_ready(conn, ids)
            outcomes = list(self._outcomes(conn, steps))
            recording.record(conn, self.actor, outcomes)
        return len(ids)

    def _outcomes(self, conn: Connection, steps: Sequence[ClaimedStep]) -> Iterator[tuple[ClaimedStep, Outcome]]:
        by_kind: dict[str, list[ClaimedStep]] = {}
        for step in steps:
            by_kind.setdefault(step.kind, []).append(step)
        for kind, group in by_kind.items():
            handler = self._handlers.get(kind)
            found = _run(conn, handler, group) if handler else {step.id: failed("no-handler") for step in group}
            for step in group:
                yield step, found.get(step.id) or failed("no-outcome")

    def remote(self, lane: str) -> int:
        """Claim steps of one peer, call it for each, and record the answers as they come."""
        peer = self._peers[lane]()
        if not peer.available:
            return 0
        steps, claimed = self._claim_remote(lane)
        if steps:
            pool = self._pools.setdefault(lane, ThreadPoolExecutor(CALLS, thread_name_prefix=f"peer-{lane}"))
            calls = {
                pool.submit(remote_steps.perform, step, peer): replace(step, fence=step.fence + 1) for step in steps
            }
            self._record_as_they_come(calls)
        return claimed

    def _claim_remote(self, lane: str) -> tuple[list[ClaimedStep], int]:
        now = clock.now()
        with database.begin("ordering") as conn:
            ids = self._claimers[lane].claim(conn, CALLS)
            steps = lock_ready(conn, ids)
            if steps:
                words = {"running": STEP.target("claim").value, "now": now, "actor": self.actor}
                conn.execute(_CLAIM, {"ids": [step.id for step in steps], **words})
                timers.set_timers(
                    conn,
                    [timers.Timer(timers.LEASE, now + _lease(step), step.id, step.fence + 1) for step in steps],
                )
        return steps, len(ids)

    def _record_as_they_come(self, calls: dict[Future[Outcome], ClaimedStep]) -> None:
        waiting = set(calls)
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            outcomes = sorted(((calls[call], _result(call)) for call in finished), key=lambda pair: pair[0].id)
            with database.begin("ordering") as conn:
                conn.execute(_LOCK, {"ids": [step.id for step, _ in outcomes]})
                recording.record(conn, self.actor, outcomes)

    def timers(self) -> int:
        """Fire the timers that are due."""
        with database.begin("ordering") as conn:
            return timers.fire(conn, self.actor)

    def sweep(self) -> list[int]:
        """Empty the queue partition that is out of use."""
        with database.begin("ordering") as conn:
            return ready_queue.empty_partitions(conn)

    def rounds(self) -> list[Callable[[], int]]:
        """Every kind of round, for one thread to run by turns."""
        return [self.timers, self.plan, self.fail, self.local, *(partial(self.remote, lane) for lane in self._peers)]

    def close(self) -> None:
        """End the threads that call peers."""
        for pool in self._pools.values():
            pool.shutdown()


def _lease(step: ClaimedStep) -> timedelta:
    calls = RECONCILIATION_CALLS if step.sent else 1
    return timedelta(seconds=calls * remote_steps.call_timeout(step) + LEASE_MARGIN_SECONDS)


def _result(call: Future[Outcome]) -> Outcome:
    error = call.exception()
    if error is None:
        return call.result()
    log().error("step call broke", error=repr(error)[:500])
    return failed(type(error).__name__)


def _run(conn: Connection, handler: Handler, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Run a handler on a set. If it breaks, on halves of the set: a bad member undoes none of its siblings."""
    try:
        with conn.begin_nested():
            return handler(conn, steps)
    except Unavailable as error:
        return {step.id: failed(error.code) for step in steps}
    except Exception as error:
        if passing(error):
            raise
        if len(steps) == 1:
            log().error("step broke", step_id=steps[0].id, kind=steps[0].kind, error=repr(error)[:500])
            return {steps[0].id: failed(type(error).__name__)}
    middle = len(steps) // 2
    return {**_run(conn, handler, steps[:middle]), **_run(conn, handler, steps[middle:])}


def passing(error: Exception) -> bool:
    """Whether the same thing may well succeed when done again: a lost connection, a deadlock."""
    if isinstance(error, NoConnectionFree):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in {None, "40P01", "40001", "57P01"}
