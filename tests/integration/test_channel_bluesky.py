"""Bluesky against its PDS in the sandbox: records, facets, cards, and sessions that must last."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from channel_suite import picture
from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from publisher.channels.bluesky import Bluesky, record_key, tid
from publisher.connector.base import Connector
from publisher.connector.http import Answer
from publisher.domain.failures import Rejected, TryLater, Unauthorized
from publisher.domain.model import Direction, Image, Kind, Rendition, Span, SpanKind
from publisher.sandbox import Sandbox, serve

SHARED = Path(__file__).parents[3] / "shared"
LEXICONS, RECORDED = SHARED / "specs/atproto/lexicons", SHARED / "fixtures/platform/bluesky-pds-0.5.35.json"
LINK = "https://example.org/news/harbour-light"
KEY = "01KAT5Y3M8Q2W6R9T1V4X7Z0BC"
Connect = Callable[..., Connector]


def rendition(text: str, *spans: Span, images: tuple[Image, ...] = (), **fields: Any) -> Rendition:
    said = {"title": "The harbour light", "summary": "It burns.", "link": LINK, "language": "en"} | fields
    return Rendition(text=text, direction=Direction.LTR, spans=spans, images=images, **said)


def record(sandbox: Sandbox) -> dict[str, Any]:
    """The one record in the repository."""
    (found,) = sandbox._server.networks["bluesky"].records.values()  # type: ignore[attr-defined]
    return dict(found)


def calls(sandbox: Sandbox, method: str) -> int:
    return sum(entry["path"].endswith(f".{method}") for entry in list(sandbox.world.requests["bluesky"]))


@pytest.mark.parametrize(
    ("microseconds", "clock_id", "expected"),
    [(1_700_000_000_000_000, 0, "3ke6kg3wk2222"), (1_763_900_000_123_456, 17, "3m6cbwiuim22l")],
)
def test_a_tid_is_spelt_as_the_specification_spells_it(microseconds: int, clock_id: int, expected: str) -> None:
    assert tid(microseconds, clock_id) == expected


@given(st.integers(0, 2**43 - 1), st.integers(0, 2**80 - 2))
def test_a_record_key_holds_the_time_and_tells_neighbours_apart(milliseconds: int, randomness: int) -> None:
    first, second = (record_key(str(ULID.from_int(milliseconds << 80 | randomness + step))) for step in (0, 1))
    assert first != second
    assert tid(milliseconds * 1000, 0) <= first < tid((milliseconds + 1) * 1000, 0)


def test_facets_count_bytes(connect: Connect, sandbox: Sandbox) -> None:
    text = "Привет 👋 https://example.com #мир"
    spans = (Span(9, 28, SpanKind.LINK, "https://example.com"), Span(29, 33, SpanKind.HASHTAG, "мир"))
    connect("bluesky").publish(connect("bluesky").prepare(rendition(text, *spans)), KEY)
    assert [facet["index"] for facet in record(sandbox)["facets"]] == [
        {"byteStart": 18, "byteEnd": 37},
        {"byteStart": 38, "byteEnd": 45},
    ]
    (post,) = sandbox.posts("bluesky")
    assert post["text"] == text
    assert post["problems"] == []


@pytest.mark.parametrize(("tag", "marked"), [("a" * 64, 1), ("a" * 65, 0), ("ل" * 64, 1), ("👩‍👩‍👧‍👦" * 26, 0)])
def test_a_hashtag_longer_than_a_tag_may_be_stays_text(connect: Connect, tag: str, marked: int) -> None:
    span = Span(0, len(tag) + 1, SpanKind.HASHTAG, tag)
    assert len(connect("bluesky").prepare(rendition(f"#{tag}", span))["record"]["facets"]) == marked


def test_of_two_spans_that_overlap_the_first_stands(connect: Connect) -> None:
    spans = (Span(0, 20, SpanKind.LINK, LINK), Span(4, 8, SpanKind.HASHTAG, "news"), Span(21, 24, SpanKind.BOLD))
    facets = connect("bluesky").prepare(rendition("see #news of today   now", *spans))["record"]["facets"]
    assert [facet["index"] for facet in facets] == [{"byteStart": 0, "byteEnd": 20}]


def test_the_card_is_ours(connect: Connect, sandbox: Sandbox) -> None:
    card = picture()
    receipt = connect("bluesky").publish(connect("bluesky").prepare(rendition("Light!", images=(card,))), KEY)
    external = record(sandbox)["embed"]["external"]
    assert (external["uri"], external["title"], external["description"]) == (LINK, "The harbour light", "It burns.")
    assert external["thumb"]["size"] == len(card.content)
    (post,) = sandbox.posts("bluesky")
    assert (post["link"], post["url"], post["language"]) == (LINK, receipt.url, "en")
    assert [media["sha256"] for media in post["media"]] == [card.sha256]


def test_a_card_without_a_picture_is_a_card(connect: Connect, sandbox: Sandbox) -> None:
    connect("bluesky").publish(connect("bluesky").prepare(rendition("Light!")), KEY)
    assert "thumb" not in record(sandbox)["embed"]["external"]


def test_no_link_and_no_picture_is_no_embed(connect: Connect, sandbox: Sandbox) -> None:
    connect("bluesky").publish(connect("bluesky").prepare(rendition("Light!", link="")), KEY)
    assert "embed" not in record(sandbox)


def test_photos_stand_beside_the_text_and_the_title_is_the_link(connect: Connect, sandbox: Sandbox) -> None:
    photos = tuple(picture(f"Light {number}", shade=number * 30) for number in range(4))
    wanted = rendition("The harbour light\n\nFour views.", Span(0, 17, SpanKind.BOLD), images=photos, kind=Kind.PHOTO)
    connect("bluesky").publish(connect("bluesky").prepare(wanted), KEY)
    images = record(sandbox)["embed"]["images"]
    assert [image["alt"] for image in images] == [f"Light {number}" for number in range(4)]
    assert {image["aspectRatio"]["width"] for image in images} == {1200}
    (post,) = sandbox.posts("bluesky")
    assert post["link"] == LINK
    assert [media["sha256"] for media in post["media"]] == [photo.sha256 for photo in photos]


@pytest.mark.parametrize(("fits", "exceeds"), [("a" * 300, "a" * 301), ("👩‍👩‍👧‍👦" * 120, "👩‍👩‍👧‍👦" * 121)])
def test_the_limits_are_the_networks(connect: Connect, sandbox: Sandbox, fits: str, exceeds: str) -> None:
    assert Bluesky.capability.check(rendition(fits)) == ()
    connect("bluesky").publish(connect("bluesky").prepare(rendition(fits)), KEY)
    assert Bluesky.capability.check(rendition(exceeds))
    with pytest.raises(Rejected, match="too big"):
        connect("bluesky").publish(connect("bluesky").prepare(rendition(exceeds)), str(ULID()))
    assert [post["text"] for post in sandbox.posts("bluesky")] == [fits]


def test_a_repeat_is_answered_with_the_same_proof(connect: Connect, sandbox: Sandbox) -> None:
    draft = connect("bluesky").prepare(rendition("Light!"))
    first, second = (connect("bluesky").publish(draft, KEY) for _ in range(2))
    assert first == second
    assert first.ids[0].endswith(record_key(KEY))
    assert record(sandbox) == draft["record"]


def test_a_picture_that_was_dropped_meanwhile_is_no_verdict(connect: Connect, sandbox: Sandbox) -> None:
    draft = connect("bluesky").prepare(rendition("Light!", images=(picture(),)))
    sandbox._server.networks["bluesky"].blobs.clear()  # type: ignore[attr-defined]
    with pytest.raises(TryLater):
        connect("bluesky").publish(draft, KEY)


def test_deleting_can_be_repeated(connect: Connect, sandbox: Sandbox) -> None:
    receipt = connect("bluesky").publish(connect("bluesky").prepare(rendition("Light!")), KEY)
    for _ in range(2):
        connect("bluesky").delete(receipt)
    assert [post["deleted"] for post in sandbox.posts("bluesky")] == [True]


# ---- sessions ----------------------------------------------------------------------------------------------------
def test_one_session_serves_many_deliveries(connect: Connect, sandbox: Sandbox) -> None:
    for number in range(5):
        connect("bluesky").publish(connect("bluesky").prepare(rendition(f"Light {number}")), str(ULID()))
    assert len(sandbox.posts("bluesky")) == 5
    assert calls(sandbox, "createSession") == 1


def test_accounts_do_not_share_a_session(connect: Connect, sandbox: Sandbox) -> None:
    for identity in ("en", "fa"):
        connect("bluesky", identity).publish(connect("bluesky", identity).prepare(rendition("Light!")), str(ULID()))
    assert [post["account"] for post in sandbox.posts("bluesky")] == ["en", "fa"]


def test_an_expired_token_is_refreshed_and_the_post_goes_out(connect: Connect, sandbox: Sandbox) -> None:
    draft = connect("bluesky").prepare(rendition("Light!", images=(picture(),)))
    sandbox.advance(2 * 3600 + 1)
    connect("bluesky").publish(draft, KEY)
    assert len(sandbox.posts("bluesky")) == 1
    assert (calls(sandbox, "createSession"), calls(sandbox, "refreshSession")) == (1, 1)


def test_when_the_refresh_token_is_dead_too_the_password_helps(connect: Connect, sandbox: Sandbox) -> None:
    connect("bluesky").verify()
    sandbox.advance(91 * 86_400)
    assert connect("bluesky").verify().handle == "@daily-en.example.com"
    assert calls(sandbox, "createSession") == 2


def test_threads_that_find_the_token_expired_refresh_it_once(connect: Connect, sandbox: Sandbox) -> None:
    connect("bluesky").verify()
    sandbox.advance(2 * 3600 + 1)
    together, found = threading.Barrier(6), list[str]()

    def verify(connector: Connector) -> None:
        together.wait()
        found.append(connector.verify().handle)

    threads = [threading.Thread(target=verify, args=(connect("bluesky"),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["@daily-en.example.com"] * 6
    assert (calls(sandbox, "createSession"), calls(sandbox, "refreshSession")) == (1, 1)


def test_a_wrong_password_is_tried_once(connect: Connect, sandbox: Sandbox) -> None:
    connector = connect("bluesky", app_password="abcd-abcd-abcd-abcd")
    with pytest.raises(Unauthorized, match="Invalid identifier or password"):
        connector.verify()
    assert len(connector.http.transcript.exchanges) == 1


def test_the_handle_may_be_written_with_its_sign(connect: Connect) -> None:
    assert connect("bluesky", identifier="@daily-en.example.com").verify().handle == "@daily-en.example.com"


def test_no_token_of_a_session_stands_in_a_transcript(connect: Connect, sandbox: Sandbox) -> None:
    connector = connect("bluesky")
    connector.publish(connector.prepare(rendition("Light!", images=(picture(),))), KEY)
    sandbox.advance(2 * 3600 + 1)
    connector.verify()
    said = json.dumps(connector.http.transcript.exchanges)
    assert '\\"accessJwt\\":\\"***\\"' in said
    assert "eyJ" not in said


class TestRates:
    @pytest.fixture
    def sandbox(self) -> Any:
        with serve(rates=True) as running:
            yield running

    def test_too_many_sessions_are_waited_for(self, connect: Connect) -> None:
        connector = connect("bluesky")
        assert isinstance(connector, Bluesky)

        def log_in_again_and_again() -> None:
            for _ in range(31):
                connector._created()

        with pytest.raises(TryLater) as waited:
            log_in_again_and_again()
        assert waited.value.rate_limited
        assert waited.value.scope == "account"
        assert 0 < waited.value.after <= 300


# ---- the real thing's own words ----------------------------------------------------------------------------------
@pytest.mark.skipif(not LEXICONS.exists(), reason="the lexicons are not beside this checkout")
@pytest.mark.parametrize("kind", Kind)
def test_the_record_is_made_of_what_the_lexicon_knows(connect: Connect, kind: Kind) -> None:
    wanted = rendition("Light!", Span(0, 6, SpanKind.BOLD), images=(picture(),), kind=kind)
    made = connect("bluesky").prepare(wanted)["record"]
    known = json.loads((LEXICONS / "app/bsky/feed/post.json").read_text())["defs"]["main"]["record"]
    assert set(known["required"]) <= set(made)
    assert set(made) - {"$type"} <= set(known["properties"])
    embed = made["embed"]
    name, member = ("images", embed["images"][0]) if kind is Kind.PHOTO else ("external", embed["external"])
    shapes = json.loads((LEXICONS / f"app/bsky/embed/{name}.json").read_text())["defs"]
    shape = shapes["image" if kind is Kind.PHOTO else "external"]
    assert set(shape["required"]) <= set(member) <= set(shape["properties"])


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded exchanges are not beside this checkout")
def test_refusals_of_a_real_server_are_understood(connect: Connect) -> None:
    ours = {"InvalidToken": Unauthorized, "AuthMissing": Unauthorized, "AuthenticationRequired": Unauthorized}
    ours |= {"BlobNotFound": TryLater, "RateLimitExceeded": TryLater}
    connector, seen = connect("bluesky"), set[str]()
    for exchange in json.loads(RECORDED.read_text()):
        if 400 <= exchange["status"] < 500:
            name = json.loads(exchange["response_body"])["error"]
            failure = connector.judge(Answer(exchange["status"], {}, exchange["response_body"].encode()))
            assert type(failure) is ours.get(name, Rejected), exchange["response_body"]
            seen.add(name)
    assert seen >= set(ours)
