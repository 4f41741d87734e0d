"""The four ways a channel may fail: later, never, not you, don't know. Anything else is a bug and is held."""

from dataclasses import dataclass


class Failure(Exception):  # noqa: N818  # the house's word; its four kinds are words too
    """Base of the four; its text is for the operator and holds no secret."""


@dataclass
class TryLater(Failure):
    """Nothing happened; come back in `after` seconds (0: the policy's own back-off).

    `rate_limited` waits use up no try. `scope` says how far the wait reaches: "delivery" or "account".
    """

    message: str
    after: float = 0
    rate_limited: bool = False
    scope: str = "delivery"

    def __str__(self) -> str:
        return self.message


@dataclass
class Rejected(Failure):
    """The platform refuses this content for good; `field` names what it dislikes, where it says so."""

    message: str
    field: str = ""

    def __str__(self) -> str:
        return self.message


@dataclass
class Unauthorized(Failure):
    """The credentials are refused: the Account must be connected again."""

    message: str

    def __str__(self) -> str:
        return self.message


@dataclass
class OutcomeUnknown(Failure):
    """The irreversible request went out and no usable answer came back."""

    message: str

    def __str__(self) -> str:
        return self.message
