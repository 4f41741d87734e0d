"""The dashboard: what goes where and what became of it. Read-only; every page needs a session.

Deliveries, Articles and what came in, rendered on the server; the pages need no script.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from publisher import channels
from publisher.bootstrap import Publisher
from publisher.domain.model import Delivery
from publisher.store import people, read
from publisher.web import login
from publisher.web.pages import HERE, PageRoute, Pages, environment
from publisher.web.scope import PAGE_LINES, ULID, scope
from publisher.web.sessions import Sessions
from publisher.web.words import advice

LIST_LINES = 100
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def router(parts: Publisher) -> APIRouter:
    """Every page, the log-in, and the style sheet. Mounted last: it answers whatever nobody else does."""

    def stored_hash(name: str) -> str:
        return str(parts.store.look(people.password_hash, name))

    sessions = Sessions(parts.settings.secret_key, parts.settings.base_url, stored_hash)
    pages = Pages(parts, sessions, environment(parts))
    made = APIRouter(include_in_schema=False)
    made.include_router(_static())
    made.include_router(login.router(pages))
    made.include_router(_behind_login(pages))
    return made


def _static() -> APIRouter:
    """What is under static/, by the names that were there at the start."""
    made = APIRouter(route_class=PageRoute, include_in_schema=False)
    files = {path.name: path for path in (HERE / "static").iterdir()}

    def static(name: str) -> Response:
        return FileResponse(files[name], headers=FOREVER) if name in files else Response("no such file", 404)

    made.add_api_route("/static/{name}", static, methods=["GET"])
    return made


def _behind_login(pages: Pages) -> APIRouter:
    def person(request: Request) -> None:
        """Who is looking; nobody gets further without a session."""
        request.state.person = pages.sessions.person(request)
        if not request.state.person:
            raise login.to_login(request)

    made = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[Depends(person)])
    shown = Dashboard(pages)
    for path, handler in (
        ("/", shown.home),
        ("/deliveries", shown.deliveries),
        ("/deliveries/{delivery_id}", shown.delivery),
        ("/articles", shown.articles),
        ("/articles/{post_id}", shown.article),
        ("/incoming", shown.incoming),
        ("/{elsewhere:path}", shown.elsewhere),
    ):
        made.add_api_route(path, handler, methods=["GET"])
    return made


class Dashboard:
    """The handlers, one a page."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.parts, self.store = pages, pages.parts, pages.parts.store

    def home(self) -> Response:
        """The front page is the list of deliveries."""
        return RedirectResponse("/deliveries", 303)

    def deliveries(
        self,
        request: Request,
        *,
        state: Annotated[list[str] | None, Query()] = None,
        channel: str = "",
        account: str = "",
        edition: str = "",
        before: str = "",
        live: str = "",
    ) -> Response:
        """The list, newest first, with how many stand in each state."""
        wanted, notes = scope(state or (), channel, account, edition, before)
        lines = self.store.look(read.lines, wanted.query)
        return self.pages.show(
            request,
            "deliveries.html",
            scope=wanted,
            notes=notes,
            lines=lines[:PAGE_LINES],
            more=len(lines) > PAGE_LINES,
            counts=self.store.look(read.counts, wanted.query),
            choices=self._choices(),
            live=bool(live),
        )

    def delivery(self, request: Request, delivery_id: str) -> Response:
        """One Delivery: where it stands, what was said to the network, and its trail."""
        line = self.store.look(read.delivery, delivery_id) if ULID.fullmatch(delivery_id) else None
        if line is None:
            raise self._missing(request, "No delivery has this number. It may have been copied in part.")
        return self.pages.show(
            request,
            "delivery.html",
            line=line,
            advice=advice(line.delivery),
            attempts=self.store.look(read.attempts_of, delivery_id),
            trail=self.store.look(read.trail, delivery_id),
            pictures=self._pictures(line.delivery.post_id, line.delivery),
        )

    def articles(self, request: Request, edition: str = "") -> Response:
        """What the CMS published, newest first, with what became of each."""
        known = edition if edition in self.parts.settings.editions else ""
        rows = self._overview(known)
        notes = (f"No edition is called “{edition[:40]}”; this is all of them.",) if edition and not known else ()
        return self.pages.show(request, "articles.html", rows=rows, edition=known, notes=notes, most=LIST_LINES)

    def article(self, request: Request, post_id: str) -> Response:
        """One Post with its Deliveries and its trail."""
        row = self.store.look(read.find_post, post_id) if ULID.fullmatch(post_id) else None
        if row is None:
            raise self._missing(request, "No article has this number. It may have been copied in part.")
        post = self.store.posts([post_id])[post_id].post
        return self.pages.show(
            request,
            "article.html",
            row=row,
            post=post,
            lines=self.store.look(read.lines, read.Query(post_id=post_id, limit=LIST_LINES)),
            trail=self.store.look(read.trail, post_id),
            pictures=self._pictures(post_id),
        )

    def incoming(self, request: Request) -> Response:
        """What a CMS told us, newest first, with what became of it."""
        rows = self.store.look(read.incoming, limit=LIST_LINES)
        return self.pages.show(request, "incoming.html", rows=rows, most=LIST_LINES)

    def elsewhere(self, request: Request) -> Response:
        """Whatever is not there."""
        raise self._missing(request, "There is no page at this address.")

    def _missing(self, request: Request, why: str) -> Exception:
        return self.pages.refuse(request, 404, "Not found", why)

    def _choices(self) -> dict[str, list[str]]:
        """What the filters offer: what the settings declare."""
        accounts = self.parts.settings.accounts
        return {
            "channel": sorted({account.channel for account in accounts.values()}),
            "account": list(accounts),
            "edition": list(self.parts.settings.editions),
        }

    def _overview(self, edition: str) -> list[tuple[Any, dict[str, int]]]:
        """Posts, each with how many of its Deliveries stand in each state."""
        with self.store.reading() as connection:
            rows = read.articles(connection, LIST_LINES, edition)
            return [(row, read.counts(connection, read.Query(post_id=row.id))) for row in rows]

    def _pictures(self, post_id: str, delivery: Delivery | None = None) -> list[Any]:
        """The kept pictures of a Post; those of a Delivery's own Card size where there are any."""
        kept = self.store.look(read.cards_of, post_id)
        ours = delivery is not None and delivery.channel in channels.CHANNELS
        size = channels.channel(delivery.channel).capability.card if delivery and ours else None
        fitting = [one for one in kept if size and (one["width"], one["height"]) == (size.width, size.height)]
        return fitting or list(kept)
