"""The nouns: what the newsroom published, where it goes, and what became of it.

Times are aware UTC and end in `_at`; lengths of time are seconds unless the name says otherwise;
sizes of pictures are pixels; lengths of text are in the unit their Capability names.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

JSON = dict[str, Any]


class Kind(StrEnum):
    """What sort of Post it is; templates and routes may differ by it."""

    ARTICLE = "article"
    PHOTO = "photo"
    VIDEO = "video"
    DIGEST = "digest"


class Direction(StrEnum):
    LTR = "ltr"
    RTL = "rtl"


class Action(StrEnum):
    """What a Delivery does at the platform."""

    PUBLISH = "publish"
    EDIT = "edit"
    DELETE = "delete"


class State(StrEnum):
    """Where a Delivery stands. States exclude each other; the reason beside it is data."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    PUBLISHED = "published"
    HELD = "held"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a Delivery stands where it stands; the words an operator can filter by."""

    NEW = "new"
    REPOST = "repost"
    RETRY = "retry"
    RATE_LIMITED = "rate_limited"
    OUTCOME_UNKNOWN = "outcome_unknown"
    SAME_KEY = "same_key"
    RECONNECT = "reconnect"
    REJECTED = "rejected"
    EXPIRED = "expired"
    BUG = "bug"
    WITHDRAWN = "withdrawn"
    OPERATOR = "operator"
    UNCONFIGURED = "unconfigured"
    LEASE_EXPIRED = "lease_expired"


class Event(StrEnum):
    """What a CMS tells of a Post."""

    PUBLISH = "publish"
    UPDATE = "update"
    UNPUBLISH = "unpublish"
    DELETE = "delete"


@dataclass(frozen=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int


@dataclass(frozen=True)
class Photo:
    """A picture the CMS names: where it lies and what it shows. `focal` is (x, y), each 0..1."""

    url: str
    alt: str = ""
    caption: str = ""
    focal: tuple[float, float] | None = None


@dataclass(frozen=True)
class Post:
    """What the CMS published, at one revision. `id` is the CMS's own id, unique inside `source`.

    `title`, `summary`, `categories` and `tags` are plain text; `html` is the CMS's body, hostile until cleaned.
    `edition` names an Edition of the settings. `modified_at` orders revisions.
    """

    source: str
    id: str
    edition: str
    title: str
    url: str
    modified_at: datetime
    kind: Kind = Kind.ARTICLE
    summary: str = ""
    html: str = ""
    author: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    photos: tuple[Photo, ...] = ()
    published_at: datetime | None = None
    translation_of: str = ""


@dataclass(frozen=True)
class Edition:
    """One language edition: `language` is BCP 47, `site_name` stands on the Card, `utm` on every link."""

    name: str
    language: str
    direction: Direction
    site_name: str
    url: str = ""
    utm: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Brand:
    """How Cards look. Colours are `#rrggbb`; `logo` and `fonts` are paths of files."""

    accent: str = "#1f6f5c"
    ground: str = "#14211d"
    ink: str = "#ffffff"
    logo: str = ""
    fonts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """One connected identity on a Channel. `secrets` never appear in repr, logs or transcripts."""

    name: str
    channel: str
    base_url: str = ""
    options: JSON = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Route:
    """Which Posts go to which Accounts. Empty conditions match everything; `expires_after` in seconds."""

    accounts: tuple[str, ...]
    editions: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    expires_after: int = 86_400


class SpanKind(StrEnum):
    LINK = "link"
    HASHTAG = "hashtag"
    BOLD = "bold"


@dataclass(frozen=True)
class Span:
    """A stretch of text that means something: code points `start` to `end` (exclusive).

    `value` is the whole URL of a link, or the hashtag without `#`.
    """

    start: int
    end: int
    kind: SpanKind
    value: str = ""


@dataclass(frozen=True)
class Image:
    """Encoded bytes of one Card or photo, with what a reader who can't see it is told."""

    content: bytes = field(repr=False)
    mime: str
    size: Size
    alt: str
    sha256: str
    url: str = ""

    @property
    def filename(self) -> str:
        """A name for uploads that want one, from the digest and the MIME type."""
        return f"{self.sha256[:12]}.{self.mime.removeprefix('image/').replace('jpeg', 'jpg')}"


@dataclass(frozen=True)
class Rendition:
    """A Post fitted to one Account: exactly what will be sent, so the preview is the payload."""

    text: str
    title: str
    summary: str
    link: str
    language: str
    direction: Direction
    spans: tuple[Span, ...] = ()
    images: tuple[Image, ...] = ()
    site_name: str = ""
    author: str = ""
    kind: Kind = Kind.ARTICLE
    published_at: datetime | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """The platform's proof: its ids (first one is the post), the public URL if there is one."""

    ids: tuple[str, ...]
    url: str = ""
    detail: JSON = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """Who an Account's credentials speak for, as the platform says it."""

    handle: str
    url: str = ""
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """One action for one Post on one Account: the unit of state, retry and dedup.

    `id` (a ULID) is also the idempotency key of every Attempt. `token` is the fence: it grows with each claim.
    `doubt_at` is when the first request whose outcome is unknown went out.
    """

    id: str
    post_id: str
    account: str
    channel: str
    edition: str
    action: Action
    state: State
    reason: str
    created_at: datetime
    again_at: datetime
    expires_at: datetime
    tries: int = 0
    token: int = 0
    doubt_at: datetime | None = None
    draft: JSON | None = None
    draft_at: datetime | None = None
    receipt: Receipt | None = None
    note: str = ""


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to which subject and why. The store adds number, time and the hash of the one before."""

    actor: str
    event: str
    subject: str
    detail: JSON = field(default_factory=dict)
