"""Whole Cards: golden pixels, contrast under the words, warnings, many threads."""

import ast
import hashlib
import io
import json
import platform
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image, ImageChops, JpegImagePlugin

from publisher import cards
from publisher.cards import Brief, Master, card, card_key, draw_card, open_photo
from publisher.cards.bidi import line_levels, resolve, visual_order
from publisher.cards.fonts import LATIN, Style, chain, typeface
from publisher.cards.sample import landscape
from publisher.cards.shape import Typesetter
from publisher.cards.sheet import DESIGN, Sheet
from publisher.cards.srgb import contrast, linear, luminance, opposite, rgb
from publisher.cards.words import Words, set_words
from publisher.domain.model import Brand, Direction, Size

GOLDEN = Path(__file__).parent / "golden" / "cards.json"
CONFORMANCE = Path("/usr/share/unicode/BidiCharacterTest.txt")
LTR, RTL = Direction.LTR, Direction.RTL
BRIEFS = {
    "en": Brief(
        "Harbour bridge reopens, with a lane for cyclists", "Transport", "Daily", "24 November 2026", "en", LTR
    ),
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


def noise() -> Image.Image:
    return Image.frombytes("L", (500, 333), random.Random(1).randbytes(500 * 333)).resize((1500, 1000))


PHOTOS = {
    "white": lambda: jpeg(Image.new("RGB", (1500, 1000), "white")),
    "black": lambda: jpeg(Image.new("RGB", (1500, 1000), "black")),
    "yellow": lambda: jpeg(Image.new("RGB", (1500, 1000), "#ffe600")),
    "checkerboard": lambda: jpeg(checkerboard()),
    "noise": lambda: jpeg(noise()),
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


@pytest.mark.parametrize("photo", ["none", *PHOTOS])
@pytest.mark.parametrize(("name", "brand"), [("en", Brand()), ("fa", LIGHT)])
def test_words_can_be_read_on_any_photo(photo: str, name: str, brand: Brand) -> None:
    """Contrast of 4.5 on 99 of 100 of the very pixels that stand under the words of the finished JPEG."""
    sheet = Sheet(DESIGN, BRIEFS[name].direction)
    texts = words(replace(BRIEFS[name], category=""), sheet)
    master = open_photo(PHOTOS[photo]()) if photo in PHOTOS else None
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
    assert contrast(luminance(opposite(rgb(accent))), luminance(rgb(accent))) >= 4.5


def test_luminance_is_that_of_the_standard() -> None:
    assert contrast(luminance((255, 255, 255)), luminance((0, 0, 0))) == pytest.approx(21)
    assert luminance(rgb("#777777")) == pytest.approx(0.1845, abs=0.0005)
    assert linear()[10:12] == pytest.approx((0.003035, 0.003347), abs=1e-6)


def drawn_image(drawn: cards.Drawn) -> Image.Image:
    with Image.open(io.BytesIO(drawn.content)) as image:
        image.load()
        return image


@pytest.mark.parametrize(
    "size", [Size(1200, 630), Size(1080, 1080), Size(1080, 1920), Size(1000, 1500), Size(400, 210)]
)
@pytest.mark.parametrize("with_photo", [False, True])
def test_a_card_is_a_jpeg_of_its_size(size: Size, *, with_photo: bool) -> None:
    drawn = draw_card(BRIEFS["fa"], Brand(), open_photo(landscape(2)) if with_photo else None, size)
    image = drawn_image(drawn)
    assert (image.format, Size(*image.size), drawn.size, drawn.mime) == ("JPEG", size, size, "image/jpeg")
    assert JpegImagePlugin.get_sampling(image) == 0  # 4:4:4
    assert drawn.sha256 == hashlib.sha256(drawn.content).hexdigest()
    assert drawn.warnings == ()


def test_right_to_left_cards_are_mirrored() -> None:
    """The site's name stands where the Edition's lines start."""
    for direction, near_side in ((LTR, 0), (RTL, 1)):
        sheet = Sheet(DESIGN, direction)
        texts = words(Brief("", "", "Daily", "", "en", direction), sheet)
        bare, full = (card.paint(which, Brand(), None, sheet) for which in (inkless(texts), texts))
        box = ImageChops.difference(bare, full).getbbox()
        assert box is not None
        middle = (box[0] + box[2]) / 2
        assert (middle > DESIGN.width / 2) == bool(near_side)
        assert box[0] >= sheet.inset - 2
        assert box[2] <= DESIGN.width - sheet.inset + 2


@pytest.mark.parametrize("name", BRIEFS)
def test_no_word_leaves_the_safe_area(name: str) -> None:
    sheet = Sheet(DESIGN, BRIEFS[name].direction)
    texts = words(replace(BRIEFS[name], headline=BRIEFS[name].headline * 4), sheet)
    bare, full = (card.paint(which, Brand(), None, sheet) for which in (inkless(texts), texts))
    box = ImageChops.difference(bare, full).getbbox()
    assert box is not None
    assert box[0] >= 50
    assert box[1] >= 40
    assert box[2] <= 1150
    assert box[3] <= 590


def test_what_is_empty_leaves_no_trace() -> None:
    empty = Brief("", "", "", "", "", LTR)
    sheet = Sheet(DESIGN, LTR)
    texts = words(empty, sheet)
    bare, full = (card.paint(which, Brand(), None, sheet) for which in (inkless(texts), texts))
    assert ImageChops.difference(bare, full).getbbox() is None
    assert draw_card(empty, Brand(), None).warnings == ()


def test_text_of_invisible_characters_is_drawn_as_nothing() -> None:
    assert draw_card(Brief("\u200c\u200f", "\u2066\u2069", "\u200b", "\u00ad", "fa", RTL), Brand(), None).warnings == ()


@pytest.mark.parametrize(
    ("brief", "warning"),
    [
        (replace(BRIEFS["en"], headline="Blossoms 桜 in Kyoto"), "no font has '桜' (U+685C)"),
        (replace(BRIEFS["en"], category="Politeness " * 20), "category cut to fit"),
        (replace(BRIEFS["en"], headline="word " * 80), "headline cut to fit"),
    ],
)
def test_what_a_reader_would_miss_is_said(brief: Brief, warning: str) -> None:
    assert draw_card(brief, Brand(), None).warnings == (warning,)


def test_a_brand_that_does_not_work_is_drawn_with_a_warning(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    brand = Brand(ink="#223344", ground="#222222", logo=str(broken), fonts=(str(broken), str(tmp_path / "none.otf")))
    warnings = " / ".join(draw_card(BRIEFS["en"], brand, None).warnings)
    assert warnings.count("holds no letters") == 2
    assert "logo" in warnings
    assert "black or white is used" in warnings


def test_a_font_of_the_brand_fills_what_ours_lack(tmp_path: Path) -> None:
    """Shown with a font of our own under another name, since its Arabic is what Inter lacks."""
    inter, arabic = (face.path for face in chain(Style(700, 32)))
    faces = tuple(typeface(path, Style(700, 32), LATIN) for path in (inter, inter, arabic))
    paragraph = Typesetter(faces, "fa", LTR).shape("a ب")
    assert paragraph.missing == ()
    assert [glyph.face.path for glyph in paragraph.glyphs][-1] == arabic


def test_the_logo_stands_before_the_site(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGBA", (200, 100), (255, 0, 255, 255)).save(logo)
    for direction in (LTR, RTL):
        brief = replace(BRIEFS["en"], direction=direction)
        image = drawn_image(draw_card(brief, Brand(logo=str(logo)), None))
        middle = 630 - 45 - 22
        assert image.getpixel((1200 - 70 if direction is RTL else 70, middle))[0] > 200  # type: ignore[index]


def test_a_photo_too_small_to_be_seen_is_left_out_with_a_warning() -> None:
    small = open_photo(jpeg(Image.new("RGB", (200, 100), "red")))
    drawn = draw_card(BRIEFS["en"], Brand(), small)
    assert drawn.warnings == ("photo of 200 x 100 left out: too small",)
    assert drawn.content == draw_card(BRIEFS["en"], Brand(), None).content


def test_the_focal_point_stays_in_the_picture() -> None:
    panorama = Image.new("RGB", (2000, 700), "blue")
    panorama.paste("red", (1900, 0, 2000, 100))
    for focal, seen in (((0.97, 0.05), True), ((0.0, 0.5), False), (None, False)):
        image = drawn_image(draw_card(BRIEFS["en"], Brand(), open_photo(jpeg(panorama), focal=focal), Size(630, 630)))
        red, _, blue = image.getpixel((625, 5))  # type: ignore[misc]
        assert (red > blue) == seen


def test_a_card_keeps_to_its_bytes() -> None:
    photo = open_photo(PHOTOS["noise"]())
    roomy, tight = (draw_card(BRIEFS["en"], Brand(), photo, DESIGN, limit) for limit in (900_000, 250_000))
    assert len(tight.content) <= 250_000 < len(roomy.content) <= 900_000
    impossible = draw_card(BRIEFS["en"], Brand(), photo, DESIGN, 1000)
    assert "1000 were asked for" in impossible.warnings[0]


def test_the_key_changes_with_everything_that_shows(tmp_path: Path) -> None:
    brief, brand, size = BRIEFS["en"], Brand(), DESIGN
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"one")
    marked = card_key(brief, Brand(logo=str(logo)), None, size, 9)
    logo.write_bytes(b"two")
    keys = [
        marked,
        card_key(brief, Brand(logo=str(logo)), None, size, 9),
        card_key(brief, brand, None, size, 9),
        card_key(brief, brand, b"", size, 9),
        card_key(brief, brand, b"photo", size, 9),
        card_key(brief, brand, b"photo", size, 9, focal=(0.5, 0.5)),
        card_key(brief, LIGHT, None, size, 9),
        card_key(brief, brand, None, Size(1, 1), 9),
        card_key(brief, brand, None, size, 10),
        *(
            card_key(replace(brief, **{name: "else"}), brand, None, size, 9)
            for name in ("headline", "category", "date")
        ),
        card_key(replace(brief, direction=RTL), brand, None, size, 9),
    ]
    assert len(set(keys)) == len(keys)
    assert card_key(brief, brand, b"photo", size, 9) == card_key(replace(brief), Brand(), b"photo", Size(1200, 630), 9)


def test_many_threads_draw_the_same_cards() -> None:
    master = open_photo(landscape(5))
    jobs = [(brief, photo) for _ in range(6) for brief in BRIEFS.values() for photo in (None, master)]

    def draw(job: tuple[Brief, Master | None]) -> str:
        return draw_card(job[0], Brand(), job[1]).sha256

    alone = [draw(job) for job in jobs[: 2 * len(BRIEFS)]]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(draw, jobs)) == alone * 6


def test_pillow_draws_no_text() -> None:
    """Its basic layout shows Arabic reversed and disjoint wherever libfribidi is missing, and says nothing."""
    drawing = {"ImageFont", "ImageText", "text", "multiline_text", "textbbox", "textlength", "truetype"}
    for path in Path(card.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            called = node.func if isinstance(node, ast.Call) else None
            names += [called.attr] if isinstance(called, ast.Attribute) else []
            assert not drawing & {part for name in names for part in name.split(".")}, path.name


def test_importing_cards_opens_no_font() -> None:
    script = "import sys, publisher.cards.fonts as f; sys.exit(f._face.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def conformance() -> list[tuple[str, int | None, int, list[str], list[int]]]:
    """Unicode's own cases: text, direction asked for, paragraph level, levels, order."""
    cases = []
    for line in CONFORMANCE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            points, asked, base, levels, order = line.split(";")
            text = "".join(chr(int(point, 16)) for point in points.split())
            direction = None if asked == "2" else int(asked)
            cases.append((text, direction, int(base), levels.split(), [int(index) for index in order.split()]))
    return cases


@pytest.mark.skipif(not CONFORMANCE.exists(), reason=f"{CONFORMANCE} is absent (Debian: unicode-data)")
def test_bidi_passes_every_case_of_unicode() -> None:
    """https://www.unicode.org/Public/UCD/latest/ucd/BidiCharacterTest.txt"""
    cases = conformance()
    assert len(cases) > 90_000
    for text, direction, base, expected, order in cases:
        found, levels = resolve(text, direction)
        line = line_levels(text, levels, found)
        assert found == base
        assert all(want in {"x", str(level)} for want, level in zip(expected, line, strict=True)), text
        assert [index for index in visual_order(line) if expected[index] != "x"] == order, text


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
