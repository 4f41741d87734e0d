"""The fence: what may be sent, what may be written about it, and by whom."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publisher.domain import policy
from publisher.domain.failures import OutcomeUnknown, Rejected, TryLater, Unauthorized
from publisher.domain.model import Event, Reason, Receipt, State
from publisher.domain.policy import Outcome, Settlement
from publisher.store.queue import LEASE_SECONDS
from publisher.store.settling import Settling
from tests.contract.conftest import NOON, Desk, article, published

RETRY = Settlement(State.WAITING, Reason.RETRY, "later", NOON, outcome="later")
FAILED = Settlement(State.FAILED, Reason.REJECTED, "too long", outcome="rejected")
LIMITED = replace(RETRY, reason=Reason.RATE_LIMITED, counts=False, outcome="rate_limited")


def told(outcome: Outcome) -> Any:
    """The Settlement that the policy makes of an outcome."""
    return lambda delivery: policy.settle(delivery, outcome, NOON, 0.0)


def test_sending_opens_an_attempt_and_keeps_the_draft(desk: Desk) -> None:
    desk.tell()
    (claimed,) = desk.claim()
    sent = desk.send(claimed, text="Bees are back")
    row = desk.row(sent)
    assert (row.state, row.tries, row.draft, row.draft_at) == (State.SENDING, 1, {"text": "Bees are back"}, NOON)
    (attempt,) = desk.attempts(sent)
    assert (attempt.token, attempt.owner, attempt.started_at, attempt.ended_at) == (1, "w1", NOON, None)
    assert desk.trail(sent.id)[-1] == "delivery.sending"


def test_sending_twice_is_refused(desk: Desk) -> None:
    desk.tell()
    (claimed,) = desk.claim()
    assert [desk.announce(claimed), desk.announce(claimed)] == [True, False]
    assert len(desk.attempts(claimed)) == 1


@pytest.mark.parametrize(("seconds", "allowed"), [(0, True), (59, True), (60, False), (119, False)])
def test_sending_is_refused_when_half_the_lease_is_gone(desk: Desk, seconds: int, allowed: bool) -> None:  # noqa: FBT001  # a table of cases
    desk.tell()
    (claimed,) = desk.claim()
    desk.clock.advance(seconds)
    assert desk.announce(claimed) is allowed
    assert len(desk.attempts(claimed)) == allowed


def test_sending_is_refused_when_the_fence_moved(desk: Desk) -> None:
    desk.tell()
    (slow,) = desk.claim("slow")
    desk.clock.advance(LEASE_SECONDS)
    desk.store.tidy("w2")
    assert not desk.announce(slow, "slow")
    (fast,) = desk.claim("fast")
    assert not desk.announce(slow, "slow")
    assert desk.announce(fast, "fast")


OUTCOMES: list[tuple[Outcome, dict[str, Any]]] = [
    (
        Receipt(("9", "10"), "https://network.example/9"),
        {"state": "published", "tries": 1, "receipt_ids": ["9", "10"], "receipt_url": "https://network.example/9"},
    ),
    (TryLater("busy"), {"state": "waiting", "reason": "retry", "tries": 1, "again_at": NOON + timedelta(seconds=2.5)}),
    (
        TryLater("busy", after=90, rate_limited=True),
        {"state": "waiting", "reason": "rate_limited", "tries": 0, "again_at": NOON + timedelta(seconds=90)},
    ),
    (Rejected("too long"), {"state": "failed", "reason": "rejected", "tries": 1, "note": "too long"}),
    (Unauthorized("revoked"), {"state": "held", "reason": "reconnect", "tries": 1, "note": "revoked"}),
    (OutcomeUnknown("lost"), {"state": "in_doubt", "reason": "outcome_unknown", "tries": 1, "doubt_at": NOON}),
    (KeyError("id"), {"state": "held", "reason": "bug", "tries": 1, "note": "KeyError: please report this"}),
]


@pytest.mark.parametrize(("outcome", "expected"), OUTCOMES, ids=lambda case: type(case).__name__)
def test_each_outcome_is_written_with_its_attempt(desk: Desk, outcome: Outcome, expected: dict[str, Any]) -> None:
    sent = desk.sent()
    settlement = told(outcome)(sent)
    assert desk.settle(sent, settlement)
    row = desk.row(sent)
    assert {name: getattr(row, name) for name in expected} == expected
    assert (row.token, row.lease_until) == (sent.token, None)
    (attempt,) = desk.attempts(sent)
    assert (attempt.ended_at, attempt.outcome, attempt.message) == (NOON, settlement.outcome, settlement.note)
    assert attempt.transcript == [{"method": "POST", "status": 200}]


@pytest.mark.parametrize(("settlement", "tries"), [(RETRY, 1), (LIMITED, 0), (FAILED, 1)])
def test_what_ends_before_sending_is_an_attempt_too(desk: Desk, settlement: Settlement, tries: int) -> None:
    desk.tell()
    (claimed,) = desk.claim()
    begun = NOON - timedelta(seconds=3)
    assert desk.store.settle(Settling(claimed, settlement, "w1", begun, []))
    (attempt,) = desk.attempts(claimed)
    assert (attempt.started_at, attempt.ended_at, attempt.outcome) == (begun, NOON, settlement.outcome)
    assert desk.row(claimed).tries == tries


def test_rate_limits_use_up_no_try_however_many(desk: Desk) -> None:
    desk.tell()
    for settlement in (LIMITED, RETRY, LIMITED, LIMITED):
        (claimed,) = desk.claim()
        desk.settle(desk.send(claimed), settlement)
    assert desk.row(claimed).tries == 1
    assert [attempt.outcome for attempt in desk.attempts(claimed)] == [
        "rate_limited",
        "later",
        "rate_limited",
        "rate_limited",
    ]


def test_a_doubt_keeps_its_first_moment(desk: Desk) -> None:
    desk.tell()
    for _ in range(2):
        (claimed,) = desk.claim()
        sent = desk.send(claimed)
        desk.settle(sent, Settlement(State.WAITING, Reason.SAME_KEY, doubt=True))
        desk.clock.advance(10)
    assert desk.row(sent).doubt_at == NOON


# ---- what one answer says of the whole account ----------------------------------------------------------------------
def test_a_refused_login_holds_all_that_waits_for_the_account(desk: Desk) -> None:
    sent = desk.sent()
    mine = desk.tell(post=article("a-2"), accounts=("north", "south"))
    desk.settle(sent, told(Unauthorized("revoked"))(sent))
    states = {desk.row(one).account: (desk.row(one).state, desk.row(one).note) for one in mine.deliveries}
    assert states == {"north": (State.HELD, "revoked"), "south": (State.WAITING, "")}
    assert desk.trail(mine.deliveries[0])[-1] == "delivery.held"


def test_a_limit_on_the_account_pauses_all_that_waits_for_it(desk: Desk) -> None:
    sent = desk.sent()
    soon = desk.tell(post=article("a-2"), accounts=("north", "south"))
    later = desk.tell(post=article("a-3"), accounts=("north",), due=NOON + timedelta(hours=1))
    limit = TryLater("slow down", after=60, rate_limited=True, scope="account")
    desk.settle(sent, told(limit)(sent))
    until = NOON + timedelta(seconds=60)
    again = {desk.row(one).account: desk.row(one).again_at for one in soon.deliveries}
    assert again == {"north": until, "south": NOON}
    assert desk.row(later.deliveries[0]).again_at == NOON + timedelta(hours=1)
    assert desk.row(sent).again_at == until


def test_a_limit_on_one_delivery_pauses_no_other(desk: Desk) -> None:
    sent = desk.sent()
    other = desk.tell(post=article("a-2")).deliveries[0]
    desk.settle(sent, told(TryLater("slow down", after=60, rate_limited=True))(sent))
    assert desk.row(other).again_at == NOON


def test_a_withdrawal_while_sending_does_not_hide_the_receipt(desk: Desk) -> None:
    sent = desk.sent()
    desk.tell(Event.UNPUBLISH, article(minutes=1))
    assert desk.settle(sent, published())
    assert desk.row(sent).state == State.PUBLISHED
