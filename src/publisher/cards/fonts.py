"""Font files, opened when first needed: Inter, Noto Sans Arabic, then what the Brand adds."""

import hashlib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import uharfbuzz as hb

PACKAGES = ("fontpkg-inter", "fontpkg-noto-sans-arabic", "uharfbuzz")
FILES = (("fontpkg_inter", "Inter[opsz,wght].ttf"), ("fontpkg_noto_sans_arabic", "NotoSansArabic[wdth,wght].ttf"))


@dataclass(frozen=True)
class Style:
    """A cut of a typeface: `weight` 100-900; `optical` is the size in points its shapes are meant for."""

    weight: int
    optical: int


@dataclass(frozen=True)
class Metrics:
    """Vertical measures in em: from one baseline to the next, above it, below it, and where the eye sees the middle."""

    leading: float
    ascent: float
    descent: float
    middle: float


LATIN = Metrics(leading=1.14, ascent=0.76, descent=0.22, middle=0.36)
ARABIC = Metrics(leading=1.34, ascent=0.92, descent=0.32, middle=0.33)


@dataclass(frozen=True)
class Typeface:
    """One font at one Style. `font` is never changed after it is made, so threads may share it."""

    path: str
    style: Style
    metrics: Metrics
    font: hb.Font = field(compare=False, repr=False)
    covers: frozenset[int] = field(compare=False, repr=False)
    upem: int = field(compare=False, repr=False)


def chain(style: Style, extra: tuple[str, ...] = ()) -> tuple[Typeface, ...]:
    """The fonts a text is set in, most wanted first; a letter none has becomes the first one's empty box."""
    inter, arabic = (str(files(package) / "files" / name) for package, name in FILES)
    more = (typeface(path, style, LATIN) for path in extra)
    return (typeface(inter, style, LATIN), typeface(arabic, style, ARABIC), *more)


@lru_cache(maxsize=32)
def typeface(path: str, style: Style, metrics: Metrics) -> Typeface:
    """The font at `path`; what is no font covers no letter."""
    face = _face(path)
    font = hb.Font(face)
    font.set_variations({"wght": style.weight, "opsz": style.optical})
    return Typeface(path, style, metrics, font, coverage(path), face.upem)


@lru_cache(maxsize=16)
def _face(path: str) -> hb.Face:
    file = Path(path)
    return hb.Face(hb.Blob(file.read_bytes() if file.is_file() else b""))


@lru_cache(maxsize=16)
def coverage(path: str) -> frozenset[int]:
    """The code points a font file has a glyph for; none where it is missing or no font."""
    return frozenset(_face(path).unicodes)


@cache
def _packages() -> tuple[str, ...]:
    return tuple(f"{name} {version(name)}" for name in PACKAGES)


def versions(extra: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What decides the shape of letters: packages with their versions, digests of the Brand's own files."""
    return (*_packages(), *(file_digest(path) for path in extra))


def file_digest(path: str) -> str:
    """SHA-256 of a file, "" where there is none."""
    file = Path(path)
    return hashlib.sha256(file.read_bytes()).hexdigest() if path and file.is_file() else ""
