"""A receiver of Standard Webhooks: https://www.standardwebhooks.com, spec of 2026-08-17.

Paths are `/webhook/<identity>`. A `webhook-id` seen before is answered 200 and changes nothing. Events whose type says
`updated`/`edited` or `deleted`/`unpublished` change the post with the same `data.id`. Answers' bodies are our own.
"""

import base64
import hashlib
import hmac
import json
import time
from typing import Any, ClassVar

from publisher.sandbox.accounts import credentials
from publisher.sandbox.network import Network, Route
from publisher.sandbox.state import Media, Post
from publisher.sandbox.text import first_link, linkified
from publisher.sandbox.wire import Answer, RefusedError, Request, reply

TOLERANCE = 300
EDITS, DELETES = ("updated", "edited"), ("deleted", "unpublished")
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


def refused(status: int, words: str) -> RefusedError:
    return RefusedError(reply(status, {"error": words}))


class Webhook(Network):
    name = "webhook"
    brand = "Webhook"

    def reset(self) -> None:
        super().reset()
        self.seen: set[tuple[str, str]] = set()
        self.subjects: dict[tuple[str, str], Post] = {}

    def account(self, request: Request) -> str:
        name = request.path.removeprefix("/").split("/")[0]
        return name if name in self.world.directory.names else ""

    def receive(self, request: Request, _path: str) -> Answer:
        name = self.account(request)
        if not name:
            raise refused(404, "no such receiver")
        identifier = self._verified(request, credentials("webhook", name)["secret"])
        event, data = _event(request)
        if (name, identifier) in self.seen:
            return reply(200, {"received": identifier, "duplicate": True})
        self._apply(name, identifier, event, data)
        self.seen.add((name, identifier))
        return reply(200, {"received": identifier, "duplicate": False})

    def _verified(self, request: Request, secret: str) -> str:
        """The message id, once signature and age hold. The age is measured on the real clock."""
        identifier, stamp, signatures = (request.headers.get(name, "") for name in NAMES)
        if not (identifier and stamp and signatures):
            raise refused(400, f"missing one of {', '.join(NAMES)}")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE:
            raise refused(401, "webhook-timestamp is more than 5 minutes away")
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{identifier}.{stamp}.".encode() + request.body
        ours = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        if not any(hmac.compare_digest(ours, theirs) for theirs in signatures.split()):
            raise refused(401, "no signature fits")
        return identifier

    def _apply(self, name: str, identifier: str, event: str, data: dict[str, Any]) -> None:
        subject = str(data.get("id") or identifier)
        earlier = self.subjects.get((name, subject))
        if event.endswith(DELETES):
            if earlier:
                earlier.deleted = True
            return
        post = (
            earlier
            if earlier and not earlier.deleted and event.endswith(EDITS)
            else Post("webhook", name, identifier, "")
        )
        post.text = str(data.get("text") or data.get("title") or json.dumps(data, ensure_ascii=False))
        post.spans, post.language = linkified(post.text), str(data.get("language") or "")
        post.link = str(data.get("link") or data.get("url") or first_link(post.spans))
        post.card = {"uri": post.link} if post.link else {}
        post.media = _noted(data)
        post.detail = {"subject": subject, "event": event, "data": data}
        if post is earlier:
            post.edited = self.world.stamp()
        else:
            self.subjects[name, subject] = self.world.add(post)

    def error(self, status: int) -> Answer:
        return reply(status, {"error": f"status {status}"})

    def limited(self, seconds: int) -> Answer:
        return reply(429, {"error": "too many requests"}, {"Retry-After": str(seconds)})

    def unauthorized(self) -> Answer:
        return reply(401, {"error": "no signature fits"})

    def unreadable(self, problem: str) -> Answer:
        return reply(400, {"error": f"the body is no JSON object: {problem}"})

    routes: ClassVar[tuple[Route, ...]] = (Route("POST", r"/(.+)", receive, publishes=True),)


def _event(request: Request) -> tuple[str, dict[str, Any]]:
    if request.content_type != "application/json":
        raise refused(400, "Content-Type must be application/json")
    event, stamp, data = (request.fields.get(name) for name in ("type", "timestamp", "data"))
    if not isinstance(event, str) or not isinstance(stamp, str) or not isinstance(data, dict):
        raise refused(400, "type and timestamp must be strings, data an object")
    return event, data


def _noted(data: dict[str, Any]) -> list[Media]:
    """Pictures the event tells of; their bytes are not sent, so `size` is 0 where it is not told."""
    images = data.get("images")
    return [_picture(image) for image in images if isinstance(image, dict)] if isinstance(images, list) else []


def _picture(image: dict[str, Any]) -> Media:
    sha256, mime, alt = (str(image.get(name) or "") for name in ("sha256", "mime", "alt"))
    size, width, height = (int(image.get(name) or 0) for name in ("size", "width", "height"))
    return Media(sha256, size, mime, width, height, alt)
