"""New Deliveries: from routing, and by a person's wish."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select
from ulid import ULID

from publisher.domain.model import Action, Reason, State
from publisher.store.arrivals import Planned
from publisher.store.commit import Tx
from publisher.store.tables import deliveries


def delivery_row(
    tx: Tx, post_id: str, planned: Planned, *, edition: str, ordinal: int, reason: str = Reason.NEW
) -> dict[str, Any]:
    """A fresh publish Delivery as its row."""
    return {
        "id": str(ULID()),
        "post_id": post_id,
        "account": planned.account,
        "channel": planned.channel,
        "edition": edition,
        "action": Action.PUBLISH,
        "ordinal": ordinal,
        "state": State.WAITING,
        "reason": reason,
        "created_at": tx.now,
        "changed_at": tx.now,
        "again_at": planned.again_at,
        "expires_at": planned.expires_at,
    }


@dataclass(frozen=True)
class Repost:
    """A person wants a Post on an Account (again): a new Delivery with a key of its own."""

    post_id: str
    edition: str
    planned: Planned
    actor: str
    why: str


def repost(tx: Tx, wishes: Sequence[Repost]) -> list[str]:
    """One new publish Delivery a wish, behind all earlier ones; their ids."""
    made = []
    for wish in wishes:
        account = (deliveries.c.post_id == wish.post_id) & (deliveries.c.account == wish.planned.account)
        last = tx.connection.scalar(select(func.max(deliveries.c.ordinal)).where(account))
        ordinal = 0 if last is None else last + 1
        row = delivery_row(tx, wish.post_id, wish.planned, edition=wish.edition, ordinal=ordinal, reason=Reason.REPOST)
        tx.connection.execute(insert(deliveries), [row])
        tx.audit(
            wish.actor, "delivery.created", row["id"], post=wish.post_id, account=wish.planned.account, why=wish.why
        )
        made.append(row["id"])
    return made
