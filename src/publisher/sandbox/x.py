"""X as API v2 behaves: https://docs.x.com/x-api (openapi v2.167, 2026-08-22).

Unverified: the exact words of refusals other than the duplicate one; that a duplicate is compared with all live posts
of the account and by text alone; what deleting an unknown post answers (404 here).
"""

import re
from typing import Any, ClassVar

from publisher.sandbox import counting
from publisher.sandbox.accounts import profile
from publisher.sandbox.network import Route
from publisher.sandbox.state import Media, Post, Span
from publisher.sandbox.text import first_link, linkified
from publisher.sandbox.wire import Answer, RefusedError, Request, reply
from publisher.sandbox.x_media import TYPES, Uploads, invalid, problem, refuse

EPOCH, SHIFT = 1_288_834_974.657, 22
TEXT, MOST_MEDIA = 280, 4
# the keys of the schema of POST /2/tweets, which allows no others
KNOWN = frozenset(
    {
        *("text", "media", "reply", "edit_options", "quote_tweet_id", "reply_settings", "made_with_ai", "poll", "geo"),
        *("nullcast", "paid_partnership", "community_id", "share_with_followers", "card_uri"),
        *("direct_message_deep_link", "for_super_followers_only"),
    }
)
NOT_PERMITTED = "You are not permitted to perform this action."
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?!\w)")


class X(Uploads):
    brand = "X"

    def reset(self) -> None:
        super().reset()
        self.said: dict[tuple[str, str], Post] = {}

    def create(self, request: Request) -> Answer:
        name = self.signed(request, "POST /2/tweets", 100)
        body = _body(request)
        text, media = body.get("text", ""), self._attached(name, body.get("media"))
        self._may(name, body, text, media)
        identifier = self.world.snowflake(EPOCH, SHIFT)
        url = f"https://x.com/{profile('x', name).handle}/status/{identifier}"
        post = Post("x", name, identifier, url, text, media=media, spans=_spans(text))
        post.link = first_link(post.spans[::-1])
        self.said[name, text] = self.world.add(post)
        value = {"id": identifier, "text": _shown(post)["text"], "edit_history_post_ids": [identifier]}
        return reply(201, {"data": value})

    def delete(self, request: Request, identifier: str) -> Answer:
        name = self.signed(request, "DELETE /2/tweets", 50)
        post = self.world.find("x", identifier)
        if not post:
            detail = f"Could not find tweet with id: [{identifier}]."
            raise RefusedError(problem(404, "Not Found Error", detail, TYPES + "resource-not-found"))
        if post.account != name:
            refuse(403, NOT_PERMITTED)
        post.deleted = True
        return reply(200, {"data": {"deleted": True}})

    def me(self, request: Request) -> Answer:
        who = profile("x", self.signed(request, "GET /2/users/me", 75))
        return reply(200, {"data": {"id": who.id, "name": who.title, "username": who.handle}})

    def timeline(self, request: Request, number: str) -> Answer:
        self.signed(request, "GET /2/users/:id/tweets", 900)
        most = request.query.get("max_results", "10")
        if not most.isdigit() or not 5 <= int(most) <= 100:
            invalid("max_results", f"The `max_results` query parameter value [{most}] is not between 5 and 100")
        owner = self.world.directory.by_id("x", number)
        posts = [_shown(post) for post in self.world.live("x", owner, int(most))] if owner else []
        if not posts:
            return reply(200, {"meta": {"result_count": 0}})
        meta = {"result_count": len(posts), "newest_id": posts[0]["id"], "oldest_id": posts[-1]["id"]}
        return reply(200, {"data": posts, "meta": meta})

    def _attached(self, name: str, wanted: Any) -> list[Media]:
        if wanted is None:
            return []
        ids = wanted.get("media_ids") if isinstance(wanted, dict) else None
        if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_MEDIA or not all(isinstance(i, str) for i in ids):
            invalid("media.media_ids", f"$.media.media_ids: an array of 1 to {MOST_MEDIA} strings")
        if any(i not in self.media or self.media[i][0] != name for i in ids):
            invalid("media.media_ids", "Your media IDs are invalid.")
        media = [self.media[i][1] for i in ids]
        if len(media) > 1 and any(item.mime == "image/gif" for item in media):
            refuse(403, NOT_PERMITTED)
        return media

    def _may(self, name: str, body: dict[str, Any], text: str, media: list[Media]) -> None:
        if not text.strip() and not media:
            invalid("text", "$.text: at least one of text and media is required")
        if len(CASHTAG.findall(text)) > 1:
            refuse(400, "Posts may contain a maximum of one cashtag.")
        answered = body.get("reply")
        to = str(answered.get("in_reply_to_tweet_id")) if isinstance(answered, dict) else ""
        foreign = bool(answered) and not self.world.find("x", to, name)
        if counting.weighted(text) > TEXT or "quote_tweet_id" in body or foreign:
            refuse(403, NOT_PERMITTED)
        if "edit_options" in body:
            refuse(403, "Your account is not permitted to access this feature.")
        earlier = self.said.get((name, text))
        if text and earlier and not earlier.deleted:
            refuse(403, DUPLICATE)

    routes: ClassVar[tuple[Route, ...]] = (
        Route("POST", r"/2/tweets", create, publishes=True),
        Route("DELETE", r"/2/tweets/(\d+)", delete),
        Route("GET", r"/2/users/me", me),
        Route("GET", r"/2/users/(\d+)/tweets", timeline),
        Route("POST", r"/2/media/upload", Uploads.upload),
        Route("POST", r"/2/media/metadata", Uploads.describe),
    )


def _body(request: Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        invalid("body", "The request body must be application/json")
    body = request.fields
    for field in sorted(set(body) - KNOWN):
        invalid(field, f"$.{field}: is not defined in the schema and the schema does not allow additional properties")
    if not isinstance(body.get("text", ""), str):
        invalid("text", "$.text: must be a string")
    return body


def _spans(text: str) -> list[Span]:
    """X's links are wider than others': bare domains count, and show as http."""
    spans = [span for span in linkified(text) if span.kind == "hashtag"]
    for start, end in counting.links(text):
        url = text[start:end]
        spans.append(Span(start, end, "link", url if "://" in url else f"http://{url}"))
    return sorted(spans, key=lambda span: span.start)


def _shown(post: Post) -> dict[str, Any]:
    """A post as X gives it back: every URL replaced by a t.co one, the true one under entities."""
    text, shift, urls = post.text, 0, []
    for number, span in enumerate(span for span in post.spans if span.kind == "link"):
        short = f"https://t.co/{post.id[-8:]}{number:02d}"
        start, end = span.start + shift, span.end + shift
        text = text[:start] + short + text[end:]
        shift += len(short) - (end - start)
        display = span.value.split("://")[-1]
        url = {"url": short, "expanded_url": span.value, "display_url": display, "start": start}
        urls.append(url | {"end": start + len(short)})
    value: dict[str, Any] = {"id": post.id, "text": text, "created_at": post.created}
    return value | ({"entities": {"urls": urls}} if urls else {})
