"""Photos from outside become a Master: at most 2048 pixels a side, upright, opaque, sRGB, without metadata.

What a hostile file can cost is bounded before any pixel is decoded. No more than one frame is ever read.
"""

import io
import re
import struct
from dataclasses import dataclass, field
from functools import cached_property

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from publisher.cards.srgb import to_srgb
from publisher.domain.model import Brand, Size

SIDE, ENOUGH = 2048, 1536
"""Pixels: the longest side of a Master, and how many are enough where a JPEG comes at half its size for free."""
MEGAPIXEL = 1_000_000
MOST = {"progressive": 25 * MEGAPIXEL, "baseline": 120 * MEGAPIXEL, "other": 40 * MEGAPIXEL}
"""Pixels. A baseline JPEG is decoded at a fraction of its size; a progressive one must be held whole."""
SCANS = 64
"""A JPEG that repeats its scans costs seconds from kilobytes: about 20 ms of CPU for 59 bytes."""
ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The readers themselves, not Image.open: its guard against bombs is a warning, and one number for all formats.
_READERS: tuple[tuple[re.Pattern[bytes], type[ImageFile]], ...] = (
    (re.compile(rb"\xff\xd8\xff"), JpegImageFile),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), PngImageFile),
    (re.compile(rb"GIF8[79]a"), GifImageFile),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), WebPImageFile),
    (re.compile(rb".{4}ftyp(?:avi[fs]|(?:mif1|msf1).{4,60}?avi[fs])", re.DOTALL), AvifImageFile),
)
_REFUSED = (
    (re.compile(rb".{4}ftyp(?:hei|hev|mif1|msf1)", re.DOTALL), "HEIC photos are not read here: save it as JPEG"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<"), "SVG and other markup is never drawn: save it as PNG"),
    (re.compile(rb"\Z"), "the file is empty"),
)
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError, MemoryError)


class BadPhoto(ValueError):  # noqa: N818 - a word an editor reads, like the four failures
    """These bytes can't become a photo; the text says why, for the person who sent them."""


@dataclass(frozen=True)
class Master:
    """A photo fit for drawing. `focal` is (x, y), each 0..1: what no crop may lose."""

    image: Image.Image = field(repr=False)
    focal: tuple[float, float] | None = None

    @property
    def size(self) -> Size:
        return Size(*self.image.size)

    @cached_property
    def content(self) -> bytes:
        """Baseline JPEG, for keeping."""
        out = io.BytesIO()
        self.image.save(out, "JPEG", quality=88)
        return out.getvalue()


def open_photo(data: bytes, *, ground: str = Brand().ground, focal: tuple[float, float] | None = None) -> Master:
    """Decode a JPEG, PNG, WebP, GIF or AVIF, or raise BadPhoto; `ground` (`#rrggbb`) shows through transparency."""
    if data.startswith(b"\xff\xd8") and data.count(b"\xff\xda") > SCANS:
        raise BadPhoto(f"the JPEG has more than {SCANS} scans, which no camera makes")
    reader = _reader(data)
    try:
        with reader(io.BytesIO(data)) as photo:
            _check_size(photo)
            return Master(_decode(photo, ground), focal)
    except BadPhoto:
        raise
    except (*_BROKEN, Image.DecompressionBombError, Image.DecompressionBombWarning) as problem:
        raise BadPhoto("the photo is damaged or incomplete") from problem


def _reader(data: bytes) -> type[ImageFile]:
    for pattern, reader in _READERS:
        if pattern.match(data[:80]):
            return reader
    for pattern, why in _REFUSED:
        if pattern.match(data[:80]):
            raise BadPhoto(why)
    raise BadPhoto("this is not a JPEG, PNG, WebP, GIF or AVIF photo")


def _check_size(photo: ImageFile) -> None:
    kind = "other"
    if isinstance(photo, JpegImageFile):
        kind = "progressive" if photo.info.get("progressive") else "baseline"
    pixels = photo.width * photo.height
    if pixels > MOST[kind]:
        most = MOST[kind] // MEGAPIXEL
        raise BadPhoto(f"the photo has {pixels // MEGAPIXEL} megapixels, more than {most}: make it smaller")
    if not pixels:
        raise BadPhoto("the photo has no pixels")


def _decode(photo: ImageFile, ground: str) -> Image.Image:
    """Shrink as early as can be; turn, convert and flatten what is left."""
    orientation, profile = _orientation(photo), photo.info.get("icc_profile")
    size = within(photo.size, SIDE)
    photo.draft(None, within(photo.size, ENOUGH))
    photo.load()
    image = _eight_bits(photo)
    if max(image.size) > SIDE:
        image = image.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    flat = to_srgb(image, profile)
    if "A" in image.getbands():
        behind = Image.new("RGB", flat.size, ground)
        behind.paste(flat, mask=image.getchannel("A"))
        flat = behind
    flat.info.clear()
    return flat


def within(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height scaled down until neither exceeds `side`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(photo: ImageFile) -> int:
    """1 to 8; 1 where the EXIF data says nothing or nonsense, which spoils no photo."""
    try:
        value = photo.getexif().get(ORIENTATION_TAG)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) else 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """The same picture in a mode that can be scaled: palettes resolved, 16 bits a channel brought down to 8."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 257).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in {"L", "RGB", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")
