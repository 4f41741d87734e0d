"""Every CMS of the registry against one suite; a new one gets it by existing, and by a file of samples."""

import base64
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.cms import KINDS
from publisher.cms.base import BadRequest, Cms, Incoming, Source
from publisher.domain.model import Event, Kind, Photo, Post

SAMPLES = Path(__file__).parent / "samples" / "cms"
CAPTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "cms"
NOW = datetime(2026, 11, 24, 10, 0, 5, tzinfo=UTC)
FILES = {kind: json.loads((SAMPLES / f"{kind}.json").read_text(encoding="utf-8")) for kind in KINDS}
CASES = [pytest.param(kind, case, id=f"{kind}: {case['name']}") for kind in KINDS for case in FILES[kind]["cases"]]

every_kind = pytest.mark.parametrize("kind", KINDS)


def source_of(kind: str, **changes: Any) -> Source:
    return replace(
        Source("site", kind, **{**FILES[kind]["source"], "secrets": tuple(FILES[kind]["source"]["secrets"])}), **changes
    )


def reader(kind: str, **changes: Any) -> Cms:
    return KINDS[kind](source_of(kind, **changes))


def published(kind: str) -> bytes:
    """The body of the kind's first sample, which is of a Post going out."""
    assert FILES[kind]["cases"][0]["expect"]["event"] == "publish"
    return encoded(FILES[kind]["cases"][0]["body"])


def encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def taken(cms: Cms, headers: dict[str, str], body: bytes, now: datetime = NOW) -> Incoming:
    cms.verify(headers, body, now)
    return cms.read(headers, body)


def signed(cms: Cms, body: bytes) -> Incoming:
    return taken(cms, cms.sign(body, event_id="evt_1", now=NOW), body)


def refusal(cms: Cms, headers: dict[str, str], body: bytes, now: datetime = NOW) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        taken(cms, headers, body, now)
    return caught.value


def post_of(expected: dict[str, Any]) -> Post:
    photos = [
        Photo(**{**photo, "focal": tuple(photo["focal"]) if photo["focal"] else None})
        for photo in expected.get("photos", [])
    ]
    moment = expected.get("published_at")
    return Post(
        **{
            **expected,
            "source": "site",
            "kind": Kind(expected.get("kind", "article")),
            "categories": tuple(expected.get("categories", [])),
            "tags": tuple(expected.get("tags", [])),
            "photos": tuple(photos),
            "modified_at": datetime.fromisoformat(expected["modified_at"]),
            "published_at": datetime.fromisoformat(moment) if moment else None,
        }
    )


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_a_sample_reads_as_it_says(kind: str, case: dict[str, Any]) -> None:
    cms, body, expect = reader(kind), encoded(case["body"]), case["expect"]
    if "status" in expect:
        problem = refusal(cms, cms.sign(body, event_id="evt_1", now=NOW), body)
        assert (problem.status, problem.field) == (expect["status"], expect["field"])
        assert problem.field in problem.detail
        return
    incoming = signed(cms, body)
    assert incoming.event == (Event(expect["event"]) if expect["event"] else None)
    assert incoming.verdict == expect.get("verdict", "")
    assert incoming.post == (post_of(expect["post"]) if "post" in expect else None)


@every_kind
def test_the_samples_show_every_event(kind: str) -> None:
    shown = {case["expect"].get("event", "refused") for case in FILES[kind]["cases"]}
    assert shown == {"publish", "update", "unpublish", "delete", None, "refused"}


@every_kind
def test_what_is_ignored_says_why_and_what_counts_says_nothing(kind: str) -> None:
    for case in FILES[kind]["cases"]:
        if "status" not in case["expect"]:
            incoming = signed(reader(kind), encoded(case["body"]))
            assert bool(incoming.verdict) == (incoming.event is None) == (incoming.post is None)


@every_kind
def test_the_same_event_keeps_its_id_and_another_has_its_own(kind: str) -> None:
    cms, body = reader(kind), published(kind)
    headers = cms.sign(body, event_id="evt_1", now=NOW)
    first, again = taken(cms, headers, body), taken(cms, headers, body, NOW + timedelta(seconds=9))
    other = cms.sign(body + b" ", event_id="evt_2", now=NOW)
    assert first == again
    assert 1 <= len(first.event_id) <= 200
    assert taken(cms, other, body + b" ").event_id != first.event_id


