"""The fake webhook receiver over a real socket: signatures, age, the same message twice."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from publisher.sandbox import Sandbox, credentials, serve

SECRET = credentials("webhook", "en")["secret"]
EVENT = {
    "type": "post.published",
    "timestamp": "2026-11-23T10:00:00Z",
    "data": {
        "id": "p1",
        "title": "Hello",
        "url": "https://example.com/a",
        "language": "en",
        "images": [{"sha256": "ab", "mime": "image/png", "width": 9, "height": 8, "alt": "Green"}],
    },
}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def sign(body: bytes, identifier: str = "msg_1", age: float = 0, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(time.time() - age))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{identifier}.{stamp}.".encode() + body, hashlib.sha256)
    signature = "v1," + base64.b64encode(digest).decode()
    return {
        "webhook-id": identifier,
        "webhook-timestamp": stamp,
        "webhook-signature": signature,
        "Content-Type": "application/json",
    }


def send(
    sandbox: Sandbox, event: Any = EVENT, name: str = "en", headers: dict[str, str] | None = None, **signing: Any
) -> requests.Response:
    body = json.dumps(event).encode()
    return requests.post(
        f"{sandbox.url}/webhook/{name}", data=body, headers=sign(body, **signing) | (headers or {}), timeout=10
    )


def test_pictures_told_of_are_listed(sandbox: Sandbox) -> None:
    send(sandbox)
    (media,) = sandbox.posts("webhook")[0]["media"]
    assert media == {"sha256": "ab", "size": 0, "mime": "image/png", "width": 9, "height": 8, "alt": "Green"}
    assert "Hello" in requests.get(f"{sandbox.url}/webhook/", timeout=10).text


def off(signature: str) -> str:
    return signature[:4] + ("A" if signature[4] != "A" else "B") + signature[5:]


def test_a_signed_event_is_seen_once(sandbox: Sandbox) -> None:
    assert [send(sandbox).json()["duplicate"] for _ in range(2)] == [False, True]
    (seen,) = sandbox.posts("webhook")
    assert (seen["id"], seen["account"], seen["text"], seen["link"], seen["language"]) == (
        "msg_1",
        "en",
        "Hello",
        "https://example.com/a",
        "en",
    )


@pytest.mark.parametrize(
    ("signing", "headers", "status"),
    [
        ({"age": 295}, {}, 200),
        ({"age": 305}, {}, 401),
        ({"age": -305}, {}, 401),
        ({"secret": credentials("webhook", "ar")["secret"]}, {}, 401),
        ({}, {"webhook-id": "msg_2"}, 401),
        ({}, {"webhook-signature": ""}, 400),
        ({}, {"webhook-timestamp": "soon"}, 401),
        ({}, {"Content-Type": "text/plain"}, 400),
    ],
)
def test_what_a_message_is_answered(sandbox: Sandbox, signing: Any, headers: dict[str, str], status: int) -> None:
    answer = send(sandbox, headers=headers, **signing)
    assert answer.status_code == status, answer.text
    assert ("error" in answer.json()) == (status != 200)
    assert len(sandbox.posts("webhook")) == (status == 200)


def test_a_signature_off_by_one_sign_is_refused_and_a_second_one_counts(sandbox: Sandbox) -> None:
    body = json.dumps(EVENT).encode()
    good = sign(body)
    wrong = off(good["webhook-signature"])
    for signatures, status in ((wrong, 401), (f"{wrong} {good['webhook-signature']}", 200)):
        headers = good | {"webhook-signature": signatures}
        assert requests.post(f"{sandbox.url}/webhook/en", data=body, headers=headers, timeout=10).status_code == status


@pytest.mark.parametrize(
    "event", [{}, {"type": "a", "timestamp": "b", "data": []}, {"type": 1, "timestamp": "b", "data": {}}]
)
def test_events_of_a_wrong_shape_are_refused(sandbox: Sandbox, event: Any) -> None:
    assert send(sandbox, event).status_code == 400
    assert sandbox.posts("webhook") == []


def test_nobody_listens_elsewhere(sandbox: Sandbox) -> None:
    assert send(sandbox, name="stranger").status_code == 404


def test_edits_and_deletions_change_the_post(sandbox: Sandbox) -> None:
    send(sandbox)
    send(sandbox, EVENT | {"type": "post.updated", "data": {"id": "p1", "title": "Better"}}, identifier="msg_2")
    assert [post["text"] for post in sandbox.posts("webhook")] == ["Better"]
    send(sandbox, EVENT | {"type": "post.deleted", "data": {"id": "p1"}}, identifier="msg_3")
    assert [post["deleted"] for post in sandbox.posts("webhook")] == [True]
