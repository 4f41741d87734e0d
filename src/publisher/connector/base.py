"""The contract of a channel: what one file in `channels/` declares and promises."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from publisher.connector.http import Answer, Http, bounded
from publisher.domain.capability import Capability
from publisher.domain.failures import Failure, Rejected, TryLater, Unauthorized
from publisher.domain.model import JSON, Account, Identity, Receipt, Rendition

RATE_LIMIT, UNAUTHORIZED = 429, 401
UNHEARD = (408, 425)
"""Request Timeout and Too Early (RFC 9110, 15.5.9; RFC 8470, 5.2): a 4xx that says nothing about the content."""


@dataclass(frozen=True)
class Option:
    """One setting of an Account: `default` None means it must be given."""

    name: str
    default: str | None = None
    help: str = ""


class Connector:
    """One channel for one Account. A subclass is one platform; an instance serves one Delivery at a time.

    `prepare` is harmless and repeatable and returns a small JSON draft; `publish` makes exactly one irreversible
    request, with the same key each time. Both raise one of the four failures or it is a bug.

    `errors` maps the platform's codes and words to ours; `OutcomeUnknown` there means that the platform stumbled, which
    leaves only a publish in doubt. `rate_limits` are the codes and words that mean: too many calls, come back later.
    """

    name: ClassVar[str]
    brand: ClassVar[str]
    capability: ClassVar[Capability]
    base_url: ClassVar[str] = ""
    options: ClassVar[tuple[Option, ...]] = ()
    secrets: ClassVar[tuple[str, ...]] = ()
    optional_secrets: ClassVar[tuple[str, ...]] = ()
    errors: ClassVar[Mapping[str | int, type[Failure]]] = {}
    rate_limits: ClassVar[tuple[str | int, ...]] = ()

    def __init__(self, account: Account, http: Http) -> None:
        self.account = account
        self.http = http
        http.judge = self.judge

    def option(self, name: str) -> str:
        """The Account's value of a declared option, or its default."""
        declared = next(option for option in self.options if option.name == name)
        return str(self.account.options.get(name, declared.default))

    def secret(self, name: str) -> str:
        """The Account's value of a declared secret; an optional one left out is empty."""
        if name not in self.secrets + self.optional_secrets:
            raise KeyError(name)
        return self.account.secrets.get(name, "")

    def prepare(self, rendition: Rendition) -> JSON:
        """Upload and build everything that leaves nothing a reader can see."""
        raise NotImplementedError

    def publish(self, draft: JSON, key: str) -> Receipt:
        """The one irreversible request."""
        raise NotImplementedError

    def edit(self, receipt: Receipt, draft: JSON) -> Receipt:
        """Correct what is out, where `capability.edits`; repeatable. The proof of what now stands there."""
        raise NotImplementedError

    def delete(self, receipt: Receipt) -> None:
        """Take down what is out, where `capability.deletes`; repeatable: what is known to be gone is no failure."""
        raise NotImplementedError

    def verify(self) -> Identity:
        """Who these credentials speak for."""
        raise NotImplementedError

    # ---- how this platform says no -------------------------------------------------------------------------------
    def words(self, answer: Answer) -> Iterable[str | int]:
        """The platform's own codes and words in a refusal, matched against `errors` in this order."""
        return [answer.text[:2000]]

    def retry_after(self, answer: Answer) -> float:
        """Seconds the platform asks us to wait when it limits our rate (0: it does not say)."""
        return answer.retry_after

    def judge(self, answer: Answer) -> Failure | None:
        """The failure an answer means for this platform, or None where it says nothing about the content."""
        words = list(self.words(answer))
        said = next((str(word) for word in words if isinstance(word, str) and word), "") or answer.text[:300]
        # a platform may repeat the token it refuses; a failure's text goes to the dashboard
        message = self.http.transcript.redact(f"{self.brand} answered {answer.status}: {said}")
        if any(_matches(known, word) for known in self.rate_limits for word in words):
            return self._limited(message, answer)
        for word in words:
            for ours in (kind for known, kind in self.errors.items() if _matches(known, word)):
                return TryLater(message, after=answer.retry_after) if ours is TryLater else ours(message)
        if answer.status == RATE_LIMIT:
            return self._limited(message, answer)
        if answer.status == UNAUTHORIZED:
            return Unauthorized(message)
        # HTTP's own classes of "not here" and "your fault"
        return Rejected(message) if 300 <= answer.status < 500 and answer.status not in UNHEARD else None  # noqa: PLR2004  # see above

    def _limited(self, message: str, answer: Answer) -> TryLater:
        return TryLater(message, after=bounded(self.retry_after(answer)), rate_limited=True, scope="account")


def _matches(known: str | int, word: str | int) -> bool:
    if isinstance(known, str) and isinstance(word, str):
        return known.lower() in word.lower()
    return known == word
