"""The queue of record: claim and announce; `settling` and `sweep` do the rest.

Every change of state is guarded by state and fence. A claim raises the Delivery's token; whoever holds an older token
can change nothing any more, except to report that a post is out, which is always true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from ulid import ULID

from publisher.domain.model import JSON, Action, Delivery, Receipt, State
from publisher.store.commit import Tx
from publisher.store.tables import attempts, deliveries

LEASE_SECONDS = 120
"""Longer than the longest call (40 s) and the slow work before it; a claim must reach `sending` in its first half."""


@dataclass(frozen=True)
class Claim:
    """A wish for work of one channel; `owner` is the worker."""

    channel: str
    limit: int
    owner: str


@dataclass(frozen=True)
class Sending:
    """The announcement of one irreversible request, with the draft it will send."""

    delivery: Delivery
    draft: JSON
    draft_at: datetime
    owner: str


def delivery_of(row: Any) -> Delivery:
    """A row of `deliveries` as the noun."""
    receipt = Receipt(tuple(row.receipt_ids), row.receipt_url or "") if row.receipt_ids else None
    return Delivery(
        id=row.id,
        post_id=row.post_id,
        account=row.account,
        channel=row.channel,
        edition=row.edition,
        action=Action(row.action),
        state=State(row.state),
        reason=row.reason,
        created_at=row.created_at,
        again_at=row.again_at,
        expires_at=row.expires_at,
        tries=row.tries,
        token=row.token,
        doubt_at=row.doubt_at,
        draft=getattr(row, "draft", None),
        draft_at=row.draft_at,
        receipt=receipt,
        note=row.note,
    )


# Statements are built once: on the hot path building costs as much as running.
CURRENT = select(
    deliveries.c.id,
    deliveries.c.token,
    deliveries.c.state,
    deliveries.c.lease_until,
    deliveries.c.tries,
    deliveries.c.doubt_at,
    deliveries.c.again_at,
    deliveries.c.receipt_ids,
    deliveries.c.receipt_url,
    func.length(deliveries.c.draft).label("draft_characters"),
).where(deliveries.c.id.in_(bindparam("ids", expanding=True)))

SEND = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"))
    .values(
        state=State.SENDING,
        lease_until=bindparam("b_lease_until"),
        changed_at=bindparam("b_now"),
        tries=deliveries.c.tries + 1,
        draft=bindparam("b_draft"),
        draft_at=bindparam("b_draft_at"),
    )
)


def claim(tx: Tx, wishes: Sequence[Claim]) -> list[list[Delivery]]:
    """What is due for each wish, oldest first, now `claimed` under a fresh lease and token."""
    return [_claim(tx, wish) for wish in wishes]


def _claim(tx: Tx, wish: Claim) -> list[Delivery]:
    due = (
        select(deliveries.c.id)
        .where(deliveries.c.channel == wish.channel, deliveries.c.state == State.WAITING)
        .where(deliveries.c.again_at <= tx.now, deliveries.c.expires_at > tx.now)
        .order_by(deliveries.c.again_at, deliveries.c.id)
        .limit(wish.limit)
    )
    values = {
        "state": State.CLAIMED,
        "token": deliveries.c.token + 1,
        "lease_until": tx.now + timedelta(seconds=LEASE_SECONDS),
        "owner": wish.owner,
        "changed_at": tx.now,
    }
    statement = update(deliveries).where(deliveries.c.id.in_(due)).values(values).returning(*deliveries.c)
    claimed = [delivery_of(row) for row in tx.connection.execute(statement)]
    for delivery in claimed:
        tx.audit(wish.owner, "delivery.claimed", delivery.id, token=delivery.token)
    return sorted(claimed, key=lambda delivery: (delivery.again_at, delivery.id))


def sending(tx: Tx, announced: Sequence[Sending]) -> list[bool]:
    """Open an Attempt for each and mark it `sending`; False where the fence moved or half the lease is gone."""
    rows = current(tx, [item.delivery.id for item in announced])
    half = timedelta(seconds=LEASE_SECONDS / 2)
    allowed, changes, opened = [], [], []
    for item in announced:
        row = rows[item.delivery.id]
        ours = row.token == item.delivery.token and row.state == State.CLAIMED and row.lease_until - tx.now > half
        allowed.append(ours)
        if ours:
            changes.append(
                {
                    "b_id": row.id,
                    "b_draft": item.draft,
                    "b_draft_at": item.draft_at,
                    "b_now": tx.now,
                    "b_lease_until": tx.now + timedelta(seconds=LEASE_SECONDS),
                }
            )
            opened.append(attempt_row(item.delivery, item.owner, tx.now))
            tx.audit(item.owner, "delivery.sending", row.id, token=row.token)
    if changes:
        tx.connection.execute(SEND, changes)
        tx.connection.execute(insert(attempts), opened)
    return allowed


def current(tx: Tx, ids: Sequence[str]) -> dict[str, Any]:
    """How the Deliveries stand now, by id, without their drafts."""
    return {row.id: row for row in tx.connection.execute(CURRENT, {"ids": list(ids)})}


def attempt_row(delivery: Delivery, owner: str, started_at: datetime) -> dict[str, Any]:
    """A fresh Attempt, still without an end."""
    return {
        "id": str(ULID()),
        "delivery_id": delivery.id,
        "token": delivery.token,
        "owner": owner,
        "started_at": started_at,
    }
