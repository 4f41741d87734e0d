"""One HTTP request as a fake network reads it, and one answer as it gives it."""

import io
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File

JSON_TYPE = "application/json; charset=utf-8"
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


class MalformedBodyError(Exception):
    """The body is not what its Content-Type says."""


@dataclass(frozen=True)
class Upload:
    """One file of a multipart body."""

    filename: str
    content: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back; `headers` beside the ones every answer has (Content-Length, Date)."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE


class RefusedError(Exception):
    """Raised anywhere inside a network to end a request with its own error answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def reply(status: int, value: Any, headers: dict[str, str] | None = None, content_type: str = JSON_TYPE) -> Answer:
    """An answer with a JSON body."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, headers or {}, content_type)


@dataclass
class Request:
    """`path` is below the network's prefix and keeps no query; `headers` has lower-case names."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes
    url: str
    origin: str

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def bearer(self) -> str:
        """The token of `Authorization: Bearer`, or ""."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def fields(self) -> dict[str, Any]:
        """The body's fields, by its Content-Type. `a[]` and repeated names are lists, under `a`."""
        return self._parsed[0]

    @property
    def files(self) -> dict[str, Upload]:
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[dict[str, Any], dict[str, Upload]]:
        match self.content_type:
            case "application/json":
                return self._json(), {}
            case "multipart/form-data":
                return self._multipart()
            case "application/x-www-form-urlencoded":
                return gathered(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)), {}
        return {}, {}

    def _json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise MalformedBodyError(str(error)) from error
        if not isinstance(value, dict):
            raise MalformedBodyError("not an object")
        return value

    def _multipart(self) -> tuple[dict[str, Any], dict[str, Upload]]:
        pairs: list[tuple[str, str]] = []
        files: dict[str, Upload] = {}

        def on_field(part: Field) -> None:
            pairs.append(((part.field_name or b"").decode(), (part.value or b"").decode(errors="replace")))

        def on_file(part: File) -> None:
            part.file_object.seek(0)
            name = (part.file_name or b"").decode(errors="replace")
            files[(part.field_name or b"").decode()] = Upload(name, part.file_object.read())
            part.close()

        headers = {"Content-Type": self.headers["content-type"].encode()}
        try:
            parse_form(headers, io.BytesIO(self.body), on_field, on_file)
        except FormParserError as error:
            raise MalformedBodyError(str(error)) from error
        return gathered(pairs), files


def gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Form pairs as fields: `a[]=1&a[]=2` and `a=1&a=2` become `{"a": ["1", "2"]}`."""
    fields: dict[str, Any] = {}
    for key, value in pairs:
        name = key.removesuffix("[]")
        if name in fields or name != key:
            earlier = fields.get(name, [])
            fields[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            fields[name] = value
    return fields
