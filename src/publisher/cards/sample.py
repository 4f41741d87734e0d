"""Photos for demos and tests: quiet painted landscapes, the same for the same seed."""

import io
import random
from math import pi, sin

from PIL import Image, ImageDraw, ImageFilter

SKIES = (("#f4c28c", "#7aa7c7"), ("#fbe3c0", "#5f8fb4"), ("#e7d7ef", "#6d7fb8"), ("#ffd9c4", "#4f86a0"))
HILLS = (("#6f9a7c", "#2f5d50"), ("#8aa06b", "#3d5a3c"), ("#7c86a8", "#39406b"), ("#a98a6a", "#5b4632"))


def landscape(seed: int, width: int = 1600, height: int = 1067) -> bytes:
    """A sky, a sun and five rows of hills as JPEG bytes; `width` and `height` in pixels."""
    chance = random.Random(seed)  # noqa: S311  # a picture, not a secret
    low, high = SKIES[seed % len(SKIES)]
    near, far = HILLS[seed % len(HILLS)]
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    for y in range(height):
        draw.line([(0, y), (width, y)], fill=_between(high, low, y / height))
    across, down, r = chance.uniform(0.2, 0.8) * width, chance.uniform(0.2, 0.4) * height, height * 0.07
    draw.ellipse([across - r, down - r, across + r, down + r], fill=_between(low, "#ffffff", 0.6))
    for row in range(5):
        base = height * (0.45 + row * 0.12)
        waves = [
            (chance.uniform(0.5, 3), chance.uniform(0, 2 * pi), height * chance.uniform(0.01, 0.05)) for _ in range(3)
        ]
        edge = [
            (x, base + sum(a * sin(f * 2 * pi * x / width + p) for f, p, a in waves)) for x in range(0, width + 8, 8)
        ]
        draw.polygon([(0, height), *edge, (width, height)], fill=_between(near, far, row / 4))
    out = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1.2)).save(out, "JPEG", quality=86)
    return out.getvalue()


def _between(start: str, end: str, part: float) -> tuple[int, int, int]:
    a, b = (tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for colour in (start, end))
    red, green, blue = (round(x + (y - x) * part) for x, y in zip(a, b, strict=True))
    return red, green, blue
