"""What time does to Deliveries, and what is decided about them outside a worker."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.domain.model import Delivery, Reason, Receipt, State
from publisher.domain.policy import DOUBT_SECONDS, Settlement
from publisher.store import Store, read
from publisher.store.queue import LEASE_SECONDS
from publisher.store.schedule import Repost
from publisher.store.sweep import Move
from tests.contract.conftest import NOON, Desk, article

HOUR = 3600


def test_a_dead_claim_waits_again_and_its_holder_is_fenced_off(desk: Desk) -> None:
    desk.tell()
    (claimed,) = desk.claim()
    desk.clock.advance(LEASE_SECONDS - 1)
    assert desk.store.tidy("w2") == 0
    desk.clock.advance(1)
    assert desk.store.tidy("w2") == 1
    row = desk.row(claimed)
    assert (row.state, row.reason, row.again_at) == (State.WAITING, Reason.LEASE_EXPIRED, desk.clock.now)
    assert (row.token, row.lease_until, row.tries, row.doubt_at) == (claimed.token + 1, None, 0, None)
    assert not desk.announce(claimed)
    assert len(desk.claim("w2")) == 1


def test_a_silent_send_is_in_doubt_since_its_attempt_began(desk: Desk) -> None:
    desk.tell()
    (claimed,) = desk.claim()
    desk.clock.advance(10)
    begun = desk.clock.now
    sent = desk.send(claimed)
    desk.clock.advance(LEASE_SECONDS)
    assert desk.store.tidy("w2") == 1
    row = desk.row(sent)
    assert (row.state, row.reason, row.doubt_at) == (State.IN_DOUBT, Reason.OUTCOME_UNKNOWN, begun)
    assert (row.token, row.lease_until) == (sent.token + 1, None)
    (attempt,) = desk.attempts(sent)
    assert (attempt.outcome, attempt.ended_at) == ("abandoned", desk.clock.now)
    assert desk.store.doubtful() == []
    desk.clock.advance(DOUBT_SECONDS)
    assert [delivery.id for delivery in desk.store.doubtful()] == [sent.id]
    assert desk.claim() == []


def test_a_second_doubt_does_not_move_the_first(desk: Desk) -> None:
    sent = desk.sent()
    desk.settle(sent, Settlement(State.WAITING, Reason.SAME_KEY, doubt=True))
    desk.clock.advance(HOUR)
    desk.send(desk.claim()[0])
    desk.clock.advance(LEASE_SECONDS)
    desk.store.tidy("w2")
    assert desk.row(sent).doubt_at == NOON


def test_stale_news_fails_but_what_may_be_out_is_held(desk: Desk) -> None:
    doubtful = desk.sent(post=article("a-1"), life=HOUR)
    desk.settle(doubtful, Settlement(State.WAITING, Reason.SAME_KEY, doubt=True))
    plain = desk.tell(post=article("a-2"), life=HOUR).deliveries[0]
    desk.clock.advance(HOUR - 1)
    assert desk.store.tidy("w1") == 0
    desk.clock.advance(1)
    assert desk.store.tidy("w1") == 2
    assert (desk.row(plain).state, desk.row(plain).reason) == (State.FAILED, Reason.EXPIRED)
    assert (desk.row(doubtful).state, desk.row(doubtful).reason) == (State.HELD, Reason.OUTCOME_UNKNOWN)


def test_tidying_twice_at_once_is_harmless(desk: Desk, open_store: Callable[..., Store]) -> None:
    other: Store = open_store(desk.clock)
    for number in range(30):
        desk.tell(post=article(f"a-{number}"))
    claimed = desk.claim()
    for delivery in claimed[:15]:
        desk.send(delivery)
    desk.clock.advance(LEASE_SECONDS)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: (desk.store, other)[n % 2].tidy(f"w{n}"), range(8)))
    rows = [desk.row(delivery) for delivery in claimed]
    assert [row.state for row in rows] == [State.IN_DOUBT] * 15 + [State.WAITING] * 15
    assert {row.token for row in rows} == {2}
    assert all(len(desk.trail(row.id)) == (4 if row.state == State.IN_DOUBT else 3) for row in rows)


def test_the_leases_of_a_dead_worker_end_at_once_and_nobody_elses(desk: Desk) -> None:
    for number in range(4):
        desk.tell(post=article(f"a-{number}"))
    claimed, sending = desk.claim("dead", 2)
    desk.send(sending, "dead")
    other = desk.send(desk.claim("alive", 1)[0], "alive")
    assert desk.store.leased_owners() == ["alive", "dead"]
    assert desk.store.bury("dead") == 2
    assert desk.store.bury("dead") == 0
    assert not desk.announce(claimed, "dead")
    assert desk.store.tidy("alive") == 2
    states = [desk.row(one).state for one in (claimed, sending, other)]
    assert states == [State.WAITING, State.IN_DOUBT, State.SENDING]
    assert desk.store.leased_owners() == ["alive"]


# ---- moves ---------------------------------------------------------------------------------------------------------
HELD = Settlement(State.HELD, Reason.OUTCOME_UNKNOWN, "look at the network")


def in_doubt(desk: Desk) -> Delivery:
    sent = desk.sent()
    desk.settle(sent, Settlement(State.IN_DOUBT, Reason.OUTCOME_UNKNOWN, "lost", NOON, doubt=True))
    return desk.delivery(sent.id)


def test_a_move_is_made_once(desk: Desk) -> None:
    before = in_doubt(desk)
    assert desk.store.move(Move(before, HELD, "w1", "settling a lost answer"))
    assert not desk.store.move(Move(before, HELD, "w2"))
    row = desk.row(before)
    assert (row.state, row.reason, row.note, row.token) == (State.HELD, "outcome_unknown", HELD.note, before.token + 1)
    (last,) = desk.store.look(read.trail, before.id)[-1:]
    assert (last.actor, last.event, last.detail["why"]) == ("w1", "delivery.held", "settling a lost answer")


@pytest.mark.parametrize("outdated", [{"state": State.WAITING}, {"token": 99}, {"id": "0" * 26}], ids=str)
def test_a_move_decided_on_something_else_is_refused(desk: Desk, outdated: dict[str, object]) -> None:
    before = in_doubt(desk)
    row = desk.row(before)
    assert not desk.store.move(Move(replace(before, **outdated), HELD, "w1"))  # type: ignore[arg-type]  # one field a case
    assert desk.row(before) == row


def test_of_two_moves_in_one_commit_the_first_wins(desk: Desk) -> None:
    before = in_doubt(desk)
    with ThreadPoolExecutor(10) as pool:
        moved = list(pool.map(lambda n: desk.store.move(Move(before, HELD, f"w{n}")), range(10)))
    assert sorted(moved) == [False] * 9 + [True]
    assert desk.trail(before.id).count("delivery.held") == 1


def test_a_fresh_start_ends_the_doubt_and_grants_another_day(desk: Desk) -> None:
    before = in_doubt(desk)
    desk.clock.advance(48 * HOUR)
    again = Settlement(State.WAITING, Reason.OPERATOR, again_at=desk.clock.now)
    assert desk.store.move(Move(before, again, "person:ada", fresh=True))
    row = desk.row(before)
    assert (row.doubt_at, row.draft, row.expires_at) == (None, None, desk.clock.now + timedelta(days=1))
    assert len(desk.claim()) == 1


def test_a_person_may_say_that_it_is_out(desk: Desk) -> None:
    before = in_doubt(desk)
    receipt = Receipt(("7",), "https://network.example/7")
    assert desk.store.move(Move(before, Settlement(State.PUBLISHED, Reason.OPERATOR, receipt=receipt), "person:ada"))
    assert desk.delivery(before.id).receipt == receipt


def test_a_move_fences_off_the_worker(desk: Desk) -> None:
    desk.tell()
    (claimed,) = desk.claim()
    assert desk.store.move(Move(claimed, Settlement(State.CANCELLED, Reason.OPERATOR), "person:ada"))
    assert not desk.announce(claimed)


def test_a_repost_is_a_delivery_of_its_own(desk: Desk) -> None:
    intake = desk.tell()
    planned = desk.arrival().plan[0]
    made = [desk.store.repost(Repost(intake.post_id, "en", planned, "person:ada", "again, please")) for _ in range(2)]
    rows = [desk.row(delivery_id) for delivery_id in (*intake.deliveries, *made)]
    assert [row.ordinal for row in rows] == [0, 1, 2]
    assert [row.reason for row in rows] == [Reason.NEW, Reason.REPOST, Reason.REPOST]
    assert len({row.id for row in rows}) == len(desk.claim()) == 3
