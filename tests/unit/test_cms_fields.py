"""Strict reading of foreign JSON: tables of what passes and what is refused, by name."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from publisher.cms.base import BadRequest
from publisher.cms.fields import HTML_BYTES, URL, Fields, is_web_url

Read = Callable[[Fields], Any]


def fields(value: Any) -> Fields:
    return Fields({"it": value}, "/data")


READ: list[tuple[str, Read, Any, Any]] = [
    ("text is trimmed", lambda f: f.text("it", 5), "  a b \n", "a b"),
    ("text of just the limit", lambda f: f.text("it", 3), "abc", "abc"),
    ("text counts code points", lambda f: f.text("it", 1), "🌊", "🌊"),
    ("null is absent", lambda f: f.text("it", 3), None, ""),
    ("html of just the limit", lambda f: len(f.html("it")), "a" * HTML_BYTES, HTML_BYTES),
    ("a URL", lambda f: f.url("it"), "https://a.example/?q=1#x", "https://a.example/?q=1#x"),
    ("no URL", lambda f: f.url("it"), None, ""),
    ("a time in UTC", lambda f: f.moment("it"), "2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
    (
        "a time elsewhere",
        lambda f: f.moment("it"),
        "2026-11-24T10:00:00+03:30",
        datetime(2026, 11, 24, 6, 30, tzinfo=UTC),
    ),
    ("a fraction", lambda f: f.moment("it"), "2026-11-24T10:00:00.25Z", datetime(2026, 11, 24, 10, 0, 0, 250_000, UTC)),
    (
        "naive, known to be UTC",
        lambda f: f.moment("it", naive_is_utc=True),
        "2026-11-24T10:00:00",
        datetime(2026, 11, 24, 10, tzinfo=UTC),
    ),
    (
        "its offset counts all the same",
        lambda f: f.moment("it", naive_is_utc=True),
        "2026-11-24T10:00:00+01:00",
        datetime(2026, 11, 24, 9, tzinfo=UTC),
    ),
    ("no time", lambda f: f.moment("it"), None, None),
    ("true", lambda f: f.flag("it"), True, True),
    ("no flag", lambda f: f.flag("it"), None, False),
    ("one of", lambda f: f.choice("it", ("a", "b")), "b", "b"),
    ("none of", lambda f: f.choice("it", ("a", "b")), None, ""),
    ("PHP's empty object", lambda f: f.object("it").value, [], {}),
    ("no object", lambda f: f.object("it").value, None, {}),
    ("names, each once", lambda f: f.names("it"), ["b", " a ", "b"], ("b", "a")),
    ("no names", lambda f: f.names("it"), None, ()),
    ("a point", lambda f: f.focal("it"), [0, 0.5], (0.0, 0.5)),
    ("no point", lambda f: f.focal("it"), None, None),
]

REFUSED: list[tuple[Read, Any, str]] = [
    (lambda f: f.text("it", 3), "abcd", "/data/it"),
    (lambda f: f.text("it", 3, required=True), " ", "/data/it"),
    (lambda f: f.text("it", 3, required=True), None, "/data/it"),
    (lambda f: f.text("it", 3), 1, "/data/it"),
    (lambda f: f.text("it", 3), False, "/data/it"),
    (lambda f: f.text("it", 3), ["a"], "/data/it"),
    (lambda f: f.text("it", 3), "a\0", "/data/it"),
    (lambda f: f.text("it", 3), "a\ud83d", "/data/it"),
    (lambda f: f.html("it"), "a" * (HTML_BYTES + 1), "/data/it"),
    (lambda f: f.html("it"), "é" * (HTML_BYTES // 2 + 1), "/data/it"),
    (lambda f: f.url("it", required=True), None, "/data/it"),
    (lambda f: f.url("it"), "https://a.example/" + "a" * URL, "/data/it"),
    (lambda f: f.moment("it"), "2026-11-24T10:00:00", "/data/it"),
    (lambda f: f.moment("it"), "2026-11-24", "/data/it"),
    (lambda f: f.moment("it"), "2026-02-30T10:00:00Z", "/data/it"),
    (lambda f: f.moment("it"), "0001-01-01T00:00:00+14:00", "/data/it"),
    (lambda f: f.moment("it"), "0000-00-00T00:00:00Z", "/data/it"),
    (lambda f: f.moment("it"), "20261124T100000Z", "/data/it"),
    (lambda f: f.moment("it"), "2026-11-24T10:00:00+99:99", "/data/it"),
    (lambda f: f.moment("it"), "٢٠٢٦-11-24T10:00:00Z", "/data/it"),
    (lambda f: f.moment("it"), 1_795_000_000, "/data/it"),
    (lambda f: f.flag("it"), 1, "/data/it"),
    (lambda f: f.flag("it"), "false", "/data/it"),
    (lambda f: f.choice("it", ("a", "b")), "c", "/data/it"),
    (lambda f: f.object("it"), "x", "/data/it"),
    (lambda f: f.object("it"), ["x"], "/data/it"),
    (lambda f: f.object("it", required=True), {}, "/data/it"),
    (lambda f: f.items("it", 2), [1, 2, 3], "/data/it"),
    (lambda f: f.items("it", 2), {"0": 1}, "/data/it"),
    (lambda f: f.objects("it", 2), [{}, 5], "/data/it/1"),
    (lambda f: [o.text("a", 3) for o in f.objects("it", 2)], [{}, {"a": 5}], "/data/it/1/a"),
    (lambda f: f.names("it"), "a, b", "/data/it"),
    (lambda f: f.names("it"), ["a", None], "/data/it/1"),
    (lambda f: f.names("it"), ["a"] * 51, "/data/it"),
    (lambda f: f.focal("it"), [0.5], "/data/it"),
    (lambda f: f.focal("it"), [0.5, 1.5], "/data/it"),
    (lambda f: f.focal("it"), [True, False], "/data/it"),
    (lambda f: f.focal("it"), [float("inf"), 0], "/data/it"),
]


@pytest.mark.parametrize(("read", "value", "expected"), [pytest.param(*row[1:], id=row[0]) for row in READ])
def test_what_is_right_is_read(read: Read, value: Any, expected: Any) -> None:
    assert read(fields(value)) == expected


@pytest.mark.parametrize(("read", "value", "where"), REFUSED)
def test_what_is_wrong_is_refused_by_name(read: Read, value: Any, where: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(fields(value))
    assert (caught.value.status, caught.value.field) == (422, where)
    assert caught.value.detail.startswith(where + " ")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "https://a.example:8443/x",
        "HTTPS://A.example/",
        "https://[2001:db8::1]/",
        "https://مثال.example/سوق",
        "http://127.0.0.1/",
    ],
)
def test_web_urls(url: str) -> None:
    assert is_web_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/",
        "//a.example/x",
        "/x",
        "a.example",
        "https:a.example",
        "https://",
        "https:///x",
        "https://user@a.example/",
        "https://user:word@a.example/",
        "https://a.example/a b",
        "https://a.example/\u00a0",
        "https://a.example/\n",
        'https://a.example/"onclick',
        "https://a.example/<b>",
        "https://a.example:0/",
        "https://a.example:99999/",
        "https://a.example:x/",
        "https://[::1/",
        "https://a.example\\@b.example/",
    ],
)
def test_no_web_urls(url: str) -> None:
    assert not is_web_url(url)
