"""Measure and cut text the way platforms count it.

Weights of X: https://github.com/twitter/twitter-text config/v3.json (2021-10-21; read 2026-11-24).
"""

import re
import unicodedata
from bisect import bisect_left
from enum import StrEnum

import regex

from publisher.domain.hashtags import find_hashtags
from publisher.domain.links import Stretch, find_urls, find_x_urls

X_URL_COST = 23


class Unit(StrEnum):
    """What a platform counts a text's length in."""

    CODEPOINTS = "characters"
    UTF16 = "UTF-16 units"
    GRAPHEMES = "graphemes"
    WEIGHTED = "weighted characters"
    BYTES = "bytes"


_GRAPHEME = regex.compile(r"\X")
_LIGHT = re.compile("[\0-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]+")
# One emoji: a flag, a flag of tags, a keycap, or pictographs with skin tones joined into one.
_PICTOGRAPH = r"(?:\p{Emoji_Modifier_Base}\p{Emoji_Modifier}|\p{Extended_Pictographic}\ufe0f?)"
_EMOJI = regex.compile(
    r"[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f|[0-9#*]\ufe0f?\u20e3"
    rf"|(?![©®™](?!\ufe0f)){_PICTOGRAPH}(?:\u200d(?:{_PICTOGRAPH}|[♀♂⚕⚖✈]\ufe0f?))*+"
)

_MENTION = regex.compile(r"(?<![\p{L}\p{N}_])@[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.@\-]*+")
# Words end before a space; Chinese and Japanese have none between them and may be cut after any character.
_WORD_END = regex.compile(r"(?=\s|\Z)|(?<=[\p{Han}\p{Hiragana}\p{Katakana}])")
_DANGLING = regex.compile(r"""[\s,;:.…،؛۔·\-–—/\\|&+=(\[{<«“‘„‚'"@#*_~]""")
_SENTENCE_END = regex.compile(r"""(?:[!?؟…]|(?<=\w{3})[.۔])["'”’»)\]]*(?=\s+\P{Ll})|[。！？][」』）]*""")

_BREAK = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_SPACE = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_LINE_EDGE = re.compile(" ?\n ?")
_BLANK_LINES = re.compile("\n{3,}")
# Controls, bidi overrides, embeddings and isolates, lone surrogates, and what is no character or shows nothing.
_UNWANTED = re.compile(
    "[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u202a-\u202e\u2066-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\uffff]"
)


def measure(text: str, unit: Unit, url_cost: int = 0) -> int:
    """Length of `text` in `unit`; each http(s) URL counts `url_cost` where that is not 0.

    WEIGHTED is X's count, in which a URL, `example.com` included, always costs 23 and an emoji 2.
    """
    if unit is Unit.WEIGHTED:
        text = unicodedata.normalize("NFC", text)
        cost, urls = url_cost or X_URL_COST, find_x_urls(text)
    else:
        cost, urls = url_cost, find_urls(text) if url_cost else []
    return _length(_without(text, urls), unit) + len(urls) * (cost - 1)


def cut(text: str, limit: int, unit: Unit, url_cost: int = 0, ellipsis: str = "…") -> str:
    """The longest beginning of `text` that fits `limit` with the ellipsis, `text` itself if it fits; else "".

    Ends between words where that keeps half of the room, else between graphemes; URLs, hashtags and
    mentions stay whole.
    """
    if measure(text, unit, url_cost) <= limit:
        return text
    stops = _stops(text, unit)

    def fits(index: int) -> bool:
        return measure(text[: stops[index]] + ellipsis, unit, url_cost) <= limit

    room = bisect_left(range(len(stops)), 1, key=lambda index: not fits(_tidy(text, stops, index)))
    word = _word_end(text, stops, room - 1)
    wide = 2 * measure(text[: stops[word]], unit, url_cost) >= limit
    last = _tidy(text, stops, word if wide else room - 1)
    # a piece of a word may itself be a costly name (`example.co`): step back until it does fit
    while last > 0 and not fits(last):
        last = _tidy(text, stops, last - 1)
    return text[: stops[last]] + ellipsis if last > 0 else ""


def shorten(text: str, limit: int, unit: Unit, url_cost: int = 0) -> str:
    """The whole sentences that fit `limit` where they keep half of it, else what `cut` leaves."""
    if measure(text, unit, url_cost) <= limit:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    whole = bisect_left(ends, 1, key=lambda end: measure(text[:end], unit, url_cost) > limit)
    sentences = text[: ends[whole - 1]] if whole else ""
    if limit // 2 <= measure(sentences, unit, url_cost) <= limit and sentences:
        return sentences
    return cut(text, limit, unit, url_cost)


def normalise(text: str) -> str:
    """`text` as every channel gets it: NFC, LF line ends, single spaces, at most one blank line, no controls.

    Zero-width joiners and non-joiners and the marks LRM, RLM and ALM stay; overrides, embeddings, isolates go.
    """
    if not text.replace("\n", " ").isprintable():
        text = _SPACE.sub(" ", _UNWANTED.sub("", _BREAK.sub("\n", text)))
    # plain searches first: on clean text, the common case, they cost a tenth of the substitutions
    if "  " in text:
        text = _SPACE.sub(" ", text)
    if " \n" in text or "\n " in text:
        text = _LINE_EDGE.sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return unicodedata.normalize("NFC", text.strip(" \n"))


def _length(text: str, unit: Unit) -> int:
    match unit:
        case Unit.CODEPOINTS:
            return len(text)
        case Unit.UTF16:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case Unit.BYTES:
            return len(text.encode("utf-8", "surrogatepass"))
        case Unit.GRAPHEMES:
            return len(text) if text.isascii() and "\r" not in text else len(_GRAPHEME.findall(text))
        case Unit.WEIGHTED:
            return _weight(text)


def _weight(text: str) -> int:
    if not _LIGHT.sub("", text):
        return len(text)
    rest: str
    rest, emoji = _EMOJI.subn("", text)
    return len(rest) + len(_LIGHT.sub("", rest)) + 2 * int(emoji)


def _without(text: str, stretches: list[Stretch]) -> str:
    """`text` with one space for each of `stretches`."""
    if not stretches:
        return text
    starts = [0, *(end for _, end in stretches)]
    ends = [*(start for start, _ in stretches), len(text)]
    return " ".join(text[start:end] for start, end in zip(starts, ends, strict=True))


def _stops(text: str, unit: Unit) -> list[int]:
    """Every offset at which `text` may be cut: between graphemes, outside of URLs, hashtags and mentions."""
    whole = find_urls(text) + find_hashtags(text) + [found.span() for found in _MENTION.finditer(text)]
    if unit is Unit.WEIGHTED:
        whole += find_x_urls(text)
    inside = {offset for start, end in whole for offset in range(start + 1, end)}
    return [0, *(end for end in (found.end() for found in _GRAPHEME.finditer(text)) if end not in inside)]


def _tidy(text: str, stops: list[int], index: int) -> int:
    """The last of `stops` up to `index` that leaves no space or punctuation dangling."""
    while index > 0 and stops[index - 1] == stops[index] - 1 and _DANGLING.match(text, stops[index - 1]):
        index -= 1
    return index


def _word_end(text: str, stops: list[int], index: int) -> int:
    """The last of `stops` up to `index` at which a word ends."""
    return next((at for at in range(index, 0, -1) if _WORD_END.match(text, stops[at])), 0)
