"""How the dashboard says things: states, reasons, what to do now, times and foreign JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from publisher.domain.model import Delivery, Reason, State

MINUTE, HOUR, DAY = 60, 3600, 86_400
LONGEST_LEAF = 8000

STATES = {
    State.WAITING: "Waiting",
    State.CLAIMED: "Claimed",
    State.SENDING: "Sending",
    State.IN_DOUBT: "In doubt",
    State.PUBLISHED: "Published",
    State.HELD: "Held",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}

REASONS = {
    Reason.NEW: "new",
    Reason.REPOST: "sent again by a person",
    Reason.RETRY: "trying again",
    Reason.RATE_LIMITED: "rate limited",
    Reason.OUTCOME_UNKNOWN: "may be out",
    Reason.SAME_KEY: "repeating with the same key",
    Reason.RECONNECT: "reconnect the account",
    Reason.REJECTED: "refused by the network",
    Reason.EXPIRED: "too old",
    Reason.BUG: "a bug of ours",
    Reason.WITHDRAWN: "taken back by the CMS",
    Reason.OPERATOR: "by a person",
    Reason.UNCONFIGURED: "account not configured",
    Reason.LEASE_EXPIRED: "the worker stopped",
}


@dataclass(frozen=True)
class Advice:
    """What a person can do now: a sentence or two, and the commands for it (`{id}` and so on are filled in)."""

    words: str
    commands: tuple[str, ...] = ()


RETRY, CANCEL = "publisher deliveries retry {id}", "publisher deliveries cancel {id}"
OUT = "publisher deliveries resolve {id} --sent URL-OF-THE-POST"
NOT_OUT = "publisher deliveries resolve {id} --not-sent"
CHECK = "publisher channels test {account}"

ADVICE = {
    (State.WAITING, ""): Advice("Nothing to do: it goes out by itself when its time comes."),
    (State.WAITING, Reason.RATE_LIMITED): Advice(
        "Nothing to do: the network asked for patience, and it goes out by itself. No try was used up."
    ),
    (State.WAITING, Reason.RETRY): Advice(
        "Nothing to do: the last try did not get through and left nothing behind. It is tried again by itself.",
        (RETRY, CANCEL),
    ),
    (State.WAITING, Reason.SAME_KEY): Advice(
        "Nothing to do: an answer was lost, and the same request is repeated under the same key, "
        "which can't make a second post."
    ),
    (State.CLAIMED, ""): Advice("Nothing to do: a worker is preparing it. Look again in a moment."),
    (State.SENDING, ""): Advice("Nothing to do: the request is on its way. Look again in a moment."),
    (State.IN_DOUBT, ""): Advice(
        "Wait a minute: the request went out and its answer was lost. Where the network takes a safe repeat it settles "
        "by itself; otherwise it is held and you are asked. It is never sent blindly again."
    ),
    (State.PUBLISHED, ""): Advice("Nothing to do: it is out."),
    (State.HELD, ""): Advice("A person must look. Send it again, or let it go.", (RETRY, CANCEL)),
    (State.HELD, Reason.OUTCOME_UNKNOWN): Advice(
        "It may be out already. Look at the account on the network, then say what you saw.", (OUT, NOT_OUT)
    ),
    (State.HELD, Reason.RECONNECT): Advice(
        "The network refuses the account's credentials. Put new ones into the settings, restart, and test the account: "
        "all that is held for it then goes on.",
        (CHECK,),
    ),
    (State.HELD, Reason.BUG): Advice(
        "Something came that nobody had foreseen; the attempts below show it. Please report it, then send again.",
        (RETRY, CANCEL),
    ),
    (State.FAILED, ""): Advice("It will not go out by itself. Send it again if it should.", (RETRY,)),
    (State.FAILED, Reason.REJECTED): Advice(
        "The network refuses this content for good. Correct the article in the CMS, or the template, then send again.",
        (RETRY,),
    ),
    (State.FAILED, Reason.EXPIRED): Advice(
        "It was too old before it could go out, and nothing was posted. Send it all the same if it is still news.",
        (RETRY,),
    ),
    (State.CANCELLED, ""): Advice(
        "Nothing to do: it never goes out. A repost makes a new delivery.",
        ("publisher repost {post_id} --channel {channel}",),
    ),
    (State.CANCELLED, Reason.WITHDRAWN): Advice(
        "Nothing to do: the article was taken back before this went out. Published again, it gets a new delivery."
    ),
}


def advice(delivery: Delivery) -> Advice:
    """What to do about a Delivery as it stands now."""
    found = next(ADVICE[key] for key in ((delivery.state, delivery.reason), (delivery.state, "")) if key in ADVICE)
    names = {"id": delivery.id, "account": delivery.account, "channel": delivery.channel, "post_id": delivery.post_id}
    return Advice(found.words, tuple(command.format(**names) for command in found.commands))


def moment(at: datetime, now: datetime) -> dict[str, str]:
    """A time for people: how long ago or how soon, the time itself, and the same for machines. UTC."""
    seconds = (now - at).total_seconds()
    return {
        "relative": _distance(seconds),
        "absolute": f"{at:%Y-%m-%d %H:%M:%S} UTC",
        "machine": at.isoformat(timespec="milliseconds"),
    }


def _distance(seconds: float) -> str:
    size, soon = abs(seconds), seconds < 0
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if size >= unit:
            return f"in {int(size / unit)} {name}" if soon else f"{int(size / unit)} {name} ago"
    return "in a moment" if soon else f"{int(size)} s ago"


def pretty(value: Any) -> str:
    """A JSON value, or text that holds one, on several lines; what is no JSON, or nested only to annoy, as it is."""
    try:
        return json.dumps(json.loads(value) if isinstance(value, str) else value, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return str(value)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every single value inside a JSON value, with its path: `media.0.id`, `12`."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in pairs:
            yield from leaves(part, f"{path}.{name}" if path else str(name))
    elif value not in ("", None):
        yield path, (value if isinstance(value, str) else json.dumps(value))[:LONGEST_LEAF]


def is_web_address(text: Any) -> bool:
    """Whether a string may become a link: http or https, to somewhere."""
    try:
        parts = urlsplit(str(text or ""))
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
