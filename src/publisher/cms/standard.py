"""Our own body under Standard Webhooks headers: what any CMS, script or build step can send (docs/webhook.md).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (1.0.0, read 2026-11-24).
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from publisher.cms.base import Cms, Incoming, check_fresh, check_match, refused
from publisher.cms.fields import EDITION, NAME, PHOTOS, SUMMARY, TITLE, Fields
from publisher.connector.standard_webhooks import signature, signing_key
from publisher.domain.model import JSON, Event, Kind, Photo, Post

EVENTS = {
    "post.published": Event.PUBLISH,
    "post.updated": Event.UPDATE,
    "post.unpublished": Event.UNPUBLISH,
    "post.deleted": Event.DELETE,
}
STATUSES = {
    "published": "",
    "draft": "draft",
    "scheduled": "scheduled",
    "private": "private",
    "password": "password-protected",
}
"""Status of a Post -> why it is not published, if it is not."""

# Visible ASCII without a full stop: the spec wants none in an id, it delimits what is signed.
_ID, _SECONDS = re.compile(r"[!-\-/-~]{1,200}"), re.compile(r"[0-9]{1,12}")


class Standard(Cms):
    """Verifies Standard Webhooks, symmetric (`v1`), and reads the standard body."""

    edition_field = "/data/edition"

    def key(self, secret: str) -> bytes:
        """The random bytes behind `whsec_` (the prefix may be left out)."""
        try:
            return signing_key(secret)
        except ValueError as error:
            raise ValueError(f"a secret of source {self.source.name!r} can't be right: {error}") from None

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        self.check_size(body)
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        if missing := [name for name in names if not headers.get(name)]:
            raise refused(f"The header {missing[0]} is missing.")
        message, seconds, signatures = (headers[name] for name in names)
        if not _ID.fullmatch(message):
            raise refused("webhook-id must be 1 to 200 visible ASCII characters without a full stop.")
        if not _SECONDS.fullmatch(seconds):
            raise refused("webhook-timestamp must be a Unix time in seconds.")
        given = signatures.encode(errors="replace").split()
        check_match(self._signatures(message, seconds, body), given)
        check_fresh(int(seconds), now)

    def sign(self, body: bytes, *, event_id: str, now: datetime) -> dict[str, str]:
        if not _ID.fullmatch(event_id):
            raise ValueError("an event id is 1 to 200 visible ASCII characters without a full stop")
        seconds = str(int(now.timestamp()))
        return {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": seconds,
            "webhook-signature": self._signatures(event_id, seconds, body)[0].decode(),
        }

    def _signatures(self, message: str, seconds: str, body: bytes) -> list[bytes]:
        return [signature(key, message, seconds, body).encode() for key in self.keys]

    def event_id(self, headers: Mapping[str, str], body: bytes) -> str:
        return headers.get("webhook-id") or hashlib.sha256(body).hexdigest()

    def incoming(self, event_id: str, headers: Mapping[str, str], document: JSON) -> Incoming:
        del headers  # they hold nothing of the event
        body = Fields(document)
        event = EVENTS.get(body.text("type", NAME, required=True))
        if event is None:
            return Incoming(event_id, None, None, "not a post event")
        at = body.moment("timestamp") or body.fault("timestamp", "is missing or empty")
        return self.told(event_id, event, at, body.object("data", required=True))

    def told(self, event_id: str, event: Event, at: datetime, data: Fields) -> Incoming:
        """What `data` says of a Post to which `event` happened `at` that time."""
        verdict = STATUSES[data.choice("status", STATUSES) or "published"]
        if verdict and event is Event.PUBLISH:
            return Incoming(event_id, None, None, verdict)
        if verdict and event is Event.UPDATE:
            event = Event.UNPUBLISH
        modified_at = data.moment("modified_at") or at
        if event in (Event.UNPUBLISH, Event.DELETE):
            return Incoming(event_id, event, self.trace(_id(data), self.edition(data), modified_at))
        return Incoming(event_id, event, self._post(data, modified_at))

    def edition(self, data: Fields) -> str:
        """The Edition `data` names, by name or by language."""
        return self.edition_of(data.text("edition", EDITION), data.text("language", EDITION))

    def _post(self, data: Fields, modified_at: datetime) -> Post:
        return Post(
            source=self.source.name,
            id=_id(data),
            edition=self.edition(data),
            title=" ".join(data.text("title", TITLE, required=True).split()),
            url=data.url("url", required=True),
            modified_at=modified_at,
            kind=Kind(data.choice("kind", Kind) or Kind.ARTICLE),
            summary=data.text("summary", SUMMARY),
            html=data.html("html"),
            author=data.text("author", NAME),
            categories=data.names("categories"),
            tags=data.names("tags"),
            photos=tuple(_photo(photo) for photo in data.objects("photos", PHOTOS)),
            published_at=data.moment("published_at"),
            translation_of=data.text("translation_of", NAME),
        )


def _id(data: Fields) -> str:
    return data.text("id", NAME, required=True)


def _photo(photo: Fields) -> Photo:
    url = photo.url("url", required=True)
    return Photo(url, photo.text("alt", SUMMARY), photo.text("caption", SUMMARY), photo.focal("focal"))
