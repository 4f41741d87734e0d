"""The registry: one line a CMS. A reader verifies a webhook's signature, then reads its event into our nouns."""

from publisher.cms.base import Cms
from publisher.cms.ghost import Ghost
from publisher.cms.standard import Standard
from publisher.cms.wordpress import WordPress

KINDS: dict[str, type[Cms]] = {
    "standard": Standard,
    "ghost": Ghost,
    "wordpress": WordPress,
}
