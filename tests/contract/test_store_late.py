"""The fence has moved while a request was on its way: what its end may still change."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from publisher.domain.model import Delivery, Reason, State
from publisher.domain.policy import Settlement
from publisher.store import read, settling
from publisher.store.queue import LEASE_SECONDS
from publisher.store.settling import Settling
from publisher.store.sweep import Move
from tests.contract.conftest import NOON, Desk, published

RETRY = Settlement(State.WAITING, Reason.RETRY, "later", NOON, outcome="later")
LIMITED = replace(RETRY, reason=Reason.RATE_LIMITED, counts=False, outcome="rate_limited")
FAILED = Settlement(State.FAILED, Reason.REJECTED, "too long", outcome="rejected")
Happening = Callable[[Desk, Delivery], None]


def lost(desk: Desk, sent: Delivery) -> None:
    desk.clock.advance(LEASE_SECONDS)
    desk.store.tidy("w2")


def held(desk: Desk, sent: Delivery) -> None:
    lost(desk, sent)
    desk.store.move(Move(desk.delivery(sent.id), Settlement(State.HELD, Reason.OUTCOME_UNKNOWN), "w2"))


def waiting(desk: Desk, sent: Delivery) -> None:
    lost(desk, sent)
    again = Settlement(State.WAITING, Reason.SAME_KEY, again_at=desk.clock.now)
    desk.store.move(Move(desk.delivery(sent.id), again, "w2"))


def claimed_by_another(desk: Desk, sent: Delivery) -> None:
    waiting(desk, sent)
    assert len(desk.claim("w2")) == 1


def sent_by_another(desk: Desk, sent: Delivery) -> None:
    waiting(desk, sent)
    desk.send(desk.claim("w2")[0], "w2")


def cancelled(desk: Desk, sent: Delivery) -> None:
    held(desk, sent)
    desk.store.move(Move(desk.delivery(sent.id), Settlement(State.CANCELLED, Reason.OPERATOR), "person:ada"))


MOVED = (lost, held, waiting, claimed_by_another, sent_by_another, cancelled)


@pytest.mark.parametrize("moved", MOVED)
@pytest.mark.parametrize("settlement", [RETRY, FAILED, LIMITED], ids=lambda settlement: settlement.reason)
def test_a_late_failure_changes_nothing(desk: Desk, moved: Happening, settlement: Settlement) -> None:
    sent = desk.sent()
    moved(desk, sent)
    before = desk.row(sent)
    assert not desk.settle(sent, settlement)
    assert desk.row(sent) == before
    assert desk.attempts(sent)[0].outcome == settlement.outcome


@pytest.mark.parametrize("moved", MOVED)
def test_a_late_success_is_always_written(desk: Desk, moved: Happening) -> None:
    sent = desk.sent()
    moved(desk, sent)
    before = desk.row(sent)
    assert desk.settle(sent, published("7"))
    row = desk.row(sent)
    assert (row.state, row.receipt_ids, row.lease_until) == (State.PUBLISHED, ["7"], None)
    assert row.token > before.token  # whoever held it can do nothing any more
    assert row.tries == before.tries
    other = replace(sent, token=before.token)
    for late in (published("8"), RETRY, FAILED):
        assert not desk.settle(other, late, "w2")
        assert desk.row(sent) == row


def test_a_late_end_of_what_was_never_sent_changes_nothing(desk: Desk) -> None:
    desk.tell()
    (claimed,) = desk.claim()
    assert desk.settle(claimed, RETRY)
    assert not desk.settle(claimed, FAILED)
    assert (desk.row(claimed).state, len(desk.attempts(claimed))) == (State.WAITING, 1)


def test_two_words_on_one_delivery_in_one_commit(desk: Desk) -> None:
    first = desk.sent()
    waiting(desk, first)
    second = desk.send(desk.claim("w2")[0], "w2")
    settlings = [Settling(first, published(), "w1", NOON, []), Settling(second, FAILED, "w2", NOON, [])]
    assert desk.store.committer.run(settling.settle, settlings) == [True, False]
    assert desk.row(first).state == State.PUBLISHED


def test_a_late_success_ends_the_attempt_of_whoever_was_sending_once_more(desk: Desk) -> None:
    sent = desk.sent()
    sent_by_another(desk, sent)
    assert desk.settle(sent, published(), "w1")
    ends = {row.token: row.outcome for row in desk.store.look(read.attempts_of, sent.id)}
    assert len(ends) == 2
    assert ends[sent.token] == "published"
    assert ends[max(ends)] == "overtaken"
