"""Facebook's half behind the verbs: tokens, what may be attached, duplicates, Graph's error object.

Error codes: https://developers.facebook.com/docs/graph-api/guides/error-handling (2026-09). Unverified: HTTP status of
errors (400 here, 403 for a foreign Page) and whether 506 also meets a draft being published (it does here, where the
newest live post of the Page says the same).
"""

import json
import math
from typing import Any, NoReturn

from publisher.sandbox.accounts import profile
from publisher.sandbox.network import Network, listed, truth
from publisher.sandbox.state import Media, Post
from publisher.sandbox.wire import Answer, MalformedBodyError, RefusedError, Request, reply

MISSING = (
    "Unsupported request. Object with ID '{}' does not exist, cannot be loaded due to missing permissions, "
    "or does not support this operation"
)


def failure(status: int, code: int, message: str, subcode: int = 0, kind: str = "OAuthException") -> Answer:
    """Graph's error object."""
    error: dict[str, Any] = {"message": message, "type": kind, "code": code, "fbtrace_id": "A" + "0" * 21}
    if subcode:
        error["error_subcode"] = subcode
    if status >= 500:
        error["is_transient"] = True
    return reply(status, {"error": error})


def refuse(code: int, message: str, subcode: int = 0, status: int = 400) -> NoReturn:
    raise RefusedError(failure(status, code, f"(#{code}) {message}", subcode))


def usage(page_id: str, percent: int, minutes: int = 0) -> dict[str, str]:
    """The header of Business Use Case limits: per cent used, minutes until access comes back."""
    entry = {"type": "pages", "call_count": percent, "total_cputime": percent, "total_time": percent}
    value = {page_id: [entry | {"estimated_time_to_regain_access": minutes}]}
    return {"X-Business-Use-Case-Usage": json.dumps(value)}


class Rules(Network):
    name = "facebook"

    def reset(self) -> None:
        super().reset()
        self.photos: dict[str, tuple[str, Media]] = {}
        self.published_photos: set[str] = set()

    def account(self, request: Request) -> str:
        return self.world.directory.find("facebook", "access_token", _token(request))

    def publishes(self, request: Request) -> bool:
        """A new post or photo that is no draft, or a draft being published."""
        if not super().publishes(request):
            return False
        try:
            fields = request.query | request.fields
        except MalformedBodyError:
            return False
        if request.path.rsplit("/", 1)[-1] in {"feed", "photos"}:
            return truth(fields.get("published"), default=True)
        return truth(fields.get("is_published"), default=False)

    def headers(self, request: Request) -> dict[str, str]:
        name = self.account(request)
        return usage(profile("facebook", name).id, 1) if name else {}

    def known(self, request: Request) -> str:
        """The Page whose token this is."""
        if not _token(request):
            raise RefusedError(failure(400, 104, "An access token is required to request this resource."))
        name = self.account(request)
        if not name:
            raise RefusedError(self.unauthorized())
        return name

    def own(self, request: Request, page: str) -> tuple[str, dict[str, Any]]:
        """The caller's name and fields, for an edge of the caller's own Page."""
        name = self.known(request)
        if page not in {"me", profile("facebook", name).id}:
            if not self.world.directory.by_id("facebook", page):
                missing(page)
            refuse(200, "If posting to a page, requires the permission to create content on it", status=403)
        return name, request.query | request.fields

    def mine(self, request: Request, identifier: str) -> tuple[Post, dict[str, Any]]:
        name = self.known(request)
        post = self.world.find("facebook", identifier, name)
        if not post:
            missing(identifier)
        return post, request.query | request.fields

    def attached(self, name: str, fields: dict[str, Any]) -> tuple[list[str], list[Media]]:
        """Photos uploaded before, in order: a JSON array or `attached_media[0]=…` (both are documented)."""
        value = fields.get("attached_media")
        items = [fields[key] for key in sorted(fields) if key.startswith("attached_media[")]
        if value is not None:
            items = listed(value) or refuse(100, "Param attached_media must be an array of objects with media_fbid")
        ids = [_fbid(item) for item in items]
        for identifier in ids:
            if self.photos.get(identifier, ("", None))[0] != name:
                missing(identifier)
            if identifier in self.published_photos:
                refuse(100, "Photos were already posted.", 1_366_051)
        return ids, [self.photos[identifier][1] for identifier in ids]

    def publish(self, post: Post) -> None:
        """Make it visible; 506 where the Page's newest post is the same."""
        newest = next(iter(self.world.live("facebook", post.account, 1)), None)
        said = (post.text, post.link, [media.sha256 for media in post.media])
        if newest and said == (newest.text, newest.link, [media.sha256 for media in newest.media]):
            refuse(506, "Duplicate status message")
        post.visible, post.created = True, self.world.stamp()
        self.published_photos.update(post.detail.get("photos", []))

    def error(self, status: int) -> Answer:
        return failure(status, 2 if status >= 500 else 1, "An unexpected error has occurred. Please retry later.")

    def limited(self, seconds: int) -> Answer:
        """No Retry-After: the wait is in the usage header, in minutes, rounded up. HTTP 400 is unverified."""
        answer = failure(400, 80_001, "There have been too many calls to this Page account. Wait a bit and try again.")
        pages = [profile("facebook", name).id for name in self.world.directory.names[:1]]
        return Answer(400, answer.body, usage(pages[0] if pages else "0", 100, math.ceil(seconds / 60)))

    def unauthorized(self) -> Answer:
        return failure(400, 190, "Invalid OAuth access token - Cannot parse access token")

    def unreadable(self, problem: str) -> Answer:
        return failure(400, 100, f"(#100) The request body is not readable: {problem}")

    def not_found(self, request: Request) -> Answer:
        return failure(400, 2500, f"Unknown path components: {request.path}")


def missing(identifier: str) -> NoReturn:
    raise RefusedError(failure(400, 100, MISSING.format(identifier), 33, "GraphMethodException"))


def _token(request: Request) -> str:
    if request.bearer:
        return request.bearer
    try:
        posted = request.fields.get("access_token")
    except MalformedBodyError:
        posted = None
    return str(posted or request.query.get("access_token", ""))


def _fbid(item: Any) -> str:
    """`{"media_fbid": "…"}`, as an object or as its text."""
    if isinstance(item, str):
        try:
            item = json.loads(item)
        except ValueError:
            item = None
    if not isinstance(item, dict) or "media_fbid" not in item:
        refuse(100, "Param attached_media must be an array of objects with media_fbid")
    return str(item["media_fbid"])
