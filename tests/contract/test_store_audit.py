"""The audit chain: append-only for everyone who asks the database, and telling on everyone who goes around it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from publisher.domain.model import AuditEntry, Event, Reason, State
from publisher.domain.policy import Settlement
from publisher.store import Store, chain
from tests.contract.conftest import Clock, Desk, article, published

UNGUARD = {
    "sqlite": ("DROP TRIGGER audit_no_UPDATE", "DROP TRIGGER audit_no_DELETE"),
    "postgresql": ("DROP TRIGGER audit_guard ON audit",),
}


def a_day(desk: Desk) -> None:
    """Ten entries on three subjects."""
    desk.settle(desk.sent(), published())
    desk.clock.advance(60)
    desk.settle(desk.sent(post=article("a-2")), Settlement(State.FAILED, Reason.REJECTED, "too long"))


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def forgery(desk: Desk, open_store: Callable[..., Store], make_database: Callable[..., str], back_end: str) -> Store:
    """A copy of a day's database without the triggers: what somebody with the file or the password can do."""
    a_day(desk)
    assert desk.store.verify_audit() == (10, "")
    desk.store.engine.dispose()  # so that the copy is whole
    copy: Store = open_store(Clock(), make_database(back_end, desk.store.url))
    assert copy.verify_audit() == (10, "")
    execute(copy.engine, *UNGUARD[back_end])
    return copy


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE seq = 1"])
def test_the_database_refuses_to_change_an_entry(desk: Desk, statement: str) -> None:
    a_day(desk)
    with pytest.raises(DBAPIError, match="append-only"):
        execute(desk.store.engine, statement)


def test_postgresql_refuses_to_empty_the_log(desk: Desk, back_end: str) -> None:
    if back_end == "sqlite":
        pytest.skip("SQLite has no TRUNCATE; its DELETE is tested above")
    a_day(desk)
    with pytest.raises(DBAPIError, match="append-only"):
        execute(desk.store.engine, "TRUNCATE audit")


TAMPERED = {
    "actor": ("UPDATE audit SET actor = 'nobody' WHERE seq = 4", "entry 4 ("),
    "event": ("UPDATE audit SET event = 'delivery.failed' WHERE seq = 5", "entry 5 (delivery.failed"),
    "subject": ("UPDATE audit SET subject = 'other' WHERE seq = 2", "entry 2 ("),
    "detail": ("UPDATE audit SET detail = '{}' WHERE seq = 1", "entry 1 (post.created"),
    "time": ("UPDATE audit SET at = at + 1 WHERE seq = 10", "entry 10 (delivery.failed"),
    "hash": ("UPDATE audit SET hash = 'f' WHERE seq = 3", "entry 3 ("),
    "removed": ("DELETE FROM audit WHERE seq = 6", "entry 6 is missing (the next one is 7)"),
    "first removed": ("DELETE FROM audit WHERE seq = 1", "entry 1 is missing (the next one is 2)"),
    "cut off": ("DELETE FROM audit WHERE seq > 8", "the chain ends at entry 8, but its head says 10"),
    "emptied": ("DELETE FROM audit", "the chain ends at entry 0, but its head says 10"),
    "head set back": ("UPDATE audit_head SET seq = 9", "the chain ends at entry 10, but its head says 9"),
}


@pytest.mark.parametrize(("statement", "words"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_done_behind_our_back_is_named(forgery: Store, statement: str, words: str) -> None:
    execute(forgery.engine, statement)
    count, problem = forgery.verify_audit()
    assert problem.startswith(words)
    assert count < 10 or "head" in problem


def test_two_entries_that_changed_places_are_named(forgery: Store) -> None:
    moves = ("SET seq = 99 WHERE seq = 3", "SET seq = 3 WHERE seq = 4", "SET seq = 4 WHERE seq = 99")
    execute(forgery.engine, *(f"UPDATE audit {move}" for move in moves))
    count, problem = forgery.verify_audit()
    assert count == 2
    assert problem.startswith("entry 3 (")
    assert problem.endswith("was changed or moved")


def test_an_entry_slipped_in_at_the_end_is_named(forgery: Store) -> None:
    execute(
        forgery.engine,
        "INSERT INTO audit (seq, at, actor, event, subject, detail, hash)"
        " SELECT 11, at, actor, event, subject, detail, hash FROM audit WHERE seq = 10",
    )
    count, problem = forgery.verify_audit()
    assert count == 10
    assert problem.startswith("entry 11 (delivery.failed of ")


def test_every_kind_of_change_leaves_its_entry(desk: Desk) -> None:
    intake = desk.tell(accounts=("north", "south"))
    north, south = desk.claim()
    desk.settle(desk.send(north), published())
    desk.tell(Event.UPDATE, article(minutes=1, title="Swifts"))
    desk.tell(Event.DELETE, article(minutes=2))
    assert desk.trail(intake.post_id) == ["post.created", "post.updated", "post.delete"]
    assert desk.trail(north.id) == [f"delivery.{word}" for word in ("created", "claimed", "sending", "published")]
    assert desk.trail(south.id) == [f"delivery.{word}" for word in ("created", "claimed", "cancelled")]


def test_words_of_every_script_are_chained_as_they_are(desk: Desk) -> None:
    entry = AuditEntry(
        "person:آدا", "noted", "نحل \u200fو🐝", {"why": 'quote " slash / newline \n', "n": [1, 2.5, None, True]}
    )
    desk.store.note(entry).result()
    assert desk.store.verify_audit() == (1, "")


def test_verifying_while_others_write_is_no_false_alarm(desk: Desk, open_store: Callable[..., Store]) -> None:
    writer: Store = open_store(desk.clock)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            writer.note(AuditEntry("test", "noted", "x")).result()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        problems = {desk.store.verify_audit()[1] for _ in range(60)}
    finally:
        stop.set()
        thread.join()
    assert problems == {""}


def test_verifying_reads_a_moment_that_others_can_not_touch(desk: Desk) -> None:
    """The same, decided by order instead of luck: an entry is written between reading the log and reading its head."""
    desk.store.note(AuditEntry("test", "noted", "before")).result()
    with desk.store.reading() as connection:
        rows = list(chain.entries(connection))
        desk.store.note(AuditEntry("test", "noted", "between")).result()
        assert head(connection) == len(rows) == 1


def head(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT seq FROM audit_head")) or 0)
