"""Rows that Events cause, gathered until they are written: one statement a table, however many they are."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from ulid import ULID

from publisher.domain.model import Post
from publisher.store.arrivals import Arrival, Intake, to_json
from publisher.store.commit import Tx
from publisher.store.known import Known
from publisher.store.tables import deliveries, events, posts, revisions

Row = dict[str, Any]


@dataclass
class Writes:
    """What is still to be inserted."""

    events: list[Row] = field(default_factory=list)
    posts: list[Row] = field(default_factory=list)
    revisions: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)

    def flush(self, tx: Tx) -> None:
        """Insert it all: at the end, or before a row that came earlier in the same batch must be changed."""
        tables = (
            (posts, self.posts),
            (revisions, self.revisions),
            (deliveries, self.deliveries),
            (events, self.events),
        )
        for table, rows in tables:
            if rows:
                tx.connection.execute(insert(table), rows)
                rows.clear()


def post_row(tx: Tx, known: Known, post: Post) -> Row:
    """A Post that is new to us."""
    return {
        "id": known.id,
        "source": post.source,
        "cms_id": post.id,
        "edition": post.edition,
        "title": post.title,
        "url": post.url,
        "status": known.status,
        "revision": known.revision,
        "content_hash": known.content_hash,
        "modified_at": post.modified_at,
        "created_at": tx.now,
    }


def revision_row(tx: Tx, known: Known, post: Post) -> Row:
    """A Post's content at the revision `known` stands at."""
    return {"post_id": known.id, "number": known.revision, "body": to_json(post), "received_at": tx.now}


def event_row(tx: Tx, arrival: Arrival, result: Intake) -> Row:
    """An Event with what became of it."""
    return {
        "id": str(ULID()),
        "source": arrival.source,
        "event_id": arrival.event_id,
        "digest": arrival.digest,
        "type": arrival.event.value if arrival.event else "ignored",
        "verdict": result.verdict,
        "post_id": result.post_id or None,
        "received_at": tx.now,
    }
