"""What a finished text holds that means something: links, hashtags, the title."""

import re

from publisher.domain.hashtags import find_hashtags
from publisher.domain.links import Stretch, find_urls
from publisher.domain.model import Span, SpanKind


def spans(text: str, link: str, title: str, *, hashtags: bool) -> tuple[Span, ...]:
    """What in `text` is a link, a hashtag, or the title on a line of its own; offsets in code points of `text`."""
    links = [match.span() for match in re.finditer(re.escape(link), text)] if link else []
    links += [url for url in find_urls(text) if not _overlaps(url, links)]
    tags = [tag for tag in find_hashtags(text) if not _overlaps(tag, links)] if hashtags else []
    found = [Span(start, end, SpanKind.LINK, text[start:end]) for start, end in links]
    found += [Span(start, end, SpanKind.HASHTAG, text[start + 1 : end]) for start, end in tags]
    start = f"\n{text}\n".find(f"\n{title}\n") if title else -1
    if start >= 0:
        found.append(Span(start, start + len(title), SpanKind.BOLD))
    return tuple(sorted(found, key=lambda span: (span.start, -span.end)))


def _overlaps(stretch: Stretch, others: list[Stretch]) -> bool:
    return any(start < stretch[1] and stretch[0] < end for start, end in others)
