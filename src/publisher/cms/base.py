"""The contract of a CMS reader: pure functions of headers, raw bytes and the time of arrival."""

import hashlib
import hmac
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import ClassVar, NoReturn

from publisher.domain.capability import MIB
from publisher.domain.model import JSON, Event, Post

WINDOW = timedelta(seconds=300)
"""How far a signed timestamp may lie from now, either way: the tolerance of the Standard Webhooks libraries."""

_JSON_TYPE = re.compile(r'\s*application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """One CMS that may tell us things.

    `secrets`: the first one signs, any of them verifies (rotation). `edition` is what a Post gets that names none;
    `editions` maps what the CMS says (a language, a tag's slug) to names of Editions. `base_url` is the site's own
    address, for a CMS that leaves it out. `legacy` accepts signatures that do not cover the time (an older Ghost).
    """

    name: str
    kind: str
    secrets: tuple[str, ...] = field(repr=False)
    edition: str = ""
    editions: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    legacy: bool = False


@dataclass(frozen=True)
class Incoming:
    """One verified, parsed webhook. `event` None: to be recorded and ignored, `verdict` says why ("" otherwise).

    `event_id` is unique inside the Source. `post` is whole for PUBLISH and UPDATE; for UNPUBLISH and DELETE it holds
    source, id, edition and modified_at.
    """

    event_id: str
    event: Event | None
    post: Post | None
    verdict: str = ""


@dataclass(eq=False)
class BadRequest(Exception):  # noqa: N818  # the name HTTP gives it
    """A webhook that is refused: the members of an RFC 9457 problem; `field` is a JSON pointer into the body, or ""."""

    status: int
    title: str
    detail: str
    field: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.title}: {self.detail}" + (f" ({self.field})" if self.field else "")


class Cms(ABC):
    """Reads one kind of CMS. `verify` comes first, always; `read` trusts what it is given to be verified."""

    body_bytes: ClassVar[int] = MIB
    """The longest body taken; reliability wants a cap before any work is done."""

    edition_field: ClassVar[str] = ""
    """Where this CMS would have named the edition."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.keys = tuple(self.key(secret) for secret in source.secrets)

    def key(self, secret: str) -> bytes:
        """The bytes that key the HMAC; ValueError, without the secret in it, for one that can't be right."""
        if not secret.strip():
            raise ValueError(f"a secret of source {self.source.name!r} is empty")
        return secret.encode()

    @abstractmethod
    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """BadRequest 401 or 413 unless one of the secrets signed `body`, lately. `headers` has lower-case keys."""

    @abstractmethod
    def sign(self, body: bytes, *, event_id: str, now: datetime) -> dict[str, str]:
        """The headers a sender with the first secret adds to `body`; what `verify` accepts."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Incoming:
        """What a verified webhook says; BadRequest 400, 415 or 422 (naming the field) where it can't be read."""
        declared = headers.get("content-type", "")
        if not _JSON_TYPE.fullmatch(declared):
            raise BadRequest(415, "Unsupported media type", "The content type must be application/json, in UTF-8.")
        incoming = self.incoming(self.event_id(headers, body), headers, parse(body))
        post = incoming.post
        if incoming.event in (Event.PUBLISH, Event.UPDATE) and post and not post.edition:
            detail = f"{self.edition_field} names no edition, and the source has no default."
            raise BadRequest(422, "Unprocessable field", detail, self.edition_field)
        return incoming

    @abstractmethod
    def event_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """What tells this event from every other of the Source, and stays when it is sent again."""

    @abstractmethod
    def incoming(self, event_id: str, headers: Mapping[str, str], document: JSON) -> Incoming:
        """The event in our nouns. The web layer may add the request's path as `:path`, as HTTP/2 names it."""

    def trace(self, post_id: str, edition: str, modified_at: datetime) -> Post:
        """As much of a Post as its withdrawal needs: nothing else in the body can stand in the way."""
        return Post(self.source.name, post_id, edition, title="", url="", modified_at=modified_at)

    def edition_of(self, name: str, language: str) -> str:
        """The Edition called `name`; else the one mapped to `language`, cut from its end as RFC 4647 §3.4 looks up.

        A language nobody mapped is taken for an Edition's name: better an unknown Edition than the wrong one.
        """
        known = {key.lower(): edition for key, edition in self.source.editions.items()}
        if name:
            return known.get(name.lower(), name)
        tag = language.lower().replace("_", "-")
        while tag:
            if tag in known:
                return known[tag]
            tag = tag.rpartition("-")[0]
        return language or self.source.edition

    def check_size(self, body: bytes) -> None:
        """BadRequest 413 for a body longer than this CMS has reason to send."""
        if len(body) > self.body_bytes:
            raise BadRequest(413, "Body too long", f"The body is longer than {self.body_bytes:,} bytes.")


def refused(detail: str) -> BadRequest:
    """A 401: who sent this can't be told."""
    return BadRequest(401, "Signature refused", detail)


def digest(key: bytes, *signed: bytes) -> bytes:
    """HMAC-SHA256 over the parts of `signed` as one."""
    return hmac.new(key, b"".join(signed), hashlib.sha256).digest()


def matches(expected: Iterable[bytes], given: Iterable[bytes]) -> bool:
    """Whether one of `given` is one of `expected`. Every pair is compared, each in constant time."""
    pairs = product(expected, given)
    return any([hmac.compare_digest(ours, theirs) for ours, theirs in pairs])  # noqa: C419  # no early exit


def check_match(expected: Iterable[bytes], given: Iterable[bytes]) -> None:
    """BadRequest 401 unless one of `given` is one of `expected`."""
    if not matches(expected, given):
        raise refused("The signature does not match the body.")


def check_fresh(seconds: float, now: datetime) -> None:
    """BadRequest 401 unless the Unix time `seconds` lies inside the window around `now`."""
    if abs(seconds - now.timestamp()) > WINDOW.total_seconds():
        raise refused(f"The timestamp is more than {WINDOW.seconds} seconds away from this server's clock.")


def parse(body: bytes) -> JSON:
    """The JSON object that `body` is; BadRequest 400 where it is none."""
    try:
        found = json.loads(body.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise _unreadable("The body is nested too deeply.") from None
    except ValueError:  # not UTF-8, not JSON, or a number of thousands of digits
        raise _unreadable("The body is not JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise _unreadable("The body is not a JSON object.")
    return found


def _unreadable(detail: str) -> BadRequest:
    return BadRequest(400, "Not a JSON object", detail)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's
