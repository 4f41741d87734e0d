"""Each network's timeline as its readers would see it, newest first, in the direction of each post's language."""

import re
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from publisher.sandbox.accounts import CHANNELS, Profile, direction, profile
from publisher.sandbox.network import Network
from publisher.sandbox.state import Post, World
from publisher.sandbox.wire import Answer, Request, reply

HTML, CSS = "text/html; charset=utf-8", "text/css; charset=utf-8"
SAFE = {"Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"}
MOST_POSTS = 200
# how a network lays its posts out: a feed of boxes, rows, chat bubbles, an event log, a mailbox
FAMILIES = {"telegram": "chat", "webhook": "log", "email": "mail", "facebook": "feed"}
TIMELINE = re.compile(r"/?")
ONE_POST = {
    "facebook": re.compile(r"/\d+/posts/(\d+)"),
    "mastodon": re.compile(r"/@[\w.]+/(\d+)"),
}


@dataclass(frozen=True)
class Shown:
    """A post and what the template needs beside it."""

    post: Post
    who: Profile
    parts: list[tuple[str, str, str]]
    dir: str
    when: datetime
    html: str


class Pages:
    def __init__(self, world: World, networks: dict[str, Network]) -> None:
        self.world, self.networks = world, networks
        loader = PackageLoader("publisher.sandbox")
        self._templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        self._templates.globals |= {"brands": {name: network.brand for name, network in networks.items()}}
        self._templates.filters["host"] = lambda url: urlsplit(url).hostname or url
        self._css = files("publisher.sandbox").joinpath("templates/style.css").read_bytes()

    def answer(self, request: Request) -> Answer:
        """The index and the style sheet; anything else is not here."""
        if request.method in {"GET", "HEAD"} and request.path == "/":
            counts = {channel: len(self._posts(channel)) for channel in CHANNELS}
            return self._page("index.html", counts=counts, faults=self.world.faults.pending())
        if request.path == "/style.css":
            return Answer(200, self._css, {"Cache-Control": "no-cache"}, CSS)
        return reply(404, {"error": "no such page"})

    def timeline(self, channel: str, request: Request) -> Answer | None:
        """A network's page, or one post's where the network's own URLs lead here; None for every other path."""
        one = ONE_POST[channel].fullmatch(request.path) if channel in ONE_POST else None
        if not one and not TIMELINE.fullmatch(request.path):
            return None
        account = request.query.get("account", "")
        posts = [post for post in self._posts(channel) if account in {"", post.account}]
        if one:
            posts = [post for post in posts if post.id.endswith(one[1])]
        names = self.world.directory.names
        return self._page(
            "timeline.html",
            channel=channel,
            family=FAMILIES.get(channel, "rows"),
            shown=[_shown(post) for post in posts[:MOST_POSTS]],
            account=account,
            profiles=[profile(channel, name) for name in names],
            one=bool(one),
        )

    def _posts(self, channel: str) -> list[Post]:
        with self.world.lock:
            return [post for post in reversed(self.world.posts[channel]) if post.visible and not post.deleted]

    def _page(self, template: str, **values: Any) -> Answer:
        body = self._templates.get_template(template).render(**values).encode()
        return Answer(200, body, {"Cache-Control": "no-store"} | SAFE, HTML)


def _shown(post: Post) -> Shown:
    html = str(post.detail.get("html", ""))
    for number, cid in enumerate(dict.fromkeys(re.findall(r'src="cid:([^"]+)"', html))):
        if number < len(post.media):
            html = html.replace(f"cid:{cid}", f"/_sandbox/media/{post.media[number].sha256}")
    when = datetime.fromisoformat(post.created)
    return Shown(post, profile(post.channel, post.account), _parts(post), direction(post.language), when, html)


def _parts(post: Post) -> list[tuple[str, str, str]]:
    """(kind, text, value) in reading order; a span inside another one is left out."""
    parts, at = [], 0
    for span in sorted(post.spans, key=lambda span: (span.start, -span.end)):
        if span.start < at:
            continue
        parts.append(("", post.text[at : span.start], ""))
        safe = span.kind != "link" or span.value.startswith(("http://", "https://"))
        parts.append((span.kind if safe else "", post.text[span.start : span.end], span.value))
        at = span.end
    return [part for part in [*parts, ("", post.text[at:], "")] if part[1]]
