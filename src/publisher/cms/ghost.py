"""Ghost 6: its own webhooks, one for each event an integration asks for.

https://github.com/TryGhost/Ghost/tree/main/ghost/core/core/server/services/webhooks (6.65, read 2026-11-24). Ghost
sends once, waits 2 s for an answer, and forgets the hook on 410. What it sends carries no id.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from publisher.cms.base import Cms, Incoming, check_fresh, check_match, digest, matches, refused
from publisher.cms.fields import NAME, NAMES, SUMMARY, TITLE, Fields
from publisher.domain.capability import MIB
from publisher.domain.html import plain
from publisher.domain.model import JSON, Event, Kind, Photo, Post

_SIGNATURE = re.compile(r"sha256=(?P<mac>[0-9a-f]{64})(?:,\s*t=(?P<stamp>[0-9]{1,14}))?")
_INTERNAL = "hash-"  # how the slug of a tag `#name` starts
_REVISIONS = 1_000


class Ghost(Cms):
    """Verifies `X-Ghost-Signature` and reads `{event, post: {current, previous}}`.

    Internal tags steer: `#fa` picks an Edition (`editions = {fa = …}`), `#photo`, `#video`, `#digest` the Kind.
    """

    body_bytes = 8 * MIB  # every event of a post carries all its revisions
    edition_field = "/post/current/tags"

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        self.check_size(body)
        mac, stamp = _signature(headers)
        if self.source.legacy and matches(self._macs(body), [mac]):
            return  # an older Ghost signs the body alone, so its time proves nothing
        if not stamp:
            raise refused("X-Ghost-Signature has no time in it.")
        check_match(self._macs(body, stamp), [mac])
        check_fresh(int(stamp) / 1000, now)

    def sign(self, body: bytes, *, event_id: str, now: datetime) -> dict[str, str]:
        del event_id  # Ghost has none
        stamp = str(int(now.timestamp() * 1000))
        mac = self._macs(body, stamp.encode())[0].decode()
        return {"content-type": "application/json", "x-ghost-signature": f"sha256={mac}, t={stamp}"}

    def _macs(self, *signed: bytes) -> list[bytes]:
        return [digest(key, *signed).hex().encode() for key in self.keys]

    def event_id(self, headers: Mapping[str, str], body: bytes) -> str:
        return hashlib.sha256(body + _signature(headers)[1]).hexdigest()

    def incoming(self, event_id: str, headers: Mapping[str, str], document: JSON) -> Incoming:
        body = Fields(document)
        name = body.text("event", NAME) or _event_of(headers.get(":path", ""))
        if "post" not in document or (name and not name.startswith("post.")):
            return Incoming(event_id, None, None, "not a post event")
        current, previous = body.object("post").object("current"), body.object("post").object("previous")
        if name == "post.deleted" or not current.value:
            return Incoming(event_id, Event.DELETE, self._trace(current if current.value else previous))
        event, verdict = _judge(name, current, previous)
        match event:
            case None:
                return Incoming(event_id, None, None, verdict)
            case Event.UNPUBLISH:
                return Incoming(event_id, event, self._trace(current))
            case _:
                return Incoming(event_id, event, self._post(current))

    def _trace(self, post: Fields) -> Post:
        return self.trace(_id(post), self._edition(post.objects("tags", NAMES)), _modified(post))

    def _post(self, post: Fields) -> Post:
        tags = post.objects("tags", NAMES)
        primary = post.object("primary_tag")
        return Post(
            source=self.source.name,
            id=_id(post),
            edition=self._edition(tags),
            title=" ".join(post.text("title", TITLE, required=True).split()),
            url=self._url(post),
            modified_at=_modified(post),
            kind=_kind(tags),
            summary=post.text("custom_excerpt", SUMMARY) or post.text("excerpt", SUMMARY),
            html=post.html("html"),
            author=post.object("primary_author").text("name", NAME),
            categories=_public([primary]) if primary.value else (),
            tags=_public(tags),
            photos=_photos(post),
            published_at=post.moment("published_at"),
        )

    def _edition(self, tags: list[Fields]) -> str:
        known = {
            key.lower().removeprefix("#").removeprefix(_INTERNAL): name for key, name in self.source.editions.items()
        }
        return next((known[name] for name in _internal(tags) if name in known), self.source.edition)

    def _url(self, post: Fields) -> str:
        found = post.url("canonical_url") or post.url("url")
        # Ghost writes /404/ for a post whose route it does not know yet
        if found and not urlsplit(found).path.endswith("/404/"):
            return found
        slug = post.text("slug", NAME)
        if not (slug and self.source.base_url):
            post.fault("url", "names no public page, and the source has no base_url")
        return f"{self.source.base_url.rstrip('/')}/{slug}/"


def _signature(headers: Mapping[str, str]) -> tuple[bytes, bytes]:
    """The signature in hex and the time in milliseconds, b"" without one; BadRequest 401 where there is neither."""
    header = headers.get("x-ghost-signature")
    if not header:
        raise refused("The header X-Ghost-Signature is missing.")
    found = _SIGNATURE.fullmatch(header.strip())
    if not found:
        raise refused("X-Ghost-Signature must read sha256=<hex>, t=<milliseconds>.")
    return found["mac"].encode(), (found["stamp"] or "").encode()


def _event_of(path: str) -> str:
    """The event at the end of the address it was sent to, for a Ghost that leaves it out of the body; or ""."""
    name = path.partition("?")[0].rpartition("/")[2]
    return name if "." in name else ""


def _judge(name: str, current: Fields, previous: Fields) -> tuple[Event | None, str]:
    """What became of a post, and why it is ignored if it is. `previous` holds only what has changed."""
    hidden, before = _hidden(current), Fields({**current.value, **previous.value}, previous.path)
    was_hidden = _hidden(before)
    if hidden:
        withdrawn = name == "post.unpublished" or not was_hidden
        return (Event.UNPUBLISH, "") if withdrawn else (None, hidden)
    opened = was_hidden and (not name or _visibility(before) != "public")
    return (Event.PUBLISH if name == "post.published" or opened else Event.UPDATE), ""


def _hidden(post: Fields) -> str:
    """Why not everyone may see a post, or ""."""
    status = post.text("status", NAME)
    if status in ("draft", "scheduled"):
        return status
    return "" if status == "published" and _visibility(post) == "public" else "not public"


def _visibility(post: Fields) -> str:
    return post.text("visibility", NAME)


def _id(post: Fields) -> str:
    return post.text("id", NAME, required=True)


def _modified(post: Fields) -> datetime:
    return post.moment("updated_at") or post.fault("updated_at", "is missing or empty")


def _public(tags: list[Fields]) -> tuple[str, ...]:
    return tuple(tag.text("name", NAME, required=True) for tag in tags if _visibility(tag) == "public")


def _internal(tags: list[Fields]) -> list[str]:
    """Internal tags without what marks them: `#fa`, whose slug is `hash-fa`, is "fa"."""
    slugs = [tag.text("slug", NAME) for tag in tags if _visibility(tag) == "internal"]
    return [slug.removeprefix(_INTERNAL) for slug in slugs]


def _kind(tags: list[Fields]) -> Kind:
    named = [Kind(name) for name in _internal(tags) if name in list(Kind)]
    return named[0] if named else Kind.ARTICLE


def _photos(post: Fields) -> tuple[Photo, ...]:
    url = post.url("feature_image")
    if not url:
        return ()
    alt = post.text("feature_image_alt", SUMMARY)
    # some events leave the alt text out of the post but not out of its newest revision
    newest = (post.objects("post_revisions", _REVISIONS) or [Fields({})])[-1]
    if not alt and newest.text("feature_image", len(url)) == url:
        alt = newest.text("feature_image_alt", SUMMARY)
    return (Photo(url, alt, plain(post.text("feature_image_caption", SUMMARY))),)
