"""Colour: profiles to sRGB, `#rrggbb` to numbers, and how well one can be read on another."""

import io
from functools import lru_cache

from PIL import Image, ImageCms

LEGIBLE = 4.5
"""The least contrast of text: WCAG 2.2, 1.4.3, https://www.w3.org/TR/WCAG22/#contrast-minimum (read 2026-11-24)."""
_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}

RGB = tuple[int, int, int]
BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """`image` as RGB in sRGB, its alpha left out; a profile that is broken or fits another mode is not used."""
    plain = image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")
    if not profile:
        return plain if plain.mode == "RGB" else plain.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if _SPACES.get(source.profile.xcolor_space) != plain.mode or _is_srgb(source):
            return plain.convert("RGB")
        turned = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (OSError, ImageCms.PyCMSError):
        return plain.convert("RGB")
    assert turned is not None  # None only when asked to work in place
    return turned


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    return "srgb" in (profile.profile.profile_description or "").casefold()


def rgb(colour: str) -> RGB:
    """`#rrggbb` as three numbers of 0..255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """`one` with a `share` (0..1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@lru_cache(maxsize=1)
def linear() -> tuple[float, ...]:
    """Light of each sRGB value 0..255, 0..1: WCAG's relative luminance before the channels are weighed."""
    dark = range(11)  # where sRGB's curve starts as a straight line
    return tuple(v / 255 / 12.92 if v in dark else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256))


def luminance(colour: RGB) -> float:
    """WCAG's relative luminance, 0 (black) to 1 (white)."""
    red, green, blue = (linear()[value] for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    """1 to 21, of two luminances."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def opposite(ground: RGB) -> RGB:
    """Black or white, whichever is read better on `ground`."""
    light = luminance(ground)
    return max(BLACK, WHITE, key=lambda colour: contrast(luminance(colour), light))


def legible(wanted: RGB, ground: RGB) -> RGB:
    """`wanted`, or black or white where it can't be read on `ground`."""
    good = contrast(luminance(wanted), luminance(ground)) >= LEGIBLE
    return wanted if good else opposite(ground)
