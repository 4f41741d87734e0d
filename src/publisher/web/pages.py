"""Pages: Jinja templates, the headers every page carries, and what stands in the way of one."""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from publisher.bootstrap import Publisher
from publisher.web import words
from publisher.web.sessions import Sessions

HERE = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class AnsweredError(Exception):
    """The answer is known before the handler has run: not logged in, no such page."""

    def __init__(self, response: Response) -> None:
        super().__init__(str(response.status_code))
        self.response = response


class PageRoute(APIRoute):
    """A route whose every answer carries the security headers, and none is kept by a cache unless it says so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def page(request: Request) -> Response:
            try:
                response = await handle(request)
            except AnsweredError as answered:
                response = answered.response
            for name, value in {"Cache-Control": "no-store", **HEADERS}.items():
                response.headers.setdefault(name, value)
            return response

        return page


def static_version() -> str:
    """Changes when a file under static/ does, so that browsers may keep what they have for ever."""
    content = b"".join(path.read_bytes() for path in sorted((HERE / "static").iterdir()))
    return hashlib.sha256(content).hexdigest()[:12]


def environment(parts: Publisher) -> Environment:
    """Templates with autoescape always on; a name that is not given is an error, never an empty space."""
    loader = FileSystemLoader(HERE / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"moment": words.moment, "pretty": words.pretty, "leaves": words.leaves}
    made.tests["web_address"] = words.is_web_address
    made.globals |= {
        "states": words.STATES,
        "reasons": words.REASONS,
        "editions": parts.settings.editions,
        "version": static_version(),
    }
    return made


@dataclass(frozen=True)
class Pages:
    """Shows templates to whoever is looking."""

    parts: Publisher
    sessions: Sessions
    environment: Environment

    def show(self, request: Request, template: str, status: int = 200, **named: Any) -> Response:
        """One page. Its forms hold a token; those who have no session yet get the cookie it belongs to."""
        person = getattr(request.state, "person", "")
        token, fresh = self.sessions.form_token(request)
        now = self.parts.store.clock()
        html = self.environment.get_template(template).render(
            person=person, token=token, now=now, path=request.url.path, **named
        )
        # a platform's answer may hold half a surrogate pair, which UTF-8 can't carry
        response = HTMLResponse(html.encode(errors="replace"), status)
        if fresh:
            self.sessions.keep_form(response, fresh)
        return response

    def refuse(self, request: Request, status: int, title: str, why: str) -> AnsweredError:
        """What to raise where a page can't be shown, in words."""
        return AnsweredError(self.show(request, "refusal.html", status, title=title, why=why))
