"""What an Event of a CMS changes: the Post, its revisions, its Deliveries, all in one transaction.

Operations take many at once; what they read and decide is held in `_Known` until it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, tuple_, update
from ulid import ULID

from publisher.domain.model import Action, Event, Post, Reason, State
from publisher.store.arrivals import CONFLICT, DUPLICATE, PUBLISHED, WITHDRAWN, Arrival, Intake, content_hash, to_json
from publisher.store.commit import Tx
from publisher.store.schedule import delivery_row
from publisher.store.tables import deliveries, events, posts, revisions

STILL_OURS = (State.WAITING, State.CLAIMED, State.HELD)


@dataclass
class _Known:
    """A Post as this transaction sees it so far."""

    id: str
    status: str
    revision: int
    content_hash: str
    modified_at: datetime
    plans: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)  # account -> (id, state, reason)


@dataclass
class _Writes:
    events: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    revisions: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)


def ingest(tx: Tx, arrivals: Sequence[Arrival]) -> list[Intake]:
    """Take many Events at once: a handful of statements however many they are."""
    seen = _seen_events(tx, arrivals)
    known = _known_posts(tx, arrivals)
    writes = _Writes()
    results = []
    for arrival in arrivals:
        identity = (arrival.source, arrival.event_id)
        post = known.get((arrival.source, arrival.post.id)) if arrival.post else None
        if identity in seen:
            same = seen[identity] == arrival.digest
            results.append(Intake(DUPLICATE if same else CONFLICT, post.id if post else "", _ids(post)))
            continue
        result = _take(tx, writes, known, arrival, post)
        seen[identity] = arrival.digest
        writes.events.append(_event_row(tx, arrival, result))
        results.append(result)
    for table, rows in ((posts, writes.posts), (revisions, writes.revisions), (deliveries, writes.deliveries)):
        if rows:
            tx.connection.execute(insert(table), rows)
    if writes.events:
        tx.connection.execute(insert(events), writes.events)
    return results


def _seen_events(tx: Tx, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], str]:
    identities = [(arrival.source, arrival.event_id) for arrival in arrivals]
    where = tuple_(events.c.source, events.c.event_id).in_(identities)
    rows = tx.connection.execute(select(events.c.source, events.c.event_id, events.c.digest).where(where))
    return {(row.source, row.event_id): row.digest for row in rows}


def _known_posts(tx: Tx, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], _Known]:
    wanted = {(arrival.source, arrival.post.id) for arrival in arrivals if arrival.post}
    if not wanted:
        return {}
    rows = tx.connection.execute(select(posts).where(tuple_(posts.c.source, posts.c.cms_id).in_(wanted))).all()
    known = {
        (row.source, row.cms_id): _Known(row.id, row.status, row.revision, row.content_hash, row.modified_at)
        for row in rows
    }
    if by_id := {post.id: post for post in known.values()}:
        columns = (deliveries.c.id, deliveries.c.post_id, deliveries.c.account, deliveries.c.state, deliveries.c.reason)
        ours = deliveries.c.post_id.in_(by_id) & (deliveries.c.action == Action.PUBLISH)
        for row in tx.connection.execute(select(*columns).where(ours).order_by(deliveries.c.ordinal)):
            by_id[row.post_id].plans.setdefault(row.account, []).append((row.id, row.state, row.reason))
    return known


def _take(
    tx: Tx, writes: _Writes, known: dict[tuple[str, str], _Known], arrival: Arrival, post: _Known | None
) -> Intake:
    if arrival.event is None or arrival.post is None:
        tx.audit(arrival.actor, "event.ignored", arrival.source, told_by=arrival.event_id, why=arrival.verdict)
        return Intake(f"ignored: {arrival.verdict}", post.id if post else "")
    if post and arrival.post.modified_at < post.modified_at:
        tx.audit(arrival.actor, "event.older", post.id, told_by=arrival.event_id)
        return Intake("older than what is known", post.id, _ids(post))
    if arrival.event in (Event.UNPUBLISH, Event.DELETE):
        return _withdraw(tx, writes, known, arrival, post)
    return _tell(tx, writes, known, arrival, post)


def _tell(
    tx: Tx, writes: _Writes, known: dict[tuple[str, str], _Known], arrival: Arrival, post: _Known | None
) -> Intake:
    """A publish or update: a new Post, a new revision, or nothing new; only a publish makes Deliveries."""
    assert arrival.post
    digest = content_hash(arrival.post)
    if post is None:
        post = known[arrival.source, arrival.post.id] = _create(tx, writes, arrival, digest)
        verdict = "new"
    elif post.content_hash == digest and post.status == PUBLISHED:
        _saved_again(tx, writes, post, arrival.post.modified_at)
        if arrival.event is Event.UPDATE or post.plans:
            return Intake(DUPLICATE, post.id, _ids(post))
        verdict = "published"
    else:
        verdict = _revise(tx, writes, arrival, post, digest)
    if arrival.event is Event.UPDATE:
        return Intake(f"{verdict}: recorded", post.id, _ids(post))
    return _schedule(tx, writes, arrival, post, verdict)


def _saved_again(tx: Tx, writes: _Writes, post: _Known, modified_at: datetime) -> None:
    """The same content with a later stamp: what comes late must be measured against that."""
    if modified_at > post.modified_at:
        _flush_posts(tx, writes)
        post.modified_at = modified_at
        tx.connection.execute(update(posts).where(posts.c.id == post.id).values(modified_at=modified_at))


def _create(tx: Tx, writes: _Writes, arrival: Arrival, digest: str, status: str = PUBLISHED) -> _Known:
    assert arrival.post
    made = _Known(str(ULID()), status, 1, digest, arrival.post.modified_at)
    writes.posts.append(
        {
            "id": made.id,
            "source": arrival.source,
            "cms_id": arrival.post.id,
            "edition": arrival.post.edition,
            "title": arrival.post.title,
            "url": arrival.post.url,
            "status": status,
            "revision": 1,
            "content_hash": digest,
            "modified_at": arrival.post.modified_at,
            "created_at": tx.now,
        }
    )
    writes.revisions.append(_revision_row(tx, made, arrival.post))
    tx.audit(arrival.actor, "post.created", made.id, source=arrival.source, told_by=arrival.event_id)
    return made


def _revise(tx: Tx, writes: _Writes, arrival: Arrival, post: _Known, digest: str) -> str:
    assert arrival.post
    _flush_posts(tx, writes)
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
    writes.revisions.append(_revision_row(tx, post, arrival.post))
    tx.audit(arrival.actor, "post.updated", post.id, revision=post.revision, told_by=arrival.event_id)
    return "updated"


def _schedule(tx: Tx, writes: _Writes, arrival: Arrival, post: _Known, verdict: str) -> Intake:
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
    return Intake(verdict, post.id, _ids(post), frozenset(made))


def _withdraw(
    tx: Tx, writes: _Writes, known: dict[tuple[str, str], _Known], arrival: Arrival, post: _Known | None
) -> Intake:
    """The Post is gone at the CMS: what still waits is cancelled, what is out is left for a later action."""
    assert arrival.event
    assert arrival.post
    if post is None:
        made = _create(tx, writes, arrival, content_hash(arrival.post), WITHDRAWN)
        known[arrival.source, arrival.post.id] = made
        return Intake(arrival.event.value, made.id)
    _flush_posts(tx, writes)
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
    return Intake(arrival.event.value, post.id, _ids(post))


def _flush_posts(tx: Tx, writes: _Writes) -> None:
    """A Post that came earlier in this very batch must stand in its table before it can be changed."""
    for table, rows in ((posts, writes.posts), (revisions, writes.revisions), (deliveries, writes.deliveries)):
        if rows:
            tx.connection.execute(insert(table), rows)
            rows.clear()


def _revision_row(tx: Tx, known: _Known, post: Post) -> dict[str, Any]:
    return {"post_id": known.id, "number": known.revision, "body": to_json(post), "received_at": tx.now}


def _event_row(tx: Tx, arrival: Arrival, result: Intake) -> dict[str, Any]:
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


def _ids(post: _Known | None) -> tuple[str, ...]:
    if post is None:
        return ()
    return tuple(delivery_id for plans in post.plans.values() for delivery_id, _, _ in plans)
