"""Bluesky: the AT Protocol through the account's PDS, or bsky.social as the way in for accounts it hosts.

https://github.com/bluesky-social/atproto lexicons/app/bsky/feed/post.json, com/atproto/repo/putRecord.json (d6296a1c,
2026-08-20); errors and the no-op of a repeated putRecord recorded from PDS 0.5.35 (2026-11-23). Links and cards are not
made by the server: facets and the card are ours. An expired token is answered 400, not 401.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from ulid import ULID

from publisher.connector.base import Connector, Option
from publisher.connector.http import Answer
from publisher.domain.capability import Capability, Doubt, Link, Picture
from publisher.domain.failures import TryLater, Unauthorized
from publisher.domain.model import JSON, Identity, Image, Kind, Receipt, Rendition, Size, Span, SpanKind
from publisher.domain.text import Unit, measure

COLLECTION = "app.bsky.feed.post"
TAG_GRAPHEMES, TAG_BYTES = 64, 640
SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"


@dataclass
class _Login:
    """The tokens in force for one Account in this process; `lock` lets one thread renew them for all."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    tokens: JSON = field(default_factory=dict)


# createSession is allowed 300 times a day: tokens live as long as the HTTP session the worker keeps for the Account
_logins: WeakKeyDictionary[object, _Login] = WeakKeyDictionary()
_guard = threading.Lock()


class Bluesky(Connector):
    name = "bluesky"
    brand = "Bluesky"
    capability = Capability(
        text=300,
        unit=Unit.GRAPHEMES,
        text_bytes=3000,
        images=4,
        image_bytes=1_000_000,  # a card's thumb; photos beside a text may have twice that
        image_types=("image/jpeg", "image/png", "image/webp", "image/gif"),
        alt=2000,
        card=Size(1200, 630),
        picture=Picture.LINK_CARD,
        link=Link.FIELD,
        doubt=Doubt.REPEAT,
        draft_life=600,  # blobs nothing refers to are dropped after minutes (uploadBlob.json)
        deletes=True,
        source="https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json",
    )
    base_url = "https://bsky.social"
    options = (Option("identifier", None, "handle or DID, such as news.bsky.social"),)
    secrets = ("app_password",)
    errors = {
        "ExpiredToken": Unauthorized,
        "InvalidToken": Unauthorized,
        "AuthFactorTokenRequired": Unauthorized,
        "AccountTakedown": Unauthorized,
        "AccountDeactivated": Unauthorized,
        "BlobNotFound": TryLater,
    }

    def prepare(self, rendition: Rendition) -> JSON:
        record: JSON = {
            "$type": COLLECTION,
            "text": rendition.text,
            "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "langs": [rendition.language],
        }
        if embed := self._embed(rendition):
            record["embed"] = embed
        # beside photos there is no card: the title is the link then
        title_link = "" if "external" in (embed or {}) else rendition.link
        return {"record": record | {"facets": _facets(rendition, title_link)}}

    def publish(self, draft: JSON, key: str) -> Receipt:
        rkey = record_key(key)
        # the same record under the same key changes nothing and is answered like the first time
        write = {"rkey": rkey, "record": draft["record"], "validate": True}
        answer = self._call("POST", "com.atproto.repo.putRecord", publish=True, write=write)
        uri, cid = self.http.receipt(answer, "uri"), self.http.receipt(answer, "cid")
        return Receipt(ids=(uri, cid), url=f"{_profile(self._login().tokens['handle'])}/post/{rkey}")

    def delete(self, receipt: Receipt) -> None:
        """Nothing happens where it is gone already."""
        self._call("POST", "com.atproto.repo.deleteRecord", write={"rkey": receipt.ids[0].rpartition("/")[2]})

    def verify(self) -> Identity:
        me = self._call("GET", "com.atproto.server.getSession")
        handle = self.http.receipt(me, "handle")
        return Identity(handle=f"@{handle}", url=_profile(handle))

    def words(self, answer: Answer) -> Iterable[str | int]:
        """The platform's name of the error decides; its message is for the operator."""
        return [f"{answer.field('error') or ''}: {answer.field('message') or answer.text[:300]}"]

    # ---- the session ---------------------------------------------------------------------------------------------
    def _login(self) -> _Login:
        with _guard:
            return _logins.setdefault(self.http.session, _Login())

    def _call(self, method: str, nsid: str, **request: Any) -> Answer:
        """One call with the tokens in force; a refused token is renewed once, for it was not heard with the old one."""
        tokens = self._tokens(None)
        try:
            return self._send(tokens, method, nsid, **request)
        except Unauthorized:
            return self._send(self._tokens(tokens), method, nsid, **request)

    def _send(
        self, tokens: JSON, method: str, nsid: str, *, publish: bool = False, write: JSON | None = None, **request: Any
    ) -> Answer:
        if write is not None:
            request["json"] = {"repo": tokens["did"], "collection": COLLECTION, **write}
        headers = {"Authorization": f"Bearer {tokens['accessJwt']}", **request.pop("headers", {})}
        return self.http.call(method, f"/xrpc/{nsid}", publish=publish, headers=headers, **request)

    def _tokens(self, refused: JSON | None) -> JSON:
        """Tokens in force, other than the `refused` ones."""
        login = self._login()
        with login.lock:
            if not login.tokens:
                login.tokens = self._created()
            elif login.tokens is refused:
                login.tokens = self._refreshed(refused)
            return login.tokens

    def _created(self) -> JSON:
        who = {"identifier": self.option("identifier").removeprefix("@"), "password": self.secret("app_password")}
        return self._session(self.http.call("POST", "/xrpc/com.atproto.server.createSession", json=who))

    def _refreshed(self, tokens: JSON) -> JSON:
        headers = {"Authorization": f"Bearer {tokens['refreshJwt']}"}
        try:
            return self._session(self.http.call("POST", "/xrpc/com.atproto.server.refreshSession", headers=headers))
        except Unauthorized:
            return self._created()

    def _session(self, answer: Answer) -> JSON:
        return {name: self.http.receipt(answer, name) for name in ("accessJwt", "refreshJwt", "did", "handle")}

    # ---- the record ----------------------------------------------------------------------------------------------
    def _embed(self, rendition: Rendition) -> JSON | None:
        """One embed a post: photos for a photo post, else the card of the link."""
        if rendition.images and (rendition.kind is Kind.PHOTO or not rendition.link):
            images = [{**_described(image), "image": self._upload(image)} for image in rendition.images]
            return {"$type": "app.bsky.embed.images", "images": images}
        if not rendition.link:
            return None
        external: JSON = {"uri": rendition.link, "title": rendition.title, "description": rendition.summary}
        if rendition.images:
            external["thumb"] = self._upload(rendition.images[0])
        return {"$type": "app.bsky.embed.external", "external": external}

    def _upload(self, image: Image) -> Any:
        headers = {"Content-Type": image.mime}
        answer = self._call("POST", "com.atproto.repo.uploadBlob", data=image.content, headers=headers)
        blob = answer.field("blob")
        if not isinstance(blob, dict):
            raise TryLater(f"{self.brand} answered {answer.status} without a blob")
        return blob