@every_kind
def test_each_secret_verifies_during_a_rotation(kind: str) -> None:
    new, old = source_of(kind).secrets
    body = published(kind)
    for secret in (new, old):
        headers = reader(kind, secrets=(secret,)).sign(body, event_id="evt_1", now=NOW)
        assert taken(reader(kind), headers, body).event is Event.PUBLISH
    headers = reader(kind, secrets=(old,)).sign(body, event_id="evt_1", now=NOW)
    assert refusal(reader(kind, secrets=(new,)), headers, body).status == 401


@every_kind
def test_the_first_secret_signs(kind: str) -> None:
    new, _ = source_of(kind).secrets
    body = published(kind)
    headers = reader(kind).sign(body, event_id="evt_1", now=NOW)
    assert headers == reader(kind, secrets=(new,)).sign(body, event_id="evt_1", now=NOW)


@every_kind
def test_a_source_without_secrets_believes_nobody(kind: str) -> None:
    headers = reader(kind).sign(published(kind), event_id="evt_1", now=NOW)
    assert refusal(reader(kind, secrets=()), headers, published(kind)).status == 401


@every_kind
@pytest.mark.parametrize("secret", ["", "  "])
def test_an_empty_secret_is_refused_at_the_start(kind: str, secret: str) -> None:
    with pytest.raises(ValueError, match="a secret of source 'site'"):
        reader(kind, secrets=(secret,))


@every_kind
def test_any_flipped_byte_is_found(kind: str) -> None:
    cms, body = reader(kind), published(kind)
    headers = cms.sign(body, event_id="evt_1", now=NOW)
    for place in range(len(body)):
        flipped = bytes([*body[:place], body[place] ^ 1, *body[place + 1 :]])
        with pytest.raises(BadRequest, match=r"^401 "):
            cms.verify(headers, flipped, NOW)


@every_kind
def test_any_changed_character_of_a_signing_header_is_found(kind: str) -> None:
    cms, body = reader(kind), published(kind)
    headers = cms.sign(body, event_id="evt_1", now=NOW)
    for name, value in headers.items():
        for place in range(len(value)) if name != "content-type" else ():
            swapped = "1" if value[place] != "1" else "2"
            changed = {**headers, name: value[:place] + swapped + value[place + 1 :]}
            assert refusal(cms, changed, body).status == 401


@every_kind
@pytest.mark.parametrize(
    "value", [None, "", " ", "é", "\ud800", "=", ",", "v1", "v1,", "sha256=", "sha256=, t=", "9" * 5_000]
)
def test_a_missing_or_malformed_header_is_refused_in_words(kind: str, value: str | None) -> None:
    cms, body = reader(kind), published(kind)
    headers = cms.sign(body, event_id="evt_1", now=NOW)
    for name in headers.keys() - {"content-type"}:
        rest = {key: kept for key, kept in headers.items() if key != name}
        problem = refusal(cms, rest if value is None else {**rest, name: value}, body)
        assert problem.status == 401
        assert problem.detail.endswith(".")


@every_kind
@pytest.mark.parametrize(("seconds", "fresh"), [(-301, False), (-299, True), (0, True), (299, True), (301, False)])
def test_the_window_is_five_minutes_both_ways(kind: str, seconds: int, fresh: bool) -> None:  # noqa: FBT001  # a table
    cms, body = reader(kind), published(kind)
    headers = cms.sign(body, event_id="evt_1", now=NOW + timedelta(seconds=seconds))
    if fresh:
        assert taken(cms, headers, body).event is Event.PUBLISH
    else:
        assert refusal(cms, headers, body).status == 401


@every_kind
def test_nothing_is_parsed_before_it_is_verified(kind: str) -> None:
    cms = reader(kind)
    headers = cms.sign(b"{}", event_id="evt_1", now=NOW)
    for body in (b"[" * 50_000, b"\xff", b"not JSON"):
        assert refusal(cms, headers, body).status == 401


@every_kind
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"null",
        b"[]",
        b'"post"',
        b"1",
        b"NaN",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b"\xef\xbb\xbf{}",
        b'{"a":' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_no_json_object_is_a_400(kind: str, body: bytes) -> None:
    cms = reader(kind)
    assert refusal(cms, cms.sign(body, event_id="evt_1", now=NOW), body).status == 400


@every_kind
@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_depth_bomb_is_a_400(kind: str, pair: tuple[bytes, bytes]) -> None:
    cms, (opens, closes) = reader(kind), pair
    body = b'{"type":' + opens * 100_000 + b"1" + closes * 100_000 + b"}"
    assert refusal(cms, cms.sign(body, event_id="evt_1", now=NOW), body).status == 400


