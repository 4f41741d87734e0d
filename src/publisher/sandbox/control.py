"""`/_sandbox/…`: what tests ask and order. Bad orders are answered 400 with the field that is wrong."""

import re
from collections.abc import Callable
from typing import Any

from publisher.sandbox.accounts import CHANNELS, credentials, identities
from publisher.sandbox.faults import BadFaultError, read
from publisher.sandbox.network import Network
from publisher.sandbox.state import World
from publisher.sandbox.wire import Answer, MalformedBodyError, Request, reply


class Control:
    """Endpoints beside the networks: posts, requests, media, faults, clock, reset."""

    def __init__(self, world: World, networks: dict[str, Network]) -> None:
        self.world, self.networks = world, networks

    def answer(self, request: Request) -> Answer | None:
        """None where the path is not ours."""
        if not request.path.startswith("/_sandbox/"):
            return None
        path = request.path.removeprefix("/_sandbox")
        for method, pattern, verb in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == request.method:
                try:
                    return verb(self, request, *match.groups())
                except MalformedBodyError as error:
                    return bad("body", str(error))
        return reply(404, {"error": "no such endpoint"})

    def reset(self) -> None:
        """Forget everything."""
        with self.world.lock:
            self.world.reset()
            for network in self.networks.values():
                network.reset()

    def posts(self, _request: Request, channel: str) -> Answer:
        if channel not in self.networks:
            return unknown(channel)
        return reply(200, self.world.seen(channel))

    def requests(self, _request: Request, channel: str) -> Answer:
        if channel not in self.networks:
            return unknown(channel)
        with self.world.lock:
            return reply(200, list(self.world.requests[channel]))

    def media(self, _request: Request, digest: str) -> Answer:
        mime, content = self.world.blobs.get(digest, ("", b""))
        if not mime:
            return reply(404, {"error": "no such picture"})
        return Answer(200, content, {"Cache-Control": "max-age=3600"}, mime)

    def accounts(self, _request: Request) -> Answer:
        """Every identity's credentials by channel and name, under our own names: they are worth nothing elsewhere."""
        return reply(
            200, {channel: {name: credentials(channel, name) for name in identities()} for channel in CHANNELS}
        )

    def order(self, request: Request) -> Answer:
        try:
            fault = read(_object(request))
        except BadFaultError as error:
            return bad(error.field, str(error))
        ordered = fault.public()
        self.world.faults.order(fault)
        return reply(201, ordered)

    def pending(self, _request: Request) -> Answer:
        return reply(200, self.world.faults.pending())

    def clear(self, _request: Request) -> Answer:
        self.world.faults.clear()
        return reply(200, [])

    def clock(self, request: Request) -> Answer:
        """Move the networks' clock forward: tokens expire, idempotency keys are forgotten."""
        seconds = _object(request).get("advance")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            return bad("advance", "seconds, not negative")
        with self.world.lock:
            self.world.advanced += seconds
        return reply(200, {"now": self.world.stamp()})

    def forget(self, _request: Request) -> Answer:
        self.reset()
        return reply(200, {})


ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", r"/(\w+)/posts", Control.posts),
    ("GET", r"/(\w+)/requests", Control.requests),
    ("GET", r"/media/([0-9a-f]{64})", Control.media),
    ("GET", r"/accounts", Control.accounts),
    ("POST", r"/faults", Control.order),
    ("GET", r"/faults", Control.pending),
    ("DELETE", r"/faults", Control.clear),
    ("POST", r"/clock", Control.clock),
    ("POST", r"/reset", Control.forget),
)


def bad(field: str, message: str) -> Answer:
    return reply(400, {"error": f"{field}: {message}", "field": field})


def unknown(channel: str) -> Answer:
    return reply(404, {"error": f"no network {channel}", "field": "channel"})


def _object(request: Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise MalformedBodyError("send JSON as application/json")
    return request.fields
