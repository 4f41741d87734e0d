"""A Post becomes a Rendition for one Account. The preview and the payload are this one function."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from publisher.connector.base import Connector
from publisher.domain.capability import Picture
from publisher.domain.compose import compose
from publisher.domain.failures import Rejected
from publisher.domain.model import Edition, Image, Post, Rendition
from publisher.services.picture import PATIENCE, Pictures
from publisher.settings import Settings


@dataclass(frozen=True)
class Renderer:
    """Text by template, pictures by Capability, and the check that nothing exceeds what the platform takes."""

    settings: Settings
    editions: Mapping[str, Edition]
    pictures: Pictures
    templates: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def render(self, post_id: str, post: Post, channel: type[Connector], tries: int = PATIENCE) -> Rendition:
        """What will be sent; raises Rejected with every limit it would exceed."""
        edition, capability = self.editions[post.edition], channel.capability
        images = self.pictures.of(post_id, post, edition, capability, tries)
        path, template = self._template(channel.name, edition.name)
        pictured = bool(images) and capability.picture is Picture.ATTACHED
        try:
            rendition = compose(post, edition, capability, template, channel=channel.name, pictured=pictured)
        except ValueError as problem:
            raise Rejected(f"template {path}: {problem}", field="text") from None
        rendition = replace(rendition, images=tuple(_described(image, capability.alt) for image in images))
        if problems := capability.check(rendition):
            raise Rejected("; ".join(problems), field=problems[0].split(":", 1)[0])
        return rendition

    def _template(self, channel: str, edition: str) -> tuple[str, str]:
        """Path and source, read once a process like all settings."""
        found = self.templates.get((channel, edition))
        if found is None:
            found = self.templates[channel, edition] = self.settings.template(channel, edition)
        return found


def _described(image: Image, most: int) -> Image:
    """The picture with no more alt text than the platform takes."""
    return replace(image, alt=image.alt[:most]) if most else image
