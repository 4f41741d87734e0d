"""Links and hashtags that a network finds in plain text by itself."""

import re

from publisher.sandbox.counting import URL
from publisher.sandbox.state import Span

HASHTAG = re.compile(r"(?<![\w&])#(\w+)")
CLOSING = ".,;:!?…'\"»"


def linkified(text: str) -> list[Span]:
    """http(s) URLs and hashtags, in order of their start."""
    spans = []
    for found in URL.finditer(text):
        url = found.group().rstrip(CLOSING)
        spans.append(Span(found.start(), found.start() + len(url), "link", url))
    taken = [(span.start, span.end) for span in spans]
    tags = (tag for tag in HASHTAG.finditer(text) if not any(start <= tag.start() < end for start, end in taken))
    spans += [Span(tag.start(), tag.end(), "hashtag", tag[1]) for tag in tags]
    return sorted(spans, key=lambda span: span.start)


def first_link(spans: list[Span]) -> str:
    """The first URL among `spans`, or ""."""
    return next((span.value for span in spans if span.kind == "link"), "")
