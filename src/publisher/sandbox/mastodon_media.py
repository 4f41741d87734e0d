"""Mastodon's half behind the verbs: tokens, rates, uploads, errors.

https://docs.joinmastodon.org/methods/media/, /api/rate-limits/ (2026-07-02). Unverified: the exact words after
"Validation failed:". GIFs stand for media that take time: 202, then once 206.
"""

from datetime import UTC, datetime
from typing import Any

from publisher.sandbox.mastodon_entities import attachment
from publisher.sandbox.network import Network, listed
from publisher.sandbox.state import Media, described
from publisher.sandbox.wire import Answer, RefusedError, Request, reply

MOST_MEDIA, ALT, IMAGE_BYTES, PIXELS = 4, 1500, 16 * 1024 * 1024, 33_177_600


def refused(status: int, words: str) -> RefusedError:
    return RefusedError(reply(status, {"error": words}))


class Uploads(Network):
    """Known callers and their media."""

    name = "mastodon"

    def reset(self) -> None:
        super().reset()
        self.media: dict[str, tuple[str, Media]] = {}
        self.processing: dict[str, int] = {}
        self.rate_headers: dict[str, str] = {}

    def known(self, request: Request, family: str = "", limit: int = 300, window: int = 300) -> str:
        name = self.account(request)
        if not name:
            raise RefusedError(self.unauthorized())
        left, ends = self.spend(name, family, limit, window)
        self.rate_headers = _rate(limit, left, ends)
        return name

    def headers(self, request: Request) -> dict[str, str]:
        del request
        return self.rate_headers

    def upload(self, request: Request) -> Answer:
        name = self.known(request, "media", 30, 1800)
        file, alt = request.files.get("file"), str(request.fields.get("description", ""))
        if file is None:
            raise refused(422, "Validation failed: File can't be blank")
        if len(file.content) > IMAGE_BYTES:
            raise refused(422, "Validation failed: File file size must be less than 16 MB")
        if len(alt) > ALT:
            raise refused(422, f"Validation failed: Description is too long (maximum is {ALT} characters)")
        media = self.world.picture(file.content, alt)
        if not media:
            raise refused(422, "Validation failed: File content type is invalid, File is invalid")
        if media.width * media.height > PIXELS:
            raise refused(422, f"{media.width}x{media.height} images are not supported")
        identifier = self.world.snowflake(0, 16)
        self.media[identifier] = (name, media)
        self.processing[identifier] = 1 if media.mime == "image/gif" else 0
        ready = not self.processing[identifier]
        return reply(200 if ready else 202, attachment(identifier, media, request.origin, ready=ready))

    def media_status(self, request: Request, identifier: str) -> Answer:
        media = self._upload(self.known(request), identifier)
        if self.processing[identifier]:
            self.processing[identifier] -= 1
            return reply(206, attachment(identifier, media, request.origin, ready=False))
        return reply(200, attachment(identifier, media, request.origin, ready=True))

    def describe(self, request: Request, identifier: str) -> Answer:
        name, alt = self.known(request), str(request.fields.get("description", ""))
        if len(alt) > ALT:
            raise refused(422, f"Validation failed: Description is too long (maximum is {ALT} characters)")
        self.media[identifier] = (name, described(self._upload(name, identifier), alt))
        return reply(200, attachment(identifier, self.media[identifier][1], request.origin, ready=True))

    def attached(self, name: str, fields: dict[str, Any]) -> list[Media]:
        ids = listed(fields.get("media_ids") or []) or []
        if len(ids) > MOST_MEDIA:
            raise refused(422, "Validation failed: Cannot attach more than 4 files")
        media = [self._upload(name, str(identifier)) for identifier in ids]
        if any(self.processing[str(identifier)] for identifier in ids):
            raise refused(422, "Cannot attach files that have not finished processing. Try again in a moment!")
        return media

    def _upload(self, name: str, identifier: str) -> Media:
        owner, media = self.media.get(identifier, ("", None))
        if media is None or owner != name:
            raise refused(404, "Record not found")
        return media

    def error(self, status: int) -> Answer:
        return reply(
            status, {"error": "We're sorry, but something went wrong on our end." if status >= 500 else "Error"}
        )

    def limited(self, seconds: int) -> Answer:
        return reply(429, {"error": "Throttled"}, _rate(300, 0, self.world.now() + seconds))

    def unauthorized(self) -> Answer:
        return reply(401, {"error": "The access token is invalid"})

    def not_found(self, request: Request) -> Answer:
        del request
        return reply(404, {"error": "Record not found"})


def _rate(limit: int, left: int, ends: float) -> dict[str, str]:
    """The reset is an ISO 8601 time, not an epoch."""
    reset = datetime.fromtimestamp(ends, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": reset}
