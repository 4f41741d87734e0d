"""A verified Event becomes a Post, its Deliveries and their AuditEntries: one transaction, no platform waited for."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta

from publisher.domain.model import Account, AuditEntry, Edition, Event, Post, Route
from publisher.domain.routing import destinations
from publisher.store import Store
from publisher.store.arrivals import Arrival, Intake, Planned


class UnknownEditionError(Exception):
    """The Event names an edition the settings don't have."""


@dataclass(frozen=True)
class IntakeService:
    """Routes what a CMS tells and hands it to the store."""

    store: Store
    accounts: Mapping[str, Account]
    editions: Mapping[str, Edition]
    routes: Sequence[Route]

    def take(
        self,
        source: str,
        event_id: str,
        event: Event | None,
        post: Post | None,
        *,
        verdict: str = "",
        settle: float = 0,
        digest: str = "",
    ) -> Future[Intake]:
        """The promise of an Intake; `settle` seconds pass before what is planned may go out."""
        if event in (Event.PUBLISH, Event.UPDATE) and post and post.edition not in self.editions:
            raise UnknownEditionError(post.edition)
        plan = self.plan(post, settle) if event is Event.PUBLISH and post else ()
        return self.store.ingest(
            Arrival(source, event_id, event, post, plan, verdict, actor=f"cms:{source}", digest=digest)
        )

    def plan(self, post: Post, settle: float = 0) -> tuple[Planned, ...]:
        """Which Deliveries the routes want for a Post, due in `settle` seconds."""
        now = self.store.clock()
        due = now + timedelta(seconds=settle)
        return tuple(
            Planned(account, self.accounts[account].channel, due, now + timedelta(seconds=life))
            for account, life in destinations(post, self.routes).items()
        )

    def refuse(self, source: str, why: str, field: str = "") -> Future[None]:
        """A line in the audit log for an Event that was not taken. Nothing else of it is kept."""
        return self.store.note(
            AuditEntry(f"cms:{source[:58]}", "event.refused", source[:128], {"why": why, "field": field})
        )
