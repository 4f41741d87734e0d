"""The fake X over a real socket: signatures, limits, refusals, what readers see."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from PIL import Image
from requests_oauthlib import OAuth1

from publisher.sandbox import Sandbox, credentials, serve
from publisher.sandbox.counting import weighted

SPEC = Path(__file__).parents[3] / "shared/specs/twitter-text/conformance/validate.yml"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def signed(name: str = "en", **changed: str) -> OAuth1:
    keys = credentials("x", name) | changed
    return OAuth1(keys["consumer_key"], keys["consumer_secret"], keys["access_token"], keys["access_token_secret"])


def post(sandbox: Sandbox, body: Any, name: str = "en", **changed: str) -> requests.Response:
    return requests.post(f"{sandbox.url}/x/2/tweets", json=body, auth=signed(name, **changed), timeout=10)


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 32)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#1f6f5c").save(out, kind)
    return out.getvalue()


def upload(sandbox: Sandbox, content: bytes, category: str = "tweet_image", name: str = "en") -> requests.Response:
    return requests.post(
        f"{sandbox.url}/x/2/media/upload",
        files={"media": ("a.png", content)},
        data={"media_category": category},
        auth=signed(name),
        timeout=10,
    )


def off_by_one(secret: str) -> str:
    return secret[:-1] + ("a" if secret[-1] != "a" else "b")


CONSUMER, TOKEN = credentials("x", "en")["consumer_secret"], credentials("x", "en")["access_token_secret"]


@pytest.mark.parametrize(
    ("body", "changed", "status", "words"),
    [
        ({"text": "a" * 280}, {}, 201, "edit_history_post_ids"),
        ({"text": "a" * 281}, {}, 403, "You are not permitted"),
        ({"text": "👋" * 140}, {}, 201, "data"),
        ({"text": "👋" * 140 + "a"}, {}, 403, "You are not permitted"),
        ({"text": "سلام " * 56}, {}, 201, "data"),
        ({"text": "新" * 141}, {}, 403, "You are not permitted"),
        ({"text": "a" * 256 + " https://example.com/" + "x" * 200}, {}, 201, "https://t.co/"),
        ({"text": "a" * 257 + " https://example.com/" + "x" * 200}, {}, 403, "You are not permitted"),
        ({"text": ""}, {}, 400, "text"),
        ({}, {}, 400, "text"),
        ({"text": "a", "surprise": 1}, {}, 400, "additional properties"),
        ({"text": 7}, {}, 400, "must be a string"),
        ({"text": "$AAA and $BBB"}, {}, 400, "cashtag"),
        ({"text": "a", "media": {"media_ids": ["1"]}}, {}, 400, "media IDs are invalid"),
        ({"text": "a", "media": {"media_ids": ["1"] * 5}}, {}, 400, "1 to 4"),
        ({"text": "a", "quote_tweet_id": "1"}, {}, 403, "You are not permitted"),
        ({"text": "a"}, {"consumer_secret": off_by_one(CONSUMER)}, 401, "Unauthorized"),
        ({"text": "a"}, {"access_token_secret": off_by_one(TOKEN)}, 401, "Unauthorized"),
        ({"text": "a"}, {"access_token": "123-stranger"}, 401, "Unauthorized"),
    ],
)
def test_what_a_post_is_answered(sandbox: Sandbox, body: Any, changed: dict[str, str], status: int, words: str) -> None:
    answer = post(sandbox, body, **changed)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    if status != 201:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert {"title", "detail", "type"} <= answer.json().keys()
    assert len(sandbox.posts("x")) == (status == 201)


def test_a_signature_off_by_one_sign_is_refused(sandbox: Sandbox) -> None:
    good = requests.Request("POST", f"{sandbox.url}/x/2/tweets", json={"text": "a"}, auth=signed()).prepare()
    header = (
        bytes(good.headers["Authorization"]).decode()
        if isinstance(good.headers["Authorization"], bytes)
        else good.headers["Authorization"]
    )
    at = header.index('oauth_signature="') + len('oauth_signature="')
    good.headers["Authorization"] = header[:at] + ("A" if header[at] != "A" else "B") + header[at + 1 :]
    with requests.Session() as session:
        assert session.send(good, timeout=10).status_code == 401
    assert sandbox.posts("x") == []


def test_a_request_replayed_is_refused(sandbox: Sandbox) -> None:
    good = requests.Request("GET", f"{sandbox.url}/x/2/users/me", auth=signed()).prepare()
    with requests.Session() as session:
        assert [session.send(good, timeout=10).status_code for _ in range(2)] == [200, 401]


def test_query_parameters_are_part_of_the_signature(sandbox: Sandbox) -> None:
    good = requests.Request("GET", f"{sandbox.url}/x/2/users/me", params={"a": "1 &é"}, auth=signed()).prepare()
    with requests.Session() as session:
        assert session.send(good, timeout=10).status_code == 200
        other = requests.Request("GET", f"{sandbox.url}/x/2/users/me", params={"a": "1"}, auth=signed()).prepare()
        other.url = f"{sandbox.url}/x/2/users/me?a=2"
        assert session.send(other, timeout=10).status_code == 401


def test_a_duplicate_is_refused_until_the_first_is_deleted(sandbox: Sandbox) -> None:
    first = post(sandbox, {"text": "Once https://example.com/a"}).json()["data"]["id"]
    second = post(sandbox, {"text": "Once https://example.com/a"})
    assert second.status_code == 403
    assert second.json()["detail"] == "You are not allowed to create a Tweet with duplicate content."
    assert post(sandbox, {"text": "Once https://example.com/a"}, "ar").status_code == 201
    foreign = requests.delete(f"{sandbox.url}/x/2/tweets/{first}", auth=signed("ar"), timeout=10)
    assert foreign.status_code == 403
    gone = requests.delete(f"{sandbox.url}/x/2/tweets/{first}", auth=signed(), timeout=10)
    assert gone.json() == {"data": {"deleted": True}}
    assert post(sandbox, {"text": "Once https://example.com/a"}).status_code == 201


def test_a_picture_with_its_alt_text_reaches_readers(sandbox: Sandbox) -> None:
    media = upload(sandbox, picture()).json()["data"]["id"]
    for length, status in ((1001, 400), (1000, 200)):
        described = requests.post(
            f"{sandbox.url}/x/2/media/metadata",
            json={"id": media, "metadata": {"alt_text": {"text": "a" * length}}},
            auth=signed(),
            timeout=10,
        )
        assert described.status_code == status
    post(sandbox, {"text": "Look: example.com #news", "media": {"media_ids": [media]}})
    (seen,) = sandbox.posts("x")
    assert (seen["account"], seen["link"]) == ("en", "http://example.com")
    assert [(m["mime"], m["width"], m["height"], m["alt"]) for m in seen["media"]] == [
        ("image/png", 64, 32, "a" * 1000)
    ]


@pytest.mark.parametrize(
    ("content", "category", "status"),
    [
        (b"plain words", "tweet_image", 400),
        (picture(), "", 400),
        (picture() + b"\0" * (5 * 1024 * 1024 - len(picture())), "tweet_image", 200),
        (picture() + b"\0" * (5 * 1024 * 1024 - len(picture()) + 1), "tweet_image", 413),
        (picture("WEBP"), "tweet_image", 200),
        (picture("JPEG"), "tweet_image", 200),
    ],
)
def test_what_an_upload_is_answered(sandbox: Sandbox, content: bytes, category: str, status: int) -> None:
    assert upload(sandbox, content, category).status_code == status


def test_nobody_posts_with_the_media_of_another(sandbox: Sandbox) -> None:
    media = upload(sandbox, picture(), name="ar").json()["data"]["id"]
    assert post(sandbox, {"text": "a", "media": {"media_ids": [media]}}).status_code == 400


def test_the_own_timeline_tells_true_urls_beside_short_ones(sandbox: Sandbox) -> None:
    made = post(sandbox, {"text": "One https://example.com/one and https://example.com/two!"}).json()["data"]
    me = requests.get(f"{sandbox.url}/x/2/users/me", auth=signed(), timeout=10).json()["data"]
    page = requests.get(f"{sandbox.url}/x/2/users/{me['id']}/tweets?max_results=5", auth=signed(), timeout=10)
    (found,) = page.json()["data"]
    assert found["text"] == made["text"]
    for url, true in zip(
        found["entities"]["urls"], ["https://example.com/one", "https://example.com/two"], strict=True
    ):
        assert url["expanded_url"] == true
        assert found["text"][url["start"] : url["end"]] == url["url"]
    assert page.json()["meta"]["result_count"] == 1
    assert {"x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"} <= page.headers.keys()
    assert (
        requests.get(f"{sandbox.url}/x/2/users/{me['id']}/tweets?max_results=4", auth=signed(), timeout=10).status_code
        == 400
    )


def test_enforced_rates_end_after_100_posts() -> None:
    with serve(rates=True) as sandbox:
        answers = [post(sandbox, {"text": f"Number {n}"}) for n in range(101)]
        assert [answer.status_code for answer in answers] == [201] * 100 + [429]
        assert answers[-1].headers["x-rate-limit-remaining"] == "0"
        sandbox.advance(901)
        assert post(sandbox, {"text": "Later"}).status_code == 201


def _vectors() -> list[Any]:
    if not SPEC.exists():
        return []
    tests = yaml.safe_load(SPEC.read_text(encoding="utf-8"))["tests"]
    return [
        (test["text"], test["expected"]["weightedLength"])
        for test in tests["WeightedTweetsWithDiscountedEmojiCounterTest"]
    ]


@pytest.mark.skipif(not SPEC.exists(), reason="../shared/specs/twitter-text is not here")
def test_lengths_agree_with_twitter_text() -> None:
    wrong = [(text[:60], expected, weighted(text)) for text, expected in _vectors() if weighted(text) != expected]
    assert wrong == []
