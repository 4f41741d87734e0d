"""Post x Edition x Capability x template -> Rendition: the words that will be sent, fitted to the Channel's limit.

What gives way first: hashtags from the last, then the summary, then the title. The link stays whole.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from publisher.domain.capability import Capability, Link
from publisher.domain.hashtags import hashtag
from publisher.domain.html import html_to_text
from publisher.domain.links import tagged
from publisher.domain.model import JSON, Edition, Post, Rendition
from publisher.domain.spans import spans
from publisher.domain.template import TemplateProblem, render
from publisher.domain.text import Unit, cut, measure, normalise, shorten

__all__ = ["TemplateProblem", "compose"]

# Bounds on what comes in, in code points: no Channel shows more, and a hostile CMS costs no more time.
LONGEST_TITLE, LONGEST_SUMMARY = 500, 2000
# Instagram takes five since 2025-12; more read as spam elsewhere.
MOST_HASHTAGS = 5


@dataclass(frozen=True)
class _Words:
    """The parts of a text that may give way."""

    title: str
    summary: str
    hashtags: tuple[str, ...]


@dataclass(frozen=True)
class _Room:
    """How much text a Channel takes; `most_bytes` as in Capability.text_bytes."""

    limit: int
    unit: Unit
    url_cost: int
    most_bytes: int

    def size(self, text: str) -> int:
        return measure(text, self.unit, self.url_cost)

    def fits(self, text: str) -> bool:
        return self.size(text) <= self.limit and not 0 < self.most_bytes < len(text.encode())


_Write = Callable[[_Words], str]
_Shortening = Callable[[str, int, Unit, int], str]


def compose(
    post: Post,
    edition: Edition,
    capability: Capability,
    template: str,
    *,
    channel: str = "",
    pictured: bool = False,
    options: JSON | None = None,
) -> Rendition:
    """The Rendition, still without images, of `post` for a Channel that can carry `capability`.

    `template` is Jinja source; `channel` becomes `utm_source`; `pictured` says that a picture will stand beside the
    text. `options`: `hashtags` (how many at most, 5), `bold` (whether a title on its own line is marked, true).
    Raises ValueError, mostly as TemplateProblem, in words for the operator.
    """
    options = options or {}
    link = tagged(url, edition.utm, channel) if (url := _line(post.url)) else ""
    words = _words(post, edition, capability, int(options.get("hashtags", MOST_HASHTAGS)))
    room = _Room(capability.text_limit(pictured=pictured), capability.unit, capability.url_cost, capability.text_bytes)
    variables = _variables(post, edition, link, inline=capability.link is Link.INLINE)

    def write(words: _Words) -> str:
        tags = " ".join(f"#{body}" for body in words.hashtags)
        parts = {"title": words.title, "summary": words.summary, "hashtags": tags}
        return normalise(render(template, variables | parts))

    fitted = _fit(words, write, room)
    text = write(fitted)
    return Rendition(
        text=text,
        title=cut(words.title, capability.title, Unit.CODEPOINTS) if capability.title else words.title,
        summary=shorten(words.summary, capability.summary, Unit.CODEPOINTS) if capability.summary else words.summary,
        link=link,
        language=edition.language,
        direction=edition.direction,
        spans=spans(text, link, fitted.title if options.get("bold", True) else "", hashtags=capability.hashtags),
        site_name=edition.site_name,
        author=_line(post.author),
        kind=post.kind,
        published_at=post.published_at,
        warnings=_warnings(words, fitted),
    )


def _line(text: str) -> str:
    return " ".join(normalise(text).split())


def _words(post: Post, edition: Edition, capability: Capability, most: int) -> _Words:
    """The Post's own words, whole but for bounds no Channel reaches."""
    title = cut(_line(post.title), LONGEST_TITLE, Unit.CODEPOINTS)
    summary = normalise(post.summary) or _first_paragraph(post.html, title)
    return _Words(
        title=title,
        summary="" if summary == title else shorten(summary, LONGEST_SUMMARY, Unit.CODEPOINTS),
        hashtags=_hashtags(post, edition.language)[: max(most, 0)] if capability.hashtags else (),
    )


def _hashtags(post: Post, language: str) -> tuple[str, ...]:
    """The bodies of categories, then tags, each once however it is capitalised."""
    unique: dict[str, str] = {}
    for word in (*post.categories, *post.tags):
        if body := hashtag(word, language=language):
            unique.setdefault(body.casefold(), body)
    return tuple(unique.values())


@lru_cache(maxsize=32)
def _first_paragraph(html: str, title: str) -> str:
    """The body's first paragraph that is not the title again, on one line; kept, as many Accounts ask for it."""
    paragraphs = (_line(paragraph) for paragraph in html_to_text(html).split("\n\n"))
    return next((paragraph for paragraph in paragraphs if paragraph != title), "")


def _variables(post: Post, edition: Edition, link: str, *, inline: bool) -> dict[str, str]:
    return {
        "link": link if inline else "",
        "url": link,
        "category": _line(post.categories[0]) if post.categories else "",
        "site_name": edition.site_name,
        "author": _line(post.author),
        "language": edition.language,
        "kind": post.kind.value,
        "edition": edition.name,
    }


def _fit(words: _Words, write: _Write, room: _Room) -> _Words:
    """As much of `words` as fits once written."""
    if room.fits(write(words)):
        return words
    for kept in reversed(range(len(words.hashtags))):
        fewer = replace(words, hashtags=words.hashtags[:kept])
        if room.fits(write(fewer)):
            return fewer
    titled = replace(words, summary="", hashtags=())
    if room.fits(write(titled)):
        return _squeezed(words.summary, shorten, lambda piece: replace(titled, summary=piece), write, room)
    linked = replace(titled, title="")
    if not room.fits(write(linked)):
        bounds = f"{room.limit} {room.unit}" + (f" and {room.most_bytes} bytes" if room.most_bytes else "")
        raise TemplateProblem(f"the link and the template's own words take {room.size(write(linked))} of {bounds}")
    return _squeezed(words.title, cut, lambda piece: replace(titled, title=piece), write, room)


def _squeezed(value: str, by: _Shortening, place: Callable[[str], _Words], write: _Write, room: _Room) -> _Words:
    """The longest `value` that still fits where `place` puts it, made shorter by `by`; none of it always fits."""

    def words(size: int) -> _Words:
        return place(by(value, size, room.unit, room.url_cost))

    frame = room.size(write(place("x"))) - 1
    most = max(room.limit - frame, 0)
    if room.fits(write(words(most))):
        return words(most)
    # a template may write a part twice or change it, and bytes may run out first
    overflow = bisect_left(range(most), 1, key=lambda size: not room.fits(write(words(size))))
    return words(overflow - 1) if overflow else place("")


def _warnings(whole: _Words, fitted: _Words) -> tuple[str, ...]:
    """What had to give way, for the operator."""
    warnings = []
    if dropped := len(whole.hashtags) - len(fitted.hashtags):
        warnings.append(f"hashtags left out: {dropped}")
    for part, before, after in (("summary", whole.summary, fitted.summary), ("title", whole.title, fitted.title)):
        if before != after:
            warnings.append(f"{part} shortened" if after else f"{part} left out")
    return tuple(warnings)
