"""Whole Cards: golden pixels, contrast under the words, warnings, many threads."""

import ast
import hashlib
import io
import json
import platform
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from publisher import cards
from publisher.cards import BadPhoto, Brief, Master, card, card_key, draw_card, open_photo
from publisher.cards.bidi import line_levels, resolve, visual_order
from publisher.cards.sample import landscape
from publisher.cards.sheet import DESIGN, Sheet
from publisher.cards.srgb import contrast, linear, luminance, rgb
from publisher.cards.words import Words, set_words
from publisher.domain.model import Brand, Direction, Size

GOLDEN = Path(__file__).parent / "golden" / "cards.json"
CONFORMANCE = Path("/usr/share/unicode/BidiCharacterTest.txt")
LTR, RTL = Direction.LTR, Direction.RTL
BRIEFS = {
    "en": Brief("Harbour bridge reopens, with a lane for cyclists", "Transport", "Daily", "24 November 2026", "en", LTR),
    "sq": Brief("Çmimi i energjisë diellore bie me 35% në mbarë vendin", "Energji", "E Përditshmja", "", "sq", LTR),
    "ar": Brief("افتتاح مكتبة «دار الكتب» بعد 3 سنوات (صور)", "ثقافة", "اليومية", "٢٤ نوفمبر", "ar", RTL),
    "fa": Brief("۴۰٪ تخفیف کتاب‌های تازه در Book Fair 2026 (تهران)", "فرهنگ", "روزنامه", "۳ آذر ۱۴۰۵", "fa", RTL),
}
LIGHT = Brand(accent="#d62839", ground="#f6f1e7", ink="#1b1b1b")


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def checkerboard() -> Image.Image:
    small = Image.new("L", (60, 40))
    small.putdata([255 * ((x + y) % 2) for y in range(40) for x in range(60)])
    return small.resize((1500, 1000), Image.Resampling.NEAREST)


PHOTOS = {
    "white": lambda: jpeg(Image.new("RGB", (1500, 1000), "white")),
    "black": lambda: jpeg(Image.new("RGB", (1500, 1000), "black")),
    "yellow": lambda: jpeg(Image.new("RGB", (1500, 1000), "#ffe600")),
    "checkerboard": lambda: jpeg(checkerboard()),
    "noise": lambda: jpeg(Image.effect_noise((500, 333), 120).resize((1500, 1000))),
    "landscape": lambda: landscape(3),
}


def words(brief: Brief, sheet: Sheet) -> Words:
    return set_words(brief, (), sheet, largest=card.OVER_PHOTO)


def inkless(texts: Words) -> Words:
    """The same texts in the same places, without a drop of ink."""
    return Words(*(replace(block, paragraph=replace(block.paragraph, glyphs=())) for block in texts))


def libraries() -> str:
    names = ("pillow", "uharfbuzz", "fontpkg-inter", "fontpkg-noto-sans-arabic")
    return " ".join([*(f"{name} {version(name)}" for name in names), platform.machine()])


def structure(brief: Brief) -> list[str]:
    texts = words(brief, Sheet(DESIGN, brief.direction))
    headline = texts.headline
    return [f"{headline.size} px", *(headline.paragraph.text[start:end] for start, end in headline.lines)]


def pixels(brief: Brief) -> str:
    sheet = Sheet(DESIGN, brief.direction)
    canvas = card.paint(words(brief, sheet), Brand(), None, sheet)
    return hashlib.sha256(canvas.tobytes()).hexdigest()


def golden() -> dict[str, object]:
    """What the golden file holds. To renew it after a change of the look: `python tests/integration/test_cards.py`."""
    looks = {name: {"pixels": pixels(brief), "structure": structure(brief)} for name, brief in BRIEFS.items()}
    return {"libraries": libraries(), "template": cards.VERSION, "cards": looks}


@pytest.mark.parametrize("name", BRIEFS)
def test_cards_look_as_before(name: str) -> None:
    """Lines and size of the headline everywhere; each pixel where the libraries are those of the golden file."""
    known = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert structure(BRIEFS[name]) == known["cards"][name]["structure"]
    if known["libraries"] == libraries():
        assert pixels(BRIEFS[name]) == known["cards"][name]["pixels"]


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize(("name", "brand"), [("en", Brand()), ("fa", LIGHT)])
def test_words_can_be_read_on_any_photo(photo: str, name: str, brand: Brand) -> None:
    """Contrast of 4.5 on 99 of 100 of the very pixels that stand under the words of the finished JPEG."""
    sheet = Sheet(DESIGN, BRIEFS[name].direction)
    texts = words(replace(BRIEFS[name], category=""), sheet)
    master = open_photo(PHOTOS[photo]())
    bare, full = (card.paint(which, brand, master, sheet) for which in (inkless(texts), texts))
    with Image.open(io.BytesIO(jpeg(bare))) as shown:
        behind = shown.convert("RGB").tobytes()
    inked = ImageChops.difference(bare, full).convert("L").tobytes()
    ink = luminance(rgb(brand.ink))
    under = sorted(
        contrast(ink, luminance((behind[3 * at], behind[3 * at + 1], behind[3 * at + 2])))
        for at, drop in enumerate(inked)
        if drop
    )
    assert len(under) > 10_000
    assert under[len(under) // 100] >= 4.5


@pytest.mark.parametrize("accent", ["#1f6f5c", "#f2c14e", "#777777", "#000000", "#ffffff"])
def test_the_category_can_be_read_on_any_accent(accent: str) -> None:
    from publisher.cards.srgb import opposite  # noqa: PLC0415

    assert contrast(luminance(opposite(rgb(accent))), luminance(rgb(accent))) >= 4.5
