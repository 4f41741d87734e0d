"""Mastodon's JSON entities, without what no client of ours reads: https://docs.joinmastodon.org/entities/ (2026-07)."""

import html
from typing import Any

from publisher.sandbox.accounts import profile
from publisher.sandbox.state import Media, Post

INSTANCE: dict[str, Any] = {
    "title": "A fake Mastodon",
    "version": "4.5.0",
    "languages": ["en"],
    "configuration": {
        "accounts": {"max_featured_tags": 10},
        "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
        "media_attachments": {
            "supported_mime_types": ["image/jpeg", "image/png", "image/gif", "image/webp"],
            "description_limit": 1500,
            "image_size_limit": 16_777_216,
            "image_matrix_limit": 33_177_600,
        },
    },
}


def account(name: str, origin: str) -> dict[str, Any]:
    who = profile("mastodon", name)
    url = f"{origin}/mastodon/@{who.handle}"
    value = {"id": who.id, "username": who.handle, "acct": who.handle, "display_name": who.title, "url": url}
    return value | {"locked": False, "bot": True, "note": "", "uri": url, "emojis": [], "fields": []}


def attachment(identifier: str, media: Media, origin: str, *, ready: bool) -> dict[str, Any]:
    """A MediaAttachment; `url` is null while the server still works on it."""
    url = f"{origin}/_sandbox/media/{media.sha256}" if ready else None
    size = {"width": media.width, "height": media.height, "size": f"{media.width}x{media.height}"}
    value = {"id": identifier, "type": "image", "url": url, "preview_url": url, "remote_url": None}
    return value | {"meta": {"original": size}, "description": media.alt or None, "blurhash": None}


def status(post: Post) -> dict[str, Any]:
    origin = post.url.partition("/mastodon/")[0]
    media = [attachment(f"{post.id}{n}", item, origin, ready=True) for n, item in enumerate(post.media)]
    tags = [{"name": s.value.lower(), "url": f"{origin}/tags/{s.value}"} for s in post.spans if s.kind == "hashtag"]
    value: dict[str, Any] = {
        "id": post.id,
        "uri": post.url,
        "url": post.url,
        "created_at": post.created,
        "edited_at": post.edited,
    }
    value |= {"account": account(post.account, origin), "content": _content(post), "language": post.language or None}
    value |= {"media_attachments": media, "mentions": [], "tags": tags, "emojis": [], "card": None, "poll": None}
    counts = {"replies_count": 0, "reblogs_count": 0, "favourites_count": 0}
    reply_to = {"in_reply_to_id": None, "in_reply_to_account_id": None, "reblog": None}
    return value | counts | reply_to | post.detail


def _content(post: Post) -> str:
    """The text as HTML, links anchored."""
    parts, at = [], 0
    for span in post.spans:
        shown = html.escape(post.text[span.start : span.end])
        anchor = f'<a href="{html.escape(span.value)}">{shown}</a>' if span.kind == "link" else shown
        parts += [html.escape(post.text[at : span.start]), anchor]
        at = span.end
    return f"<p>{''.join(parts)}{html.escape(post.text[at:])}</p>".replace("\n", "<br>")
