"""What an Event brings to the store, and what the store answers."""

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from publisher.domain.model import Event, Kind, Photo, Post

DUPLICATE, CONFLICT = "duplicate", "conflict"
PUBLISHED, WITHDRAWN = "published", "withdrawn"
TOLD = tuple(field.name for field in fields(Post) if field.name != "modified_at")


@dataclass(frozen=True)
class Planned:
    """One Delivery that routing wants: to whom, from when, until when."""

    account: str
    channel: str
    again_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Arrival:
    """One verified Event with the Deliveries it would cause; `event` None is recorded and ignored (`verdict` why).

    `digest` is that of the body: one event id must not tell two things.
    """

    source: str
    event_id: str
    event: Event | None
    post: Post | None
    plan: tuple[Planned, ...] = ()
    verdict: str = ""
    actor: str = "cms"
    digest: str = ""


@dataclass(frozen=True)
class Intake:
    """What became of an Arrival: `verdict` in a word or two, the ids of its Post and of the Post's Deliveries."""

    verdict: str
    post_id: str = ""
    deliveries: tuple[str, ...] = ()
    channels: frozenset[str] = frozenset()


def content_hash(post: Post) -> str:
    """What makes two tellings of a Post the same: everything but the moment of the last save."""
    return hashlib.sha256(repr([getattr(post, name) for name in TOLD]).encode()).hexdigest()


def to_json(post: Post) -> dict[str, Any]:
    """A Post as JSON; `from_json` is its inverse."""
    return {
        **vars(post),
        "photos": [vars(photo) for photo in post.photos],
        "modified_at": post.modified_at.isoformat(),
        "published_at": post.published_at.isoformat() if post.published_at else None,
    }


def from_json(body: dict[str, Any]) -> Post:
    """The Post that `to_json` wrote."""
    moment = body["published_at"]
    photos = [{**photo, "focal": tuple(photo["focal"]) if photo["focal"] else None} for photo in body["photos"]]
    return Post(
        **{
            **body,
            "kind": Kind(body["kind"]),
            "categories": tuple(body["categories"]),
            "tags": tuple(body["tags"]),
            "photos": tuple(Photo(**photo) for photo in photos),
            "modified_at": datetime.fromisoformat(body["modified_at"]),
            "published_at": datetime.fromisoformat(moment) if moment else None,
        }
    )
