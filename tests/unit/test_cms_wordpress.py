"""WordPress: which posts everyone may see, what became of those that nobody may see any longer, and their kind."""

import base64
import json
from typing import Any

import pytest

from publisher.cms.base import BadRequest, Incoming, Source
from publisher.cms.wordpress import WordPress
from publisher.domain.model import Event, Kind

SITE = Source("wp", "wordpress", (base64.b64encode(b"k" * 32).decode(),), "en", {"fa": "persian"})
POST = {
    "id": 7,
    "type": "post",
    "status": "publish",
    "link": "https://wp.example/tea/",
    "title": {"rendered": "Tea"},
    "modified_gmt": "2026-11-24T09:00:00",
}


def told(kind: str, post: dict[str, Any], **data: Any) -> Incoming:
    document = {"type": kind, "timestamp": "2026-11-24T10:00:00Z", "data": {"post": {**POST, **post}, **data}}
    return WordPress(SITE).read({"content-type": "application/json"}, json.dumps(document).encode())


@pytest.mark.parametrize("kind", ["post.published", "post.updated"])
@pytest.mark.parametrize(
    ("post", "data", "verdict"),
    [
        ({"status": "draft"}, {}, "draft"),
        ({"status": "auto-draft"}, {}, "draft"),
        ({"status": "pending"}, {}, "draft"),
        ({"status": "future"}, {}, "scheduled"),
        ({"status": "private"}, {}, "private"),
        ({"status": "trash"}, {}, "not public"),
        ({"status": "embargoed"}, {}, "not public"),
        ({"status": None}, {}, "not public"),
        ({}, {"new_status": "private"}, "private"),
        ({}, {"password_protected": True}, "password-protected"),
        ({"content": {"protected": True}}, {}, "password-protected"),
    ],
)
def test_what_not_everyone_may_see_is_never_published(
    kind: str, post: dict[str, Any], data: dict[str, Any], verdict: str
) -> None:
    for old in ("draft", "new", "private"):
        hidden = told(kind, post, old_status=old, **data)
        assert (hidden.event, hidden.post, hidden.verdict) == (None, None, verdict)
    withdrawn = told(kind, post, old_status="publish", **data)
    assert (withdrawn.event, withdrawn.verdict) == (Event.UNPUBLISH, "")


def test_an_update_of_what_may_be_out_withdraws_where_the_old_status_is_not_told() -> None:
    assert told("post.updated", {"status": "private"}).event is Event.UNPUBLISH
    assert told("post.published", {"status": "private"}).event is None


@pytest.mark.parametrize("kind", ["post.published", "post.updated", "post.unpublished", "post.deleted"])
@pytest.mark.parametrize("post_type", ["page", "attachment", "product", "revision"])
def test_only_posts_are_posts(kind: str, post_type: str) -> None:
    incoming = told(kind, {"type": post_type})
    assert (incoming.event, incoming.verdict) == (None, "not a post")


@pytest.mark.parametrize(
    ("post_format", "kind"),
    [
        ("standard", Kind.ARTICLE),
        ("gallery", Kind.PHOTO),
        ("image", Kind.PHOTO),
        ("video", Kind.VIDEO),
        ("aside", Kind.ARTICLE),
        (None, Kind.ARTICLE),
    ],
)
def test_the_format_tells_the_kind(post_format: str | None, kind: Kind) -> None:
    post = told("post.published", {"format": post_format}).post
    assert post
    assert post.kind is kind


@pytest.mark.parametrize(
    ("data", "lang", "edition"),
    [
        ({}, None, "en"),
        ({"language": "fa_IR"}, None, "persian"),
        ({}, "fa", "persian"),
        ({"language": "sq"}, "fa", "sq"),
        ({"edition": "ar"}, "fa", "ar"),
    ],
)
def test_the_edition_comes_from_the_plugin_or_from_polylang(
    data: dict[str, str], lang: str | None, edition: str
) -> None:
    for kind in ("post.published", "post.deleted"):
        post = told(kind, {"lang": lang}, **data).post
        assert post
        assert post.edition == edition


@pytest.mark.parametrize("number", ["7", 0, -1, True, 7.0, None, 2**64])
def test_an_id_is_a_positive_integer(number: Any) -> None:
    for kind in ("post.published", "post.deleted"):
        with pytest.raises(BadRequest) as caught:
            told(kind, {"id": number})
        assert (caught.value.status, caught.value.field) == (422, "/data/post/id")


def test_a_video_is_no_photo() -> None:
    media = {"media_type": "file", "source_url": "https://wp.example/a.mp4"}
    post = told("post.published", {"_embedded": {"wp:featuredmedia": [media]}}).post
    assert post
    assert post.photos == ()
