"""Facebook Pages as Graph API v26.0 behaves: https://developers.facebook.com/docs/pages-api/posts (2026-09; the
two-phase publish after a probe of v25.0 on 2026-09-05).

Unverified: the text limit 63,206 and its code. This fake fetches nothing: no `url` photos, no link that is scraped.
"""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from publisher.sandbox.accounts import profile
from publisher.sandbox.facebook_rules import Rules, refuse
from publisher.sandbox.network import Route, truth
from publisher.sandbox.state import Media, Post
from publisher.sandbox.text import linkified
from publisher.sandbox.wire import Answer, Request, reply

TEXT, PHOTO_BYTES = 63_206, 10 * 1024 * 1024
SCOPES = ["pages_show_list", "pages_read_engagement", "pages_manage_posts"]
POSTED = "id,created_time,message"


class Facebook(Rules):
    brand = "Facebook"

    def feed(self, request: Request, page: str) -> Answer:
        name, fields = self.own(request, page)
        text, link = str(fields.get("message", "")), str(fields.get("link", ""))
        _check(text, link, fields)
        photos, media = self.attached(name, fields)
        if not (text.strip() or link or media):
            refuse(100, "Requires one of the params: message, link, attached_media")
        post = self._draft(request, name, text, media)
        post.link, post.card, post.detail = link, {"uri": link} if link else {}, {"photos": photos}
        if truth(fields.get("published"), default=True):
            self.publish(post)
        self.world.add(post)
        return reply(200, {"id": post.id, "post_supports_client_mutation_id": True})

    def photo(self, request: Request, page: str) -> Answer:
        name, fields = self.own(request, page)
        upload = request.files.get("source")
        if upload is None:
            refuse(324, "Missing or invalid image file (this fake fetches no `url`: send `source`)")
        if len(upload.content) > PHOTO_BYTES:
            refuse(100, "Your photos couldn't be uploaded: the file is too big", 1_366_046)
        media = self.world.picture(upload.content, str(fields.get("alt_text_custom", "")))
        if not media:
            refuse(324, "Missing or invalid image file")
        identifier = f"1220{self.world.serial():011d}"
        self.photos[identifier] = (name, media)
        if not truth(fields.get("published"), default=True):
            return reply(200, {"id": identifier})
        post = self._draft(request, name, str(fields.get("caption") or fields.get("message") or ""), [media])
        post.detail = {"photos": [identifier]}
        self.publish(post)
        self.world.add(post)
        return reply(200, {"id": identifier, "post_id": post.id})

    def change(self, request: Request, identifier: str) -> Answer:
        """Publish a draft (again and again if one likes) or change the message."""
        post, fields = self.mine(request, identifier)
        if "message" in fields:
            _check(str(fields["message"]), "", {})
            post.text = str(fields["message"])
            post.spans = linkified(post.text)
            post.edited = self.world.stamp() if post.visible else None
        if truth(fields.get("is_published"), default=False) and not post.visible:
            self.publish(post)
            self.world.posts["facebook"].remove(post)
            self.world.add(post)
        return reply(200, {"success": True})

    def read(self, request: Request, identifier: str) -> Answer:
        post, _ = self.mine(request, identifier)
        return reply(200, _fields(post, request.query.get("fields", POSTED)))

    def listing(self, request: Request, page: str, _edge: str) -> Answer:
        name, _ = self.own(request, page)
        wanted, most = request.query.get("fields", POSTED), request.query.get("limit", "25")
        if not most.isdigit() or not 1 <= int(most) <= 100:
            refuse(100, "Param limit must be a number from 1 to 100")
        posts = self.world.live("facebook", name, int(most))
        return reply(200, {"data": [_fields(post, wanted) for post in posts]})

    def delete(self, request: Request, identifier: str) -> Answer:
        post, _ = self.mine(request, identifier)
        post.deleted = True
        return reply(200, {"success": True})

    def me(self, request: Request) -> Answer:
        who = profile("facebook", self.known(request))
        return reply(200, {"name": who.title, "id": who.id})

    def page(self, request: Request, page: str) -> Answer:
        name, _ = self.own(request, page)
        who = profile("facebook", name)
        return reply(200, {"name": who.title, "id": who.id, "username": who.handle})

    def debug_token(self, request: Request) -> Answer:
        self.known(request)
        name = self.world.directory.find("facebook", "access_token", request.query.get("input_token", ""))
        if not name:
            error = {"code": 190, "message": "Invalid OAuth access token."}
            return reply(200, {"data": {"is_valid": False, "scopes": [], "error": error}})
        who = profile("facebook", name)
        value = {"app_id": "1", "type": "PAGE", "application": "publisher", "is_valid": True, "profile_id": who.id}
        scopes = [{"scope": scope, "target_ids": [who.id]} for scope in SCOPES]
        times = {"expires_at": 0, "data_access_expires_at": 0}
        return reply(200, {"data": value | times | {"scopes": SCOPES, "granular_scopes": scopes}})

    def _draft(self, request: Request, name: str, text: str, media: list[Media]) -> Post:
        page, number = profile("facebook", name).id, f"{self.world.serial():015d}"
        url = f"{request.origin}/facebook/{page}/posts/{number}"
        spans = linkified(text)
        return Post("facebook", name, f"{page}_{number}", url, text, media=media, spans=spans, visible=False)

    routes: ClassVar[tuple[Route, ...]] = (
        Route("POST", r"/v\d+\.\d+/(\d+|me)/feed", feed, publishes=True),
        Route("POST", r"/v\d+\.\d+/(\d+|me)/photos", photo, publishes=True),
        Route("GET", r"/v\d+\.\d+/(\d+|me)/(feed|published_posts|posts)", listing),
        Route("GET", r"/v\d+\.\d+/me", me),
        Route("GET", r"/v\d+\.\d+/debug_token", debug_token),
        Route("GET", r"/v\d+\.\d+/(\d+)", page),
        Route("POST", r"/v\d+\.\d+/(\d+_\d+)", change, publishes=True),
        Route("GET", r"/v\d+\.\d+/(\d+_\d+)", read),
        Route("DELETE", r"/v\d+\.\d+/(\d+_\d+)", delete),
    )


def _check(text: str, link: str, fields: dict[str, Any]) -> None:
    if len(text) > TEXT:
        refuse(100, f"Param message must be no longer than {TEXT} characters")
    if link and not (urlsplit(link).scheme in {"http", "https"} and urlsplit(link).hostname):
        refuse(100, "The link is not a valid URL", 2_061_006)
    if "scheduled_publish_time" in fields:
        refuse(100, "This fake keeps no schedule: leave scheduled_publish_time out")


def _fields(post: Post, wanted: str) -> dict[str, Any]:
    """The fields asked for, `attachments{unshimmed_url}` among them; `id` always."""
    names = {name.partition("{")[0].strip() for name in wanted.split(",")}
    links = [{"unshimmed_url": post.link}] if post.link else []
    media = [{"type": "photo", "description": media.alt} for media in post.media]
    known: dict[str, Any] = {
        "message": post.text or None,
        "created_time": post.created.split(".")[0] + "+0000",
        "permalink_url": post.url,
        "is_published": post.visible,
        "attachments": {"data": links + media} if links or media else None,
    }
    return {name: known[name] for name in known if name in names and known[name] is not None} | {"id": post.id}
