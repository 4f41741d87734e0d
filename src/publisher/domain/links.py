"""Links in and for text: where URLs stand, which of them X counts as one, and the campaign tags an edition adds.

X's grammar: https://github.com/twitter/twitter-text (v3, 2021-10-21; read 2026-11-24).
"""

from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import regex

from publisher.domain.tlds import TLDS

Stretch = tuple[int, int]

_URL = regex.compile(
    r"""(?<![a-z0-9])https?://[\p{L}\p{N}\[][[!-~]--[<>"'`{}|\\^]||\p{L}||\p{M}||\p{N}||[\u200c\u200d]]*+""",
    regex.IGNORECASE | regex.VERSION1,
)
_BRACKET = regex.compile(r"[()\[\]]")
_OPENING = {")": "(", "]": "["}

_LATIN = (
    r"a-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
    r"\u0289\u02bb\u1e00-\u1eff"
)
_BARRED = r"(?<![a-z0-9@＠$#＃\ufffe\ufeff\uffff"
_HOST = regex.compile(
    rf"{_BARRED}])(?P<protocol>https?://)[^!-,/:-@\[-^`{{-~\s\p{{Z}}\p{{C}}\p{{InGeneral_Punctuation}}]++"
    rf"|{_BARRED}\-_./])[{_LATIN}][\-.{_LATIN}]*\.",
    regex.IGNORECASE,
)
_DOT = regex.compile(r"\.")
# neither begins nor ends in a hyphen or underscore
_LABEL = regex.compile(r"[^\-_](?:.*[^\-_])?", regex.DOTALL)
_WORDLIKE = regex.compile(rf"[\-_.{_LATIN}]+", regex.IGNORECASE)
_TLD = regex.compile(r"xn--[-0-9a-z]++|[a-z]{2,63}+(?![0-9@+_\-])", regex.IGNORECASE)
_LONGEST_TLD = max(map(len, TLDS))
_AFTER_TLD = regex.compile(r"[0-9a-z@+\-]", regex.IGNORECASE)

_CHAR = rf"[{_LATIN}\p{{Cyrillic}}!*';:=+,.$/%#\[\]\-\u2013_~&|@]"
_PARENS = rf"\((?:{_CHAR}++|{_CHAR}*+\({_CHAR}++\){_CHAR}*+)\)"
_PATH = rf"/(?:(?:{_CHAR}|{_PARENS})*(?:[{_LATIN}\p{{Cyrillic}}=_#/+\-]|{_PARENS}))?"
_QUERY = r"\?[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@]*[a-z0-9\-_&=#/]"
_TAIL = regex.compile(rf"(?::[0-9]++)?(?:{_PATH})?(?:{_QUERY})?", regex.IGNORECASE)
_TCO = regex.compile(rf"https?://t\.co/(?P<slug>[a-z0-9]++)(?:{_QUERY})?", regex.IGNORECASE)
_LONGEST_SLUG, _LONGEST_LABEL, _LONGEST_URL = 40, 63, 4096

_CLICK_IDS = frozenset({"fbclid", "gclid"})
_SAFE = "%/:?@!$&()*+,;=~[]"


def find_urls(text: str) -> list[Stretch]:
    """Where http(s) URLs stand, whatever their host; punctuation of the sentence around them is left out."""
    if "://" not in text:
        return []
    return [(found.start(), _end(found[0]) + found.start()) for found in _URL.finditer(text)]


def find_x_urls(text: str) -> list[Stretch]:
    """What X turns into a link, names without a scheme such as `example.com` included.

    After `https://` any Latin name passes as top-level domain: a link that works is never counted at full length
    because it is newer than a table.
    """
    return list(_x_urls(text)) if "." in text else []


def tagged(url: str, utm: Iterable[tuple[str, str]], channel: str) -> str:
    """`url` with the edition's campaign tags, percent-encoded; its own tags win and keep their places.

    Without a `channel` neither `utm_source` nor `utm_medium` is added; an empty value in `utm` leaves a tag out.
    Raises ValueError where `url` is no http(s) address.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is no http(s) address")
    own = {pair.partition("=")[0].lower(): pair for pair in parts.query.split("&")}
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0].lower() not in _CLICK_IDS]
    tags = ({"utm_source": channel, "utm_medium": "social"} if channel else {}) | dict(utm)
    added = urlencode([(name, value) for name, value in tags.items() if value and name not in own])
    query = "&".join([*kept, added] if added else kept)
    path, query, fragment = (quote(part, safe=_SAFE) for part in (parts.path, query, parts.fragment))
    return urlunsplit((parts.scheme, parts.netloc, path, query, fragment))


def _end(url: str) -> int:
    """Length of `url` without a bracket it did not open, what follows that, and the sentence's punctuation."""
    depth = {"(": 0, "[": 0}
    for bracket in _BRACKET.finditer(url):
        opening = _OPENING.get(bracket[0], bracket[0])
        depth[opening] += 1 if bracket[0] == opening else -1
        if depth[opening] < 0:
            url = url[: bracket.start()]
            break
    return len(url.rstrip(".,;:!?*(["))


def _x_urls(text: str) -> Iterator[Stretch]:
    position = 0
    while found := _HOST.search(text, position):
        position = found.end()
        scheme = found["protocol"] or ""
        start = found.start() + len(scheme)
        end = _domain_end(text, start, found.end(), strict=not scheme)
        if end is None:
            continue
        tail = _TAIL.match(text, end)
        position = tail.end() if tail else end
        if not _too_long(text[start:end]) and position - found.start() <= _LONGEST_URL:
            yield from _shortened(text, found.start(), position)


def _domain_end(text: str, start: int, end: int, *, strict: bool) -> int | None:
    """Where the longest domain in `text[start:end]` ends; None where no name is followed by a top-level domain."""
    longest = None
    latin = _WORDLIKE.match(text, start, end)
    for dot in (found.start() for found in _DOT.finditer(text, start, end)):
        label = text[start:dot]
        if not _LABEL.fullmatch(label):
            break
        if "_" not in label:
            listed = strict or not latin or dot > latin.end()
            longest = _tld_end(text, dot + 1, strict=listed) or longest
        start = dot + 1
    return longest


def _tld_end(text: str, start: int, *, strict: bool) -> int:
    """Where the top-level domain that begins at `start` ends, 0 for none; `strict` asks for a listed one."""
    latin = _TLD.match(text, start)
    if latin and (not strict or latin[0][:4].lower() == "xn--"):
        return int(latin.end())
    for end in range(min(start + _LONGEST_TLD, len(text)), start + 1, -1):
        if text[start:end].lower() in TLDS and not _AFTER_TLD.match(text, end):
            return end
    return 0


def _too_long(domain: str) -> bool:
    """Whether a label is longer than DNS takes, or claims to be Punycode and is not."""
    for label in domain.split("."):
        if not label.isascii():
            if label.lower().startswith("xn--") or len(label.encode("punycode")) + 4 > _LONGEST_LABEL:
                return True
        elif len(label) > _LONGEST_LABEL:
            return True
    return False


def _shortened(text: str, start: int, end: int) -> Iterator[Stretch]:
    """One URL; of X's own t.co addresses only what X itself writes."""
    tco = _TCO.match(text, start, end)
    if not tco:
        yield start, end
    elif len(tco["slug"]) <= _LONGEST_SLUG:
        yield start, tco.end()
