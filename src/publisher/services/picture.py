"""The pictures of a Post: its Card, drawn once and kept; its photos, fetched, fitted and kept."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

import requests

from publisher import cards
from publisher.connector.fetch import fetch
from publisher.domain.capability import Capability
from publisher.domain.failures import Rejected, TryLater
from publisher.domain.model import Brand, Edition, Image, Kind, Photo, Post, Size
from publisher.store import Store, read
from publisher.store.pictures import Picture

PHOTO_BYTES = 40 * 1024 * 1024
CARD_BYTES = 280 * 1024
ALT_CHARACTERS = 1000
RECENT = 32
"""Pictures kept in memory, at about 150 KB each: one article goes to many accounts at once."""
PATIENCE = 2
"""Tries for which a Delivery waits for a photo's server before its Card is drawn without the photo."""


class _Lock:
    """A lock that can be weakly held: gone when nobody draws under its key."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


@dataclass(frozen=True)
class Shape:
    """How large a Card may be: in pixels and in bytes."""

    size: Size
    most_bytes: int


@dataclass
class Pictures:
    """Finds or makes the pictures a Channel takes of a Post; at most one thread makes any one of them."""

    store: Store
    brand: Brand
    base_url: str
    session: Callable[[], requests.Session]
    _locks: WeakValueDictionary[str, _Lock] = field(default_factory=WeakValueDictionary)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _recent: dict[str, Image] = field(default_factory=dict)

    def of(
        self, post_id: str, post: Post, edition: Edition, capability: Capability, tries: int = PATIENCE
    ) -> tuple[Image, ...]:
        """What stands beside the text: the photos of a photo Post, else the Card, else nothing."""
        if not capability.images or capability.card is None:
            return ()
        if post.kind is Kind.PHOTO and post.photos:
            photos = post.photos[: capability.images]
            return tuple(self._photo(post_id, post, photo, capability) for photo in photos)
        return (self._card(post_id, post, edition, capability, tries),)

    def _card(self, post_id: str, post: Post, edition: Edition, capability: Capability, tries: int) -> Image:
        assert capability.card
        size, most = capability.card, min(CARD_BYTES, capability.image_bytes)
        photo = post.photos[0] if post.photos else None
        brief = cards.Brief(
            headline=post.title,
            category=post.categories[0] if post.categories else "",
            site_name=edition.site_name,
            date="",
            language=edition.language,
            direction=edition.direction,
        )
        # the photo's address stands for its bytes: looking whether a Card is there must not fetch the photo
        shown = f"{photo.url} {photo.alt}".encode() if photo else None
        key = cards.card_key(brief, self.brand, shown, size, most, focal=photo.focal if photo else None)
        return self._kept(key, post_id, lambda: self._draw(post, brief, Shape(size, most), tries))

    def _photo(self, post_id: str, post: Post, photo: Photo, capability: Capability) -> Image:
        made_from = repr((cards.VERSION, photo, post.title, capability.image_bytes))
        key = hashlib.sha256(made_from.encode()).hexdigest()
        return self._kept(key, post_id, lambda: self._fit(post, photo, capability))

    def _kept(self, key: str, post_id: str, make: Callable[[], tuple[Image, tuple[str, ...]]]) -> Image:
        with self._guard:
            held = self._locks.setdefault(key, _Lock())
        with held.lock:
            image = self._recent.get(key)
            if image is None:
                image = self._stored(key) or self._made(key, post_id, make)
        with self._guard:
            self._recent[key] = image
            while len(self._recent) > RECENT:
                del self._recent[next(iter(self._recent))]
        return replace(image, url=f"{self.base_url}/cards/{image.sha256}.jpg")

    def _stored(self, key: str) -> Image | None:
        row = self.store.look(read.card, key=key)
        return Image(row.content, row.mime, Size(row.width, row.height), row.alt, row.sha256) if row else None

    def _made(self, key: str, post_id: str, make: Callable[[], tuple[Image, tuple[str, ...]]]) -> Image:
        image, warnings = make()
        if post_id:  # an article that is only looked at leaves nothing behind
            self.store.keep_picture(Picture(key, post_id, image, warnings))
        return image

    def _draw(self, post: Post, brief: cards.Brief, shape: Shape, tries: int) -> tuple[Image, tuple[str, ...]]:
        """The Card, with the photo where it can be had: a broken photo must not keep the news from going out."""
        master, warnings = None, tuple[str, ...]()
        photo = post.photos[0] if post.photos else None
        try:
            master = self._master(photo) if photo else None
        except (Rejected, TryLater, cards.BadPhoto) as error:
            if isinstance(error, TryLater) and tries < PATIENCE:
                raise
            warnings = (f"drawn without its photo: {error}",)
        drawn = cards.draw_card(brief, self.brand, master, shape.size, shape.most_bytes)
        alt = (photo.alt if photo and master else "") or post.title
        return _image(drawn, alt), warnings + drawn.warnings

    def _fit(self, post: Post, photo: Photo, capability: Capability) -> tuple[Image, tuple[str, ...]]:
        """The photo itself, within the Channel's limits; one that can't be had or read fails the Delivery."""
        try:
            fitted = cards.fit_photo(self._master(photo), max_bytes=capability.image_bytes, max_side=2048)
        except cards.BadPhoto as error:
            raise Rejected(f"the photo can't be used: {error}", field="photos") from None
        return _image(fitted, photo.alt or photo.caption or post.title), fitted.warnings

    def _master(self, photo: Photo) -> cards.Master:
        content = fetch(self.session(), photo.url, most_bytes=PHOTO_BYTES)
        return cards.open_photo(content, ground=self.brand.ground, focal=photo.focal)


def _image(drawn: cards.Drawn, alt: str) -> Image:
    """What was drawn, with what a reader who can't see it is told."""
    return Image(drawn.content, drawn.mime, drawn.size, alt[:ALT_CHARACTERS], drawn.sha256)
