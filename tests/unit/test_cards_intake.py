"""Photos from anywhere: what is read, how it comes out, and what is refused before it costs anything."""

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image, ImageCms

from publisher.cards import BadPhoto, fit_photo, open_photo
from publisher.cards.intake import SCANS
from publisher.cards.sample import landscape
from publisher.domain.model import Size

RED, GREEN = (220, 40, 30), (40, 200, 60)
Pixel = tuple[int, int, int]


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def plain(colour: Pixel = RED, size: tuple[int, int] = (60, 40)) -> Image.Image:
    return Image.new("RGB", size, colour)


def png(width: int, height: int, *, bits: int = 1, colour: int = 0) -> bytes:
    """A PNG that claims a size and holds almost nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    rows = zlib.compress(bytes((width * bits + 7) // 8 + 1) * min(height, 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def claimed(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its frame header."""
    at = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def rescanned(times: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    jpeg = encoded(plain(), "JPEG", progressive=True)
    last = jpeg.rfind(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * times + jpeg[-2:]


def near(pixel: Any, expected: Pixel, by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, expected, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "MPO"])
def test_formats_are_read(kind: str) -> None:
    options = {"save_all": True, "append_images": [plain(GREEN)]} if kind == "MPO" else {}
    master = open_photo(encoded(plain(), kind, **options))
    assert master.size == Size(60, 40)
    assert master.image.mode == "RGB"
    assert near(master.image.getpixel((30, 20)), RED)


HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing", lambda: b"", "empty"),
    ("garbage", lambda: b"\x00\x01garbage" * 9, "not a JPEG"),
    ("text", lambda: b"Dear editor", "not a JPEG"),
    ("SVG", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    ("SVG with a byte order mark", lambda: b'\xef\xbb\xbf\n<?xml version="1.0"?><svg/>', "SVG"),
    ("HEIC", lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
    ("TIFF", lambda: encoded(plain(), "TIFF"), "not a JPEG"),
    ("PDF", lambda: b"%PDF-1.7", "not a JPEG"),
    ("401 megapixels of one bit", lambda: png(20_000, 20_050), "401 megapixels, more than 40"),
    ("41 megapixels", lambda: png(6400, 6410), "41 megapixels, more than 40"),
    ("a GIF of 4295 megapixels", lambda: b"GIF89a\xff\xff\xff\xff\x00\x00\x00", "megapixels|damaged"),
    ("a baseline JPEG of 121 megapixels", lambda: claimed(encoded(plain(), "JPEG"), 11_000, 11_000), "more than 120"),
    (
        "a progressive JPEG of 26 megapixels",
        lambda: claimed(encoded(plain(), "JPEG", progressive=True), 5200, 5000),
        "26 megapixels, more than 25",
    ),
    ("repeated scans", lambda: rescanned(SCANS), "scans"),
    ("a truncated JPEG", lambda: landscape(1, 400, 300)[:5000], "incomplete"),
    ("a truncated PNG", lambda: encoded(Image.effect_noise((90, 90), 90), "PNG")[:4000], "incomplete"),
    ("a truncated WebP", lambda: encoded(Image.effect_noise((90, 90), 90), "WEBP")[:900], "incomplete"),
    ("a truncated AVIF", lambda: encoded(plain(), "AVIF")[:200], "incomplete"),
    ("only a JPEG's first bytes", lambda: b"\xff\xd8\xff", "incomplete"),
    ("only an AVIF's first bytes", lambda: b"\x00\x00\x00\x18ftypavif", "incomplete"),
    ("a PNG of no width", lambda: png(0, 5), "damaged|no pixels"),
]


@pytest.mark.parametrize(("make", "why"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_files_are_refused_in_plain_words(make: Callable[[], bytes], why: str) -> None:
    with pytest.raises(BadPhoto, match=why):
        open_photo(make())


@pytest.mark.parametrize("cut", range(2, 600, 23))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_no_cut_file_raises_anything_but_bad_photo(kind: str, cut: int) -> None:
    data = encoded(Image.effect_noise((48, 48), 80).convert("RGB"), kind)
    with suppress(BadPhoto):  # a cut in the padding at the end may lose nothing
        assert open_photo(data[:cut]).size == Size(48, 48)


def test_as_many_scans_as_a_camera_makes_are_fine() -> None:
    assert open_photo(encoded(plain(), "JPEG", progressive=True)).size == Size(60, 40)


def test_a_large_baseline_jpeg_is_read_at_a_fraction_of_its_size() -> None:
    master = open_photo(encoded(Image.new("L", (10_000, 9_500), 128), "JPEG"))
    assert 1536 <= max(master.image.size) <= 2048


@pytest.mark.parametrize(
    ("size", "expected"), [((3000, 1500), (2048, 1024)), ((50, 30), (50, 30)), ((4000, 2), (2048, 1))]
)
def test_a_master_is_at_most_2048_pixels_a_side(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert open_photo(encoded(plain(size=size), "PNG")).image.size == expected


@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [
        (1, (60, 40), (2, 2)),
        (2, (60, 40), (57, 2)),
        (3, (60, 40), (57, 37)),
        (4, (60, 40), (2, 37)),
        (5, (40, 60), (2, 2)),
        (6, (40, 60), (37, 2)),
        (7, (40, 60), (37, 57)),
        (8, (40, 60), (2, 57)),
    ],
)
def test_photos_stand_upright(orientation: int, size: tuple[int, int], corner: tuple[int, int]) -> None:
    picture = plain()
    picture.paste(GREEN, (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = open_photo(encoded(picture, "JPEG", exif=exif, quality=95, subsampling=0)).image
    assert image.size == size
    assert near(image.getpixel(corner), GREEN, 40)


def test_nonsense_in_the_exif_data_spoils_no_photo() -> None:
    assert open_photo(encoded(plain(), "JPEG", exif=b"Exif\x00\x00nonsense")).size == Size(60, 40)


def test_transparency_shows_the_ground() -> None:
    hidden = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    for kind in ("PNG", "WEBP"):
        assert near(open_photo(encoded(hidden, kind), ground="#102030").image.getpixel((9, 9)), (16, 32, 48), 3)
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([255, 0, 0] * 256)
    assert near(
        open_photo(encoded(palette, "GIF", transparency=0), ground="#102030").image.getpixel((9, 9)), (16, 32, 48)
    )


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    grey = Image.new("I;16", (20, 20), 40_000)
    assert open_photo(encoded(grey, "PNG")).image.getpixel((9, 9)) == (155, 155, 155)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK"])
def test_any_mode_becomes_rgb(mode: str) -> None:
    image = open_photo(encoded(plain((255, 255, 255)).convert(mode), "JPEG" if mode == "CMYK" else "PNG")).image
    assert image.mode == "RGB"
    assert near(image.getpixel((9, 9)), (255, 255, 255), 3)


def swapped_profile() -> bytes:
    """A profile of our own in which red and green have changed places."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"?").replace(b"gXYZ", b"rXYZ").replace(b"?", b"gXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))


def test_colours_are_turned_into_srgb() -> None:
    pixel = open_photo(encoded(plain((255, 0, 0)), "PNG", icc_profile=swapped_profile())).image.getpixel((9, 9))
    assert near(pixel, (0, 255, 0), 8)


@pytest.mark.parametrize("profile", [b"nonsense", b"\x00" * 200])
def test_a_broken_profile_is_not_used(profile: bytes) -> None:
    assert open_photo(encoded(plain(), "PNG", icc_profile=profile)).image.getpixel((9, 9)) == RED


def test_only_the_first_frame_is_read() -> None:
    for kind in ("GIF", "WEBP"):
        data = encoded(plain(), kind, save_all=True, append_images=[plain(GREEN)], duration=50)
        assert near(open_photo(data).image.getpixel((9, 9)), RED)


@pytest.mark.parametrize("profile", [None, swapped_profile()], ids=["sRGB", "profile"])
def test_a_master_and_a_fitted_photo_carry_no_metadata(profile: bytes | None) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of a reporter"
    data = encoded(plain(), "JPEG", exif=exif, comment=b"at the reporter's home", icc_profile=profile)
    master = open_photo(data)
    for content in (master.content, fit_photo(master, max_bytes=50_000, max_side=2048).content):
        with Image.open(io.BytesIO(content)) as image:
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            assert not image.info.get("progressive")


@pytest.mark.parametrize(
    ("max_bytes", "max_side"), [(1_000_000, 2048), (1_000_000, 300), (60_000, 2048), (6_000, 2048)]
)
def test_a_photo_fits_its_limits(max_bytes: int, max_side: int) -> None:
    noise = Image.blend(Image.effect_noise((900, 600), 90).convert("RGB"), plain(size=(900, 600)), 0.4)
    fitted = fit_photo(open_photo(encoded(noise, "PNG")), max_bytes=max_bytes, max_side=max_side)
    with Image.open(io.BytesIO(fitted.content)) as image:
        assert (image.format, Size(*image.size)) == ("JPEG", fitted.size)
    assert len(fitted.content) <= max_bytes
    assert max(fitted.size.width, fitted.size.height) <= max_side
    assert fitted.size.width * 2 == pytest.approx(fitted.size.height * 3, rel=0.03)


def test_what_can_not_fit_says_so() -> None:
    with pytest.raises(BadPhoto, match="100 bytes"):
        fit_photo(open_photo(landscape(1, 300, 200)), max_bytes=100, max_side=300)
