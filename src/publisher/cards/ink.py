"""Blocks of glyphs and plain shapes onto pixels. Text is drawn by HarfBuzz alone, never by Pillow."""

from functools import lru_cache

import uharfbuzz as hb
from PIL import Image, ImageDraw

from publisher.cards.layout import Block
from publisher.cards.srgb import RGB
from publisher.domain.model import Direction, Size

OVERSAMPLING = 4


def draw_block(canvas: Image.Image, block: Block, at: tuple[float, float], colour: RGB, width: float = 0) -> None:
    """`block` with its lines at the start side of a box: `at` is its left and top, `width` pixels or its own."""
    if not block.lines:
        return
    (left, top), width, pad = at, width or block.width, block.size
    x, y = int(left) - pad, int(top) - pad
    columns, rows = int(width) + 2 * pad, block.height + 2 * pad
    mask = _rasterise(block, columns, rows, left - x, width)
    canvas.paste(colour, (x, y, x + columns, y + rows), mask)


def _rasterise(block: Block, columns: int, rows: int, left: float, width: float) -> Image.Image:
    """Coverage of the glyphs, with `size` pixels of room around them."""
    raster = hb.RasterDraw()  # costs nothing to make, and so no thread shares one
    raster.extents = hb.RasterExtents(0, 0, columns, rows, 0)
    rightward = block.paragraph.direction is Direction.RTL
    for (glyphs, length), baseline in zip(block.glyphs(), block.baselines(), strict=True):
        pen = left + (width - length if rightward else 0)
        for glyph in glyphs:
            scale = block.size / glyph.face.upem
            x, y = pen + glyph.dx * block.size, rows - block.size - baseline + glyph.dy * block.size
            raster.transform = (scale, 0, 0, scale, x, y)
            raster.draw_glyph(glyph.face.font, glyph.id)
            pen += glyph.advance * block.size
    picture = raster.render()
    bottom_up = -1
    return Image.frombytes("L", (columns, rows), picture.buffer, "raw", "L", picture.extents.stride, bottom_up)


def draw_pill(canvas: Image.Image, at: tuple[int, int], size: Size, colour: RGB) -> None:
    """A bar with round ends; `at` is its left and top."""
    canvas.paste(colour, (*at, at[0] + size.width, at[1] + size.height), _pill(size.width, size.height))


@lru_cache(maxsize=64)
def _pill(width: int, height: int) -> Image.Image:
    large = Image.new("L", (width * OVERSAMPLING, height * OVERSAMPLING))
    box = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius=large.height // 2, fill=255)
    return large.reduce(OVERSAMPLING)
