"""What an Event of a CMS changes: the Post, its revisions, its Deliveries, all in one transaction.

Many at once: what is known is looked up first (`known`), what is decided is gathered and written last (`writes`).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from ulid import ULID

from publisher.domain.model import Event, Reason, State
from publisher.store.arrivals import CONFLICT, DUPLICATE, PUBLISHED, WITHDRAWN, Arrival, Intake, content_hash
from publisher.store.commit import Tx
from publisher.store.known import Known, known_posts, seen_events
from publisher.store.schedule import delivery_row
from publisher.store.tables import deliveries, posts
from publisher.store.writes import Writes, event_row, post_row, revision_row

WITHDRAWALS = (Event.UNPUBLISH, Event.DELETE)
STILL_OURS = (State.WAITING, State.CLAIMED, State.HELD)


def ingest(tx: Tx, arrivals: Sequence[Arrival]) -> list[Intake]:
    """Take many Events at once: a handful of statements however many they are."""
    seen = seen_events(tx, arrivals)
    known = known_posts(tx, arrivals)
    writes = Writes()
    results = []
    for arrival in arrivals:
        identity = (arrival.source, arrival.event_id)
        post = known.get((arrival.source, arrival.post.id)) if arrival.post else None
        if identity in seen:
            same = seen[identity] == arrival.digest
            results.append(
                Intake(DUPLICATE if same else CONFLICT, post.id if post else "", post.delivery_ids if post else ())
            )
            continue
        result = _take(tx, writes, known, arrival, post)
        seen[identity] = arrival.digest
        writes.events.append(event_row(tx, arrival, result))
        results.append(result)
    writes.flush(tx)
    return results


def _take(tx: Tx, writes: Writes, known: dict[tuple[str, str], Known], arrival: Arrival, post: Known | None) -> Intake:
    if arrival.event is None or arrival.post is None:
        tx.audit(arrival.actor, "event.ignored", arrival.source, told_by=arrival.event_id, why=arrival.verdict)
        return Intake(f"ignored: {arrival.verdict}", post.id if post else "")
    if post and _is_late(arrival.post.modified_at, post, withdrawing=arrival.event in WITHDRAWALS):
        tx.audit(arrival.actor, "event.older", post.id, told_by=arrival.event_id)
        return Intake("older than what is known", post.id, post.delivery_ids)
    if arrival.event in WITHDRAWALS:
        return _withdraw(tx, writes, known, arrival, post)
    return _tell(tx, writes, known, arrival, post)


def _is_late(modified_at: datetime, post: Known, *, withdrawing: bool) -> bool:
    """Whether what is told was true before what we know. A withdrawal wins against a telling of the same moment."""
    if post.status == WITHDRAWN and not withdrawing:
        return modified_at <= post.modified_at
    return modified_at < post.modified_at


def _tell(tx: Tx, writes: Writes, known: dict[tuple[str, str], Known], arrival: Arrival, post: Known | None) -> Intake:
    """A publish or update: a new Post, a new revision, or nothing new; only a publish makes Deliveries."""
    assert arrival.post
    digest = content_hash(arrival.post)
    if post is None:
        post = known[arrival.source, arrival.post.id] = _create(tx, writes, arrival, digest)
        verdict = "new"
    elif post.content_hash == digest and post.status == PUBLISHED:
        _saved_again(tx, writes, post, arrival.post.modified_at)
        if arrival.event is Event.UPDATE or post.plans:
            return Intake(DUPLICATE, post.id, post.delivery_ids)
        verdict = "published"
    else:
        verdict = _revise(tx, writes, arrival, post, digest)
    if arrival.event is Event.UPDATE:
        return Intake(f"{verdict}: recorded", post.id, post.delivery_ids)
    return _schedule(tx, writes, arrival, post, verdict)


def _saved_again(tx: Tx, writes: Writes, post: Known, modified_at: datetime) -> None:
    """The same content with a later stamp: what comes late must be measured against that."""
    if modified_at > post.modified_at:
        writes.flush(tx)
        post.modified_at = modified_at
        tx.connection.execute(update(posts).where(posts.c.id == post.id).values(modified_at=modified_at))


def _create(tx: Tx, writes: Writes, arrival: Arrival, digest: str, status: str = PUBLISHED) -> Known:
    assert arrival.post
    made = Known(str(ULID()), status, 1, digest, arrival.post.modified_at)
    writes.posts.append(post_row(tx, made, arrival.post))
    writes.revisions.append(revision_row(tx, made, arrival.post))
    tx.audit(arrival.actor, "post.created", made.id, source=arrival.source, told_by=arrival.event_id)
    return made


def _revise(tx: Tx, writes: Writes, arrival: Arrival, post: Known, digest: str) -> str:
    assert arrival.post
    writes.flush(tx)
    post.revision, post.content_hash, post.status = post.revision + 1, digest, PUBLISHED
    post.modified_at = arrival.post.modified_at
    values = {
        "revision": post.revision,
        "content_hash": digest,
        "status": PUBLISHED,
        "modified_at": post.modified_at,
        "title": arrival.post.title,
        "url": arrival.post.url,
        "edition": arrival.post.edition,
    }
    tx.connection.execute(update(posts).where(posts.c.id == post.id).values(values))
    stale = deliveries.c.state.in_(STILL_OURS) & deliveries.c.doubt_at.is_(None)
    tx.connection.execute(update(deliveries).where((deliveries.c.post_id == post.id) & stale).values(draft=None))
    writes.revisions.append(revision_row(tx, post, arrival.post))
    tx.audit(arrival.actor, "post.updated", post.id, revision=post.revision, told_by=arrival.event_id)
    return "updated"


def _schedule(tx: Tx, writes: Writes, arrival: Arrival, post: Known, verdict: str) -> Intake:
    """A publish Delivery for each planned Account that has none, or only ones that were withdrawn with the Post."""
    made = []
    for planned in arrival.plan:
        earlier = post.plans.setdefault(planned.account, [])
        if any(not (state == State.CANCELLED and reason == Reason.WITHDRAWN) for _, state, reason in earlier):
            continue
        edition = arrival.post.edition if arrival.post else ""
        row = delivery_row(tx, post.id, planned, edition=edition, ordinal=len(earlier))
        writes.deliveries.append(row)
        earlier.append((row["id"], State.WAITING, Reason.NEW))
        made.append(planned.channel)
        tx.audit(arrival.actor, "delivery.created", row["id"], post=post.id, account=planned.account)
    return Intake(verdict, post.id, post.delivery_ids, frozenset(made))


def _withdraw(
    tx: Tx, writes: Writes, known: dict[tuple[str, str], Known], arrival: Arrival, post: Known | None
) -> Intake:
    """The Post is gone at the CMS: what still waits is cancelled, what is out is left for a later action."""
    assert arrival.event
    assert arrival.post
    if post is None:
        made = _create(tx, writes, arrival, content_hash(arrival.post), WITHDRAWN)
        known[arrival.source, arrival.post.id] = made
        return Intake(arrival.event.value, made.id)
    writes.flush(tx)
    changed = {"status": WITHDRAWN, "modified_at": arrival.post.modified_at}
    tx.connection.execute(update(posts).where(posts.c.id == post.id).values(changed))
    post.status, post.modified_at = WITHDRAWN, arrival.post.modified_at
    tx.audit(arrival.actor, f"post.{arrival.event.value}", post.id, told_by=arrival.event_id)
    waiting = (deliveries.c.post_id == post.id) & deliveries.c.state.in_(STILL_OURS)
    values = {
        "state": State.CANCELLED,
        "reason": Reason.WITHDRAWN,
        "changed_at": tx.now,
        "token": deliveries.c.token + 1,
        "lease_until": None,
    }
    safe = waiting & deliveries.c.doubt_at.is_(None)
    for row in tx.connection.execute(update(deliveries).where(safe).values(values).returning(deliveries.c.id)):
        tx.audit(arrival.actor, "delivery.cancelled", row.id, reason=Reason.WITHDRAWN)
        for plans in post.plans.values():
            plans[:] = [(i, State.CANCELLED, Reason.WITHDRAWN) if i == row.id else (i, s, r) for i, s, r in plans]
    return Intake(arrival.event.value, post.id, post.delivery_ids)
