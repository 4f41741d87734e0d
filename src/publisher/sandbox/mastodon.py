"""A Mastodon 4.5 server: https://docs.joinmastodon.org/methods/statuses/, /methods/media/ (2026-07-02).

Unverified: the exact words after "Validation failed:". GIFs stand for media that take time: 202, then once 206.
This fake keeps no schedule and refuses `scheduled_at`, which the real one takes.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from publisher.sandbox import counting
from publisher.sandbox.accounts import profile
from publisher.sandbox.mastodon_entities import INSTANCE, account, attachment, status
from publisher.sandbox.network import Network, Route, listed, truth
from publisher.sandbox.state import Media, Post, described
from publisher.sandbox.text import first_link, linkified
from publisher.sandbox.wire import Answer, RefusedError, Request, reply

TEXT, MOST_MEDIA, ALT, IMAGE_BYTES, PIXELS = 500, 4, 1500, 16 * 1024 * 1024, 33_177_600
KEY_LIVES = 3600
VISIBILITIES = {"public", "unlisted", "private", "direct"}


def refused(status: int, words: str) -> RefusedError:
    return RefusedError(reply(status, {"error": words}))


class Mastodon(Network):
    name = "mastodon"
    brand = "Mastodon"

    def reset(self) -> None:
        super().reset()
        self.media: dict[str, tuple[str, Media]] = {}
        self.processing: dict[str, int] = {}
        self.keys: dict[tuple[str, str], tuple[float, str]] = {}
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

    # ---- verbs ---------------------------------------------------------------------------------------------------
    def create(self, request: Request) -> Answer:
        """The same Idempotency-Key inside an hour gives the same status, whatever the body says."""
        name, key = self.known(request), request.headers.get("idempotency-key", "")
        made_at, earlier = self.keys.get((name, key), (0.0, ""))
        post = self.world.find("mastodon", earlier, name) if key and self.world.now() - made_at < KEY_LIVES else None
        if post is None:
            post = self._new(request, name)
            if key:
                self.keys[name, key] = (self.world.now(), post.id)
        return reply(200, status(post))

    def edit(self, request: Request, identifier: str) -> Answer:
        post = self._mine(request, identifier)
        fields = request.fields
        media = self._attached(post.account, fields) if "media_ids" in fields else post.media
        post.text = _text(fields, media)
        post.media, post.spans, post.edited = media, linkified(post.text), self.world.stamp()
        post.link = first_link(post.spans)
        post.language = str(fields.get("language") or post.language)
        return reply(200, status(post))

    def read(self, request: Request, identifier: str) -> Answer:
        post = self.world.find("mastodon", identifier)
        if not post or not (post.visible or self.account(request) == post.account):
            raise refused(404, "Record not found")
        return reply(200, status(post))

    def delete(self, request: Request, identifier: str) -> Answer:
        post = self._mine(request, identifier, "delete", 30, 1800)
        post.deleted = True
        return reply(200, status(post) | {"text": post.text})

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

    def me(self, request: Request) -> Answer:
        return reply(200, account(self.known(request), request.origin))

    def instance(self, request: Request) -> Answer:
        return reply(200, INSTANCE | {"domain": request.origin.partition("://")[2]})

    def timeline(self, request: Request, number: str) -> Answer:
        most = request.query.get("limit", "20")
        owner = self.world.directory.by_id("mastodon", number)
        if not owner:
            raise refused(404, "Record not found")
        posts = self.world.live("mastodon", owner)[: min(int(most), 40) if most.isdigit() else 20]
        return reply(200, [status(post) for post in posts])

    # ---- rules ---------------------------------------------------------------------------------------------------
    def _new(self, request: Request, name: str) -> Post:
        fields = request.fields
        visibility = str(fields.get("visibility") or "public")
        if visibility not in VISIBILITIES or fields.get("scheduled_at"):
            raise refused(422, "Validation failed: Visibility or schedule is not one this server takes")
        media = self._attached(name, fields)
        text, identifier = _text(fields, media), self.world.snowflake(0, 16)
        url = f"{request.origin}/mastodon/@{profile('mastodon', name).handle}/{identifier}"
        language = str(fields.get("language") or "")
        post = Post("mastodon", name, identifier, url, text, "", language, media, linkified(text))
        post.link, post.visible = first_link(post.spans), visibility != "direct"
        warning, sensitive = str(fields.get("spoiler_text") or ""), truth(fields.get("sensitive"), default=False)
        post.detail = {"visibility": visibility, "spoiler_text": warning, "sensitive": sensitive}
        return self.world.add(post)

    def _attached(self, name: str, fields: dict[str, Any]) -> list[Media]:
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

    def _mine(self, request: Request, identifier: str, family: str = "", limit: int = 300, window: int = 300) -> Post:
        post = self.world.find("mastodon", identifier, self.known(request, family, limit, window))
        if not post:
            raise refused(404, "Record not found")
        return post

    def error(self, status: int) -> Answer:
        return reply(status, {"error": "We're sorry, but something went wrong on our end." if status >= 500 else "Error"})

    def limited(self, seconds: int) -> Answer:
        return reply(429, {"error": "Throttled"}, _rate(300, 0, self.world.now() + seconds))

    def unauthorized(self) -> Answer:
        return reply(401, {"error": "The access token is invalid"})

    def not_found(self, request: Request) -> Answer:
        del request
        return reply(404, {"error": "Record not found"})

    routes: ClassVar[tuple[Route, ...]] = (
        Route("POST", r"/api/v1/statuses", create, publishes=True),
        Route("PUT", r"/api/v1/statuses/(\d+)", edit),
        Route("GET", r"/api/v1/statuses/(\d+)", read),
        Route("DELETE", r"/api/v1/statuses/(\d+)", delete),
        Route("POST", r"/api/v2/media", upload),
        Route("GET", r"/api/v1/media/(\d+)", media_status),
        Route("PUT", r"/api/v1/media/(\d+)", describe),
        Route("GET", r"/api/v2/instance", instance),
        Route("GET", r"/api/v1/accounts/verify_credentials", me),
        Route("GET", r"/api/v1/accounts/(\d+)/statuses", timeline),
    )


def _text(fields: dict[str, Any], media: list[Media]) -> str:
    text, warning = str(fields.get("status") or ""), str(fields.get("spoiler_text") or "")
    if not text.strip() and not media:
        raise refused(422, "Validation failed: Text can't be blank")
    if counting.mastodon(text) + counting.mastodon(warning) > TEXT:
        raise refused(422, f"Validation failed: Text character limit of {TEXT} exceeded")
    return text


def _rate(limit: int, left: int, ends: float) -> dict[str, str]:
    """The reset is an ISO 8601 time, not an epoch."""
    reset = datetime.fromtimestamp(ends, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": reset}
