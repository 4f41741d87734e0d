"""What an outcome means for a Delivery, as tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain import policy
from publisher.domain.capability import Capability, Doubt
from publisher.domain.failures import OutcomeUnknown, Rejected, TryLater, Unauthorized
from publisher.domain.model import JSON, Action, Delivery, Reason, Receipt, State
from publisher.domain.policy import BACKOFF, DOUBT_SECONDS, RATE_LIMIT_SECONDS, Outcome, Settlement, settle
from publisher.domain.text import Unit

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RECEIPT = Receipt(("7",), "https://network.example/7")


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def delivery(**fields: Any) -> Delivery:
    """One that is being sent and has a day to live."""
    given_or_default = {
        "id": "01J0", "post_id": "01P0", "account": "north", "channel": "chan", "edition": "en",
        "action": Action.PUBLISH, "state": State.SENDING, "reason": Reason.NEW, "created_at": NOW,
        "again_at": NOW, "expires_at": NOW + timedelta(days=1), **fields,
    }  # fmt: skip
    return Delivery(**given_or_default)


def capability(**fields: Any) -> Capability:
    return Capability("https://network.example", 500, Unit.GRAPHEMES, **fields)


SETTLED: list[tuple[Outcome, Settlement]] = [
    (RECEIPT, Settlement(State.PUBLISHED, "", receipt=RECEIPT, outcome="published")),
    (
        Unauthorized("revoked"),
        Settlement(State.HELD, Reason.RECONNECT, "revoked", outcome="unauthorized", hold_account=True),
    ),
    (Rejected("too long", "text"), Settlement(State.FAILED, Reason.REJECTED, "too long", outcome="rejected")),
    (
        OutcomeUnknown("lost"),
        Settlement(
            State.IN_DOUBT, Reason.OUTCOME_UNKNOWN, "lost", NOW + seconds(DOUBT_SECONDS), outcome="unknown", doubt=True
        ),
    ),
    (KeyError("secret"), Settlement(State.HELD, Reason.BUG, "KeyError: please report this", outcome="bug")),
    (TryLater("busy"), Settlement(State.WAITING, Reason.RETRY, "busy", NOW + seconds(2.5), outcome="later")),
    (TryLater("busy", 77), Settlement(State.WAITING, Reason.RETRY, "busy", NOW + seconds(77), outcome="later")),
]


@pytest.mark.parametrize(("outcome", "settlement"), SETTLED, ids=lambda case: type(case).__name__)
def test_what_becomes_of_each_outcome(outcome: Outcome, settlement: Settlement) -> None:
    assert settle(delivery(), outcome, NOW, 0.0) == settlement


@pytest.mark.parametrize(("tries", "step"), list(enumerate((*BACKOFF, BACKOFF[-1], BACKOFF[-1]))))
@pytest.mark.parametrize(("jitter", "share"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_the_waits_grow_and_are_spread(tries: int, step: int, jitter: float, share: float) -> None:
    one = delivery(tries=tries, expires_at=NOW + timedelta(days=2))
    assert settle(one, TryLater("busy"), NOW, jitter).again_at == NOW + seconds(step * share)


@pytest.mark.parametrize(
    ("after", "jitter", "wait"),
    [(0, 0.0, RATE_LIMIT_SECONDS), (0, 1.0, RATE_LIMIT_SECONDS + 5), (90, 0.0, 90), (90, 1.0, 95), (2, 1.0, 4)],
)
def test_a_rate_limit_is_waited_out_and_uses_up_no_try(after: float, jitter: float, wait: float) -> None:
    settled = settle(delivery(tries=6), TryLater("slow down", after, rate_limited=True), NOW, jitter)
    assert (settled.state, settled.reason, settled.counts) == (State.WAITING, Reason.RATE_LIMITED, False)
    assert (settled.again_at, settled.pause_until) == (NOW + seconds(wait), None)


def test_a_limit_on_the_account_pauses_it() -> None:
    settled = settle(delivery(), TryLater("slow down", 90, rate_limited=True, scope="account"), NOW, 0.0)
    assert settled.pause_until == settled.again_at == NOW + seconds(90)


def test_a_limit_longer_than_the_delivery_lives_still_pauses_the_account() -> None:
    limit = TryLater("slow down", 90, rate_limited=True, scope="account")
    settled = settle(delivery(expires_at=NOW + seconds(90)), limit, NOW, 0.0)
    assert (settled.state, settled.reason, settled.counts) == (State.FAILED, Reason.EXPIRED, False)
    assert settled.pause_until == NOW + seconds(90)


@pytest.mark.parametrize(("left", "state"), [(61, State.WAITING), (60, State.FAILED), (1, State.FAILED)])
def test_what_would_come_too_late_fails_now(left: float, state: State) -> None:
    settled = settle(delivery(expires_at=NOW + seconds(left)), TryLater("busy", 60), NOW, 0.0)
    assert settled.state is state
    if state is State.FAILED:
        assert (settled.reason, settled.again_at) == (Reason.EXPIRED, None)
        assert settled.note == "too old before it could go out: busy"


@pytest.mark.parametrize(
    "outcome", [Rejected("too long"), TryLater("busy", 1e6), TryLater("no", 1e6, rate_limited=True)]
)
def test_what_may_be_out_is_never_called_failed(outcome: Outcome) -> None:
    settled = settle(delivery(doubt_at=NOW), outcome, NOW, 0.0)
    assert (settled.state, settled.reason) == (State.HELD, Reason.OUTCOME_UNKNOWN)
    assert settled.note.startswith("an earlier answer was lost, and now: ")
    assert str(outcome) in settled.note


@given(
    st.sampled_from([outcome for outcome, _ in SETTLED] + [TryLater("limit", rate_limited=True, scope="account")]),
    st.integers(0, 20),
    st.floats(0, 1),
    st.integers(-10, 100_000),
    st.sampled_from([None, NOW - seconds(5)]),
)
def test_nothing_waits_for_the_past_or_beyond_its_life(
    outcome: Outcome, tries: int, jitter: float, life: int, doubt_at: datetime | None
) -> None:
    one = delivery(tries=tries, expires_at=NOW + seconds(life), doubt_at=doubt_at)
    settled = settle(one, outcome, NOW, jitter)
    assert settled.outcome
    if settled.state is State.WAITING:
        assert settled.again_at
        assert NOW < settled.again_at < one.expires_at
    assert settled.state is not State.FAILED or doubt_at is None
    assert (settled.state is State.PUBLISHED) == (outcome is RECEIPT)


# ---- in doubt ------------------------------------------------------------------------------------------------------
REPEATS = [
    ({"doubt": Doubt.ASK}, 0, False),
    ({"doubt": Doubt.ASK, "doubt_window": 3600}, 0, False),
    ({"doubt": Doubt.REPEAT}, 0, True),
    ({"doubt": Doubt.REPEAT}, 10**9, True),
    ({"doubt": Doubt.REPEAT, "doubt_window": 3600}, 0, True),
    ({"doubt": Doubt.REPEAT, "doubt_window": 3600}, 3599, True),
    ({"doubt": Doubt.REPEAT, "doubt_window": 3600}, 3600, False),
    ({"doubt": Doubt.REPEAT, "doubt_window": 3600}, None, True),
]


@pytest.mark.parametrize(("fields", "age", "repeats"), REPEATS)
def test_the_same_key_is_repeated_only_where_it_is_honoured(fields: JSON, age: float | None, repeats: bool) -> None:  # noqa: FBT001  # a table of cases
    doubtful = delivery(state=State.IN_DOUBT, doubt_at=None if age is None else NOW - seconds(age), note="lost")
    can = capability(**fields)
    assert policy.may_repeat(doubtful, can, NOW) is repeats
    settled = policy.resolve(doubtful, can, NOW)
    if repeats:
        assert settled == Settlement(State.WAITING, Reason.SAME_KEY, "lost", NOW)
    else:
        assert (settled.state, settled.reason) == (State.HELD, Reason.OUTCOME_UNKNOWN)


def test_a_doubt_on_an_account_that_is_gone_is_for_a_person() -> None:
    assert policy.resolve(delivery(state=State.IN_DOUBT), None, NOW).state is State.HELD


# ---- drafts --------------------------------------------------------------------------------------------------------
DRAFTS: list[tuple[JSON | None, float | None, bool, int, bool]] = [
    (None, None, False, 0, True),
    (None, None, True, 0, True),
    ({"text": "x"}, 10**6, False, 0, False),
    ({"text": "x"}, 3599, False, 3600, False),
    ({"text": "x"}, 3600, False, 3600, True),
    ({"text": "x"}, 10**6, True, 3600, False),
    ({"text": "x"}, None, False, 3600, False),
]


@pytest.mark.parametrize(("draft", "age", "doubtful", "life", "stale"), DRAFTS)
def test_which_drafts_are_too_old(draft: JSON | None, age: float | None, doubtful: Any, life: int, stale: Any) -> None:
    drafted_at = None if age is None else NOW - seconds(age)
    one = delivery(draft=draft, draft_at=drafted_at, doubt_at=NOW if doubtful else None)
    assert policy.draft_is_stale(one, capability(draft_life=life), NOW) is stale
