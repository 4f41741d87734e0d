"""X's half that readers never see: who signs, what is uploaded, how it says no.

https://docs.x.com/x-api/media/quickstart, /x-api/fundamentals/response-codes-and-errors (2026-08-22).
"""

import base64
import binascii
import re
from typing import Any, NoReturn

from oauthlib.oauth1 import ResourceEndpoint

from publisher.sandbox.network import Network
from publisher.sandbox.signatures import Credentials, signer
from publisher.sandbox.state import Media, described
from publisher.sandbox.wire import Answer, RefusedError, Request, reply

PROBLEM = "application/problem+json"
TYPES = "https://api.twitter.com/2/problems/"
WINDOW = 900
MEDIA_LIVES = 86_400
IMAGE_BYTES = {"tweet_image": 5 * 1024 * 1024, "tweet_gif": 15 * 1024 * 1024}
ALT = 1000


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **headers: str) -> Answer:
    """RFC 7807, X's form of most refusals."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply(status, {"title": title, "type": kind, "status": status, "detail": detail}, named, PROBLEM)


def refuse(status: int, detail: str) -> NoReturn:
    title = {400: "Invalid Request", 403: "Forbidden", 413: "Payload Too Large"}.get(status, "Error")
    raise RefusedError(problem(status, title, detail))


def invalid(field: str, message: str) -> NoReturn:
    """400 with the parameter it is about."""
    raise RefusedError(invalid_answer(field, message))


def invalid_answer(field: str, message: str) -> Answer:
    value = {
        "errors": [{"parameters": {field: []}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": TYPES + "invalid-request",
    }
    return reply(400, value, content_type=PROBLEM)


class Uploads(Network):
    """Signed requests and media."""

    name = "x"

    def reset(self) -> None:
        super().reset()
        self.media: dict[str, tuple[str, Media]] = {}
        self.endpoint = ResourceEndpoint(Credentials(self.world.directory))
        self.rate_headers: dict[str, str] = {}

    def account(self, request: Request) -> str:
        token = re.search(r'oauth_token="([^"]*)"', request.headers.get("authorization", ""))
        return self.world.directory.find("x", "access_token", token[1]) if token else ""

    def signed(self, request: Request, family: str, limit: int) -> str:
        """The identity whose signature holds; counts the call against its 15 minute window."""
        name = self.world.directory.find("x", "access_token", signer(self.endpoint, request))
        if not name:
            raise RefusedError(self.unauthorized())
        left, ends = self.spend(name, family, limit, WINDOW)
        self.rate_headers = _rate(limit, left, int(ends))
        return name

    def headers(self, request: Request) -> dict[str, str]:
        del request
        return self.rate_headers

    def upload(self, request: Request) -> Answer:
        name = self.signed(request, "POST /2/media/upload", 500)
        category = request.fields.get("media_category")
        if category not in IMAGE_BYTES:
            invalid("media_category", f"$.media_category: one of {', '.join(IMAGE_BYTES)} (no video here)")
        content = _content(request)
        if len(content) > IMAGE_BYTES[category]:
            refuse(413, "media size exceeds the limit of its category")
        media = self.world.picture(content)
        if not media:
            invalid("media", "media type unrecognized.")
        identifier = self.world.snowflake(1_288_834_974.657, 22)
        self.media[identifier] = (name, media)
        value = {"id": identifier, "media_key": f"3_{identifier}", "size": media.size}
        return reply(200, {"data": value | {"expires_after_secs": MEDIA_LIVES}})

    def describe(self, request: Request) -> Answer:
        name = self.signed(request, "POST /2/media/metadata", 500)
        identifier, metadata = request.fields.get("id"), request.fields.get("metadata")
        owner, media = self.media.get(str(identifier), ("", None))
        if media is None or owner != name:
            invalid("id", "Your media IDs are invalid.")
        alt = (metadata or {}).get("alt_text") if isinstance(metadata, dict) else None
        text = alt.get("text") if isinstance(alt, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= ALT:
            invalid("metadata.alt_text.text", f"$.metadata.alt_text.text: a string of 1 to {ALT} characters")
        self.media[str(identifier)] = (name, described(media, text))
        return reply(200, {"data": {"id": identifier, "associated_metadata": {"alt_text": {"text": text}}}})

    def error(self, status: int) -> Answer:
        return problem(status, "Internal Error" if status >= 500 else "Error", "Something is broken.")

    def limited(self, seconds: int) -> Answer:
        headers = _rate(100, 0, int(self.world.now()) + seconds)
        return problem(429, "Too Many Requests", "Too Many Requests", **headers)

    def unauthorized(self) -> Answer:
        return problem(401, "Unauthorized", "Unauthorized")

    def unreadable(self, problem: str) -> Answer:
        return invalid_answer("body", f"The request body is not readable: {problem}")


def _rate(limit: int, left: int, ends: int) -> dict[str, str]:
    return {"x-rate-limit-limit": str(limit), "x-rate-limit-remaining": str(left), "x-rate-limit-reset": str(ends)}


def _content(request: Request) -> bytes:
    """The file of a multipart body, or base64 in a JSON one."""
    if "media" in request.files:
        return request.files["media"].content
    value: Any = request.fields.get("media")
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        invalid("media", "$.media: is missing but it is required")
