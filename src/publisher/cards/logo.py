"""The Brand's logo: a picture file of the operator's own, scaled to a height."""

from functools import lru_cache
from pathlib import Path

from PIL import Image

MOST_PIXELS = 16_000_000


def read_logo(path: str, height: int) -> Image.Image | None:
    """The logo `height` pixels high with its alpha; None where there is none or it can't be read."""
    file = Path(path)
    return _scaled(path, height, file.stat().st_mtime_ns) if path and file.is_file() else None


@lru_cache(maxsize=16)
def _scaled(path: str, height: int, _changed: int) -> Image.Image | None:
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return None
            size = max(1, round(picture.width * height / picture.height)), height
            return picture.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError):
        return None
