"""The texts of a Card, cleaned and set."""

from dataclasses import dataclass
from typing import NamedTuple

from publisher.cards.fonts import Style, chain
from publisher.cards.layout import Block, Scale, fit
from publisher.cards.shape import Typesetter, clean
from publisher.cards.sheet import Sheet
from publisher.domain.model import Direction

HEADLINE = Style(weight=720, optical=32)
STRONG = Style(weight=640, optical=20)
QUIET = Style(weight=450, optical=20)


@dataclass(frozen=True)
class Brief:
    """What a Card says. `date` comes written in the Edition's calendar and digits."""

    headline: str
    category: str
    site_name: str
    date: str
    language: str
    direction: Direction


class Words(NamedTuple):
    """The four texts, each at its size; a text that is empty has no lines."""

    headline: Block
    category: Block
    site: Block
    date: Block

    def warnings(self) -> tuple[str, ...]:
        """What a reader of the Card would miss."""
        missing = dict.fromkeys(letter for block in self for letter in block.paragraph.missing)
        tofu = (f"no font has {letter!r} ({_code_points(letter)})" for letter in missing)
        cut = (f"{name} cut to fit" for name, block in zip(self._fields, self, strict=True) if block.cut)
        return (*tofu, *cut)


def set_words(brief: Brief, extra: tuple[str, ...], sheet: Sheet, *, largest: int) -> Words:
    """Set all texts; the headline in at most `largest` pixels of the design, `extra` fonts after our own."""

    def block(text: str, style: Style, width: float, *scales: Scale) -> Block:
        return fit(Typesetter(chain(style, extra), brief.language, brief.direction), clean(text), width, scales)

    column, label = sheet.column, sheet.scale(28, 28, 1)
    headline = (sheet.scale(largest, 72, 2), sheet.scale(largest, 58, 3), sheet.scale(58, 42, 4))
    return Words(
        headline=block(brief.headline, HEADLINE, column, *headline),
        category=block(brief.category, STRONG, column * 0.6, label),
        site=block(brief.site_name, STRONG, column * 0.5, label),
        date=block(brief.date, QUIET, column * 0.38, label),
    )


def _code_points(text: str) -> str:
    return " ".join(f"U+{ord(char):04X}" for char in text)
