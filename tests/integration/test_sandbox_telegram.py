"""The fake Telegram over a real socket: UTF-16 limits after parsing, entities, tokens in the path."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.sandbox import Sandbox, credentials, serve

TOKEN, CHAT = credentials("telegram", "en")["bot_token"], credentials("telegram", "en")["chat_id"]
OTHER = credentials("telegram", "ar")["chat_id"]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def call(sandbox: Sandbox, method: str, token: str = TOKEN, files: Any = None, **fields: Any) -> requests.Response:
    url = f"{sandbox.url}/telegram/bot{token}/{method}"
    if files:
        return requests.post(url, data=fields, files=files, timeout=10)
    return requests.post(url, json=fields, timeout=10)


def picture(width: int = 120, height: int = 63) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#1f6f5c").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("token", "fields", "status", "words"),
    [
        (TOKEN, {"chat_id": CHAT, "text": "a" * 4096}, 200, "message_id"),
        (TOKEN, {"chat_id": CHAT, "text": "a" * 4097}, 400, "Bad Request: message is too long"),
        (TOKEN, {"chat_id": CHAT, "text": "👋" * 2048}, 200, "message_id"),
        (TOKEN, {"chat_id": CHAT, "text": "👋" * 2048 + "a"}, 400, "Bad Request: message is too long"),
        (TOKEN, {"chat_id": CHAT, "text": "<b>" + "a" * 4096 + "</b>&lt;", "parse_mode": "HTML"}, 400, "too long"),
        (TOKEN, {"chat_id": CHAT, "text": "<b>" + "a" * 4095 + "</b>&lt;", "parse_mode": "HTML"}, 200, "bold"),
        (
            TOKEN,
            {"chat_id": CHAT, "text": "<p>a</p>", "parse_mode": "HTML"},
            400,
            'Unsupported start tag "p" at byte offset 0',
        ),
        (TOKEN, {"chat_id": CHAT, "text": "<b>a", "parse_mode": "HTML"}, 400, "Can't find end tag"),
        (TOKEN, {"chat_id": CHAT, "text": "<b><i>a</b></i>", "parse_mode": "HTML"}, 400, "Unmatched end tag"),
        (TOKEN, {"chat_id": CHAT, "text": "1 < 2", "parse_mode": "HTML"}, 400, "Unclosed start tag"),
        (TOKEN, {"chat_id": CHAT, "text": "a", "parse_mode": "Odd"}, 400, "unsupported parse_mode"),
        (TOKEN, {"chat_id": CHAT, "text": " \n"}, 400, "Bad Request: message text is empty"),
        (TOKEN, {"chat_id": CHAT, "text": 7}, 400, "must be of type String"),
        (
            TOKEN,
            {"chat_id": CHAT, "text": "a", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
            400,
            "ENTITY",
        ),
        (
            TOKEN,
            {"chat_id": CHAT, "text": "👋", "entities": [{"type": "bold", "offset": 0, "length": 1}]},
            400,
            "ENTITY",
        ),
        (TOKEN, {"chat_id": CHAT, "text": "a", "entities": "{"}, 400, "can't parse entities"),
        (TOKEN, {"chat_id": CHAT, "text": "a", "surprise": 1}, 200, "message_id"),
        (TOKEN, {"text": "a"}, 400, "Bad Request: chat_id is empty"),
        (TOKEN, {"chat_id": "@nowhere", "text": "a"}, 400, "Bad Request: chat not found"),
        (TOKEN, {"chat_id": OTHER, "text": "a"}, 403, "Forbidden: bot is not a member"),
        (TOKEN[:-1] + "_", {"chat_id": CHAT, "text": "a"}, 401, "Unauthorized"),
        ("123", {"chat_id": CHAT, "text": "a"}, 404, "Not Found"),
    ],
)
def test_what_a_message_is_answered(sandbox: Sandbox, token: str, fields: Any, status: int, words: str) -> None:
    answer = call(sandbox, "sendMessage", token, **fields)
    assert answer.status_code == status, answer.text
    assert answer.json()["ok"] is (status == 200)
    if status == 200:
        assert words in answer.text
    else:
        assert words in answer.json()["description"]
        assert answer.json()["error_code"] == status
    assert len(sandbox.posts("telegram")) == (status == 200)


def test_entities_count_utf16_units_and_mark_what_readers_see(sandbox: Sandbox) -> None:
    text = "👋 Read more https://example.com/b #news"
    link = {"type": "text_link", "offset": 3, "length": 9, "url": "https://example.com/a"}
    result = call(sandbox, "sendMessage", chat_id=CHAT, text=text, entities=json.dumps([link])).json()["result"]
    assert [entity["type"] for entity in result["entities"]] == ["text_link", "url", "hashtag"]
    assert result["entities"][1] == {"type": "url", "offset": 13, "length": 21}
    (seen,) = sandbox.posts("telegram")
    assert (seen["text"], seen["link"], seen["id"]) == (text, "https://example.com/a", str(result["message_id"]))
    assert seen["url"] == f"https://t.me/{CHAT[1:]}/{result['message_id']}"
    page = requests.get(f"{sandbox.url}/telegram/", timeout=10).text
    assert '<a href="https://example.com/a" rel="noreferrer nofollow">Read more</a>' in page


def test_the_preview_can_be_chosen_or_off(sandbox: Sandbox) -> None:
    call(
        sandbox,
        "sendMessage",
        chat_id=CHAT,
        text="https://example.com/a",
        link_preview_options={"url": "https://example.com/b"},
    )
    call(sandbox, "sendMessage", chat_id=CHAT, text="https://example.com/a", link_preview_options={"is_disabled": True})
    assert [post["link"] for post in sandbox.posts("telegram")] == ["https://example.com/b", ""]


@pytest.mark.parametrize(
    ("content", "caption", "status", "words"),
    [
        (picture(), "a" * 1024, 200, "photo"),
        (picture(), "a" * 1025, 400, "MEDIA_CAPTION_TOO_LONG"),
        (picture(), "", 200, "photo"),
        (picture(200, 10), "a", 200, "photo"),
        (picture(201, 10), "a", 400, "PHOTO_INVALID_DIMENSIONS"),
        (picture(5000, 5000), "a", 200, "photo"),
        (picture(5001, 5000), "a", 400, "PHOTO_INVALID_DIMENSIONS"),
        (b"words", "a", 400, "IMAGE_PROCESS_FAILED"),
        (picture() + b"\0" * 10 * 1024 * 1024, "a", 400, "too big"),
    ],
)
def test_what_a_photo_is_answered(sandbox: Sandbox, content: bytes, caption: str, status: int, words: str) -> None:
    answer = call(sandbox, "sendPhoto", files={"photo": ("a.png", content)}, chat_id=CHAT, caption=caption)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert len(sandbox.posts("telegram")) == (status == 200)


def test_edit_and_delete(sandbox: Sandbox) -> None:
    number = call(sandbox, "sendMessage", chat_id=CHAT, text="One").json()["result"]["message_id"]
    photo = call(sandbox, "sendPhoto", files={"photo": ("a.png", picture())}, chat_id=CHAT, caption="A").json()
    same = call(sandbox, "editMessageText", chat_id=CHAT, message_id=number, text="One")
    assert (same.status_code, "message is not modified" in same.text) == (400, True)
    assert (
        call(sandbox, "editMessageText", chat_id=CHAT, message_id=number, text="Two").json()["result"]["text"] == "Two"
    )
    photo_number = photo["result"]["message_id"]
    assert call(sandbox, "editMessageCaption", chat_id=CHAT, message_id=photo_number, caption="B").status_code == 200
    assert (
        "no text in the message"
        in call(sandbox, "editMessageText", chat_id=CHAT, message_id=photo_number, text="C").text
    )
    assert call(sandbox, "deleteMessage", chat_id=CHAT, message_id=number).json() == {"ok": True, "result": True}
    assert "message to delete not found" in call(sandbox, "deleteMessage", chat_id=CHAT, message_id=number).text
    assert [(p["text"], p["deleted"], bool(p["edited"])) for p in sandbox.posts("telegram")] == [
        ("Two", True, True),
        ("B", False, True),
    ]


def test_each_channel_counts_its_own_messages(sandbox: Sandbox) -> None:
    arabic = credentials("telegram", "ar")
    numbers = [
        call(sandbox, "sendMessage", token, chat_id=chat, text="One").json()["result"]["message_id"]
        for token, chat in ((TOKEN, CHAT), (arabic["bot_token"], arabic["chat_id"]))
    ]
    assert numbers == [1, 1]
    assert call(sandbox, "editMessageText", chat_id=CHAT, message_id=1, text="Two").status_code == 200
    assert [(post["account"], post["text"]) for post in sandbox.posts("telegram")] == [("en", "Two"), ("ar", "One")]


def test_who_the_bot_is(sandbox: Sandbox) -> None:
    assert call(sandbox, "getMe").json()["result"]["is_bot"] is True
    assert call(sandbox, "GETCHAT", chat_id=CHAT).json()["result"]["username"] == CHAT[1:]
    assert call(sandbox, "noSuchMethod").status_code == 404


def test_no_token_in_the_request_log(sandbox: Sandbox) -> None:
    call(sandbox, "getMe")
    log = requests.get(f"{sandbox.url}/_sandbox/telegram/requests", timeout=10)
    assert [entry["path"] for entry in log.json()] == ["/bot***/getMe"]
