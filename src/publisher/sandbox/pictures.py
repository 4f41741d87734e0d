"""What picture some bytes are: MIME type and pixels, told from the bytes and from nothing the sender says."""

import struct
from collections.abc import Callable

Size = tuple[int, int]
Found = tuple[str, int, int]
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def sniff(content: bytes) -> Found | None:
    """(MIME type, width, height), or None where it is no JPEG, PNG, GIF or WebP."""
    for mime, starts, measure in FORMATS:
        if starts(content):
            try:
                return (mime, *measure(content))
            except (struct.error, IndexError):
                return None
    return None


def _png(content: bytes) -> Size:
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _gif(content: bytes) -> Size:
    width, height = struct.unpack("<HH", content[6:10])
    return width, height


def _jpeg(content: bytes) -> Size:
    """Walks the segments (ITU T.81, B.1.1) to the frame header, which holds height before width."""
    at = 2
    while True:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in START_OF_FRAME:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)


def _webp(content: bytes) -> Size:
    """The three forms of RFC 9649: lossy, lossless, extended."""
    form = content[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


FORMATS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], Size]], ...] = (
    ("image/png", lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    ("image/jpeg", lambda content: content.startswith(b"\xff\xd8\xff"), _jpeg),
    ("image/gif", lambda content: content[:6] in {b"GIF87a", b"GIF89a"}, _gif),
    ("image/webp", lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP", _webp),
)
