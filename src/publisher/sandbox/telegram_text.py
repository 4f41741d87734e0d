"""Telegram's text: what HTML leaves after parsing, and whether given entities fit. Offsets are UTF-16 units.

https://core.telegram.org/bots/api#html-style (10.1, 2026-06-11). Unverified: the words for entities out of bounds
(the real server may clip them; here they are refused, so that a wrong offset is seen).
"""

import re
from typing import Any

from publisher.sandbox.counting import utf16
from publisher.sandbox.state import Span
from publisher.sandbox.text import linkified

Entity = dict[str, Any]
TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
KINDS = frozenset(TAGS.values()) | {
    *("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "expandable_blockquote"),
    "text_mention",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
TAG = re.compile(r"<(/?)([a-zA-Z-]*)([^<>]*)>")
REFERENCE = re.compile(r"&(?:#(\d+)|#x([0-9a-fA-F]+)|([a-z]+));")
HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")


class ParseError(ValueError):
    """What follows "Bad Request: can't parse entities: "."""


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The text without tags, and its entities."""
    text, entities, at = "", [], 0
    open_tags: list[tuple[str, int, str]] = []
    for tag in TAG.finditer(source):
        text += _plain(source, at, tag.start())
        at = tag.end()
        name, where = tag[2].lower(), len(source[: tag.start()].encode())
        if name not in TAGS:
            raise ParseError(f'Unsupported start tag "{name}" at byte offset {where}')
        if not tag[1]:
            href = HREF.search(tag[3])
            open_tags.append((name, utf16(text), _unescaped(next(filter(None, href.groups()), "") if href else "")))
        elif not open_tags or open_tags[-1][0] != name:
            found = f', expected "</{open_tags[-1][0]}>"' if open_tags else ""
            raise ParseError(f"Unmatched end tag at byte offset {where}{found}")
        else:
            entities.append(_entity(open_tags.pop(), utf16(text)))
    text += _plain(source, at, len(source))
    if open_tags:
        raise ParseError(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return text, [entity for entity in entities if entity["length"]]


def check_entities(text: str, entities: list[Any]) -> None:
    """Raises ParseError on an entity of a wrong shape or one that cuts a character or leaves the text."""
    units = text.encode("utf-16-le")
    for entity in entities:
        if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
            raise ParseError("MessageEntity must be an Object with a String type")
        offset, length = entity.get("offset"), entity.get("length")
        if not isinstance(offset, int) or not isinstance(length, int) or isinstance(offset, bool):
            raise ParseError("MessageEntity offset and length must be of type Integer")
        if entity["type"] not in KINDS or (entity["type"] == "text_link" and not entity.get("url")):
            raise ParseError(f"unsupported entity {entity['type']} or no url")
        edges = (offset, offset + length)
        if offset < 0 or length < 1 or edges[1] * 2 > len(units) or any(_splits(units, edge) for edge in edges):
            raise ParseError(f"ENTITY_BOUNDS_INVALID at {offset}, {length}")


def found_entities(text: str, given: list[Entity]) -> list[Entity]:
    """The given ones and those Telegram finds by itself (URLs, hashtags) where none was given."""
    taken = [(entity["offset"], entity["offset"] + entity["length"]) for entity in given]
    entities = list(given)
    for span in linkified(text):
        start, end = utf16(text[: span.start]), utf16(text[: span.end])
        if not any(low < end and start < high for low, high in taken):
            kind = "url" if span.kind == "link" else "hashtag"
            entities.append({"type": kind, "offset": start, "length": end - start})
    return sorted(entities, key=lambda entity: int(entity["offset"]))


def spans(text: str, entities: list[Entity]) -> list[Span]:
    """Links, hashtags and bold as readers see them, in code points."""
    units, seen = text.encode("utf-16-le"), []
    kinds = {"url": "link", "text_link": "link", "hashtag": "hashtag", "bold": "bold"}
    for entity in entities:
        low, high = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
        start, part = len(units[:low].decode("utf-16-le")), units[low:high].decode("utf-16-le")
        if entity["type"] in kinds:
            value = str(entity.get("url") or part.removeprefix("#"))
            seen.append(Span(start, start + len(part), kinds[entity["type"]], value))
    return seen


def _entity(tag: tuple[str, int, str], end: int) -> Entity:
    name, start, url = tag
    entity: Entity = {"type": TAGS[name], "offset": start, "length": end - start}
    return entity | ({"url": url} if name == "a" else {})


def _plain(source: str, start: int, end: int) -> str:
    part = source[start:end]
    if "<" in part:
        where = len(source[: start + part.index("<")].encode())
        raise ParseError(f"Unclosed start tag at byte offset {where}")
    return _unescaped(part)


def _unescaped(part: str) -> str:
    """Four named references and numbers; Telegram leaves anything else as it stands."""

    def one(found: "re.Match[str]") -> str:
        decimal, hexadecimal, name = found.groups()
        if name:
            return NAMED.get(name, found[0])
        return chr(int(decimal) if decimal else int(hexadecimal, 16))

    return REFERENCE.sub(one, part)


def _splits(units: bytes, edge: int) -> bool:
    """Whether a boundary falls between the two halves of a surrogate pair."""
    after = units[edge * 2 : edge * 2 + 2]
    return len(after) == 2 and 0xDC <= after[1] <= 0xDF
