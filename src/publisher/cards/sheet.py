"""The measures of a Card, given for one size and drawn in proportion at others."""

from typing import NamedTuple

from publisher.cards.layout import Scale
from publisher.domain.model import Direction, Size

DESIGN = Size(1200, 630)


class Sheet(NamedTuple):
    """One Card's area in pixels. `start` is the left for left-to-right Editions and the right for the others."""

    size: Size
    direction: Direction

    def px(self, design: float) -> int:
        """Pixels for a length of the design."""
        return max(1, round(design * min(self.size.width / DESIGN.width, self.size.height / DESIGN.height)))

    @property
    def inset(self) -> int:
        """Pixels at the left and right that some clients crop away."""
        return max(self.px(60), round(self.size.width * 0.05))

    @property
    def column(self) -> int:
        """Pixels between the insets."""
        return self.size.width - 2 * self.inset

    @property
    def bottom(self) -> int:
        """Pixels from the top to the lowest line anything may touch."""
        return self.size.height - self.px(45)

    def left(self, start: float, width: float) -> int:
        """The left edge of something `width` wide that begins `start` pixels inside the column."""
        ltr = self.direction is Direction.LTR
        return round(self.inset + start if ltr else self.size.width - self.inset - start - width)

    def scale(self, largest: int, smallest: int, lines: int) -> Scale:
        return Scale(self.px(largest), self.px(smallest), lines)
