"""POST /hooks/<source>: a CMS tells us something. Signature on the raw bytes first, then the shape, then one commit.

A plain Starlette route, not a FastAPI one: it is the hot path, and nothing may parse the body before it is verified.
"""

import asyncio
import hashlib
import json
import logging
import time
from concurrent.futures import Future
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from publisher.bootstrap import Publisher
from publisher.cms.base import BadRequest, Cms, Incoming
from publisher.services.intake import UnknownEditionError
from publisher.store import StoreError
from publisher.store.arrivals import CONFLICT, Intake
from publisher.web.problem import problem

log = logging.getLogger(__name__)
REFUSALS_A_SECOND = 20


class Hooks:
    """The endpoint, bound to one Publisher."""

    def __init__(self, parts: Publisher) -> None:
        self.parts = parts
        self.refusals = Refusals()

    async def hear(self, request: Request) -> Response:
        """202 with the ids, or problem+json and a line in the audit log."""
        source = str(request.path_params["source"])
        try:
            intake = await self._take(source, request)
        except BadRequest as bad:
            await self._note(source, bad)
            return problem(bad.status, bad.title, bad.detail, bad.field)
        except ClientDisconnect:
            return Response(status_code=400)
        except StoreError:
            log.exception("hook %s: the database refused", source)
            return problem(503, "Not ready", "the database does not answer; please send it again")
        body = {"verdict": intake.verdict, "post": intake.post_id, "deliveries": intake.deliveries}
        return Response(json.dumps(body), 202, media_type="application/json")

    async def _take(self, source: str, request: Request) -> Intake:
        reader = self.parts.sources.get(source)
        if reader is None:
            raise BadRequest(404, "Unknown source", "no source of this name is declared in publisher.toml")
        body = await _body(request, reader.body_bytes)
        headers = dict(request.headers.items())
        reader.verify(headers, body, self.parts.store.clock())
        told = reader.read(headers, body)
        intake = await asyncio.wrap_future(self._promise(source, reader, told, body))
        if intake.verdict == CONFLICT:
            raise BadRequest(409, "Conflict", "this event id has already told something else")
        if not self.parts.settings.sources[source].settle:
            self.parts.nudge(intake.channels)
        return intake

    def _promise(self, source: str, reader: Cms, told: Incoming, body: bytes) -> Future[Intake]:
        try:
            return self.parts.intake.take(
                source,
                told.event_id,
                told.event,
                told.post,
                verdict=told.verdict,
                settle=self.parts.settings.sources[source].settle,
                digest=hashlib.sha256(body).hexdigest(),
            )
        except UnknownEditionError as unknown:
            known = ", ".join(self.parts.settings.editions)
            detail = f"no edition is called {str(unknown)!r}; known: {known}"
            raise BadRequest(422, "Unknown edition", detail, reader.edition_field) from None

    async def _note(self, source: str, bad: BadRequest) -> None:
        unsaid = self.refusals.admit(time.monotonic())
        if unsaid is None:
            return
        more = f" (and {unsaid} more refusals in the second before)" if unsaid else ""
        why = f"{bad.status} {bad.title}: {bad.detail}{more}"
        await asyncio.wrap_future(self.parts.intake.refuse(source, why, bad.field))


@dataclass
class Refusals:
    """At most `REFUSALS_A_SECOND` lines a second go to the audit log, so that a flood can't fill the disk."""

    second: int = 0
    said: int = 0
    unsaid: int = 0

    def admit(self, now: float) -> int | None:
        """How many went unsaid before, when this one may be said; None when it may not (`now` monotonic seconds)."""
        if int(now) != self.second:
            self.second, self.said = int(now), 0
        if self.said >= REFUSALS_A_SECOND:
            self.unsaid += 1
            return None
        self.said += 1
        unsaid, self.unsaid = self.unsaid, 0
        return unsaid


async def _body(request: Request, most: int) -> bytes:
    """The raw bytes, never more than `most` of them in memory."""
    too_large = BadRequest(413, "Too large", f"a body may have {most:,} bytes")
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > most:
        raise too_large
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large
        parts.append(part)
    return b"".join(parts)