@every_kind
def test_a_body_too_long_is_a_413(kind: str) -> None:
    cms = reader(kind)
    for length, status in ((cms.body_bytes, 400), (cms.body_bytes + 1, 413)):
        body = b" " * length
        assert refusal(cms, cms.sign(body, event_id="evt_1", now=NOW), body).status == status


@every_kind
@pytest.mark.parametrize(
    "declared",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json-patch",
        "application/json; charset=latin-1",
    ],
)
def test_another_content_type_is_a_415(kind: str, declared: str) -> None:
    cms, body = reader(kind), published(kind)
    headers = {**cms.sign(body, event_id="evt_1", now=NOW), "content-type": declared}
    assert refusal(cms, headers, body).status == 415


@every_kind
@pytest.mark.parametrize(
    "declared",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"'],
)
def test_json_in_utf8_may_be_spelled_as_http_allows(kind: str, declared: str) -> None:
    cms, body = reader(kind), published(kind)
    headers = {**cms.sign(body, event_id="evt_1", now=NOW), "content-type": declared}
    assert taken(cms, headers, body).event is Event.PUBLISH


@every_kind
def test_no_secret_shows(kind: str) -> None:
    source = source_of(kind)
    headers = reader(kind).sign(b"{}", event_id="evt_1", now=NOW)
    problem = refusal(reader(kind), headers, b"[]")
    for secret in source.secrets:
        assert secret not in repr(source)
        assert secret not in str(problem) + repr(problem)


# every key and word of the samples: arbitrary JSON gets further in with them
WORDS = sorted(
    {key for kind in KINDS for case in FILES[kind]["cases"] for key in json.dumps(case["body"]).split('"')[1::2]}
)
JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)


def read_or_refused(kind: str, value: Any) -> None:
    body = json.dumps(value).encode()
    refused = 0
    try:
        json.dumps(asdict(signed(reader(kind), body)), default=str, ensure_ascii=False).encode()
    except BadRequest as problem:
        refused = problem.status
    assert refused in (0, 400, 422)


@every_kind
@given(value=JSONS)
def test_arbitrary_json_is_read_or_refused(kind: str, value: Any) -> None:
    read_or_refused(kind, value)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in items for place in places(inner, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


@every_kind
@given(data=st.data())
def test_a_sample_with_anything_anywhere_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from([case["body"] for case in FILES[kind]["cases"]]))
    read_or_refused(kind, put(body, data.draw(st.sampled_from(places(body))), data.draw(JSONS)))


GHOST_CAPTURES = [
    ("001-post.tag.attached", None, "draft"),
    ("002-post.added", None, "draft"),
    ("003-post.tag.attached", None, "draft"),
    ("004-post.tag.attached", None, "draft"),
    ("005-post.published", Event.PUBLISH, ""),
    ("006-post.edited", Event.UPDATE, ""),
    ("007-site.changed", None, "not a post event"),
    ("008-post.published.edited", Event.UPDATE, ""),
    ("009-post.edited", Event.UPDATE, ""),
    ("010-site.changed", None, "not a post event"),
    ("011-post.tag.attached", Event.UPDATE, ""),
    ("012-post.edited", Event.UPDATE, ""),
    ("013-post.published.edited", Event.UPDATE, ""),
    ("014-post.tag.detached", Event.UPDATE, ""),
    ("015-site.changed", None, "not a post event"),
    ("016-post.edited", Event.UNPUBLISH, ""),
    ("017-post.unpublished", Event.UNPUBLISH, ""),
    ("018-site.changed", None, "not a post event"),
    ("019-post.edited", None, "scheduled"),
]


def captured(path: str) -> Any:
    file = CAPTURES / path
    if not file.exists():
        pytest.skip("the captured webhooks are not here (../shared/fixtures/cms)")
    return json.loads(file.read_text(encoding="utf-8"))


def ghost_capture(name: str) -> tuple[Cms, Incoming]:
    capture = captured(f"ghost/{name}.json")
    headers = {key.lower(): value for key, value in capture["headers"]}
    at = datetime.fromtimestamp(int(headers["x-ghost-signature"].rpartition("t=")[2]) / 1000, UTC)
    cms = reader("ghost", secrets=("ghost-webhook-secret",), editions={"internal": "inner"})
    return cms, taken(cms, headers, base64.b64decode(capture["body_base64"]), at)


@pytest.mark.parametrize(("name", "event", "verdict"), GHOST_CAPTURES)
def test_what_ghost_really_sent(name: str, event: Event | None, verdict: str) -> None:
    _, incoming = ghost_capture(name)
    assert (incoming.event, incoming.verdict) == (event, verdict)
    if incoming.post:
        assert incoming.post.id == "6b04b025a4f11f66985437ab"


