"""What leaves: JPEG bytes within a limit, and photos for photo posts."""

import hashlib
import io
from dataclasses import dataclass, field

from PIL import Image

from publisher.cards.intake import BadPhoto, Master, within
from publisher.domain.model import Size

QUALITIES = (85, 82, 76, 64, 50)
"""JPEG's; the last two only for photos that are all noise."""
SMALLEST = 64
"""Pixels; nobody sees anything on a photo smaller than that."""


@dataclass(frozen=True)
class Drawn:
    """A picture ready to be sent, and what an operator should know about it."""

    content: bytes = field(repr=False)
    mime: str
    size: Size
    sha256: str
    warnings: tuple[str, ...] = ()


def fit_photo(master: Master, *, max_bytes: int, max_side: int) -> Drawn:
    """The photo as JPEG of at most `max_bytes` bytes and `max_side` pixels a side, without metadata, or BadPhoto."""
    side = min(max_side, max(master.image.size))
    while True:
        size = within(master.image.size, side)
        image = master.image if size == master.image.size else master.image.resize(size, Image.Resampling.LANCZOS)
        content = encode(image, subsampling="4:2:0", max_bytes=max_bytes)
        if len(content) <= max_bytes:
            return drawn(content, Size(*size))
        side = int(side * min(0.9, max(0.5, (max_bytes / len(content)) ** 0.5)))
        if side < SMALLEST:
            raise BadPhoto(f"the photo can't be made as small as {max_bytes} bytes")


def encode(image: Image.Image, *, subsampling: str, max_bytes: int) -> bytes:
    """JPEG in the best quality that fits, else in the last. Letters want 4:4:4: 4:2:0 bleeds at edges."""
    content = b""
    for quality in QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, subsampling=subsampling)
        content = out.getvalue()
        if len(content) <= max_bytes:
            break
    return content


def drawn(content: bytes, size: Size, warnings: tuple[str, ...] = ()) -> Drawn:
    return Drawn(content, "image/jpeg", size, hashlib.sha256(content).hexdigest(), warnings)
