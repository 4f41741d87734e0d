"""What a Channel can carry, as data, and the check that nothing exceeds it."""

from dataclasses import dataclass
from enum import StrEnum

from publisher.domain.model import Rendition, Size
from publisher.domain.text import Unit, measure

KIB = 1024
MIB = 1024 * KIB


class Link(StrEnum):
    """How a link reaches the reader: written in the text, or beside it as a field of its own."""

    INLINE = "inline"
    FIELD = "field"


class Picture(StrEnum):
    """What becomes of a Post's Card: attached to the post, or the thumbnail of its link card."""

    ATTACHED = "attached"
    LINK_CARD = "link_card"
    NONE = "none"


class Doubt(StrEnum):
    """How a lost answer to `publish` is settled: repeat with the same key, or a person looks."""

    REPEAT = "repeat"
    ASK = "ask"


@dataclass(frozen=True)
class Capability:
    """Limits of one Channel, each from `source` (an https page, read on the date in the channel's docstring).

    `text` and `caption` (text beside a picture; 0 = same as `text`) are counted in `unit`; `text_bytes` is a second
    limit in UTF-8 bytes (0 = none); every URL counts `url_cost` (0 = its own length). `title` and `summary` bound
    the fields of a link card, `alt` one picture's description, in code points (0 = the platform takes none).
    `image_bytes` bytes each, `images` at most, `image_types` MIME types. `card` is the size a drawn Card should have.
    `doubt_window`: seconds in which repeating with the same key is safe (0 with REPEAT: for ever).
    `draft_life`: seconds for which what `prepare` returned stays usable (0: for ever).
    """

    source: str
    text: int
    unit: Unit
    caption: int = 0
    text_bytes: int = 0
    url_cost: int = 0
    title: int = 0
    summary: int = 0
    images: int = 0
    image_bytes: int = 0
    image_types: tuple[str, ...] = ("image/jpeg", "image/png")
    alt: int = 0
    card: Size | None = None
    picture: Picture = Picture.ATTACHED
    link: Link = Link.INLINE
    hashtags: bool = True
    doubt: Doubt = Doubt.ASK
    doubt_window: int = 0
    draft_life: int = 0
    edits: bool = False
    deletes: bool = False
    cost: str = "free"

    def text_limit(self, *, pictured: bool) -> int:
        """The text's limit in `unit`, with or without a picture beside it."""
        return self.caption if pictured and self.caption else self.text

    def check(self, rendition: Rendition) -> tuple[str, ...]:
        """Every way `rendition` exceeds this Capability, in words; empty when it may be sent."""
        problems = []
        pictured = bool(rendition.images) and self.picture is Picture.ATTACHED
        limit, length = self.text_limit(pictured=pictured), measure(rendition.text, self.unit, self.url_cost)
        if length > limit:
            problems.append(f"text: {length} {self.unit} where {limit} fit")
        size = len(rendition.text.encode())
        if self.text_bytes and size > self.text_bytes:
            problems.append(f"text: {size} bytes where {self.text_bytes} fit")
        if len(rendition.images) > self.images:
            problems.append(f"images: {len(rendition.images)} where {self.images} fit")
        for number, image in enumerate(rendition.images, 1):
            if len(image.content) > self.image_bytes:
                problems.append(f"image {number}: {len(image.content)} bytes where {self.image_bytes} fit")
            if image.mime not in self.image_types:
                problems.append(f"image {number}: {image.mime} is not taken (only {', '.join(self.image_types)})")
            if self.alt and len(image.alt) > self.alt:
                problems.append(f"image {number}: alt text of {len(image.alt)} characters where {self.alt} fit")
        return tuple(problems)
