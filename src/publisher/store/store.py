"""The door to the database: each verb of the house once, merged into shared commits where threads meet."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from publisher.domain.model import AuditEntry, Delivery
from publisher.store import chain, ingest, people, pictures, queue, read, schedule, settling, sweep
from publisher.store.arrivals import Arrival, Intake
from publisher.store.commit import Committer, Tx
from publisher.store.database import connect, snapshot
from publisher.store.migrate import migrate, pending


def utc_now() -> datetime:
    """The one clock of the store."""
    return datetime.now(UTC)


class Store:
    """SQLite or PostgreSQL behind one set of verbs; open one per process, never across a fork."""

    def __init__(self, url: str, clock: Callable[[], datetime] = utc_now) -> None:
        self.url, self.clock = url, clock
        self.engine = connect(url)
        self.committer = Committer(self.engine, clock)

    def migrate(self) -> None:
        """Bring the tables up to date."""
        migrate(self.engine)

    def pending(self) -> str:
        """Why the tables are not up to date, "" when they are."""
        return pending(self.engine)

    def close(self) -> None:
        self.committer.close()
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for look-ups: one moment of the database, no write lock."""
        with snapshot(self.engine) as connection:
            yield connection

    # ---- intake --------------------------------------------------------------------------------------------------
    def ingest(self, arrival: Arrival) -> Future[Intake]:
        return self.committer.submit(ingest.ingest, arrival)

    def repost(self, wish: schedule.Repost) -> str:
        return self.committer.submit(schedule.repost, wish).result()

    # ---- the queue of record -------------------------------------------------------------------------------------
    def claim(self, channel: str, limit: int, owner: str) -> list[Delivery]:
        return self.committer.submit(queue.claim, queue.Claim(channel, limit, owner)).result()

    def sending(self, announced: queue.Sending) -> bool:
        return self.committer.submit(queue.sending, announced).result()

    def settle_soon(self, ended: settling.Settling) -> Future[bool]:
        return self.committer.submit(settling.settle, ended)

    def settle(self, ended: settling.Settling) -> bool:
        return self.settle_soon(ended).result()

    def leased_owners(self) -> list[str]:
        with self.reading() as connection:
            return sweep.leased_owners(connection)

    def bury(self, owner: str) -> int:
        return self.committer.submit(sweep.bury, owner).result()

    def tidy(self, owner: str) -> int:
        return self.committer.submit(sweep.tidy, owner).result()

    def move(self, one: sweep.Move) -> bool:
        return self.committer.submit(sweep.move, one).result()

    def doubtful(self) -> list[Delivery]:
        with self.reading() as connection:
            return sweep.doubtful(connection, self.clock())

    def due_channels(self) -> list[str]:
        with self.reading() as connection:
            return sweep.due_channels(connection, self.clock())

    # ---- pictures, people, audit ---------------------------------------------------------------------------------
    def keep_picture(self, picture: pictures.Picture) -> None:
        self.committer.submit(pictures.keep, picture).result()

    def save_user(self, user: people.User) -> None:
        self.committer.submit(people.save_user, user).result()

    def offer_link(self, link: people.LoginLink) -> None:
        self.committer.submit(people.offer_link, link).result()

    def redeem_link(self, secret: str) -> str:
        return self.committer.submit(people.redeem_link, secret).result()

    def note(self, entry: AuditEntry) -> Future[None]:
        """An AuditEntry of its own, for what changes no state (a refused webhook, a test of an Account)."""
        return self.committer.submit(_note, entry)

    def verify_audit(self) -> tuple[int, str]:
        with self.reading() as connection:
            return chain.verify(connection)

    # ---- look-ups ------------------------------------------------------------------------------------------------
    def look(self, lookup: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Run one of `read`'s look-ups on a connection of its own."""
        with self.reading() as connection:
            return lookup(connection, *args, **named)

    def posts(self, ids: Sequence[str]) -> dict[str, read.Current]:
        with self.reading() as connection:
            return read.post_bodies(connection, ids)

    def alive(self) -> None:
        """Raises where the database does not answer."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))


def _note(tx: Tx, entries: Sequence[AuditEntry]) -> list[None]:
    tx.trail.extend(entries)
    return [None] * len(entries)
