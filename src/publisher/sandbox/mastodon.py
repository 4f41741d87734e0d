"""A Mastodon 4.5 server: https://docs.joinmastodon.org/methods/statuses/, /methods/media/ (2026-07-02).

This fake keeps no schedule and refuses `scheduled_at`, which the real one takes.
"""

from typing import Any, ClassVar

from publisher.sandbox import counting
from publisher.sandbox.accounts import profile
from publisher.sandbox.mastodon_entities import INSTANCE, account, status
from publisher.sandbox.mastodon_media import Uploads, refused
from publisher.sandbox.network import Route, truth
from publisher.sandbox.state import Media, Post
from publisher.sandbox.text import first_link, linkified
from publisher.sandbox.wire import Answer, Request, reply

TEXT, KEY_LIVES = 500, 3600
VISIBILITIES = {"public", "unlisted", "private", "direct"}


class Mastodon(Uploads):
    brand = "Mastodon"

    def reset(self) -> None:
        super().reset()
        self.keys: dict[tuple[str, str], tuple[float, str]] = {}

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
        media = self.attached(post.account, fields) if "media_ids" in fields else post.media
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

    def me(self, request: Request) -> Answer:
        return reply(200, account(self.known(request), request.origin))

    def instance(self, request: Request) -> Answer:
        return reply(200, INSTANCE | {"domain": request.origin.partition("://")[2]})

    def timeline(self, request: Request, number: str) -> Answer:
        most = request.query.get("limit", "20")
        owner = self.world.directory.by_id("mastodon", number)
        if not owner:
            raise refused(404, "Record not found")
        posts = self.world.live("mastodon", owner, min(int(most), 40) if most.isdigit() else 20)
        return reply(200, [status(post) for post in posts])

    # ---- rules ---------------------------------------------------------------------------------------------------
    def _new(self, request: Request, name: str) -> Post:
        fields = request.fields
        visibility = str(fields.get("visibility") or "public")
        if visibility not in VISIBILITIES or fields.get("scheduled_at"):
            raise refused(422, "Validation failed: Visibility or schedule is not one this server takes")
        media = self.attached(name, fields)
        text, identifier = _text(fields, media), self.world.snowflake(0, 16)
        url = f"{request.origin}/mastodon/@{profile('mastodon', name).handle}/{identifier}"
        language = str(fields.get("language") or "")
        post = Post("mastodon", name, identifier, url, text, "", language, media, linkified(text))
        post.link, post.visible = first_link(post.spans), visibility != "direct"
        warning, sensitive = str(fields.get("spoiler_text") or ""), truth(fields.get("sensitive"), default=False)
        post.detail = {"visibility": visibility, "spoiler_text": warning, "sensitive": sensitive}
        return self.world.add(post)

    def _mine(self, request: Request, identifier: str, family: str = "", limit: int = 300, window: int = 300) -> Post:
        post = self.world.find("mastodon", identifier, self.known(request, family, limit, window))
        if not post:
            raise refused(404, "Record not found")
        return post

    routes: ClassVar[tuple[Route, ...]] = (
        Route("POST", r"/api/v1/statuses", create, publishes=True),
        Route("PUT", r"/api/v1/statuses/(\d+)", edit),
        Route("GET", r"/api/v1/statuses/(\d+)", read),
        Route("DELETE", r"/api/v1/statuses/(\d+)", delete),
        Route("POST", r"/api/v2/media", Uploads.upload),
        Route("GET", r"/api/v1/media/(\d+)", Uploads.media_status),
        Route("PUT", r"/api/v1/media/(\d+)", Uploads.describe),
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
