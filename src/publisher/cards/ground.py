"""What stands behind the words: a photo under a measured scrim, or the Brand's ground with a quiet pattern."""

from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps

from publisher.cards.intake import Master
from publisher.cards.srgb import LEGIBLE, RGB, contrast, linear, luminance, mix
from publisher.domain.model import Direction, Size

AIM = LEGIBLE + 0.7
"""Contrast aimed at: measured on half the pixels, before JPEG changes them a little."""
WORST = 0.01
"""Share of pixels that may miss the aim: single bright specks make no letter hard to read."""
LARGEST_BLOWUP = 2.5
CENTRE = (0.5, 0.4)
"""Where a photo nobody marked probably has its subject: faces stand above the middle."""
VEIL = 0.12
"""Opacity of the scrim at the top of the photo."""
MIDDLE = 0.18
"""The luminance as far from black as from white."""
QUIET = 1.35
"""Contrast of the glow to the ground around it."""
RINGS = 9
OVERSAMPLING = 3
Box = tuple[int, int, int, int]


def blowup(photo: Master, size: Size) -> float:
    """How many times larger the photo must be drawn to cover `size`."""
    return max(size.width / photo.size.width, size.height / photo.size.height)


def covering(photo: Master, size: Size) -> Image.Image:
    """The photo cut to fill `size`, its focal point as near the middle as it can be."""
    scale = blowup(photo, size)
    width, height = size.width / scale, size.height / scale
    x, y = photo.focal or CENTRE
    left = min(max(x * photo.size.width - width / 2, 0), photo.size.width - width)
    top = min(max(y * photo.size.height - height / 2, 0), photo.size.height - height)
    box = (left, top, left + width, top + height)
    return photo.image.resize((size.width, size.height), Image.Resampling.HAMMING, box=box, reducing_gap=2.0)


def glowing(ground: RGB, accent: RGB) -> float:
    """How much accent (0..1) the ground takes before it gets loud."""
    shares = (share / 20 for share in range(12, 1, -1))
    quiet = (share for share in shares if contrast(luminance(ground), luminance(mix(ground, accent, share))) < QUIET)
    return next(quiet, 0.1)


@lru_cache(maxsize=8)
def pattern(size: Size, ground: RGB, accent: RGB, direction: Direction) -> Image.Image:
    """The Brand's ground, with a glow of its accent and thin rings around it at the end side's upper corner."""
    width, height = size.width, size.height
    reach = round(max(width, height) * 0.85)
    # Pillow's gradient is 0 in the middle and 181 where its sides are nearest
    falling = [round(255 * glowing(ground, accent) * _ease(1 - value / 181)) for value in range(256)]
    glow = Image.radial_gradient("L").resize((2 * reach, 2 * reach)).point(falling)
    sheet = Image.new("L", (width * OVERSAMPLING, height * OVERSAMPLING))
    pen = ImageDraw.Draw(sheet)
    x, y = width * 0.86, height * 0.12
    for ring in range(1, RINGS + 1):
        radius = ring * reach / RINGS
        box = [OVERSAMPLING * side for side in (x - radius, y - radius, x + radius, y + radius)]
        pen.ellipse(box, outline=round(70 * (1 - ring / (RINGS + 1))), width=OVERSAMPLING * 2)
    canvas = Image.new("RGB", (width, height), ground)
    canvas.paste(accent, (round(x) - reach, round(y) - reach), glow)
    canvas.paste(mix(accent, (255, 255, 255), 0.4), mask=sheet.reduce(OVERSAMPLING))
    return ImageOps.mirror(canvas) if direction is Direction.RTL else canvas


def lay_scrim(canvas: Image.Image, words: Box, ink: RGB, shade: RGB) -> None:
    """Cover the photo with `shade`, as strongly as `ink` inside `words` needs, fading towards the top."""
    opacity = needed(canvas.crop(words), ink, shade)
    top, fade = words[1], canvas.height * 0.3
    rows = [_ease((y - top + fade) / fade) * (opacity - VEIL) + VEIL for y in range(canvas.height)]
    column = Image.new("L", (1, canvas.height))
    column.putdata([round(255 * row) for row in rows])
    canvas.paste(shade, mask=column.resize(canvas.size))


def needed(area: Image.Image, ink: RGB, shade: RGB) -> float:
    """The least opacity of `shade` (0..1) under which `ink` can be read on all but the worst pixels of `area`."""
    area, light = area.reduce(2), luminance(ink)
    weak, strong = VEIL, 1.0
    for _ in range(6):
        middle = (weak + strong) / 2
        shaded = Image.blend(area, Image.new("RGB", area.size, shade), middle)
        if contrast(worst(shaded, light), light) >= AIM:
            strong = middle
        else:
            weak = middle
    return strong


def worst(area: Image.Image, ink: float) -> float:
    """The luminance in `area` nearest to that of `ink`, the worst hundredth of the pixels left out."""
    counts = luminances(area).histogram()
    order = range(255, -1, -1) if ink > MIDDLE else range(256)
    left = WORST * area.width * area.height
    for value in order:
        left -= counts[value]
        if left < 0:
            return value / 255
    return 0.0


def luminances(area: Image.Image) -> Image.Image:
    """WCAG's relative luminance of each pixel, 0..255."""
    light = area.point([min(255, round(255 * value + 0.4)) for value in linear()] * 3)
    return light.convert("L", (0.2126, 0.7152, 0.0722, 0))


def _ease(position: float) -> float:
    position = min(max(position, 0.0), 1.0)
    return position * position * (3 - 2 * position)
