"""WordPress, through the project's own plugin: Standard Webhooks around the post as the REST API shows it.

    {"type": "post.published", "timestamp": "2026-11-24T10:00:00Z",
     "data": {"post": {…wp/v2/posts/ID?_embed…}, "old_status": "draft", "new_status": "publish",
              "password_protected": false, "edition": "fa", "language": "fa_IR", "translation_of": "17"}}

Only `post` is needed. `type` says what became of the public page: there now, changed, gone, deleted.
https://developer.wordpress.org/rest-api/reference/posts/ (bodies of WordPress 6.1.9, 2026-11-23).
"""

from datetime import datetime

from publisher.cms.base import Incoming
from publisher.cms.fields import EDITION, NAME, NAMES, SUMMARY, TITLE, Fields
from publisher.cms.standard import Standard
from publisher.domain.html import plain
from publisher.domain.model import Event, Kind, Photo, Post

_HIDDEN = {
    "publish": "",
    "draft": "draft",
    "auto-draft": "draft",
    "pending": "draft",
    "future": "scheduled",
    "private": "private",
}
"""Status of a post -> why not everyone may see it; what is not named here (trash, a plugin's own) is not public."""

_KINDS = {"gallery": Kind.PHOTO, "image": Kind.PHOTO, "video": Kind.VIDEO}
_IDS = 2**64  # WordPress keeps them as BIGINT UNSIGNED
_RENDERED = 20_000  # HTML of a short text: markup and entities may outweigh it four times


class WordPress(Standard):
    """Verifies Standard Webhooks and reads the REST view of a post."""

    def told(self, event_id: str, event: Event, at: datetime, data: Fields) -> Incoming:
        post = data.object("post", required=True)
        if (post.text("type", NAME) or "post") != "post":
            return Incoming(event_id, None, None, "not a post")
        if event in (Event.PUBLISH, Event.UPDATE) and (hidden := _hidden(data, post)):
            old = data.text("old_status", NAME)
            if old != "publish" and (old or event is Event.PUBLISH):
                return Incoming(event_id, None, None, hidden)
            event = Event.UNPUBLISH
        modified_at = post.moment("modified_gmt", naive_is_utc=True) or at
        if event in (Event.UNPUBLISH, Event.DELETE):
            return Incoming(event_id, event, self.trace(_id(post), self.edition(data), modified_at))
        return Incoming(event_id, event, self._whole(data, post, modified_at))

    def edition(self, data: Fields) -> str:
        """Named by the plugin; else the language, by the plugin or by Polylang's own field of the post."""
        language = data.text("language", EDITION) or data.object("post").text("lang", EDITION)
        return self.edition_of(data.text("edition", EDITION), language)

    def _whole(self, data: Fields, post: Fields, modified_at: datetime) -> Post:
        embedded = post.object("_embedded")
        return Post(
            source=self.source.name,
            id=_id(post),
            edition=self.edition(data),
            title=_rendered(post, "title", TITLE, required=True),
            url=post.url("link", required=True),
            modified_at=modified_at,
            kind=_KINDS.get(post.text("format", NAME), Kind.ARTICLE),
            summary=_rendered(post, "excerpt", SUMMARY),
            html=post.object("content").html("rendered"),
            author=next((author.text("name", NAME) for author in embedded.objects("author", NAMES)), ""),
            categories=_terms(embedded, "category"),
            tags=_terms(embedded, "post_tag"),
            photos=_photos(embedded),
            published_at=post.moment("date_gmt", naive_is_utc=True),
            translation_of=data.text("translation_of", NAME),
        )


def _hidden(data: Fields, post: Fields) -> str:
    """Why not everyone may see a post, or ""."""
    for status in (post.text("status", NAME), data.text("new_status", NAME) or "publish"):
        if verdict := _HIDDEN.get(status, "not public"):
            return verdict
    protected = data.flag("password_protected") or post.object("content").flag("protected")
    return "password-protected" if protected else ""


def _id(post: Fields) -> str:
    number = post.value.get("id")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < _IDS:
        post.fault("id", "is not a positive integer")
    return str(number)


def _rendered(post: Fields, name: str, limit: int, *, required: bool = False) -> str:
    """The plain text of a field the REST API shows as HTML."""
    field = post.object(name, required=required)
    text = plain(field.text("rendered", _RENDERED, required=required))
    return Fields({"rendered": text}, field.path).text("rendered", limit, required=required)


def _terms(embedded: Fields, taxonomy: str) -> tuple[str, ...]:
    """Names of the post's terms: a list for each taxonomy, an error object where the REST API could not embed it."""
    where = embedded.at("wp:term")
    lists = {str(n): found for n, found in enumerate(embedded.items("wp:term", NAMES)) if isinstance(found, list)}
    terms = [term for n in lists for term in Fields(lists, where).objects(n, NAMES)]
    names = [plain(term.text("name", NAME)) for term in terms if term.text("taxonomy", NAME) == taxonomy]
    return tuple(name for name in dict.fromkeys(names) if name)


def _photos(embedded: Fields) -> tuple[Photo, ...]:
    """The featured image, where there is one and the REST API could embed it."""
    return tuple(
        Photo(url, media.text("alt_text", SUMMARY), _rendered(media, "caption", SUMMARY))
        for media in embedded.objects("wp:featuredmedia", NAMES)
        if media.text("media_type", NAME) == "image" and (url := media.url("source_url"))
    )
