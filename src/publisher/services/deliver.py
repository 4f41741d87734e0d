"""One Delivery, from claim to receipt. `deliver` alone knows the sequence; what it calls never calls back."""

import logging
import random
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

from publisher.connector.base import Connector
from publisher.connector.transcript import Transcript
from publisher.domain import policy
from publisher.domain.failures import Failure, OutcomeUnknown, Rejected
from publisher.domain.model import JSON, Account, Delivery, Post, Reason, State
from publisher.domain.policy import Outcome, Settlement
from publisher.services.render import Renderer
from publisher.store import Store, StoreError
from publisher.store.queue import Sending
from publisher.store.read import Current
from publisher.store.settling import Settling

log = logging.getLogger(__name__)
TOGETHER = 64
SIDE_BY_SIDE = 16
DRAIN_SECONDS = 45
"""A drain starts no Delivery after this long: its claims must reach `sending` in the first half of their lease."""

Quiet = dict[str, Settlement]
"""What a network said of a whole Account during this drain: whoever of it has not started need not ask again."""

Connect = Callable[[Account], tuple[Connector, Transcript]]


@dataclass
class Deliverer:
    """Everything a worker needs to deliver; one per process."""

    store: Store
    accounts: Mapping[str, Account]
    channels: Callable[[str], type[Connector]]
    connect: Connect
    renderer: Renderer
    owner: str
    stopping: Callable[[], bool] = lambda: False
    chance: random.Random = field(default_factory=random.SystemRandom)
    pools: dict[str, ThreadPoolExecutor] = field(default_factory=dict)

    def drain(self, channel: str) -> int:
        """Claim up to 64 due Deliveries of a channel and deliver them side by side; how many were claimed."""
        if self.stopping():
            return 0
        started = self.store.clock()
        claimed = self.store.claim(channel, TOGETHER, self.owner)
        if not claimed:
            return 0
        posts = self.store.posts(sorted({delivery.post_id for delivery in claimed}))
        pool = self._pool(channel)
        quiet: Quiet = {}
        running = {pool.submit(self._in_time, one, posts[one.post_id], started, quiet): one for one in claimed}
        for future, delivery in running.items():
            _report(delivery, future)
        return len(claimed)

    def _pool(self, channel: str) -> ThreadPoolExecutor:
        """Threads for one channel, kept for the life of the process."""
        if channel not in self.pools:
            self.pools[channel] = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix=f"deliver-{channel}")
        return self.pools[channel]

    def _in_time(self, delivery: Delivery, current: Current, started: datetime, quiet: Quiet) -> Future[bool] | None:
        now = self.store.clock()
        if self.stopping() or (now - started).total_seconds() > DRAIN_SECONDS:
            released = Settlement(State.WAITING, Reason.LEASE_EXPIRED, counts=False, outcome="not started")
            return self._settle(delivery, released, now, [])
        if current.withdrawn:
            return self._settle(delivery, policy.withdraw(delivery), now, [])
        if told := quiet.get(delivery.account):
            return self._settle(delivery, replace(told, counts=False, outcome="not started"), now, [])
        return self.deliver(delivery, current.post, quiet)

    def deliver(self, delivery: Delivery, post: Post, quiet: Quiet | None = None) -> Future[bool] | None:
        """The way of one post: render, prepare, announce, publish, settle. The settling's promise, so that its commit
        is shared and no thread waits for it; None where nothing was sent because the fence had moved.
        """
        now, exchanges = self.store.clock(), list[JSON]()
        try:
            account = self._account(delivery)
            channel = self.channels(account.channel)
            if delivery.doubt_at and not policy.may_repeat(delivery, channel.capability, now):
                return self._settle(delivery, policy.resolve(delivery, channel.capability, now), now, exchanges)
            connector, transcript = self.connect(account)
            exchanges = transcript.exchanges
            draft, draft_at = delivery.draft, delivery.draft_at
            if draft is None or draft_at is None or policy.draft_is_stale(delivery, channel.capability, now):
                rendition = self.renderer.render(delivery.post_id, post, channel, delivery.tries)
                draft, draft_at = connector.prepare(rendition), now
            if not self.store.sending(Sending(delivery, draft, draft_at, self.owner)):
                log.info("delivery %s: the fence had moved, nothing was sent", delivery.id)
                return None
            delivery = replace(delivery, state=State.SENDING, draft=draft, draft_at=draft_at)
            now = self.store.clock()
            outcome: Outcome = connector.publish(draft, delivery.id)
        except Failure as failure:
            outcome = failure
        except StoreError:  # what is true then only the database knows; the lease will tell
            raise
        except Exception as error:  # an answer nobody foresaw is a bug: held, in doubt if something was sent
            log.exception("delivery %s: bug", delivery.id)
            outcome = _bug(error, delivery)
        settlement = policy.settle(delivery, outcome, self.store.clock(), self.chance.random())
        if quiet is not None and (settlement.hold_account or settlement.pause_until):
            quiet[delivery.account] = settlement
        return self._settle(delivery, settlement, now, exchanges)

    def _account(self, delivery: Delivery) -> Account:
        account = self.accounts.get(delivery.account)
        if account is None:
            raise Rejected(f"no account is called {delivery.account!r} any more")
        return account

    def _settle(self, delivery: Delivery, settlement: Settlement, at: datetime, exchanges: list[JSON]) -> Future[bool]:
        return self.store.settle_soon(Settling(delivery, settlement, self.owner, at, exchanges))


def _report(delivery: Delivery, future: Future[Future[bool] | None]) -> None:
    """Wait until a Delivery is settled, and say what went wrong on the way."""
    try:
        settled = future.result()
        if settled is not None and not settled.result():
            log.warning("delivery %s: its end came after the fence had moved", delivery.id)
    except Exception:
        log.exception("delivery %s was not settled; its lease will tell", delivery.id)


def _bug(error: Exception, delivery: Delivery) -> Outcome:
    """A surprise while sending leaves the outcome unknown; before that it is plainly a bug."""
    if delivery.state is State.SENDING:
        return OutcomeUnknown(f"a bug ({type(error).__name__}) hid the answer")
    return error
