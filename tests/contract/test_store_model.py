"""Two workers, a sweep, a person and time itself in any order: what must hold whatever happens."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.engine import make_url

from publisher.domain import policy
from publisher.domain.capability import Capability, Doubt
from publisher.domain.failures import OutcomeUnknown, Rejected, TryLater, Unauthorized
from publisher.domain.model import Delivery, Event, Reason, Receipt, State
from publisher.domain.policy import DOUBT_SECONDS, Outcome, Settlement
from publisher.domain.text import Unit
from publisher.store import Store
from publisher.store.queue import LEASE_SECONDS
from publisher.store.sweep import Move
from publisher.store.tables import attempts, deliveries
from tests.contract.conftest import Clock, Desk, article

WORKERS = ("w1", "w2")
ACCOUNTS = ("north", "south", "east")
LIFE = 7200
CAPABILITIES = [
    Capability("https://network.example", 500, Unit.GRAPHEMES, doubt=doubt, doubt_window=600) for doubt in Doubt
]
OUTCOMES: list[Outcome] = [
    *[Receipt(("1",), "https://network.example/1")] * 3,
    TryLater("busy"),
    TryLater("slow down", after=30, rate_limited=True, scope="account"),
    Rejected("too long"),
    Unauthorized("revoked"),
    OutcomeUnknown("lost"),
    KeyError("id"),
]
DECISIONS = [
    Settlement(State.PUBLISHED, Reason.OPERATOR, receipt=Receipt(("seen",))),
    Settlement(State.CANCELLED, Reason.OPERATOR),
    Settlement(State.WAITING, Reason.OPERATOR),
]
FOR_A_PERSON = (State.HELD, State.FAILED, State.IN_DOUBT)


class Workers(RuleBasedStateMachine):
    """The real store on SQLite. `held` is what each worker believes it holds, for as long as it likes."""

    address: str

    def __init__(self) -> None:
        super().__init__()
        clock = Clock()
        self.desk = Desk(Store(self.address, clock), clock)
        self.held: list[tuple[str, Delivery]] = []
        self.before: dict[str, Any] = {}
        for number in range(2):
            self.desk.tell(post=article(f"a-{number}"), accounts=ACCOUNTS, life=LIFE)
        self.work("w1", 3)
        self.claim("w2", 1)

    def teardown(self) -> None:
        self.desk.check()
        self.desk.store.close()

    @rule(worker=st.sampled_from(WORKERS), limit=st.integers(1, 4))
    def claim(self, worker: str, limit: int) -> None:
        self.held += [(worker, delivery) for delivery in self.desk.claim(worker, limit)]

    @rule(worker=st.sampled_from(WORKERS), limit=st.integers(1, 4))
    def work(self, worker: str, limit: int) -> None:
        self.claim(worker, limit)
        self.send(worker)

    @precondition(lambda self: self.held)
    @rule(worker=st.sampled_from(WORKERS))
    def send(self, worker: str) -> None:
        """Announce all it holds; what is refused it puts down. One that crashes never comes here."""
        for held in [held for held in self.held if held[0] == worker]:
            self.held.remove(held)
            if self.desk.announce(held[1], worker):
                self.held.append((worker, replace(held[1], state=State.SENDING)))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES), again=st.booleans())
    def settle(self, data: st.DataObject, outcome: Outcome, again: bool) -> None:  # noqa: FBT001  # drawn
        """In time or late; `again`: the worker does not know that it was heard and will say something once more."""
        worker, delivery = held = data.draw(st.sampled_from(self.held))
        if not again:
            self.held.remove(held)
        if delivery.state is State.CLAIMED and isinstance(outcome, Receipt | OutcomeUnknown):
            return  # nobody can have heard of what was not sent
        before = self.desk.row(delivery)
        heard = self.desk.settle(delivery, policy.settle(delivery, outcome, self.desk.clock(), 0.5), worker)
        holds = before.token == delivery.token and before.state == delivery.state
        assert heard == (holds or (isinstance(outcome, Receipt) and before.state != State.PUBLISHED))
        if not heard:  # but it may have said something of the whole account
            told = self.desk.row(delivery)
            assert told.state in (before.state, State.HELD)
            assert (told.token, told.tries, told.receipt_ids) == (before.token, before.tries, before.receipt_ids)
        elif not holds:
            assert self.desk.row(delivery).token > before.token

    @rule(seconds=st.sampled_from((1, 5, 61, 121, 3600)))
    def time_passes(self, seconds: int) -> None:
        self.desk.clock.advance(seconds)

    @rule(worker=st.sampled_from(WORKERS), capability=st.sampled_from(CAPABILITIES))
    def takes_over(self, worker: str, capability: Capability) -> None:
        """Leases end, and a worker goes on with what others believe to hold."""
        self.desk.clock.advance(LEASE_SECONDS)
        self.desk.store.tidy(worker)
        self.desk.clock.advance(DOUBT_SECONDS)
        self.sweep(worker, capability)
        self.work(worker, 4)

    @rule(worker=st.sampled_from(WORKERS), capability=st.sampled_from(CAPABILITIES))
    def sweep(self, worker: str, capability: Capability) -> None:
        self.desk.store.tidy(worker)
        for delivery in self.desk.store.doubtful():
            settlement = policy.resolve(delivery, capability, self.desk.clock())
            self.desk.store.move(Move(delivery, settlement, worker))

    @rule(worker=st.sampled_from(WORKERS))
    def a_worker_is_taken_for_dead(self, worker: str) -> None:
        """Rightly or not: it may still come back and say how its request ended."""
        self.desk.store.bury(worker)

    @precondition(lambda self: self.before)
    @rule(data=st.data(), decision=st.sampled_from(DECISIONS), fresh=st.booleans())
    def a_person_decides(self, data: st.DataObject, decision: Settlement, fresh: bool) -> None:  # noqa: FBT001  # drawn
        delivery = self.desk.delivery(data.draw(st.sampled_from(sorted(self.before))))
        if delivery.state in FOR_A_PERSON:
            again = replace(decision, again_at=self.desk.clock())
            assert self.desk.store.move(Move(delivery, again, "person:ada", fresh=fresh))

    @rule(event=st.sampled_from(Event), minutes=st.integers(0, 3))
    def the_cms_tells(self, event: Event, minutes: int) -> None:
        """Only of the first Post, so that withdrawals do not end every story."""
        self.desk.tell(event, article("a-0", minutes=minutes, title=f"Take {minutes}"), accounts=ACCOUNTS, life=LIFE)

    @invariant()
    def nothing_sends_twice_at_once(self) -> None:
        with self.desk.store.reading() as connection:
            rows = connection.execute(select(deliveries)).all()
            tried = connection.execute(select(attempts.c.delivery_id, attempts.c.token, attempts.c.ended_at)).all()
        for row in rows:
            open_now = [attempt.token for attempt in tried if attempt.delivery_id == row.id and not attempt.ended_at]
            assert open_now == ([row.token] if row.state == State.SENDING else [])
            before = self.before.get(row.id)
            if before:
                assert row.token >= before.token
                assert row.doubt_at == before.doubt_at or before.doubt_at is None or row.doubt_at is None
            if before and before.state == State.PUBLISHED:
                assert (row.state, row.receipt_ids) == (State.PUBLISHED, before.receipt_ids)
        self.before = {row.id: row for row in rows}

    @invariant()
    def the_log_tells_all(self) -> None:
        self.desk.check()


def test_whatever_happens_in_whatever_order(migrated: Callable[[str], str], tmp_path: Path) -> None:
    template = Path(make_url(migrated("sqlite")).database or "")
    numbers = iter(range(100_000))

    class OnFreshFiles(Workers):
        @property
        def address(self) -> str:  # type: ignore[override]  # each example has a database of its own
            path = tmp_path / f"{next(numbers)}.sqlite"
            shutil.copyfile(template, path)
            return f"sqlite:///{path}"

    # the same walks every time, so that a red run is a changed program; MODEL_EXAMPLES=1000 goes exploring
    exploring = os.environ.get("MODEL_EXAMPLES")
    bounded = settings(
        max_examples=int(exploring or 60),
        derandomize=not exploring,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(OnFreshFiles, settings=bounded)
