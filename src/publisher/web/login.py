"""Logging in and out: /login by password, /login/<secret> by a link that works once, /logout."""

import threading
import time
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from publisher.domain.model import AuditEntry
from publisher.services.passwords import check_password
from publisher.store import people
from publisher.web.limiter import Limiter, neighbourhood
from publisher.web.pages import AnsweredError, PageRoute, Pages
from publisher.web.sessions import local_path

Field = Annotated[str, Form()]
WINDOW_SECONDS = 600
TRIES_OF_ONE_NAME = 10
TRIES_OF_ONE_ADDRESS = 50
NAME_CHARACTERS, PASSWORD_CHARACTERS = 64, 1024
BODY_BYTES = 16 * 1024
HASHES_AT_ONCE = 2
"""Each takes 32 MiB and a core's third of a second: a flood of guesses must leave room for everybody else."""


@dataclass
class Login:
    """The handlers, with what they remember of earlier tries."""

    pages: Pages
    of_name: Limiter = field(default_factory=lambda: Limiter(TRIES_OF_ONE_NAME, WINDOW_SECONDS))
    of_address: Limiter = field(default_factory=lambda: Limiter(TRIES_OF_ONE_ADDRESS, WINDOW_SECONDS))
    hashing: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(HASHES_AT_ONCE))

    def form(self, request: Request, next: str = "") -> Response:  # noqa: A002  # the name in the address
        """The form; who is logged in already goes where they wanted."""
        if self.pages.sessions.person(request):
            return RedirectResponse(local_path(next), 303)
        return self._again(request, next)

    def by_password(
        self,
        request: Request,
        name: Field = "",
        password: Field = "",
        token: Field = "",
        next: Field = "",  # noqa: A002  # the name in the form
    ) -> Response:
        """Log in; a wrong name and a wrong password are one answer, in one time."""
        self._from_our_form(request, token)
        here = _address(request)
        self._slow_down(request, here, name[:NAME_CHARACTERS])
        if not self._right(name, password):
            return self._again(request, next, "This name and password do not go together.", 403)
        self.of_name.forget(f"{here} {name}")
        self.pages.parts.store.note(AuditEntry(f"person:{name}"[:64], "user.logged_in", name)).result()
        return self._welcome(name, next)

    def link(self, request: Request, secret: str) -> Response:
        """A page with a button. Looking at it uses nothing up: mail scanners follow links, they press no buttons."""
        return self.pages.show(request, "link.html", secret=secret)

    def by_link(self, request: Request, secret: str, token: Field = "") -> Response:
        """Log in by a link, once."""
        self._from_our_form(request, token)
        self._slow_down(request, _address(request), "")
        name = self.pages.parts.store.redeem_link(secret)
        if not name:
            why = "It was used already, or it is too old. Ask for a new one, or log in with your password."
            raise self.pages.refuse(request, 403, "This link does not work any more", why)
        return self._welcome(name, "")

    def logout(self, request: Request, token: Field = "") -> Response:
        """End the session."""
        self._from_our_form(request, token)
        return self.pages.sessions.close(RedirectResponse("/login", 303))

    def _right(self, name: str, password: str) -> bool:
        plain = name.isprintable() and len(name) <= NAME_CHARACTERS and len(password) <= PASSWORD_CHARACTERS
        stored = self.pages.parts.store.look(people.password_hash, name) if plain else ""
        with self.hashing:
            right = check_password(password[:PASSWORD_CHARACTERS], stored)
        if stored and not right:
            self.pages.parts.store.note(AuditEntry("web", "user.refused", name)).result()
        return right

    def _welcome(self, name: str, wanted: str) -> Response:
        return self.pages.sessions.open(RedirectResponse(local_path(wanted), 303), name)

    def _again(self, request: Request, wanted: str, problem: str = "", status: int = 200) -> Response:
        return self.pages.show(request, "login.html", status, wanted=local_path(wanted), problem=problem)

    def _from_our_form(self, request: Request, token: str) -> None:
        sessions = self.pages.sessions
        if not sessions.from_here(request):
            why = "The request came from another site. Open this page yourself and press the button there."
            raise self.pages.refuse(request, 403, "Not from here", why)
        if not sessions.form_holds(request, token):
            why = "The form was too old, or cookies are switched off. Open the page again and have another try."
            raise self.pages.refuse(request, 403, "This form no longer holds", why)

    def _slow_down(self, request: Request, here: str, name: str) -> None:
        now = time.monotonic()
        wait = max(self.of_address.wait(here, now), self.of_name.wait(f"{here} {name}", now))
        if wait:
            why = f"There were too many tries. The next one is taken in {int(wait / 60) + 1} minutes."
            refused = self.pages.refuse(request, 429, "Please wait", why)
            refused.response.headers["Retry-After"] = str(int(wait) + 1)
            raise refused


def router(pages: Pages) -> APIRouter:
    """The routes that need no session."""
    made = APIRouter(route_class=PageRoute, include_in_schema=False, max_body_size=BODY_BYTES)
    login = Login(pages)
    made.add_api_route("/login", login.form, methods=["GET"])
    made.add_api_route("/login", login.by_password, methods=["POST"])
    made.add_api_route("/login/{secret}", login.link, methods=["GET"])
    made.add_api_route("/login/{secret}", login.by_link, methods=["POST"])
    made.add_api_route("/logout", login.logout, methods=["POST"])
    return made


def to_login(request: Request) -> AnsweredError:
    """What to raise where nobody is logged in."""
    wanted = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    target = f"/login?next={quote(wanted, safe='')}" if request.method == "GET" and wanted != "/" else "/login"
    return AnsweredError(RedirectResponse(target, 303))


def _address(request: Request) -> str:
    return neighbourhood(request.client.host) if request.client else ""
