"""Telegram's messages: what may be said, and how the Bot API gives it back.

https://core.telegram.org/bots/api#message (10.1, 2026-06-11). Unverified: which white space Telegram trims (the end).
"""

import json
from datetime import datetime
from typing import Any

from publisher.sandbox.accounts import profile
from publisher.sandbox.counting import utf16
from publisher.sandbox.network import truth
from publisher.sandbox.state import Post
from publisher.sandbox.telegram_text import ParseError, check_entities, found_entities, parse_html, spans
from publisher.sandbox.wire import Answer, RefusedError, reply

Fields = dict[str, Any]


def failure(code: int, description: str, **parameters: int) -> Answer:
    value: Fields = {"ok": False, "error_code": code, "description": description}
    return reply(code, value | ({"parameters": parameters} if parameters else {}))


def bad(words: str) -> RefusedError:
    return RefusedError(failure(400, f"Bad Request: {words}"))


def say(post: Post, fields: Fields, field: str, limit: int) -> None:
    """Put text and entities into a post, or refuse them; a caption may be empty, a text may not."""
    source = fields.get(field, "")
    if not isinstance(source, str):
        raise bad(f'field "{field}" must be of type String')
    try:
        text, entities = _parsed(source, fields, "entities" if field == "text" else "caption_entities")
    except ParseError as error:
        raise bad(f"can't parse entities: {error}") from error
    if field == "text" and not text.strip():
        raise bad("message text is empty")
    if utf16(text) > limit:
        raise bad("message is too long" if field == "text" else "MEDIA_CAPTION_TOO_LONG")
    post.text, post.spans = text, spans(text, entities)
    preview = _object(fields.get("link_preview_options"))
    off = truth(preview.get("is_disabled"), default=False)
    links = [span.value for span in post.spans if span.kind == "link"]
    post.link = "" if off else str(preview.get("url") or next(iter(links), ""))
    post.card = {"uri": post.link} if post.link and not post.media else {}
    post.detail = {"entities": entities, "preview": preview}


def _parsed(source: str, fields: Fields, field: str) -> tuple[str, list[Fields]]:
    """Trailing white space goes, leading too; entities count from the start of what was sent, so that stays put."""
    mode, given = str(fields.get("parse_mode") or ""), fields.get(field)
    if mode.lower() == "html":
        text, entities = parse_html(source)
        return text.rstrip(), found_entities(text.rstrip(), [e for e in entities if e["offset"] < utf16(text.rstrip())])
    if mode:
        raise bad("unsupported parse_mode")
    entities = given if given is not None else []
    if isinstance(entities, str):
        try:
            entities = json.loads(entities)
        except ValueError as error:
            raise ParseError("can't parse entities JSON object") from error
    if not isinstance(entities, list):
        raise ParseError("entities must be an Array of MessageEntity")
    text = source.rstrip() if not entities else source
    check_entities(text, entities)
    return text, found_entities(text, entities)


def _object(value: Any) -> Fields:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise bad("can't parse link preview options JSON object") from error
    if value is not None and not isinstance(value, dict):
        raise bad("object expected as link preview options")
    return value or {}


def chat(name: str) -> Fields:
    who = profile("telegram", name)
    return {"id": int(who.id), "title": who.title, "username": who.handle, "type": "channel"}


def message(post: Post) -> Fields:
    """A Message of a channel."""
    place, when = chat(post.account), int(datetime.fromisoformat(post.created).timestamp())
    value: Fields = {"message_id": int(post.id), "sender_chat": place, "chat": place, "date": when}
    entities = post.detail["entities"]
    if not post.media:
        extra = {"entities": entities} if entities else {}
        return value | {"text": post.text} | extra
    media = post.media[0]
    photo = {"file_id": media.sha256, "file_unique_id": media.sha256[:16], "file_size": media.size}
    value["photo"] = [photo | {"width": media.width, "height": media.height}]
    return value | ({"caption": post.text, "caption_entities": entities} if post.text else {})
