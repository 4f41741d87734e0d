"""The fake Mastodon over a real socket: idempotency keys, limits, media that take time."""

import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.sandbox import Sandbox, credentials, serve

TOKEN = credentials("mastodon", "en")["access_token"]
FIXTURE = Path(__file__).parents[3] / "shared/fixtures/platform/mastodon-api-snac-2.75.json"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def call(
    sandbox: Sandbox, method: str, path: str, token: str = TOKEN, key: str = "", **request: Any
) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    return requests.request(method, f"{sandbox.url}/mastodon/api{path}", headers=headers, timeout=10, **request)


def picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (120, 63), "#1f6f5c").save(out, kind)
    return out.getvalue()


def upload(sandbox: Sandbox, content: bytes, description: str = "", token: str = TOKEN) -> requests.Response:
    return call(sandbox, "POST", "/v2/media", token, files={"file": ("a", content)}, data={"description": description})


@pytest.mark.parametrize(
    ("body", "token", "status", "words"),
    [
        ({"status": "a" * 500}, TOKEN, 200, ""),
        ({"status": "a" * 501}, TOKEN, 422, "Validation failed: Text character limit of 500 exceeded"),
        ({"status": "👩‍👩‍👧" * 500}, TOKEN, 200, ""),
        ({"status": "a" * 476 + " https://example.com/" + "x" * 300}, TOKEN, 200, ""),
        ({"status": "a" * 477 + " https://example.com/" + "x" * 300}, TOKEN, 422, "Validation failed"),
        ({"status": "a" * 490 + " @reader@social.example.com"}, TOKEN, 200, ""),
        ({"status": "a" * 400, "spoiler_text": "b" * 100}, TOKEN, 200, ""),
        ({"status": "a" * 400, "spoiler_text": "b" * 101}, TOKEN, 422, "Validation failed"),
        ({"status": " "}, TOKEN, 422, "Validation failed: Text can't be blank"),
        ({"status": "a", "media_ids": ["1"]}, TOKEN, 404, "Record not found"),
        ({"status": "a", "media_ids": ["1"] * 5}, TOKEN, 422, "Cannot attach more than 4 files"),
        ({"status": "a", "visibility": "loud"}, TOKEN, 422, "Validation failed"),
        ({"status": "a"}, TOKEN[:-1], 401, "The access token is invalid"),
        ({"status": "a"}, "", 401, "The access token is invalid"),
    ],
)
def test_what_a_status_is_answered(sandbox: Sandbox, body: Any, token: str, status: int, words: str) -> None:
    answer = call(sandbox, "POST", "/v1/statuses", token, json=body)
    assert answer.status_code == status, answer.text
    assert words in answer.json().get("error", "")
    assert len(sandbox.posts("mastodon")) == (status == 200)


def test_a_key_gives_the_same_status_for_an_hour(sandbox: Sandbox) -> None:
    first = call(sandbox, "POST", "/v1/statuses", key="k1", json={"status": "One"}).json()
    again = call(sandbox, "POST", "/v1/statuses", key="k1", json={"status": "One"}).json()
    foreign = call(
        sandbox, "POST", "/v1/statuses", credentials("mastodon", "ar")["access_token"], "k1", json={"status": "One"}
    )
    assert again["id"] == first["id"] != foreign.json()["id"]
    sandbox.advance(3599)
    assert call(sandbox, "POST", "/v1/statuses", key="k1", json={"status": "One"}).json()["id"] == first["id"]
    sandbox.advance(2)
    assert call(sandbox, "POST", "/v1/statuses", key="k1", json={"status": "One"}).json()["id"] != first["id"]
    assert [post["account"] for post in sandbox.posts("mastodon")] == ["en", "ar", "en"]


