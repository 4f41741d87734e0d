"""What the store knows already when Events come in: which of them, and their Posts with their Deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, tuple_

from publisher.domain.model import Action
from publisher.store.arrivals import Arrival
from publisher.store.commit import Tx
from publisher.store.tables import deliveries, events, posts


@dataclass
class Known:
    """A Post as this transaction sees it so far."""

    id: str
    status: str
    revision: int
    content_hash: str
    modified_at: datetime
    plans: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)  # account -> (id, state, reason)

    @property
    def delivery_ids(self) -> tuple[str, ...]:
        """The Deliveries of the Post, account by account."""
        return tuple(delivery_id for plans in self.plans.values() for delivery_id, _, _ in plans)


def seen_events(tx: Tx, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], str]:
    """Those Events that were told before, with the digest of what they told."""
    identities = [(arrival.source, arrival.event_id) for arrival in arrivals]
    where = tuple_(events.c.source, events.c.event_id).in_(identities)
    rows = tx.connection.execute(select(events.c.source, events.c.event_id, events.c.digest).where(where))
    return {(row.source, row.event_id): row.digest for row in rows}


def known_posts(tx: Tx, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], Known]:
    """The Posts the Events speak of, by source and the CMS's id."""
    wanted = {(arrival.source, arrival.post.id) for arrival in arrivals if arrival.post}
    if not wanted:
        return {}
    rows = tx.connection.execute(select(posts).where(tuple_(posts.c.source, posts.c.cms_id).in_(wanted))).all()
    known = {
        (row.source, row.cms_id): Known(row.id, row.status, row.revision, row.content_hash, row.modified_at)
        for row in rows
    }
    if by_id := {post.id: post for post in known.values()}:
        columns = (deliveries.c.id, deliveries.c.post_id, deliveries.c.account, deliveries.c.state, deliveries.c.reason)
        ours = deliveries.c.post_id.in_(by_id) & (deliveries.c.action == Action.PUBLISH)
        for row in tx.connection.execute(select(*columns).where(ours).order_by(deliveries.c.ordinal)):
            by_id[row.post_id].plans.setdefault(row.account, []).append((row.id, row.state, row.reason))
    return known