def _profile(handle: str) -> str:
    return f"https://bsky.app/profile/{handle}"


def record_key(key: str) -> str:
    """A TID made of a ULID: its milliseconds, its randomness for microseconds and clock id (atproto.com/specs/tid)."""
    ulid = ULID.from_str(key)
    milliseconds, randomness = int(ulid) >> 80, int(ulid) & ((1 << 80) - 1)
    return tid(milliseconds * 1000 + randomness % 1000, randomness // 1000 % 1024)


def tid(microseconds: int, clock_id: int) -> str:
    """53 bits of microseconds and 10 bits of clock id as 13 characters that sort by time."""
    value = microseconds << 10 | clock_id
    return "".join(SORTABLE[value >> shift & 31] for shift in range(60, -1, -5))


def _facets(rendition: Rendition, title_link: str) -> list[JSON]:
    """The spans that mean something here, as bytes of UTF-8; of two that overlap the first."""
    facets, at = [], 0
    for span in rendition.spans:
        feature = _feature(span, title_link)
        if feature and span.start >= at:
            start, at = span.start, span.end
            first, last = (len(rendition.text[:offset].encode()) for offset in (start, at))
            facets.append({"index": {"byteStart": first, "byteEnd": last}, "features": [feature]})
    return facets


def _feature(span: Span, title_link: str) -> JSON | None:
    match span.kind:
        case SpanKind.LINK:
            return {"$type": "app.bsky.richtext.facet#link", "uri": span.value}
        case SpanKind.HASHTAG if _is_tag(span.value):
            return {"$type": "app.bsky.richtext.facet#tag", "tag": span.value}
        case SpanKind.BOLD if title_link:
            return {"$type": "app.bsky.richtext.facet#link", "uri": title_link}
    return None


def _is_tag(value: str) -> bool:
    return measure(value, Unit.GRAPHEMES) <= TAG_GRAPHEMES and len(value.encode()) <= TAG_BYTES


def _described(image: Image) -> JSON:
    return {"alt": image.alt, "aspectRatio": {"width": image.size.width, "height": image.size.height}}