def test_the_post_ghost_really_sent() -> None:
    post = ghost_capture("005-post.published")[1].post
    assert post
    assert replace(post, html="") == Post(
        source="site",
        id="6b04b025a4f11f66985437ab",
        edition="inner",
        title='Größe & "quotes" <tag> 👩\u200d👩\u200d👧',
        url="http://127.0.0.1:2368/grosse-quotes-tag/",
        modified_at=datetime(2026, 11, 23, 21, 29, 10, tzinfo=UTC),
        summary="Custom excerpt – with dash",
        author="Ada Editor",
        categories=("News",),
        tags=("News", "Ελλάδα"),
        photos=(Photo("http://127.0.0.1:2368/content/images/2026/11/cover.jpg", "A navy box"),),
        published_at=datetime(2026, 11, 23, 21, 29, 10, tzinfo=UTC),
    )
    assert post.html.startswith("<p>Erste Zeile mit <strong>fett</strong>")


def test_without_its_internal_tag_a_ghost_post_is_of_the_default_edition() -> None:
    post = ghost_capture("011-post.tag.attached")[1].post
    assert post
    assert (post.edition, post.tags) == ("english", ("News", "Sport"))


def wordpress_told(kind: str, post: Any, **data: Any) -> Incoming:
    body = {"type": kind, "timestamp": "2026-11-24T10:00:00Z", "data": {"post": post, **data}}
    return signed(reader("wordpress"), encoded(body))


WORDPRESS_CAPTURES = [
    ("002-after_insert.none-to-publish", "post.published", Event.PUBLISH, ""),
    ("004-after_insert.publish-to-publish", "post.updated", Event.UPDATE, ""),
    ("006-after_insert.publish-to-draft", "post.updated", Event.UNPUBLISH, ""),
    ("006-after_insert.publish-to-draft", "post.unpublished", Event.UNPUBLISH, ""),
    ("008-after_insert.draft-to-publish", "post.published", Event.PUBLISH, ""),
    ("010-after_insert.publish-to-private", "post.updated", Event.UNPUBLISH, ""),
    ("012-after_insert.private-to-publish", "post.published", Event.PUBLISH, ""),
    ("016-after_insert.none-to-publish", "post.published", None, "password-protected"),
    ("018-after_insert.none-to-publish", "post.published", Event.PUBLISH, ""),
    ("019-transition.new-to-publish", "post.published", None, "not a post"),
]


@pytest.mark.parametrize(("name", "kind", "event", "verdict"), WORDPRESS_CAPTURES)
def test_posts_wordpress_really_showed(name: str, kind: str, event: Event | None, verdict: str) -> None:
    hook = captured(f"wordpress/{name}.json")["json"]
    incoming = wordpress_told(kind, hook["post"], old_status=hook["old_status"], new_status=hook["new_status"])
    assert (incoming.event, incoming.verdict) == (event, verdict)


def test_the_post_wordpress_really_showed() -> None:
    incoming = wordpress_told(
        "post.published", captured("wordpress/002-after_insert.none-to-publish.json")["json"]["post"]
    )
    assert incoming.post
    assert replace(incoming.post, html="", title="", url="", summary="") == Post(
        source="site",
        id="5",
        edition="english",
        title="",
        url="",
        modified_at=datetime(2026, 11, 23, 21, 34, 41, tzinfo=UTC),
        author="ada",
        categories=("News & Views", "Ελλάδα"),
        tags=("#hash", "budget"),
        photos=(Photo("http://127.0.0.1:8088/wp-content/uploads/2026/11/cover.jpg", "A red box", "Caption"),),
        published_at=datetime(2026, 11, 23, 21, 34, 41, tzinfo=UTC),
    )
    assert incoming.post.title.startswith("Größe & “quotes”")
    assert incoming.post.title.endswith("— it’s")
    assert "&#" not in incoming.post.summary
    assert "<" not in incoming.post.summary


def test_the_rest_view_of_wordpress() -> None:
    told = {
        post["id"]: wordpress_told("post.published", post) for post in captured("wordpress/wp-json-posts-embed.json")
    }
    assert {number: (incoming.event, incoming.verdict) for number, incoming in told.items()} == {
        9: (Event.PUBLISH, ""),
        8: (None, "password-protected"),
        7: (Event.PUBLISH, ""),
        1: (Event.PUBLISH, ""),
    }
    assert told[9].post
    assert told[9].post.summary == "Hand-written excerpt …"
