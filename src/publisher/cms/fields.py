"""Strict reading of foreign JSON: what is wrong is refused by name, what is unknown is left alone."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from publisher.cms.base import BadRequest
from publisher.domain.model import JSON

EDITION, NAME, TITLE, SUMMARY, URL = 64, 200, 500, 5_000, 2_000
"""Longest edition or language, name or id, title, summary or caption, and URL, in code points."""
HTML_BYTES = 900_000
"""Longest body of a Post, in bytes of UTF-8: what leaves room for the rest in 1 MiB."""
NAMES, PHOTOS = 50, 30
"""Most categories or tags, and most photos, of one Post."""

# RFC 3339 (https://www.rfc-editor.org/rfc/rfc3339#section-5.6, read 2026-11-24); Python's own parser takes far more.
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]")


@dataclass(frozen=True)
class Fields:
    """The members of a JSON object at `path`, a JSON pointer. `null` counts as absent."""

    value: JSON
    path: str = ""

    def fault(self, name: str, problem: str) -> NoReturn:
        """BadRequest 422 for the member `name`."""
        where = self.at(name)
        raise BadRequest(422, "Unprocessable field", f"{where} {problem}.", where)

    def at(self, name: str) -> str:
        """The JSON pointer of the member `name`."""
        return f"{self.path}/{name}"

    def text(self, name: str, limit: int, *, required: bool = False) -> str:
        """A string of at most `limit` code points, trimmed; "" where it is absent and may be."""
        found = self._string(name).strip()
        if required and not found:
            self.fault(name, "is missing or empty")
        if len(found) > limit:
            self.fault(name, f"is longer than {limit:,} characters")
        return found

    def html(self, name: str) -> str:
        """A string of at most HTML_BYTES bytes."""
        found = self._string(name)
        if len(found.encode()) > HTML_BYTES:
            self.fault(name, f"is longer than {HTML_BYTES:,} bytes")
        return found

    def url(self, name: str, *, required: bool = False) -> str:
        """An absolute http(s) URL without credentials; "" where it is absent and may be."""
        found = self.text(name, URL, required=required)
        if found and not is_web_url(found):
            self.fault(name, "is not an http or https URL")
        return found

    def moment(self, name: str, *, naive_is_utc: bool = False) -> datetime | None:
        """A time of RFC 3339, in UTC; one without offset is refused unless the CMS says it writes UTC so."""
        found = self.text(name, NAME)
        if not found:
            return None
        problem = "is not an RFC 3339 time" + ("" if naive_is_utc else " with its offset")
        return _moment(found, naive_is_utc=naive_is_utc) or self.fault(name, problem)

    def flag(self, name: str) -> bool:
        """A boolean; False where it is absent."""
        found = self.value.get(name)
        if not isinstance(found, bool | None):
            self.fault(name, "is not true or false")
        return bool(found)

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        """One of the strings `allowed`; "" where it is absent."""
        found, known = self.text(name, NAME), list(allowed)
        if found and found not in known:
            self.fault(name, f"is none of {', '.join(known)}")
        return found

    def focal(self, name: str) -> tuple[float, float] | None:
        """A point [x, y] of a picture, each 0..1 from its top left."""
        found = self.items(name, 2)
        if not found:
            return None
        if len(found) != 2 or not all(type(part) in (int, float) and 0 <= part <= 1 for part in found):  # noqa: PLR2004  # x, y
            self.fault(name, "is not two numbers from 0 to 1")
        return float(found[0]), float(found[1])

    def object(self, name: str, *, required: bool = False) -> "Fields":
        """The object `name`, empty where it is absent and may be. PHP writes an empty object as []."""
        found = self.value.get(name)
        if required and not found:
            self.fault(name, "is missing or empty")
        if found is None or found == []:
            found = {}
        if not isinstance(found, dict):
            self.fault(name, "is not an object")
        return Fields(found, self.at(name))

    def items(self, name: str, limit: int) -> list[Any]:
        """The array `name`, of at most `limit` items; empty where it is absent."""
        found = self.value.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            self.fault(name, "is not an array")
        if len(found) > limit:
            self.fault(name, f"has more than {limit} items")
        return found

    def objects(self, name: str, limit: int) -> "list[Fields]":
        """The array of objects `name`."""
        items = Fields({str(n): item for n, item in enumerate(self.items(name, limit))}, self.at(name))
        return [items.object(n) for n in items.value]

    def names(self, name: str) -> tuple[str, ...]:
        """The array of strings `name`, each once, none empty."""
        items = Fields({str(n): item for n, item in enumerate(self.items(name, NAMES))}, self.at(name))
        return tuple(dict.fromkeys(items.text(n, NAME, required=True) for n in items.value))

    def _string(self, name: str) -> str:
        found = self.value.get(name)
        if found is None:
            return ""
        if not isinstance(found, str):
            self.fault(name, "is not a string")
        # JSON can spell both (\u0000, \ud800); no database and no platform takes them
        if _UNSTORABLE.search(found):
            self.fault(name, "holds a NUL or half a surrogate pair")
        return found


def _moment(text: str, *, naive_is_utc: bool) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        parsed = datetime.fromisoformat(text)
        if not parsed.tzinfo:
            return parsed.replace(tzinfo=UTC) if naive_is_utc else None
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or none in the years there are
        return None


def is_web_url(text: str) -> bool:
    """Whether `text` is an absolute http(s) URL that may stand in a public post."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    whole = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    return whole and "@" not in parts.netloc and not _UNPRINTABLE.search(text)
