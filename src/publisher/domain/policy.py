"""What an outcome means for a Delivery: its next state, why, and when again. Pure; chance comes in as `jitter`."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.domain.capability import Capability, Doubt
from publisher.domain.failures import OutcomeUnknown, Rejected, TryLater, Unauthorized
from publisher.domain.model import Delivery, Reason, Receipt, State

BACKOFF = (5, 30, 120, 600, 3600, 10_800, 21_600)
"""Seconds before the 2nd, 3rd … try; the last one repeats until the Delivery expires."""

RATE_LIMIT_SECONDS = 60
"""How long a rate limit that names no time is believed to last."""

DOUBT_SECONDS = 5
"""A repeat with the same key waits at least this long, so that a request still on its way has arrived."""

Outcome = Receipt | Exception


@dataclass(frozen=True)
class Settlement:
    """The next state of a Delivery and everything written with it; `counts` says whether a try was used up.

    `hold_account`: all that waits for the Account is held too. `pause_until`: nothing of the Account goes before.
    """

    state: State
    reason: str
    note: str = ""
    again_at: datetime | None = None
    receipt: Receipt | None = None
    outcome: str = ""
    counts: bool = True
    hold_account: bool = False
    pause_until: datetime | None = None
    doubt: bool = False


def settle(delivery: Delivery, outcome: Outcome, now: datetime, jitter: float) -> Settlement:
    """What `outcome` (a Receipt or what was raised) makes of `delivery`; `jitter` 0..1 spreads the waits."""
    match outcome:
        case Receipt():
            return Settlement(State.PUBLISHED, "", receipt=outcome, outcome="published")
        case TryLater():
            return _later(delivery, outcome, now, jitter)
        case Unauthorized():
            note = str(outcome)
            return Settlement(State.HELD, Reason.RECONNECT, note, outcome="unauthorized", hold_account=True)
        case Rejected():
            return _doubtful_first(
                delivery, Settlement(State.FAILED, Reason.REJECTED, str(outcome), outcome="rejected")
            )
        case OutcomeUnknown():
            again = now + timedelta(seconds=max(DOUBT_SECONDS, _pause(delivery, jitter)))
            return Settlement(
                State.IN_DOUBT, Reason.OUTCOME_UNKNOWN, str(outcome), again, outcome="unknown", doubt=True
            )
        case _:
            note = f"{type(outcome).__name__}: please report this"
            return Settlement(State.HELD, Reason.BUG, note, outcome="bug")


def resolve(delivery: Delivery, capability: Capability | None, now: datetime) -> Settlement:
    """What to do about a Delivery in doubt: the same key again where the platform honours it, else a person looks."""
    if capability is not None and may_repeat(delivery, capability, now):
        return Settlement(State.WAITING, Reason.SAME_KEY, delivery.note, now)
    return Settlement(State.HELD, Reason.OUTCOME_UNKNOWN, "it may be out: look at the network, then say so")


def withdraw(delivery: Delivery) -> Settlement:
    """The CMS took the Post back before the Delivery went out; one that may be out already needs a person."""
    note = "the article was withdrawn at the CMS"
    return _doubtful_first(delivery, Settlement(State.CANCELLED, Reason.WITHDRAWN, note, outcome="withdrawn"))


def may_repeat(delivery: Delivery, capability: Capability, now: datetime) -> bool:
    """Whether repeating with the same key cannot make a second post, now."""
    if capability.doubt is not Doubt.REPEAT:
        return False
    if not capability.doubt_window or delivery.doubt_at is None:
        return True
    return now - delivery.doubt_at < timedelta(seconds=capability.doubt_window)


def draft_is_stale(delivery: Delivery, capability: Capability, now: datetime) -> bool:
    """Whether what `prepare` once returned is too old to send. A draft in doubt is never replaced."""
    if delivery.draft is None:
        return True
    if delivery.doubt_at or not capability.draft_life or delivery.draft_at is None:
        return False
    return now - delivery.draft_at >= timedelta(seconds=capability.draft_life)


def _pause(delivery: Delivery, jitter: float) -> float:
    """Seconds until the next try: longer with each one, spread by `jitter`."""
    return BACKOFF[min(delivery.tries, len(BACKOFF) - 1)] * (0.5 + jitter / 2)


def _later(delivery: Delivery, failure: TryLater, now: datetime, jitter: float) -> Settlement:
    if failure.rate_limited:
        wait = failure.after or RATE_LIMIT_SECONDS
        again = now + timedelta(seconds=wait + jitter * min(wait, 5))
        pause = again if failure.scope == "account" else None
        settlement = Settlement(
            State.WAITING,
            Reason.RATE_LIMITED,
            str(failure),
            again,
            outcome="rate_limited",
            counts=False,
            pause_until=pause,
        )
    else:
        again = now + timedelta(seconds=failure.after or _pause(delivery, jitter))
        settlement = Settlement(State.WAITING, Reason.RETRY, str(failure), again, outcome="later")
    if again < delivery.expires_at:
        return settlement
    note = f"too old before it could go out: {failure}"
    return _doubtful_first(
        delivery, replace(settlement, state=State.FAILED, reason=Reason.EXPIRED, note=note, again_at=None)
    )


def _doubtful_first(delivery: Delivery, settlement: Settlement) -> Settlement:
    """A Delivery that may already be out is never called failed: a person looks."""
    if delivery.doubt_at is None:
        return settlement
    note = f"an earlier answer was lost, and now: {settlement.note}"
    return replace(settlement, state=State.HELD, reason=Reason.OUTCOME_UNKNOWN, note=note)
