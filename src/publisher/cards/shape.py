"""Text to glyphs: which font each letter comes from, which way it runs, what HarfBuzz makes of it.

A paragraph is shaped once, in em; lines are slices of it at any size.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

import regex
import uharfbuzz as hb

from publisher.cards.bidi import resolve, visual_order
from publisher.cards.fonts import Metrics, Typeface
from publisher.domain.model import Direction

LONGEST = 300
INTER, NOTO_ARABIC = 0, 1
_GRAPHEME = regex.compile(r"\X")
_ARABIC = regex.compile(r"\p{Script=Arabic}")
_SHARED = regex.compile(r"[\p{Script=Common}\p{Script=Inherited}]")
# Spaces, brackets and quotation marks belong to the sentence, other shared signs to the word they stand in.
_SENTENCE = regex.compile(r"[\s\p{Ps}\p{Pe}\p{Pi}\p{Pf}\"]")
_IGNORABLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}]")
_SPACE = regex.compile(r"[^\S\u00a0\u2007\u202f]+")
_UNWANTED = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\u202a-\u202e\ufeff]")


@dataclass(frozen=True)
class Glyph:
    """One drawn shape: `cluster` is the index of the character it stands for; measures in em."""

    face: Typeface
    id: int
    cluster: int
    level: int
    dx: float
    dy: float
    advance: float


@dataclass(frozen=True)
class Paragraph:
    """A shaped text. `glyphs` are in reading order; `offsets[i]` is the advance of all before character `i`, in em."""

    text: str
    direction: Direction
    glyphs: tuple[Glyph, ...]
    offsets: tuple[float, ...]
    metrics: Metrics
    missing: tuple[str, ...]

    def width(self, start: int, end: int) -> float:
        """Advance of characters `start` to `end` (exclusive), in em."""
        return self.offsets[end] - self.offsets[start]

    def line(self, start: int, end: int) -> list[Glyph]:
        """The glyphs of one line from left to right; its ends carry no white space, so L1 has nothing to do."""
        glyphs = [glyph for glyph in self.glyphs if start <= glyph.cluster < end]
        return [glyphs[index] for index in visual_order([glyph.level for glyph in glyphs])]


@dataclass(frozen=True)
class Typesetter:
    """Shapes texts of one language in one chain of fonts."""

    faces: tuple[Typeface, ...]
    language: str
    direction: Direction

    def shape(self, text: str) -> Paragraph:
        _, levels = resolve(text, int(self.direction is Direction.RTL))
        fonts, missing = self._itemise(text)
        glyphs = tuple(glyph for run in _runs(levels, fonts) for glyph in self._shape_run(text, run, levels, fonts))
        advances = [0.0] * len(text)
        for glyph in glyphs:
            advances[glyph.cluster] += glyph.advance
        used = [glyph.face.metrics for glyph in glyphs] or [self.faces[self._base].metrics]
        tallest = max(used, key=lambda metrics: metrics.leading)
        return Paragraph(text, self.direction, glyphs, tuple(accumulate(advances, initial=0.0)), tallest, missing)

    @property
    def _base(self) -> int:
        return NOTO_ARABIC if self.direction is Direction.RTL else INTER

    def _itemise(self, text: str) -> tuple[list[int], tuple[str, ...]]:
        """The index of the font for each character, and the letters no font has."""
        fonts: list[int] = []
        missing: dict[str, None] = {}
        last = self._base
        for match in _GRAPHEME.finditer(text):
            cluster = match[0]
            wanted = self._wanted(cluster[0], last)
            found = next((font for font in self._order(wanted) if self._covers(font, cluster)), None)
            if found is None:
                missing[cluster] = None
            last = wanted if found is None else found
            fonts += [last] * len(cluster)
            if cluster.isspace():
                last = self._base
        return fonts, tuple(missing)

    def _wanted(self, char: str, last: int) -> int:
        """The font a letter's script asks for; `last` is that of the character before it in the word."""
        if _ARABIC.match(char):
            return NOTO_ARABIC
        if _SENTENCE.match(char):
            return self._base
        return last if _SHARED.match(char) else INTER

    def _order(self, wanted: int) -> list[int]:
        return [wanted, *(font for font in range(len(self.faces)) if font != wanted)]

    def _covers(self, font: int, cluster: str) -> bool:
        have = self.faces[font].covers
        return all(ord(char) in have or _IGNORABLE.match(char) for char in cluster)

    def _shape_run(self, text: str, run: tuple[int, int], levels: Sequence[int], fonts: Sequence[int]) -> list[Glyph]:
        """Glyphs of one run in reading order; HarfBuzz sees the text around it, so letters join as they should."""
        start, end = run
        face, level = self.faces[fonts[start]], levels[start]
        buffer = hb.Buffer()
        buffer.add_codepoints([ord(char) for char in text], start, end - start)
        buffer.direction = "rtl" if level % 2 else "ltr"
        buffer.language = self.language or "und"  # else HarfBuzz takes the machine's locale
        buffer.guess_segment_properties()
        hb.shape(face.font, buffer)
        glyphs = [
            Glyph(face, info.codepoint, info.cluster, level, *(value / face.upem for value in place.position[:3]))
            for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]
        return glyphs[::-1] if level % 2 else glyphs


def _runs(levels: Sequence[int], fonts: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for _, group in groupby(zip(levels, fonts, strict=True)):
        end = start + len(list(group))
        yield start, end
        start = end


def clean(text: str) -> str:
    """One composed line without controls and forced directions, of at most 300 characters."""
    single: str = _UNWANTED.sub("", _SPACE.sub(" ", unicodedata.normalize("NFC", text))).strip()
    if len(single) <= LONGEST:
        return single
    ends = [match.end() for match in _GRAPHEME.finditer(single, 0, LONGEST - 1)]
    return single[: ends[-1]].rstrip() + "…"
