"""How Attempts end: the new state, its AuditEntry and the Attempt's own end, all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from publisher.domain.model import JSON, Delivery, Reason, State
from publisher.domain.policy import Settlement
from publisher.store.commit import Tx
from publisher.store.queue import attempt_row, current
from publisher.store.tables import attempts, canonical, deliveries

DRAFT_CHARACTERS = 16_384
"""Longest value of a draft that is kept once the post is out."""

SETTLED = (
    "state",
    "reason",
    "note",
    "again_at",
    "tries",
    "token",
    "doubt_at",
    "lease_until",
    "changed_at",
    "receipt_ids",
    "receipt_url",
)
ENDED = ("ended_at", "outcome", "message", "transcript")

# Statements are built once: on the hot path building costs as much as running.
SETTLE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"))
    .values({name: bindparam(f"b_{name}") for name in SETTLED})
)
CLOSE = (
    update(attempts)
    .where(attempts.c.delivery_id == bindparam("b_delivery"), attempts.c.token == bindparam("b_at"))
    .values({name: bindparam(f"b_{name}") for name in ENDED})
)
# Whoever was sending once more when a late success came in may never say how that went.
OVERTAKEN = (
    update(attempts)
    .where(attempts.c.delivery_id == bindparam("b_delivery"), attempts.c.token != bindparam("b_at"))
    .where(attempts.c.ended_at.is_(None))
    .values(ended_at=bindparam("b_now"), outcome="overtaken", message="an earlier attempt turned out to be published")
)


@dataclass(frozen=True)
class Settling:
    """How one Attempt ended. `started_at` is set where no `Sending` announced it."""

    delivery: Delivery
    settlement: Settlement
    owner: str
    started_at: datetime
    transcript: list[JSON]


def settle(tx: Tx, ended: Sequence[Settling]) -> list[bool]:
    """Write how Attempts ended. False where the fence had moved; a late success is written all the same."""
    rows = current(tx, [item.delivery.id for item in ended])
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
        if true_late and not ours:
            tx.connection.execute(OVERTAKEN, {"b_delivery": row.id, "b_at": item.delivery.token, "b_now": tx.now})
    _close_attempts(tx, ended, rows)
    _slim(tx, [rows[item.delivery.id] for item in ended if item.settlement.state == State.PUBLISHED])
    if changes:
        tx.connection.execute(SETTLE, changes)
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
    if not (settlement.hold_account or settlement.pause_until):
        return
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
            whole.append({**attempt_row(item.delivery, item.owner, item.started_at), **result})
    if closed:
        tx.connection.execute(CLOSE, closed)
    if whole:
        tx.connection.execute(insert(attempts), whole)


def _slim(tx: Tx, published: Sequence[Any]) -> None:
    """What is out needs no picture in its draft any more: long values give way to their length."""
    for row in published:
        if (row.draft_characters or 0) > DRAFT_CHARACTERS:
            draft = tx.connection.scalars(select(deliveries.c.draft).where(deliveries.c.id == row.id)).one()
            kept = {name: _brief(value) for name, value in draft.items()}
            tx.connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(draft=kept))


def _brief(value: Any) -> Any:
    length = len(canonical(value))
    return value if length <= DRAFT_CHARACTERS else f"<{length} characters, sent>"


def _said(settlement: Settlement) -> JSON:
    detail: JSON = {"reason": settlement.reason} if settlement.reason else {}
    if settlement.receipt:
        detail |= {"ids": list(settlement.receipt.ids), "url": settlement.receipt.url}
    return detail
