"""Group commit: one writer thread a process; operations that meet are run and committed together.

An operation takes all its items at once (`operation(tx, items) -> results`), so a busy moment costs one transaction
and one statement a kind rather than one an item. If a shared transaction fails, each item gets one of its own.
"""

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from publisher.domain.model import AuditEntry
from publisher.store import chain

T = TypeVar("T")
R = TypeVar("R")
MOST_TOGETHER = 256
TRIES = 3
LINGER_SECONDS = 0.0015


@dataclass
class Tx:
    """One write transaction: its connection, its one moment, and the AuditEntries it will end with."""

    connection: Connection
    now: datetime
    trail: list[AuditEntry] = field(default_factory=list)

    def audit(self, actor: str, event: str, subject: str, **detail: Any) -> None:
        """Note an AuditEntry; it is chained and written when the transaction commits."""
        self.trail.append(AuditEntry(actor, event, subject, detail))


Operation = Callable[[Tx, Sequence[T]], Sequence[R]]
_Waiting = tuple[Operation[Any, Any], Any, Future[Any]]


class Committer:
    """Runs operations in the calling thread (`run`) or merged with whatever else is waiting (`submit`)."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self.engine, self.clock = engine, clock
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._busy = False
        self._thread: threading.Thread | None = None
        self._owner = 0
        self._start = threading.Lock()

    def run(self, operation: Operation[T, R], items: Sequence[T]) -> Sequence[R]:
        """One operation in one transaction, now; database conflicts are tried again twice."""
        for left in reversed(range(TRIES)):
            try:
                return self._transact([(operation, items)])[0]
            except DBAPIError:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def submit(self, operation: Operation[T, R], item: T) -> Future[R]:
        """The operation's result for `item`, once the transaction that holds it is committed."""
        future: Future[R] = Future()
        self._ensure_thread()
        self._queue.put((operation, item, future))
        return future

    def close(self) -> None:
        """Finish what is queued and end the thread."""
        if self._thread and self._owner == os.getpid():
            self._queue.put(None)
            self._thread.join()
        self._thread = None

    def _ensure_thread(self) -> None:
        if self._thread and self._owner == os.getpid():
            return
        with self._start:
            if self._thread is None or self._owner != os.getpid():
                self._owner = os.getpid()
                self._thread = threading.Thread(target=self._work, name="committer", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, ended = self._gather(first)
            # whoever gave up waiting meanwhile is left out; from here on nobody can
            self._commit([item for item in batch if item[2].set_running_or_notify_cancel()])
            if ended:
                return

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """`first` and what else waits, in a busy moment for a little longer; and whether that was the end."""
        batch = [first]
        end = time.monotonic() + (LINGER_SECONDS if self._busy else 0)
        while len(batch) < MOST_TOGETHER:
            try:
                item = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                return batch, True
            batch.append(item)
        self._busy = len(batch) > 1
        return batch, False

    def _commit(self, batch: list[_Waiting]) -> None:
        kinds: dict[Operation[Any, Any], list[tuple[Any, Future[Any]]]] = {}
        for operation, item, future in batch:
            kinds.setdefault(operation, []).append((item, future))
        try:
            results = self._transact([(op, [item for item, _ in waiting]) for op, waiting in kinds.items()])
        except Exception:  # noqa: BLE001  # one item's fault must not be its neighbours': each alone decides
            for operation, item, future in batch:
                self._alone(operation, item, future)
            return
        for waiting, outcomes in zip(kinds.values(), results, strict=True):
            for (_, future), outcome in zip(waiting, outcomes, strict=True):
                future.set_result(outcome)

    def _alone(self, operation: Operation[Any, Any], item: Any, future: Future[Any]) -> None:
        try:
            future.set_result(self.run(operation, [item])[0])
        except Exception as error:  # noqa: BLE001  # handed to the thread that asked
            future.set_exception(error)

    def _transact(self, work: list[tuple[Operation[Any, Any], Sequence[Any]]]) -> list[Sequence[Any]]:
        with self.engine.begin() as connection:
            head = chain.lock_head(connection)
            tx = Tx(connection, self.clock())
            results = [operation(tx, items) for operation, items in work]
            chain.append(connection, head, tx.trail, tx.now)
        return results
