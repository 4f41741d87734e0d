"""What each worker does every few seconds, by itself and harmless when doubled: tidy, settle doubts, wake up."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from publisher.connector.base import Connector
from publisher.domain import policy
from publisher.domain.model import Account
from publisher.nudge import Nudge
from publisher.services.owner import is_dead
from publisher.store import Store
from publisher.store.sweep import Move

log = logging.getLogger(__name__)
EVERY_SECONDS = 2.0


class Stop(Protocol):
    """A thread's or a process's Event."""

    def wait(self, timeout: float) -> bool: ...


@dataclass(frozen=True)
class Sweeper:
    """Finds what a crash, a lost wake-up or the clock left behind."""

    store: Store
    accounts: Mapping[str, Account]
    channels: Callable[[str], type[Connector]]
    nudge: Nudge
    owner: str

    def sweep(self) -> int:
        """One round; how many Deliveries changed state."""
        for owner in self.store.leased_owners():
            if is_dead(owner):
                self.store.bury(owner)
        changed = self.store.tidy(self.owner)
        for delivery in self.store.doubtful():
            account = self.accounts.get(delivery.account)
            capability = self.channels(account.channel).capability if account else None
            settlement = policy.resolve(delivery, capability, self.store.clock())
            changed += self.store.move(Move(delivery, settlement, self.owner, why="settling a lost answer"))
        self.nudge(self.store.due_channels())
        return changed

    def run(self, stop: Stop) -> None:
        """Sweep until `stop` is set; a failing round is logged and the next one tried."""
        while not stop.wait(EVERY_SECONDS * random.uniform(0.5, 1.5)):  # noqa: S311  # spreads load, guards nothing
            try:
                self.sweep()
            except Exception:
                log.exception("sweep failed; the next one follows")
