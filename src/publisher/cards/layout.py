"""Fit a text into a width: the largest size that keeps few lines, then lines of even length.

Sizes and widths are pixels; inside, lines are measured in em, so a text is shaped once for all sizes. Widths say
nothing of left and right: that is decided where lines are drawn.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import regex

from publisher.cards.shape import Glyph, Paragraph, Typesetter

HALVINGS = 10
_IDEOGRAPH = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
# After white space; after a hyphen between words, but not in "USB-C"; between ideographs, but not before what closes.
_STOP = regex.compile(
    rf"(?<=\s)(?<![\u00a0\u2007\u202f])(?=\S)|(?<=\p{{L}}{{2}}[-‐–—/])(?=\p{{L}}{{3}})|(?<=\u200b)"
    rf"|(?<={_IDEOGRAPH})(?=[\p{{L}}\p{{Ps}}\p{{Pi}}])|(?<=[\p{{L}}。、！？」』）])(?={_IDEOGRAPH})"
)
_GRAPHEME = regex.compile(r"\X")
_DANGLING = regex.compile(r"[\s\p{Po}\p{Pd}\p{Ps}\p{Pi}]+$")


@dataclass(frozen=True)
class Scale:
    """What a text may be set in: `largest` to `smallest` pixels, on at most so many lines."""

    largest: int
    smallest: int
    lines: int


@dataclass(frozen=True)
class Block:
    """A text set: `lines` are (start, end) of characters, `size` pixels an em; `cut`: its end was left out."""

    paragraph: Paragraph
    size: int
    lines: tuple[tuple[int, int], ...]
    cut: bool = False

    @property
    def width(self) -> float:
        """Pixels of the longest line."""
        return max((self.paragraph.width(*line) for line in self.lines), default=0.0) * self.size

    @property
    def height(self) -> int:
        """Pixels from the top of the first line's letters to the bottom of the last one's."""
        metrics = self.paragraph.metrics
        em = metrics.ascent + metrics.descent + metrics.leading * (len(self.lines) - 1)
        return round(em * self.size) if self.lines else 0

    def baselines(self) -> list[int]:
        """Pixels of each baseline below the block's top."""
        metrics = self.paragraph.metrics
        return [round((metrics.ascent + metrics.leading * line) * self.size) for line in range(len(self.lines))]

    def glyphs(self) -> list[tuple[list[Glyph], float]]:
        """Each line's glyphs from left to right, and its width in pixels."""
        return [(self.paragraph.line(*line), self.paragraph.width(*line) * self.size) for line in self.lines]


def fit(typesetter: Typesetter, text: str, width: float, scales: Sequence[Scale]) -> Block:
    """`text` in the first scale that holds it; else in the last one's smallest size, with long words broken or cut."""
    paragraph = typesetter.shape(text)
    if not text:
        return Block(paragraph, scales[0].largest, ())
    stops = _stops(text)
    for scale in scales:
        sizes = range(scale.smallest, scale.largest + 1)
        fitting = bisect_right(sizes, 0, key=lambda size: not _wrap(paragraph, stops, width / size, scale.lines))
        if fitting:
            size = sizes[fitting - 1]
            return Block(paragraph, size, tuple(_balance(paragraph, stops, width / size)))
    last = scales[-1]
    return _forced(typesetter, paragraph, width, last)


def _stops(text: str) -> list[int]:
    """Where a line may end: indices just after the white space or hyphen."""
    return [*(match.start() for match in _STOP.finditer(text) if match.start()), len(text)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    return start, start + len(text[start:end].rstrip())


def _wrap(paragraph: Paragraph, stops: Sequence[int], width: float, most: int) -> list[tuple[int, int]]:
    """Lines of at most `width` em, each as long as can be; none where a word or the number of lines is too much."""
    lines: list[tuple[int, int]] = []
    start = index = 0
    while start < len(paragraph.text):
        line = None
        while index < len(stops):
            candidate = _trimmed(paragraph.text, start, stops[index])
            if paragraph.width(*candidate) > width:
                break
            line, index = candidate, index + 1
        if line is None or len(lines) == most:
            return []
        lines.append(line)
        start = stops[index - 1]
    return lines


def _balance(paragraph: Paragraph, stops: Sequence[int], width: float) -> list[tuple[int, int]]:
    """As few lines as `width` em allows, of the least width that needs no more."""
    lines = _wrap(paragraph, stops, width, len(stops))
    narrow, wide = width / 2, width
    for _ in range(HALVINGS):
        middle = (narrow + wide) / 2
        if tighter := _wrap(paragraph, stops, middle, len(lines)):
            lines, wide = tighter, middle
        else:
            narrow = middle
    return lines


def _forced(typesetter: Typesetter, paragraph: Paragraph, width: float, scale: Scale) -> Block:
    """At the smallest size: words wider than a line broken between graphemes, what is too much replaced by "…"."""
    em = width / scale.smallest
    stops = _broken(paragraph, em)
    if lines := _wrap(paragraph, stops, em, scale.lines):
        return Block(paragraph, scale.smallest, tuple(lines))
    text = paragraph.text
    least, most = 0, len(stops) - 1
    best = Block(typesetter.shape("…"), scale.smallest, ((0, 1),), cut=True)
    while least < most:
        middle = (least + most) // 2
        shorter = typesetter.shape(_DANGLING.sub("", text[: stops[middle]]) + "…")
        if lines := _wrap(shorter, _broken(shorter, em), em, scale.lines):
            best, least = Block(shorter, scale.smallest, tuple(lines), cut=True), middle + 1
        else:
            most = middle
    return best


def _broken(paragraph: Paragraph, width: float) -> list[int]:
    """Stops, with more of them inside words wider than `width` em: between graphemes that are separate glyphs."""
    stops, start = [], 0
    clusters = {glyph.cluster for glyph in paragraph.glyphs}
    for stop in _stops(paragraph.text):
        if paragraph.width(*_trimmed(paragraph.text, start, stop)) > width:
            inside = (match.end() for match in _GRAPHEME.finditer(paragraph.text, start, stop - 1))
            stops += [index for index in inside if index in clusters]
        stops.append(stop)
        start = stop
    return stops
