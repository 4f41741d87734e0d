"""Ghost: what becomes of a post by state and change, whatever the event is called; links, alt texts, old signatures."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from publisher.cms.base import BadRequest, Incoming, Source
from publisher.cms.ghost import Ghost
from publisher.domain.model import Event, Kind

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
SITE = Source("blog", "ghost", ("a secret",), "en")
POST = {
    "id": "1",
    "title": "Tea",
    "slug": "tea",
    "url": "https://blog.example/tea/",
    "status": "published",
    "visibility": "public",
    "updated_at": "2026-11-24T10:00:00.000Z",
}


def told(
    current: Any, previous: Any = None, event: str | None = "post.edited", path: str = "", source: Source = SITE
) -> Incoming:
    document = {"post": {"current": current, "previous": previous or {}}} | ({"event": event} if event else {})
    body, cms = json.dumps(document).encode(), Ghost(source)
    headers = cms.sign(body, event_id="", now=NOW) | ({":path": path} if path else {})
    cms.verify(headers, body, NOW)
    return cms.read(headers, body)


@pytest.mark.parametrize(
    ("now", "before", "named", "unnamed"),
    [
        ({}, {}, Event.UPDATE, Event.UPDATE),
        ({}, {"title": "Te"}, Event.UPDATE, Event.UPDATE),
        ({}, {"status": "draft"}, Event.UPDATE, Event.PUBLISH),
        ({}, {"status": "scheduled"}, Event.UPDATE, Event.PUBLISH),
        ({}, {"visibility": "members"}, Event.PUBLISH, Event.PUBLISH),
        ({"visibility": "members"}, {}, None, None),
        ({"visibility": "members"}, {"visibility": "public"}, Event.UNPUBLISH, Event.UNPUBLISH),
        ({"visibility": "paid"}, {"visibility": "members"}, None, None),
        ({"visibility": "tiers"}, {"status": "draft"}, None, None),
        ({"status": "draft"}, {}, None, None),
        ({"status": "draft"}, {"status": "published"}, Event.UNPUBLISH, Event.UNPUBLISH),
        (
            {"status": "draft", "visibility": "members"},
            {"status": "published", "visibility": "public"},
            Event.UNPUBLISH,
            Event.UNPUBLISH,
        ),
        ({"status": "draft", "visibility": "members"}, {"status": "published"}, None, None),
        ({"status": "scheduled"}, {"status": "draft"}, None, None),
        ({"status": "scheduled"}, {"status": "published"}, Event.UNPUBLISH, Event.UNPUBLISH),
        ({"status": "sent"}, {"status": "draft"}, None, None),
        ({"visibility": None}, {}, None, None),
        ({"status": None}, {}, None, None),
    ],
)
def test_what_became_of_it(
    now: dict[str, Any], before: dict[str, Any], named: Event | None, unnamed: Event | None
) -> None:
    assert told({**POST, **now}, before).event is named
    assert told({**POST, **now}, before, event=None).event is unnamed


def test_post_published_publishes_and_post_unpublished_withdraws_even_where_nothing_is_said_to_have_changed() -> None:
    assert told(POST, event="post.published").event is Event.PUBLISH
    assert told({**POST, "status": "draft"}, event="post.unpublished").event is Event.UNPUBLISH
    assert told(POST, event="post.deleted").event is Event.DELETE


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/hooks/blog/post.published", Event.PUBLISH),
        ("/hooks/blog/post.published?x=1", Event.PUBLISH),
        ("/hooks/blog/post.edited", Event.UPDATE),
        ("/hooks/blog", Event.UPDATE),
        ("/hooks/blog/page.published", None),
    ],
)
def test_the_path_names_the_event_where_the_body_does_not(path: str, event: Event | None) -> None:
    assert told(POST, event=None, path=path).event is event
    assert told(POST, event="post.published", path=path).event is Event.PUBLISH


BASED = replace(SITE, base_url="https://blog.example/en/")


@pytest.mark.parametrize(
    ("links", "source", "url"),
    [
        ({}, SITE, "https://blog.example/tea/"),
        ({"canonical_url": "https://first.example/tea"}, SITE, "https://first.example/tea"),
        ({"url": None}, BASED, "https://blog.example/en/tea/"),
        ({"url": "https://blog.example/404/"}, BASED, "https://blog.example/en/tea/"),
        (
            {"url": "https://blog.example/404/", "canonical_url": "https://first.example/tea"},
            SITE,
            "https://first.example/tea",
        ),
    ],
)
def test_the_link(links: dict[str, Any], source: Source, url: str) -> None:
    post = told({**POST, **links}, source=source).post
    assert post
    assert post.url == url


@pytest.mark.parametrize(
    ("links", "source"),
    [({"url": None}, SITE), ({"url": "https://blog.example/404/"}, SITE), ({"url": None, "slug": ""}, BASED)],
)
def test_a_post_without_a_public_page_is_refused(links: dict[str, Any], source: Source) -> None:
    with pytest.raises(BadRequest) as caught:
        told({**POST, **links}, source=source)
    assert (caught.value.status, caught.value.field) == (422, "/post/current/url")


IMAGE = "https://blog.example/a.jpg"


@pytest.mark.parametrize(
    ("own", "revisions", "alt"),
    [
        ("own", [{"feature_image": IMAGE, "feature_image_alt": "newest"}], "own"),
        (
            None,
            [
                {"feature_image": IMAGE, "feature_image_alt": "older"},
                {"feature_image": IMAGE, "feature_image_alt": "newest"},
            ],
            "newest",
        ),
        (None, [{"feature_image": "https://blog.example/b.jpg", "feature_image_alt": "of another"}], ""),
        (
            None,
            [
                {"feature_image": IMAGE, "feature_image_alt": "older"},
                {"feature_image": IMAGE, "feature_image_alt": None},
            ],
            "",
        ),
        (None, None, ""),
    ],
)
def test_the_alt_text(own: str | None, revisions: Any, alt: str) -> None:
    post = told({**POST, "feature_image": IMAGE, "feature_image_alt": own, "post_revisions": revisions}).post
    assert post
    assert [(photo.url, photo.alt) for photo in post.photos] == [(IMAGE, alt)]


def tag(name: str, visibility: str = "public") -> dict[str, str]:
    return {"name": name, "slug": name.lower().replace("#", "hash-"), "visibility": visibility}


@pytest.mark.parametrize("key", ["fa", "#fa", "hash-fa", "FA"])
def test_an_internal_tag_picks_the_edition_however_the_settings_spell_it(key: str) -> None:
    tags = [tag("#desk", "internal"), tag("#fa", "internal"), tag("#video", "internal"), tag("City")]
    post = told({**POST, "tags": tags, "primary_tag": None}, source=replace(SITE, editions={key: "persian"})).post
    assert post
    assert (post.edition, post.kind, post.tags, post.categories) == ("persian", Kind.VIDEO, ("City",), ())


def test_a_public_tag_picks_nothing() -> None:
    post = told({**POST, "tags": [tag("fa"), tag("video")]}, source=replace(SITE, editions={"fa": "persian"})).post
    assert post
    assert (post.edition, post.kind) == ("en", Kind.ARTICLE)


def old_signature(body: bytes) -> str:
    return "sha256=" + hmac.new(b"a secret", body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("time", ["", ", t=1"])
def test_a_signature_of_the_body_alone_counts_only_where_it_was_asked_for(time: str) -> None:
    headers = {"x-ghost-signature": old_signature(b"{}") + time, "content-type": "application/json"}
    Ghost(replace(SITE, legacy=True)).verify(headers, b"{}", NOW)
    with pytest.raises(BadRequest, match=r"^401 "):
        Ghost(SITE).verify(headers, b"{}", NOW)
    with pytest.raises(BadRequest, match=r"^401 "):
        Ghost(replace(SITE, legacy=True)).verify(headers, b"{} ", NOW)


def test_a_legacy_source_still_believes_no_old_time_that_was_signed() -> None:
    cms = Ghost(replace(SITE, legacy=True))
    headers = cms.sign(b"{}", event_id="", now=NOW)
    cms.verify(headers, b"{}", NOW)
    with pytest.raises(BadRequest, match="clock"):
        cms.verify(headers, b"{}", NOW.replace(hour=11))


def test_the_same_words_at_another_time_are_another_event() -> None:
    cms, body = Ghost(SITE), b'{"event":"site.changed"}'
    first, later = (cms.sign(body, event_id="", now=NOW.replace(second=second)) for second in (0, 1))
    assert cms.read(first, body).event_id != cms.read(later, body).event_id
    assert cms.read(first, body).event_id == cms.read(dict(first), body).event_id
