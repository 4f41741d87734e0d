"""Who may look: names with scrypt hashes, and one-time login links kept as digests."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from publisher.store.commit import Tx
from publisher.store.tables import login_links, users


@dataclass(frozen=True)
class User:
    name: str
    password_hash: str


@dataclass(frozen=True)
class LoginLink:
    """A one-time secret that logs `user` in until `expires_at`; only its SHA-256 is kept."""

    secret: str
    user: str
    expires_at: datetime

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()


def save_user(tx: Tx, people: Sequence[User]) -> list[None]:
    """Make or replace each user."""
    for user in people:
        tx.connection.execute(delete(users).where(users.c.name == user.name))
        row = {"name": user.name, "password": user.password_hash, "created_at": tx.now}
        tx.connection.execute(insert(users), [row])
        tx.audit("shell", "user.saved", user.name)
    return [None] * len(people)


def password_hash(connection: Connection, name: str) -> str:
    """The stored hash of a user, "" for one we do not know."""
    return connection.scalar(select(users.c.password).where(users.c.name == name)) or ""


def offer_link(tx: Tx, links: Sequence[LoginLink]) -> list[None]:
    """Keep the digests of fresh links."""
    rows = [{"digest": link.digest, "user": link.user, "expires_at": link.expires_at} for link in links]
    tx.connection.execute(insert(login_links), rows)
    return [None] * len(links)


def redeem_link(tx: Tx, secrets: Sequence[str]) -> list[str]:
    """The user each secret logs in, once; "" where it is unknown, used or too old."""
    return [_redeem(tx, hashlib.sha256(secret.encode()).hexdigest()) for secret in secrets]


def _redeem(tx: Tx, digest: str) -> str:
    gone: Any = delete(login_links).where(login_links.c.digest == digest)
    row = tx.connection.execute(gone.returning(login_links.c.user, login_links.c.expires_at)).one_or_none()
    if row is None or row.expires_at <= tx.now:
        return ""
    tx.audit(f"person:{row.user}", "user.link_used", row.user)
    return str(row.user)
