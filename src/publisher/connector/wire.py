"""The only way out: kept-alive sessions with time-outs and size caps, no private networks, and what a loss means.

A lost answer to a harmless call is `TryLater`; a lost answer to the publishing call is `OutcomeUnknown`; no
connection at all is `TryLater` always, since nothing was said.
"""

import logging
import time
from typing import Any

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from publisher.connector.egress import BlockedAddressError, GuardedPools
from publisher.domain.failures import Failure, OutcomeUnknown, Rejected, TryLater

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 20.0, 40.0
TIMEOUT = (CONNECT_SECONDS, READ_SECONDS)
ANSWER_BYTES = 4 * 1024 * 1024
UNUSABLE = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)
USER_AGENT = "publisher/0.1 (+https://example.org/publisher)"


class TooLongError(requests.exceptions.ContentDecodingError):
    """The answer has more bytes than we take."""


def session(*, trusted: frozenset[str] = frozenset(), connections: int = 8) -> requests.Session:
    """A kept-alive session that reaches public addresses, and `trusted` "host:port" pairs wherever they lie."""
    logging.getLogger("urllib3").setLevel(logging.INFO)  # at DEBUG it writes whole paths: Telegram's holds the token
    made = requests.Session()
    made.trust_env = False
    made.headers["User-Agent"] = USER_AGENT
    adapter = GuardedAdapter(trusted=trusted, pool_connections=4, pool_maxsize=connections, max_retries=0)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


class GuardedAdapter(HTTPAdapter):
    """requests' adapter on connection pools that check the address they really reached."""

    def __init__(self, *, trusted: frozenset[str], **options: Any) -> None:
        self._trusted = trusted
        super().__init__(**options)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kw: Any) -> None:  # noqa: FBT001, FBT002  # requests' signature
        self.poolmanager = GuardedPools(self._trusted, num_pools=connections, maxsize=maxsize, block=block, **kw)

    def send(self, *request: Any, **options: Any) -> requests.Response:
        """As requests' own, which lets urllib3's complaint about a host's name through as it is."""
        try:
            return super().send(*request, **options)
        except urllib3.exceptions.LocationValueError as error:
            raise requests.exceptions.InvalidURL(type(error).__name__) from None


def read_body(response: requests.Response, started: float, most: int = ANSWER_BYTES) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(64 * 1024):
        size += len(part)
        if size > most:
            raise TooLongError(f"the answer is longer than {most} bytes")
        if time.monotonic() - started > TOTAL_SECONDS:
            raise requests.exceptions.ReadTimeout(f"the answer took longer than {TOTAL_SECONDS:.0f} s")
        parts.append(part)
    return b"".join(parts)


def lost(error: requests.RequestException, *, publish: bool) -> Failure:
    """What a transport error means: nothing was said (TryLater), or something may have been heard."""
    if blocked := _cause(error, BlockedAddressError):
        return Rejected(str(blocked))
    if isinstance(error, UNUSABLE):
        return Rejected(f"the address is not usable: {type(error).__name__}")
    never_left = _cause(error, urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    if publish and not never_left and not isinstance(error, requests.exceptions.SSLError):
        return OutcomeUnknown(f"the answer was lost ({plain_words(error)})")
    return TryLater(plain_words(error))


def _cause(error: BaseException, *kinds: type[BaseException]) -> BaseException | None:
    """The first of `kinds` in an exception's causes, contexts and arguments: urllib3 nests them all three ways."""
    seen: set[int] = set()
    queue: list[Any] = [error]
    while queue:
        current = queue.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        if isinstance(current, kinds):
            return current
        seen.add(id(current))
        queue += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    return None


def plain_words(error: BaseException) -> str:
    """An error's kind in words, without its text: that may hold the whole URL, token included."""
    known = {
        requests.exceptions.ConnectTimeout: f"no connection within {CONNECT_SECONDS:.0f} s",
        requests.exceptions.ReadTimeout: f"no answer within {READ_SECONDS:.0f} s",
        requests.exceptions.SSLError: "the TLS connection failed",
        requests.exceptions.ChunkedEncodingError: "the answer broke off",
        TooLongError: "the answer is too long",
        requests.exceptions.ContentDecodingError: "the answer could not be read",
    }
    for kind, words in known.items():
        if isinstance(error, kind):
            return words
    if _cause(error, urllib3.exceptions.NewConnectionError):
        return "no connection"
    return "the connection broke" if isinstance(error, requests.ConnectionError) else type(error).__name__
