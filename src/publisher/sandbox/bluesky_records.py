"""What a Bluesky PDS demands of a post record, in its own words (recorded from PDS 0.5.35; lexicons of 2026-08-20).

A problem reads `grapheme too big (maximum 300, got 301) at $.record.text`. Facet offsets outside the text are taken
without a word, as the real one does; `facet_problems` names them.
Embeds of records and of video are unknown here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from publisher.sandbox.counting import graphemes

POST = "app.bsky.feed.post"
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
DATETIME = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(?:\.\d{1,20})?(?:Z|[+-][0-2]\d:[0-5]\d)")
LANGUAGE = re.compile(r"(?:[a-zA-Z]{2,3}|i|x)(?:-[a-zA-Z0-9]{1,8})*")
DID = re.compile(r"did:[a-z]+:[\w.:%-]+")
Check = Callable[[Any, str], None]


class RecordError(ValueError):
    """A record the lexicon does not allow."""


def fail(problem: str, path: str) -> None:
    raise RecordError(f"{problem} at {path}")


def text(most_bytes: int = 0, most_graphemes: int = 0) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            fail(f"Expected string value type (got {_kind(value)})", path)
        size = len(value.encode())
        if most_bytes and size > most_bytes:
            fail(f"string too big (maximum {most_bytes}, got {size})", path)
        if most_graphemes and (count := graphemes(value)) > most_graphemes:
            fail(f"grapheme too big (maximum {most_graphemes}, got {count})", path)

    return check


def shaped(name: str, test: Callable[[str], Any]) -> Check:
    def check(value: Any, path: str) -> None:
        text()(value, path)
        if not test(value):
            fail(f'Invalid {name} (got "{value}")', path)

    return check


def whole(value: Any, path: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        fail(f"Expected integer value type (got {_kind(value)})", path)


def several(item: Check, most: int = 0) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            fail(f"Expected array value type (got {_kind(value)})", path)
        if most and len(value) > most:
            fail(f"array too big (maximum {most}, got {len(value)})", path)
        for number, entry in enumerate(value):
            item(entry, f"{path}[{number}]")

    return check


def blob(most_bytes: int) -> Check:
    def check(value: Any, path: str) -> None:
        ref = value.get("ref") if isinstance(value, dict) else None
        if not isinstance(ref, dict) or value.get("$type") != "blob" or not isinstance(ref.get("$link"), str):
            fail("Expected blob value type", path)
        if not str(value.get("mimeType", "")).startswith("image/"):
            fail(f'Expected "image/*" (got "{value.get("mimeType")}")', f"{path}.mimeType")
        if not isinstance(value.get("size"), int) or value["size"] > most_bytes:
            fail(f"blob too big (maximum {most_bytes}, got {value.get('size')})", path)

    return check


@dataclass(frozen=True)
class Shape:
    """An object: required and optional properties; others are allowed, as lexicons do."""

    required: dict[str, Any]
    optional: dict[str, Any]

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            fail(f"Expected object value type (got {_kind(value)})", path)
        for key in self.required:
            if key not in value:
                fail(f'Missing required key "{key}"', path)
        for key, check in (self.required | self.optional).items():
            if key in value:
                check(value[key], f"{path}.{key}")


def union(members: dict[str, Check]) -> Check:
    def check(value: Any, path: str) -> None:
        kind = value.get("$type") if isinstance(value, dict) else None
        if kind not in members:
            fail(f'Expected one of {", ".join(members)} (got "{kind}")', f"{path}.$type")
        members[str(kind)](value, path)

    return check


URI = shaped("uri", lambda value: urlsplit(value).scheme and ":" in value)
TAG = text(640, 64)
RATIO = Shape({"width": whole, "height": whole}, {})
THUMB_BYTES, IMAGE_BYTES = 1_000_000, 2_000_000
IMAGE = Shape({"image": blob(IMAGE_BYTES), "alt": text()}, {"aspectRatio": RATIO})
GALLERY_IMAGE = Shape({"image": blob(IMAGE_BYTES), "alt": text(), "aspectRatio": RATIO}, {})
EXTERNAL = Shape({"uri": URI, "title": text(), "description": text()}, {"thumb": blob(THUMB_BYTES)})
EMBEDS: dict[str, Check] = {
    "app.bsky.embed.images": Shape({"images": several(IMAGE, 4)}, {}),
    "app.bsky.embed.gallery": Shape({"items": several(union({"app.bsky.embed.gallery#image": GALLERY_IMAGE}), 20)}, {}),
    "app.bsky.embed.external": Shape({"external": EXTERNAL}, {}),
}
FEATURES: dict[str, Check] = {
    "app.bsky.richtext.facet#link": Shape({"uri": URI}, {}),
    "app.bsky.richtext.facet#tag": Shape({"tag": TAG}, {}),
    "app.bsky.richtext.facet#mention": Shape({"did": shaped("did", DID.fullmatch)}, {}),
}
FACET = Shape({"index": Shape({"byteStart": whole, "byteEnd": whole}, {}), "features": several(union(FEATURES))}, {})
RECORD = Shape(
    {"text": text(3000, 300), "createdAt": shaped("datetime", DATETIME.fullmatch)},
    {
        "langs": several(shaped("language", LANGUAGE.fullmatch), 3),
        "tags": several(TAG, 8),
        "facets": several(FACET),
        "embed": union(EMBEDS),
    },
)


def check_record(record: Any) -> None:
    """Raises RecordError with the PDS's own words."""
    RECORD(record, "$.record")


def blobs(record: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Every blob a valid record refers to, with the description beside it."""
    embed = record.get("embed") or {}
    pictures = [(item["image"], item["alt"]) for item in embed.get("images", embed.get("items", []))]
    thumb = (embed.get("external") or {}).get("thumb")
    return pictures + ([(thumb, "")] if thumb else [])


def facet_problems(record: dict[str, Any]) -> list[str]:
    """Facets that mark nothing a reader could see: outside the text, empty, or through the middle of a character."""
    return [f"facet {number} marks no text" for number, _, marked in _facets(record) if marked is None]


def facets(record: dict[str, Any]) -> list[tuple[int, int, dict[str, Any]]]:
    """(start, end, feature) in code points, of facets that mark text; clients ignore the others."""
    return [(*marked, facet["features"][0]) for _, facet, marked in _facets(record) if marked and facet["features"]]


def _facets(record: dict[str, Any]) -> list[tuple[int, dict[str, Any], tuple[int, int] | None]]:
    raw, found = record["text"].encode(), []
    for number, facet in enumerate(record.get("facets", [])):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        marked: tuple[int, int] | None = None
        if start < end <= len(raw) and not any(
            raw[at : at + 1] and 0x80 <= raw[at] < 0xC0 for at in (start, end) if at < len(raw)
        ):
            marked = (len(raw[:start].decode()), len(raw[:end].decode()))
        found.append((number, facet, marked))
    return found


def _kind(value: Any) -> str:
    return {str: "string", int: "integer", bool: "boolean", list: "array", dict: "object"}.get(type(value), "null")
