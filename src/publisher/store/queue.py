"""The queue of record: claim, send, settle, sweep. Every change of state is guarded by state and fence.

A claim raises the Delivery's token; whoever holds an older token can change nothing any more, except to report that
a post is out, which is always true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from ulid import ULID

from publisher.domain.model import JSON, Action, Delivery, Reason, Receipt, State
from publisher.domain.policy import Settlement
from publisher.store.commit import Tx
from publisher.store.tables import attempts, canonical, deliveries

DRAFT_CHARACTERS = 16_384
"""Longest value of a draft that is kept once the post is out."""

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


@dataclass(frozen=True)
class Settling:
    """How one Attempt ended. `started_at` is set where no `Sending` announced it."""

    delivery: Delivery
    settlement: Settlement
    owner: str
    started_at: datetime
    transcript: list[JSON]


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
    rows = _current(tx, [item.delivery.id for item in announced])
    half = timedelta(seconds=LEASE_SECONDS / 2)
    allowed, changes, opened = [], [], []
    for item in announced:
        row = rows[item.delivery.id]
        ours = row.token == item.delivery.token and row.state == State.CLAIMED and row.lease_until - tx.now > half
        allowed.append(ours)
        if ours:
            change = {"b_id": row.id, "b_draft": item.draft, "b_draft_at": item.draft_at}
            changes.append(change)
            opened.append(_attempt(tx, item.delivery, item.owner, tx.now))
            tx.audit(item.owner, "delivery.sending", row.id, token=row.token)
    if changes:
        values: dict[str, Any] = {
            "state": State.SENDING,
            "lease_until": tx.now + timedelta(seconds=LEASE_SECONDS),
            "changed_at": tx.now,
            "tries": deliveries.c.tries + 1,
            "draft": bindparam("b_draft"),
            "draft_at": bindparam("b_draft_at"),
        }
        statement = update(deliveries).where(deliveries.c.id == bindparam("b_id")).values(values)
        tx.connection.execute(statement, changes)
        tx.connection.execute(insert(attempts), opened)
    return allowed


def settle(tx: Tx, ended: Sequence[Settling]) -> list[bool]:
    """Write how Attempts ended. False where the fence had moved; a late success is written all the same."""
    rows = _current(tx, [item.delivery.id for item in ended])
    if len(rows) < len(ended):  # two words on one Delivery meet: the later one must see what the first one did
        return [result for item in ended for result in settle(tx, [item])]
    written, changes = [], []
    for item in ended:
        row, settlement = rows[item.delivery.id], item.settlement
        ours = _is_held_by(row, item.delivery)
        true_late = settlement.state == State.PUBLISHED and row.state != State.PUBLISHED
        written.append(ours or true_late)
        if ours or true_late:
            changes.append(_change(tx, row, item, ours=ours))
            tx.audit(item.owner, f"delivery.{settlement.state.value}", row.id, **_said(settlement))
    _close_attempts(tx, ended, rows)
    _slim(tx, [rows[item.delivery.id] for item in ended if item.settlement.state == State.PUBLISHED])
    if changes:
        fields = [name for name in changes[0] if name != "b_id"]
        values: dict[str, Any] = {name.removeprefix("b_"): bindparam(name) for name in fields}
        tx.connection.execute(update(deliveries).where(deliveries.c.id == bindparam("b_id")).values(values), changes)
    for item in ended:
        _account_wide(tx, item)
    return written


def _is_held_by(row: Any, delivery: Delivery) -> bool:
    """Whether the worker that holds `delivery` still holds it in the database."""
    return bool(row.token == delivery.token) and row.state in (State.CLAIMED, State.SENDING)


def _change(tx: Tx, row: Any, item: Settling, *, ours: bool) -> dict[str, Any]:
    settlement, receipt = item.settlement, item.settlement.receipt
    announced = row.state == State.SENDING
    tries = row.tries + (0 if announced else 1) if settlement.counts else row.tries - (1 if announced else 0)
    doubt_at = row.doubt_at or (item.started_at if settlement.doubt else None)
    return {
        "b_id": row.id,
        "b_state": settlement.state,
        "b_reason": settlement.reason,
        "b_note": settlement.note[:2000],
        "b_again_at": settlement.again_at or row.again_at,
        "b_tries": tries if ours else row.tries,
        "b_token": row.token if ours else row.token + 1,
        "b_doubt_at": doubt_at,
        "b_lease_until": None,
        "b_changed_at": tx.now,
        "b_receipt_ids": list(receipt.ids) if receipt else row.receipt_ids,
        "b_receipt_url": receipt.url if receipt else row.receipt_url,
    }


def _account_wide(tx: Tx, item: Settling) -> None:
    """What one answer says of all that waits for the same Account: hold it, or let it wait."""
    settlement = item.settlement
    waiting = (deliveries.c.account == item.delivery.account) & (deliveries.c.state == State.WAITING)
    if settlement.hold_account:
        values = {"state": State.HELD, "reason": Reason.RECONNECT, "note": settlement.note, "changed_at": tx.now}
        held = update(deliveries).where(waiting).values(values).returning(deliveries.c.id)
        for row in tx.connection.execute(held):
            tx.audit(item.owner, "delivery.held", row.id, reason=Reason.RECONNECT)
    elif settlement.pause_until:
        early = waiting & (deliveries.c.again_at < settlement.pause_until)
        tx.connection.execute(update(deliveries).where(early).values(again_at=settlement.pause_until))


def _close_attempts(tx: Tx, ended: Sequence[Settling], rows: dict[str, Any]) -> None:
    """The Attempt that `sending` opened gets its end; one that never came so far is written whole."""
    closed, whole = [], []
    for item in ended:
        result = {
            "ended_at": tx.now,
            "outcome": item.settlement.outcome,
            "message": item.settlement.note[:2000],
            "transcript": item.transcript,
        }
        if item.delivery.state == State.SENDING:
            bound = {f"b_{name}": value for name, value in result.items()}
            closed.append({"b_delivery": item.delivery.id, "b_at": item.delivery.token, **bound})
        elif _is_held_by(rows[item.delivery.id], item.delivery):
            whole.append({**_attempt(tx, item.delivery, item.owner, item.started_at), **result})
    if closed:
        names = ("ended_at", "outcome", "message", "transcript")
        where = (attempts.c.delivery_id == bindparam("b_delivery")) & (attempts.c.token == bindparam("b_at"))
        bound_values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
        tx.connection.execute(update(attempts).where(where).values(bound_values), closed)
    if whole:
        tx.connection.execute(insert(attempts), whole)


def _attempt(tx: Tx, delivery: Delivery, owner: str, started_at: datetime) -> dict[str, Any]:
    del tx
    return {
        "id": str(ULID()),
        "delivery_id": delivery.id,
        "token": delivery.token,
        "owner": owner,
        "started_at": started_at,
    }


def _slim(tx: Tx, published: Sequence[Any]) -> None:
    """What is out needs no picture in its draft any more: long values give way to their length."""
    for row in published:
        if row.draft and len(canonical(row.draft)) > DRAFT_CHARACTERS:
            kept = {name: _brief(value) for name, value in row.draft.items()}
            tx.connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(draft=kept))


def _brief(value: Any) -> Any:
    length = len(canonical(value))
    return value if length <= DRAFT_CHARACTERS else f"<{length} characters, sent>"


def _current(tx: Tx, ids: Sequence[str]) -> dict[str, Any]:
    return {row.id: row for row in tx.connection.execute(select(deliveries).where(deliveries.c.id.in_(ids)))}


def _said(settlement: Settlement) -> JSON:
    detail: JSON = {"reason": settlement.reason} if settlement.reason else {}
    if settlement.receipt:
        detail |= {"ids": list(settlement.receipt.ids), "url": settlement.receipt.url}
    return detail
