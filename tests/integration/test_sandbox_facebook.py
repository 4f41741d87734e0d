"""The fake Facebook over a real socket: two-phase publishing, duplicates, Graph's errors."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.sandbox import Sandbox, credentials, serve

PAGE, TOKEN = credentials("facebook", "en")["page_id"], credentials("facebook", "en")["access_token"]
OTHER = credentials("facebook", "ar")["page_id"]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def call(sandbox: Sandbox, method: str, path: str, token: str = TOKEN, **request: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.request(method, f"{sandbox.url}/facebook/v26.0{path}", headers=headers, timeout=10, **request)


def picture(size: tuple[int, int] = (120, 63), kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#1f6f5c").save(out, kind)
    return out.getvalue()


def upload(sandbox: Sandbox, content: bytes, **fields: str) -> requests.Response:
    return call(
        sandbox, "POST", f"/{PAGE}/photos", files={"source": ("a.jpg", content)}, data={"published": "false"} | fields
    )


@pytest.mark.parametrize(
    ("path", "body", "token", "expected"),
    [
        (f"/{PAGE}/feed", {"message": "a" * 63_206}, TOKEN, (200, 0)),
        (f"/{PAGE}/feed", {"message": "a" * 63_207}, TOKEN, (400, 100)),
        (f"/{PAGE}/feed", {}, TOKEN, (400, 100)),
        (f"/{PAGE}/feed", {"message": "a", "link": "nowhere"}, TOKEN, (400, 100)),
        (f"/{PAGE}/feed", {"message": "a", "attached_media": [{"media_fbid": "1"}]}, TOKEN, (400, 100)),
        (f"/{PAGE}/feed", {"message": "a", "attached_media": "no list"}, TOKEN, (400, 100)),
        (f"/{PAGE}/feed", {"message": "a"}, TOKEN[:-1], (400, 190)),
        (f"/{PAGE}/feed", {"message": "a"}, "", (400, 104)),
        (f"/{OTHER}/feed", {"message": "a"}, TOKEN, (403, 200)),
        ("/999/feed", {"message": "a"}, TOKEN, (400, 100)),
        (f"/{PAGE}_1", {"is_published": True}, TOKEN, (400, 100)),
    ],
)
def test_what_a_post_is_answered(sandbox: Sandbox, path: str, body: Any, token: str, expected: tuple[int, int]) -> None:
    status, code = expected
    answer = call(sandbox, "POST", path, token, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json().get("error", {}).get("code", 0) == code
    if code:
        assert {"message", "type", "code", "fbtrace_id"} <= answer.json()["error"].keys()
    assert len(sandbox.posts("facebook")) == (status == 200)


def test_a_draft_is_seen_only_once_it_is_published_and_only_once(sandbox: Sandbox) -> None:
    draft = call(
        sandbox, "POST", f"/{PAGE}/feed", json={"message": "Hi", "link": "https://example.com/a", "published": False}
    )
    identifier = draft.json()["id"]
    assert identifier.startswith(f"{PAGE}_")
    assert sandbox.posts("facebook") == []
    assert call(sandbox, "GET", f"/{identifier}?fields=is_published").json()["is_published"] is False
    for _ in range(3):
        assert call(sandbox, "POST", f"/{identifier}", json={"is_published": True}).json() == {"success": True}
    (seen,) = sandbox.posts("facebook")
    assert (seen["text"], seen["link"], seen["account"]) == ("Hi", "https://example.com/a", "en")
    page = requests.get(call(sandbox, "GET", f"/{identifier}?fields=permalink_url").json()["permalink_url"], timeout=10)
    assert "https://example.com/a" in page.text


@pytest.mark.parametrize("draft_first", [True, False])
def test_the_same_again_is_506(sandbox: Sandbox, *, draft_first: bool) -> None:
    body = {"message": "Once", "published": True}
    assert call(sandbox, "POST", f"/{PAGE}/feed", json=body).status_code == 200
    if draft_first:
        identifier = call(sandbox, "POST", f"/{PAGE}/feed", json=body | {"published": False}).json()["id"]
        again = call(sandbox, "POST", f"/{identifier}", data={"is_published": "true"})
    else:
        again = call(sandbox, "POST", f"/{PAGE}/feed", data=body)
    assert (again.status_code, again.json()["error"]["code"]) == (400, 506)
    assert call(sandbox, "POST", f"/{PAGE}/feed", json={"message": "Between"}).status_code == 200
    assert call(sandbox, "POST", f"/{PAGE}/feed", json=body).status_code == 200


@pytest.mark.parametrize("spelling", ["json", "text", "indexed"])
def test_photos_are_attached_in_order(sandbox: Sandbox, spelling: str) -> None:
    ids = [upload(sandbox, picture((100 + n, 50)), alt_text_custom=f"Alt {n}").json()["id"] for n in range(3)]
    assert sandbox.posts("facebook") == []
    media = [{"media_fbid": identifier} for identifier in ids]
    bodies: dict[str, Any] = {
        "json": {"json": {"message": "Three", "attached_media": media}},
        "text": {"data": {"message": "Three", "attached_media": json.dumps(media)}},
        "indexed": {
            "data": {"message": "Three"} | {f"attached_media[{n}]": json.dumps(m) for n, m in enumerate(media)}
        },
    }
    assert call(sandbox, "POST", f"/{PAGE}/feed", **bodies[spelling]).status_code == 200
    (seen,) = sandbox.posts("facebook")
    assert [(m["width"], m["alt"]) for m in seen["media"]] == [(100, "Alt 0"), (101, "Alt 1"), (102, "Alt 2")]
    again = call(sandbox, "POST", f"/{PAGE}/feed", json={"message": "Other", "attached_media": media})
    assert again.json()["error"]["error_subcode"] == 1366051


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (picture() + b"\0" * (10 * 1024 * 1024 - len(picture())), 200),
        (picture() + b"\0" * (10 * 1024 * 1024 - len(picture()) + 1), 400),
        (b"no picture", 400),
    ],
)
def test_what_a_photo_is_answered(sandbox: Sandbox, content: bytes, status: int) -> None:
    assert upload(sandbox, content).status_code == status


def test_read_back_edit_and_delete(sandbox: Sandbox) -> None:
    identifier = call(
        sandbox, "POST", f"/{PAGE}/feed", json={"message": "One", "link": "https://example.com/1"}
    ).json()["id"]
    call(sandbox, "POST", f"/{PAGE}/feed", json={"message": "Draft", "published": False})
    for edge in ("feed", "published_posts", "posts"):
        listed = call(sandbox, "GET", f"/{PAGE}/{edge}?fields=id,message,attachments{{unshimmed_url}}&limit=10").json()[
            "data"
        ]
        assert [post["id"] for post in listed] == [identifier]
        assert listed[0]["attachments"]["data"] == [{"unshimmed_url": "https://example.com/1"}]
    assert call(sandbox, "POST", f"/{identifier}", json={"message": "Two"}).json() == {"success": True}
    assert call(sandbox, "DELETE", f"/{identifier}").json() == {"success": True}
    (seen,) = sandbox.posts("facebook")
    assert (seen["text"], seen["deleted"]) == ("Two", True)
    assert seen["edited"]
    assert call(sandbox, "DELETE", f"/{identifier}").json()["error"]["error_subcode"] == 33


def test_who_the_token_is(sandbox: Sandbox) -> None:
    assert call(sandbox, "GET", "/me?fields=id,name").json()["id"] == PAGE
    told = call(sandbox, "GET", f"/debug_token?input_token={TOKEN}").json()["data"]
    assert (told["is_valid"], told["expires_at"], told["profile_id"]) == (True, 0, PAGE)
    assert call(sandbox, "GET", "/debug_token?input_token=x").json()["data"]["is_valid"] is False
    usage = json.loads(call(sandbox, "GET", "/me").headers["X-Business-Use-Case-Usage"])
    assert usage[PAGE][0]["estimated_time_to_regain_access"] == 0
