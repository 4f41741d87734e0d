"""What every worker tidies every few seconds: dead claims, silent sends, stale news. Harmless when doubled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from publisher.domain.model import Delivery, Reason, State
from publisher.domain.policy import DOUBT_SECONDS, Settlement
from publisher.store.commit import Tx
from publisher.store.queue import delivery_of
from publisher.store.tables import attempts, deliveries

LEASED = deliveries.c.state.in_((State.CLAIMED, State.SENDING))


@dataclass(frozen=True)
class Move:
    """A change of state decided outside a worker: guarded by the state and token it was decided on.

    `fresh`: a person has made sure that nothing is out, so doubt and draft end and the Delivery lives another day.
    """

    delivery: Delivery
    settlement: Settlement
    actor: str
    why: str = ""
    fresh: bool = False


def tidy(tx: Tx, owners: Sequence[str]) -> list[int]:
    """Claims whose lease ran out wait again; sends whose lease ran out are in doubt; what is too old fails."""
    owner = owners[0]
    over = (deliveries.c.lease_until <= tx.now) & LEASED
    changed = _dead_claims(tx, over, owner) + _silent_sends(tx, over, owner) + _too_old(tx, owner)
    return [changed] * len(owners)


def leased_owners(connection: Connection) -> list[str]:
    """Who holds claims or is sending."""
    return sorted(connection.scalars(select(deliveries.c.owner).where(LEASED).distinct()))


def bury(tx: Tx, owners: Sequence[str]) -> list[int]:
    """End the leases of workers that are known to be dead; the next `tidy` does the rest."""
    return [_bury(tx, owner) for owner in owners]


def _bury(tx: Tx, owner: str) -> int:
    theirs = (deliveries.c.owner == owner) & LEASED & (deliveries.c.lease_until > tx.now)
    return tx.connection.execute(update(deliveries).where(theirs).values(lease_until=tx.now)).rowcount


def _dead_claims(tx: Tx, over: Any, owner: str) -> int:
    values = {
        "state": State.WAITING,
        "reason": Reason.LEASE_EXPIRED,
        "token": deliveries.c.token + 1,
        "lease_until": None,
        "again_at": tx.now,
        "changed_at": tx.now,
    }
    dead = update(deliveries).where(over, deliveries.c.state == State.CLAIMED).values(values)
    return _audited(tx, dead.returning(deliveries.c.id), owner, "delivery.waiting", Reason.LEASE_EXPIRED)


def _silent_sends(tx: Tx, over: Any, owner: str) -> int:
    silent = tx.connection.execute(select(deliveries).where(over, deliveries.c.state == State.SENDING)).all()
    for row in silent:
        # the doubt began when the Attempt did, not when somebody noticed: the platform's window runs from then
        attempt = (attempts.c.delivery_id == row.id) & (attempts.c.token == row.token)
        started = tx.connection.scalar(select(attempts.c.started_at).where(attempt))
        values = {
            "state": State.IN_DOUBT,
            "reason": Reason.OUTCOME_UNKNOWN,
            "note": "the worker died or hung while sending",
            "token": row.token + 1,
            "lease_until": None,
            "again_at": tx.now + timedelta(seconds=DOUBT_SECONDS),
            "changed_at": tx.now,
            "doubt_at": row.doubt_at or started or row.changed_at,
        }
        tx.connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(values))
        closed = {"ended_at": tx.now, "outcome": "abandoned", "message": "no end was reported"}
        tx.connection.execute(update(attempts).where(attempt & attempts.c.ended_at.is_(None)).values(closed))
        tx.audit(owner, "delivery.in_doubt", row.id, reason=Reason.LEASE_EXPIRED)
    return len(silent)


def _too_old(tx: Tx, owner: str) -> int:
    stale = (deliveries.c.state == State.WAITING) & (deliveries.c.expires_at <= tx.now)
    values = {"reason": Reason.EXPIRED, "note": "too old before it could go out", "changed_at": tx.now}
    failed = update(deliveries).where(stale, deliveries.c.doubt_at.is_(None)).values(state=State.FAILED, **values)
    values |= {"reason": Reason.OUTCOME_UNKNOWN, "note": "too old to repeat; it may be out: look at the network"}
    held = update(deliveries).where(stale, deliveries.c.doubt_at.is_not(None)).values(state=State.HELD, **values)
    return _audited(tx, failed.returning(deliveries.c.id), owner, "delivery.failed", Reason.EXPIRED) + _audited(
        tx, held.returning(deliveries.c.id), owner, "delivery.held", Reason.OUTCOME_UNKNOWN
    )


def _audited(tx: Tx, statement: Any, actor: str, event: str, reason: str) -> int:
    ids = [row.id for row in tx.connection.execute(statement)]
    for delivery_id in ids:
        tx.audit(actor, event, delivery_id, reason=reason)
    return len(ids)


def move(tx: Tx, moves: Sequence[Move]) -> list[bool]:
    """Apply each Move whose Delivery still stands as it was decided on."""
    return [_move(tx, one) for one in moves]


def _move(tx: Tx, one: Move) -> bool:
    before, after = one.delivery, one.settlement
    where = (deliveries.c.id == before.id) & (deliveries.c.state == before.state) & (deliveries.c.token == before.token)
    values: dict[str, Any] = {
        "state": after.state,
        "reason": after.reason,
        "note": after.note,
        "again_at": after.again_at or before.again_at,
        "changed_at": tx.now,
        "token": before.token + 1,
        "lease_until": None,
    }
    if after.receipt:
        values |= {"receipt_ids": list(after.receipt.ids), "receipt_url": after.receipt.url}
    if one.fresh:
        values |= {"doubt_at": None, "draft": None, "expires_at": max(before.expires_at, tx.now + timedelta(days=1))}
    if not tx.connection.execute(update(deliveries).where(where).values(values)).rowcount:
        return False
    tx.audit(one.actor, f"delivery.{after.state.value}", before.id, reason=after.reason, why=one.why)
    return True


def doubtful(connection: Connection, now: Any, most: int = 200) -> list[Delivery]:
    """Deliveries in doubt whose time to be settled has come, oldest first."""
    due = select(deliveries).where(deliveries.c.state == State.IN_DOUBT, deliveries.c.again_at <= now)
    return [delivery_of(row) for row in connection.execute(due.order_by(deliveries.c.again_at).limit(most))]


def due_channels(connection: Connection, now: Any) -> list[str]:
    """Channels that have something to send now."""
    due = select(deliveries.c.channel).where(deliveries.c.state == State.WAITING, deliveries.c.again_at <= now)
    return sorted(connection.scalars(due.distinct()))
