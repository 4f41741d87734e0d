"""From nothing to the present tables, once, however many begin it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import inspect

from publisher.store import Store
from publisher.store.tables import metadata
from tests.contract.conftest import NOON, Clock, Desk


@pytest.fixture
def empty(make_database: Callable[..., str], back_end: str) -> str:
    return make_database(back_end)


def test_an_empty_database_says_what_it_wants(open_store: Callable[..., Store], empty: str) -> None:
    store: Store = open_store(Clock(), empty)
    assert store.pending() == "the tables stand at nothing, the program wants 0001"
    store.migrate()
    assert store.pending() == ""
    assert set(metadata.tables) <= set(inspect(store.engine).get_table_names())
    assert store.verify_audit() == (0, "")


def test_migrating_again_keeps_everything(open_store: Callable[..., Store], empty: str) -> None:
    store: Store = open_store(Clock(), empty)
    store.migrate()
    desk = Desk(store, Clock())
    intake = desk.tell()
    store.migrate()
    assert desk.row(intake.deliveries[0]).created_at == NOON
    desk.check()


def test_two_that_migrate_at_once_do_it_one_after_the_other(open_store: Callable[..., Store], empty: str) -> None:
    stores: list[Store] = [open_store(Clock(), empty) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Store.migrate, stores))
    assert [store.pending() for store in stores] == [""] * 4
    desk = Desk(stores[0], Clock())
    desk.tell()
    assert stores[3].verify_audit() == (2, "")