def test_a_form_body_with_a_picture(sandbox: Sandbox) -> None:
    media = upload(sandbox, picture(), "A green field").json()
    form = {"status": "Look https://example.com/a #news", "media_ids[]": [media["id"]], "language": "en"}
    made = call(sandbox, "POST", "/v1/statuses", data=form).json()
    assert made["url"].startswith(f"{sandbox.url}/mastodon/@daily_en/")
    assert made["media_attachments"][0]["description"] == "A green field"
    (seen,) = sandbox.posts("mastodon")
    assert (seen["link"], seen["language"], seen["media"][0]["alt"]) == ("https://example.com/a", "en", "A green field")
    assert "A green field" in requests.get(made["url"], timeout=10).text
    assert requests.get(media["url"], timeout=10).content == picture()


def test_media_that_take_time(sandbox: Sandbox) -> None:
    answer = upload(sandbox, picture("GIF"))
    number = answer.json()["id"]
    assert (answer.status_code, answer.json()["url"]) == (202, None)
    early = call(sandbox, "POST", "/v1/statuses", json={"status": "a", "media_ids": [number]})
    assert (early.status_code, "not finished processing" in early.text) == (422, True)
    assert [call(sandbox, "GET", f"/v1/media/{number}").status_code for _ in range(2)] == [206, 200]
    assert call(sandbox, "POST", "/v1/statuses", json={"status": "a", "media_ids": [number]}).status_code == 200


@pytest.mark.parametrize(
    ("content", "description", "status"),
    [
        (picture(), "a" * 1500, 200),
        (picture(), "a" * 1501, 422),
        (b"words", "", 422),
        (picture() + b"\0" * (16 * 1024 * 1024 - len(picture())), "", 200),
        (picture() + b"\0" * (16 * 1024 * 1024 - len(picture()) + 1), "", 422),
    ],
)
def test_what_an_upload_is_answered(sandbox: Sandbox, content: bytes, description: str, status: int) -> None:
    assert upload(sandbox, content, description).status_code == status


def test_edit_read_delete_and_timeline(sandbox: Sandbox) -> None:
    number = call(sandbox, "POST", "/v1/statuses", json={"status": "One"}).json()["id"]
    me = call(sandbox, "GET", "/v1/accounts/verify_credentials").json()
    assert me["acct"] == "daily_en"
    edited = call(sandbox, "PUT", f"/v1/statuses/{number}", json={"status": "Two"})
    assert edited.json()["edited_at"]
    assert [s["id"] for s in call(sandbox, "GET", f"/v1/accounts/{me['id']}/statuses?limit=20").json()] == [number]
    other = credentials("mastodon", "ar")["access_token"]
    assert call(sandbox, "DELETE", f"/v1/statuses/{number}", other).status_code == 404
    assert call(sandbox, "DELETE", f"/v1/statuses/{number}").json()["text"] == "Two"
    assert call(sandbox, "GET", f"/v1/statuses/{number}").json() == {"error": "Record not found"}
    assert [(post["text"], post["deleted"]) for post in sandbox.posts("mastodon")] == [("Two", True)]


def test_the_instance_tells_its_limits_and_headers_their_reset(sandbox: Sandbox) -> None:
    told = call(sandbox, "GET", "/v2/instance").json()["configuration"]
    assert told["statuses"] == {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23}
    headers = call(sandbox, "GET", "/v1/accounts/verify_credentials").headers
    assert datetime.fromisoformat(headers["X-RateLimit-Reset"]).tzinfo is not None


@pytest.mark.skipif(not FIXTURE.exists(), reason="../shared/fixtures is not here")
def test_a_status_has_the_fields_a_recorded_server_gives(sandbox: Sandbox) -> None:
    recorded = json.loads(FIXTURE.read_text(encoding="utf-8"))
    theirs = next(
        json.loads(e["response_body"]) for e in recorded if e["url"].endswith("/api/v1/statuses") and e["status"] == 200
    )
    media = upload(sandbox, picture(), "alt text").json()["id"]
    ours = call(
        sandbox, "POST", "/v1/statuses", json={"status": "A https://example.test/a #news", "media_ids": [media]}
    ).json()
    unread = {"favourited", "reblogged", "muted", "bookmarked", "pinned", "filtered", "text"}
    assert theirs.keys() - unread <= ours.keys()
    assert theirs["media_attachments"][0].keys() <= ours["media_attachments"][0].keys()
