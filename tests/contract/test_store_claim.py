"""Who gets what is due: each Delivery one worker, oldest first, and two processes are no different from two threads."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta

from publisher.domain.model import State
from publisher.store import Store
from publisher.store.arrivals import DUPLICATE
from publisher.store.queue import LEASE_SECONDS
from publisher.store.tables import deliveries, events, posts
from tests.contract.conftest import NOON, Clock, Desk, article

SPAWN = multiprocessing.get_context("spawn")


def claim_all(url: str, owner: str) -> list[tuple[str, int]]:
    """Claims in a Store of its own until nothing is left; (id, token) of each."""
    store, won = Store(url, Clock()), list[tuple[str, int]]()
    while claimed := store.claim("chan", 7, owner):
        won += [(delivery.id, delivery.token) for delivery in claimed]
    store.close()
    return won


def tell_all(url: str) -> list[str]:
    """Tells 20 Posts twice each in a Store of its own; the verdicts."""
    store = Store(url, Clock())
    desk = Desk(store, Clock())
    arrivals = [desk.arrival(post=article(f"a-{number}"), event_id=f"e-{number}") for number in range(20)]
    told = [store.ingest(arrival) for arrival in arrivals * 2]
    verdicts = [future.result().verdict for future in told]
    store.close()
    return verdicts


def test_threads_and_processes_racing_win_each_delivery_once(desk: Desk, url: str) -> None:
    accounts = tuple(f"account-{number}" for number in range(10))
    told = [desk.store.ingest(desk.arrival(post=article(f"a-{n}"), accounts=accounts)) for n in range(50)]
    expected = {delivery_id for future in told for delivery_id in future.result().deliveries}
    with ProcessPoolExecutor(2, mp_context=SPAWN) as processes, ThreadPoolExecutor(4) as threads:
        racing: list[Future[list[tuple[str, int]]]] = [processes.submit(claim_all, url, f"p{n}") for n in range(2)]
        racing += [threads.submit(claim_all, url, f"t{n}") for n in range(4)]
        won = [one for future in racing for one in future.result()]
    assert len(won) == len(expected) == 500
    assert {delivery_id for delivery_id, _ in won} == expected
    assert {token for _, token in won} == {1}


def test_two_processes_told_the_same_make_one_post_each(desk: Desk, url: str) -> None:
    with ProcessPoolExecutor(2, mp_context=SPAWN) as processes:
        verdicts = [v for future in [processes.submit(tell_all, url) for _ in range(2)] for v in future.result()]
    assert sorted(verdicts) == [DUPLICATE] * 60 + ["new"] * 20
    assert [desk.count(table) for table in (posts, events, deliveries)] == [20, 20, 20]


def test_one_batch_of_wishes_gives_each_delivery_once(desk: Desk) -> None:
    told = [desk.store.ingest(desk.arrival(post=article(f"a-{n}"))) for n in range(30)]
    expected = sorted(delivery_id for future in told for delivery_id in future.result().deliveries)
    with ThreadPoolExecutor(10) as pool:
        won = [one.id for claimed in pool.map(lambda n: desk.claim(f"w{n}", 3), range(10)) for one in claimed]
    assert sorted(won) == expected


def test_the_oldest_come_first_and_no_more_than_asked_for(desk: Desk) -> None:
    ages = {"young": 1, "oldest": 9, "old": 5}
    for account, minutes in ages.items():
        desk.tell(post=article(account), accounts=(account,), due=NOON - timedelta(minutes=minutes))
    assert [delivery.account for delivery in desk.claim(limit=2)] == ["oldest", "old"]
    assert [delivery.account for delivery in desk.claim(limit=2)] == ["young"]
    assert desk.claim() == []


def test_what_is_claimed_is_what_stands_in_the_table(desk: Desk) -> None:
    desk.tell()
    (delivery,) = desk.claim("w1")
    assert delivery == desk.delivery(delivery.id)
    assert (delivery.state, delivery.token, delivery.tries) == (State.CLAIMED, 1, 0)
    row = desk.row(delivery)
    assert (row.owner, row.lease_until) == ("w1", NOON + timedelta(seconds=LEASE_SECONDS))
    assert desk.trail(delivery.id) == ["delivery.created", "delivery.claimed"]


def test_what_is_not_due_yet_or_expired_or_for_another_channel_stays(desk: Desk) -> None:
    desk.tell(post=article("later"), due=NOON + timedelta(seconds=1))
    desk.tell(post=article("expired"), life=0)
    assert desk.claim() == []
    desk.clock.advance(1)
    assert desk.store.due_channels() == ["chan"]
    assert desk.store.claim("other", 64, "w1") == []
    assert [desk.store.posts([d.post_id])[d.post_id][0].id for d in desk.claim()] == ["later"]
    assert desk.store.due_channels() == ["chan"]  # the expired one waits for the sweep


def test_each_claim_raises_the_fence(desk: Desk, open_store: Callable[..., Store]) -> None:
    desk.tell()
    tokens = []
    for owner in ("w1", "w2", "w3"):
        tokens += [delivery.token for delivery in desk.claim(owner)]
        desk.clock.advance(LEASE_SECONDS)
        desk.store.tidy("w1")
    assert len(tokens) == 3
    assert tokens == sorted(set(tokens))
