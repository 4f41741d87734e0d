"""What a person does to Deliveries: retry, cancel, say how a lost answer ended, repost. Each with who and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from publisher.domain.model import Account, AuditEntry, Delivery, Reason, Receipt, State
from publisher.domain.policy import Settlement
from publisher.nudge import Nudge
from publisher.services.intake import IntakeService
from publisher.store import Store, read
from publisher.store.schedule import Repost
from publisher.store.sweep import Move

RETRYABLE = (State.FAILED, State.HELD, State.WAITING)
CANCELLABLE = (State.WAITING, State.HELD, State.CLAIMED)
UNSETTLED = (State.IN_DOUBT, State.HELD)


class NotPossibleError(Exception):
    """What a person asked for can't be done; the words say why and what can."""


@dataclass(frozen=True)
class Operator:
    """Acts for `actor` ("person:name")."""

    store: Store
    accounts: Mapping[str, Account]
    intake: IntakeService
    nudge: Nudge
    actor: str

    def retry(self, delivery_id: str, why: str = "") -> None:
        """Send now what failed, is held or waits. What may be out must be resolved first."""
        delivery = self._find(delivery_id)
        if delivery.state is State.HELD and delivery.reason == Reason.OUTCOME_UNKNOWN:
            raise NotPossibleError(
                "it may be out already: look at the network, then resolve it with --sent or --not-sent"
            )
        if delivery.state not in RETRYABLE:
            raise NotPossibleError(f"it is {delivery.state}; only failed, held and waiting ones can be retried")
        fresh = delivery.doubt_at is None
        self._move(delivery, Settlement(State.WAITING, Reason.OPERATOR, again_at=self.store.clock()), why, fresh=fresh)
        self.nudge([delivery.channel])

    def cancel(self, delivery_id: str, why: str = "") -> None:
        """Never send what has not gone out yet."""
        delivery = self._find(delivery_id)
        if delivery.state not in CANCELLABLE:
            raise NotPossibleError(f"it is {delivery.state}; only waiting and held ones can be cancelled")
        self._move(delivery, Settlement(State.CANCELLED, Reason.OPERATOR, why), why)

    def resolve(self, delivery_id: str, *, sent_url: str = "", sent: bool, why: str = "") -> None:
        """A person looked: it is out (with its address), or it is not and goes again."""
        delivery = self._find(delivery_id)
        if delivery.state not in UNSETTLED:
            raise NotPossibleError(f"it is {delivery.state}; only held ones and ones in doubt can be resolved")
        if sent:
            receipt = Receipt((sent_url or "seen by a person",), sent_url)
            settlement = Settlement(State.PUBLISHED, Reason.OPERATOR, why, receipt=receipt)
        else:
            settlement = Settlement(State.WAITING, Reason.OPERATOR, why, self.store.clock())
        self._move(delivery, settlement, why, fresh=not sent)
        self.nudge([delivery.channel])

    def repost(self, post_id: str, accounts: Sequence[str], why: str) -> list[str]:
        """A new Delivery, with a key of its own, for each account; their ids."""
        post, _, withdrawn = self.store.posts([post_id])[post_id]
        if withdrawn:
            raise NotPossibleError("the article was withdrawn at the CMS; publish it there again")
        planned = {one.account: one for one in self.intake.plan(post)}
        made = [
            self.store.repost(Repost(post_id, post.edition, planned[account], self.actor, why)) for account in accounts
        ]
        self.nudge({planned[account].channel for account in accounts})
        return made

    def routed(self, post_id: str) -> dict[str, State | None]:
        """Each account the Post is routed to, with the state of its newest Delivery (None: it has none)."""
        post = self.store.posts([post_id])[post_id].post
        newest: dict[str, State | None] = {one.account: None for one in self.intake.plan(post)}
        for line in reversed(self.store.look(read.lines, read.Query(post_id=post_id, limit=1000))):
            if line.delivery.account in newest:
                newest[line.delivery.account] = line.delivery.state
        return newest

    def reconnected(self, account: str) -> int:
        """The account's credentials work again: what was held for them goes on; how many."""
        self.store.note(AuditEntry(self.actor, "account.verified", account)).result()
        query = read.Query(states=(State.HELD,), account=account, limit=10_000)
        held = [
            line.delivery for line in self.store.look(read.lines, query) if line.delivery.reason == Reason.RECONNECT
        ]
        for delivery in held:
            settlement = Settlement(State.WAITING, Reason.OPERATOR, again_at=self.store.clock())
            self._move(delivery, settlement, "the account is connected again")
        self.nudge({delivery.channel for delivery in held})
        return len(held)

    def _find(self, delivery_id: str) -> Delivery:
        line = self.store.look(read.delivery, delivery_id)
        if line is None:
            raise NotPossibleError(f"no delivery is called {delivery_id!r}; `publisher deliveries ls` lists them")
        found: Delivery = line.delivery
        return found

    def _move(self, delivery: Delivery, settlement: Settlement, why: str, *, fresh: bool = False) -> None:
        if not self.store.move(Move(delivery, settlement, self.actor, why, fresh=fresh)):
            raise NotPossibleError("it changed at this very moment; look again")
