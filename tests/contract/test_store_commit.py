"""Group commit: those who meet share one transaction, and nobody's fault is a neighbour's."""

import itertools
from collections.abc import Callable
from concurrent.futures import CancelledError
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from publisher.domain.model import AuditEntry
from publisher.store import Store
from publisher.store.chain import lock_head
from publisher.store.tables import audit, posts
from tests.contract.conftest import NOON, Desk, article

LONE_SURROGATE = "\ud800"
"""JSON can spell it, UTF-8 can't: no database takes it."""


def test_those_who_meet_share_one_moment(desk: Desk, open_store: Callable[..., Store]) -> None:
    ticks = itertools.count()
    store: Store = open_store(lambda: NOON + timedelta(seconds=next(ticks)))
    with store.engine.begin() as connection:
        lock_head(connection)
        notes = [store.note(AuditEntry("test", "noted", f"subject {number}")) for number in range(20)]
        assert not any(note.done() for note in notes)
    assert [note.result() for note in notes] == [None] * 20
    with store.reading() as connection:
        moments = connection.scalars(select(audit.c.at)).all()
    assert len(moments) == 20
    assert len(set(moments)) <= 2  # the first one may have been taken before the others came


def test_a_faulty_item_in_a_shared_batch_fails_alone(desk: Desk) -> None:
    titles = ["Bees", "Swifts", LONE_SURROGATE, "Herons", "Otters"]
    with desk.store.engine.begin() as connection:
        lock_head(connection)
        tellings = [
            desk.store.ingest(desk.arrival(post=article(f"a-{number}", title=title)))
            for number, title in enumerate(titles)
        ]
    assert isinstance(tellings.pop(2).exception(), UnicodeEncodeError)
    assert [telling.result().verdict for telling in tellings] == ["new"] * 4
    assert desk.count(posts) == 4


def test_one_who_gave_up_waiting_writes_nothing_and_stops_nobody(desk: Desk) -> None:
    with desk.store.engine.begin() as connection:
        lock_head(connection)
        desk.store.note(AuditEntry("test", "noted", "first"))
        second = desk.store.note(AuditEntry("test", "noted", "second"))
        second.cancel()
        third = desk.store.note(AuditEntry("test", "noted", "third"))
    third.result(timeout=20)
    with pytest.raises(CancelledError):
        second.result()
    assert (desk.trail("first"), desk.trail("second"), desk.trail("third")) == (["noted"], [], ["noted"])


def test_closing_finishes_what_is_queued(desk: Desk, open_store: Callable[..., Store]) -> None:
    store: Store = open_store(desk.clock)
    notes = [store.note(AuditEntry("test", "noted", "queued")) for _ in range(50)]
    store.close()
    assert all(note.done() for note in notes)
    assert desk.trail("queued") == ["noted"] * 50


def test_a_reader_sees_one_moment_and_holds_up_no_writer(desk: Desk) -> None:
    count = select(audit.c.seq)
    with desk.store.reading() as connection:
        before = len(connection.execute(count).all())
        desk.store.note(AuditEntry("test", "noted", "meanwhile")).result(timeout=20)
        assert len(connection.execute(count).all()) == before
    assert desk.count(audit) == before + 1


def test_a_dead_database_is_told(open_store: Callable[..., Store], back_end: str) -> None:
    nowhere = {"sqlite": "sqlite:////dev/null/no.sqlite", "postgresql": "postgresql://127.0.0.1:1/none"}
    store: Store = open_store(datetime.now, nowhere[back_end])
    with pytest.raises(DBAPIError):
        store.alive()
    with pytest.raises(DBAPIError):
        store.note(AuditEntry("test", "noted", "x")).result()


def test_a_live_database_is_alive(desk: Desk) -> None:
    desk.store.alive()
    with desk.store.reading() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
