"""What the fake networks remember: posts as readers see them, pictures, the last requests, the clock."""

import hashlib
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from publisher.sandbox.accounts import CHANNELS, Directory
from publisher.sandbox.faults import Faults
from publisher.sandbox.pictures import sniff

REMEMBERED_REQUESTS = 500


@dataclass(frozen=True)
class Media:
    """A picture a reader sees; `size` in bytes, `width` and `height` in pixels."""

    sha256: str
    size: int
    mime: str
    width: int
    height: int
    alt: str = ""


@dataclass(frozen=True)
class Span:
    """Code points `start` to `end` of the text: `link` (value: URL), `hashtag` or `bold`."""

    start: int
    end: int
    kind: str
    value: str = ""


@dataclass
class Post:
    """One post as its readers see it. Times are ISO 8601 UTC; `media` includes a link card's thumb.

    `problems` are faults the platform takes without a word and readers suffer from (a facet that marks nothing).
    """

    channel: str
    account: str
    id: str
    url: str
    text: str = ""
    link: str = ""
    language: str = ""
    media: list[Media] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    card: dict[str, str] = field(default_factory=dict)
    created: str = ""
    edited: str | None = None
    deleted: bool = False
    visible: bool = True
    problems: list[str] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict, repr=False)

    def public(self) -> dict[str, Any]:
        """The form `/_sandbox/<channel>/posts` gives."""
        names = ("account", "id", "url", "text", "link", "language", "created", "edited", "deleted", "problems")
        return {name: getattr(self, name) for name in names} | {"media": [asdict(media) for media in self.media]}


class World:
    """Everything that is forgotten on reset, under one lock."""

    def __init__(self, names: tuple[str, ...], *, enforce_rates: bool) -> None:
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self.directory = Directory(names)
        self.enforce_rates = enforce_rates
        self.faults = Faults()
        self.reset()

    def reset(self) -> None:
        with self.lock:
            self.posts: dict[str, list[Post]] = {channel: [] for channel in CHANNELS}
            self.blobs: dict[str, tuple[str, bytes]] = {}
            self.requests: dict[str, deque[dict[str, Any]]] = {
                channel: deque(maxlen=REMEMBERED_REQUESTS) for channel in CHANNELS
            }
            self._newest: dict[tuple[str, str, str], Post] = {}
            self.advanced = 0.0
            self._serial = 0
            self.faults.clear()

    def now(self) -> float:
        """Seconds since 1970, plus what a test has advanced the clock by."""
        return time.time() + self.advanced

    def stamp(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def serial(self) -> int:
        """1, 2, 3 … since the last reset."""
        with self.lock:
            self._serial += 1
            return self._serial

    def snowflake(self, epoch: float, shift: int) -> str:
        """A time-ordered 64-bit id: milliseconds since `epoch` (seconds), shifted left, plus a serial number."""
        return str((int((self.now() - epoch) * 1000) << shift) + self.serial() % (1 << shift))

    def picture(self, content: bytes, alt: str = "") -> Media | None:
        """Keep a picture's bytes; None where they are no picture."""
        found = sniff(content)
        if not found:
            return None
        mime, width, height = found
        digest = hashlib.sha256(content).hexdigest()
        with self.lock:
            self.blobs[digest] = (mime, content)
        return Media(digest, len(content), mime, width, height, alt)

    def add(self, post: Post) -> Post:
        with self.lock:
            post.created = post.created or self.stamp()
            self.posts[post.channel].append(post)
            for account in ("", post.account):  # ids need be unique inside an account only
                self._newest[post.channel, account, post.id] = post
        return post

    def find(self, channel: str, identifier: str, account: str = "") -> Post | None:
        """The newest post with this id, if it is not deleted and of this account (any, where "")."""
        post = self._newest.get((channel, account, identifier))
        return post if post and not post.deleted else None

    def live(self, channel: str, account: str, most: int | None = None) -> list[Post]:
        """Visible posts of one account, newest first, `most` at most."""
        with self.lock:
            posts = reversed(self.posts[channel])
            seen = (post for post in posts if post.account == account and post.visible and not post.deleted)
            return list(islice(seen, most))

    def seen(self, channel: str) -> list[dict[str, Any]]:
        """What readers see or have seen, oldest first."""
        with self.lock:
            return [post.public() for post in self.posts[channel] if post.visible]

    def log(self, channel: str, method: str, path: str, status: int | None) -> None:
        """Remember a request with secrets masked; status None: closed without an answer."""
        for secret in self.directory.secrets():
            path = path.replace(secret, "***")
        entry = {"at": self.stamp(), "method": method, "path": path, "status": status}
        with self.lock:
            self.requests[channel].append(entry)


def described(media: Media, alt: str) -> Media:
    """The same picture with a description."""
    return replace(media, alt=alt)
