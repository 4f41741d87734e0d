"""The Card: headline, category, site and date on a photo or on the Brand's ground, at any size."""

import hashlib
import json
from dataclasses import asdict

from PIL import Image

from publisher.cards.fonts import coverage, file_digest, versions
from publisher.cards.ground import LARGEST_BLOWUP, blowup, covering, lay_scrim, pattern
from publisher.cards.ink import draw_block, draw_pill
from publisher.cards.intake import Master
from publisher.cards.layout import Block
from publisher.cards.logo import read_logo
from publisher.cards.photo import Drawn, drawn, encode
from publisher.cards.sheet import DESIGN, Sheet
from publisher.cards.srgb import RGB, legible, mix, opposite, rgb
from publisher.cards.words import Brief, Words, set_words
from publisher.domain.model import Brand, Size

VERSION = "1"
"""Changes with the look, so that what was drawn before is drawn again."""
MAX_BYTES = 280 * 1024
"""Bytes; WhatsApp shows no picture that is much larger."""
OVER_PHOTO, ALONE = 80, 96
"""The largest headline, in pixels of the design."""


def card_key(
    brief: Brief,
    brand: Brand,
    photo: bytes | None,
    size: Size = DESIGN,
    max_bytes: int = MAX_BYTES,
    *,
    focal: tuple[float, float] | None = None,
) -> str:
    """SHA-256 over all that decides how a Card looks: the same key, the same picture."""
    parts = {
        "version": VERSION,
        "fonts": versions(brand.fonts),
        "brand": {**asdict(brand), "logo": file_digest(brand.logo)},
        "brief": asdict(brief),
        "photo": hashlib.sha256(photo).hexdigest() if photo is not None else "",
        "focal": focal,
        "size": asdict(size),
        "max_bytes": max_bytes,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def draw_card(
    brief: Brief, brand: Brand, photo: Master | None, size: Size = DESIGN, max_bytes: int = MAX_BYTES
) -> Drawn:
    """The Card as JPEG. What is wrong with it, but not enough to go without, stands in its warnings."""
    warnings: tuple[str, ...] = ()
    if photo and blowup(photo, size) > LARGEST_BLOWUP:
        warnings, photo = (f"photo of {photo.size.width} x {photo.size.height} left out: too small",), None
    sheet = Sheet(size, brief.direction)
    words = set_words(brief, brand.fonts, sheet, largest=OVER_PHOTO if photo else ALONE)
    content = encode(paint(words, brand, photo, sheet), subsampling="4:4:4", max_bytes=max_bytes)
    if len(content) > max_bytes:
        warnings += (f"{len(content)} bytes where {max_bytes} were asked for",)
    return drawn(content, size, warnings + words.warnings() + _brand_warnings(brand))


def paint(words: Words, brand: Brand, photo: Master | None, sheet: Sheet) -> Image.Image:
    """From the bottom line up: site and date, headline, category; behind them the photo or a pattern."""
    ground, accent = rgb(brand.ground), rgb(brand.accent)
    ink = legible(rgb(brand.ink), ground)
    top = sheet.bottom - sheet.px(44 + 28) - words.headline.height
    if photo:
        canvas, shade = covering(photo, sheet.size), mix(ground, opposite(ink), 0.35)
    else:
        canvas, shade = pattern(sheet.size, ground, accent, sheet.direction).copy(), ground
    lay_scrim(canvas, (sheet.inset, top - sheet.px(12), sheet.size.width - sheet.inset, sheet.bottom), ink, shade)
    draw_block(canvas, words.headline, (sheet.left(0, sheet.column), top), ink, sheet.column)
    if words.category.lines:
        _draw_category(canvas, words.category, top - sheet.px(26 + 50), sheet, accent)
    _draw_row(canvas, words, sheet, brand.logo, ink)
    return canvas


def _draw_category(canvas: Image.Image, block: Block, top: int, sheet: Sheet, accent: RGB) -> None:
    padding, height = sheet.px(24), sheet.px(50)
    width = round(block.width) + 2 * padding
    draw_pill(canvas, (sheet.left(0, width), top), Size(width, height), accent)
    at = sheet.left(padding, block.width), _centred(block, top + height / 2)
    draw_block(canvas, block, at, opposite(accent))


def _draw_row(canvas: Image.Image, words: Words, sheet: Sheet, logo_path: str, ink: RGB) -> None:
    """Logo and site at the start, the date at the end."""
    height, start = sheet.px(44), 0
    middle = sheet.bottom - height / 2
    if logo := read_logo(logo_path, height):
        canvas.paste(logo, (sheet.left(0, logo.width), sheet.bottom - height), logo)
        start = logo.width + sheet.px(18)
    for block, offset in ((words.site, start), (words.date, sheet.column - words.date.width)):
        draw_block(canvas, block, (sheet.left(offset, block.width), _centred(block, middle)), ink)


def _centred(block: Block, middle: float) -> float:
    """The top of a one-line block whose letters look centred on `middle`."""
    metrics = block.paragraph.metrics
    return middle + (metrics.middle - metrics.ascent) * block.size


def _brand_warnings(brand: Brand) -> tuple[str, ...]:
    logo = (f"the logo {brand.logo} can't be read",) if brand.logo and read_logo(brand.logo, 44) is None else ()
    fonts = (f"the font {path} holds no letters" for path in brand.fonts if not coverage(path))
    changed = legible(rgb(brand.ink), rgb(brand.ground)) != rgb(brand.ink)
    inks = (f"ink {brand.ink} can't be read on ground {brand.ground}: black or white is used",) if changed else ()
    return (*logo, *fonts, *inks)
