"""Any receiver of Standard Webhooks: a newsroom's own app, an automation, another site.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (mirror of 2026-08-17).
The receiver drops a `webhook-id` it has seen, so a lost answer is settled by sending the same again.
"""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from publisher.connector.base import Connector
from publisher.connector.http import Answer
from publisher.connector.standard_webhooks import signature, signing_key
from publisher.domain.capability import MIB, Capability, Doubt, Link
from publisher.domain.failures import TryLater, Unauthorized
from publisher.domain.model import JSON, Identity, Image, Receipt, Rendition, Size
from publisher.domain.text import Unit


class Webhook(Connector):
    name = "webhook"
    brand = "Webhook"
    # the whole payload should stay below 20 kB; pictures travel as addresses
    capability = Capability(
        text=5000,
        unit=Unit.CODEPOINTS,
        text_bytes=10_000,
        images=10,
        image_bytes=5 * MIB,
        alt=500,
        card=Size(1200, 630),
        link=Link.FIELD,
        doubt=Doubt.REPEAT,
        source="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    )
    secrets = ("secret",)
    errors = {410: Unauthorized, 502: TryLater, 503: TryLater, 504: TryLater}

    def prepare(self, rendition: Rendition) -> JSON:
        """The body as it will be sent each time, byte for byte: the receiver may compare repeats."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        event = {"type": "post.published", "timestamp": now, "data": _data(rendition)}
        return {"body": json.dumps(event, ensure_ascii=False, separators=(",", ":"))}

    def publish(self, draft: JSON, key: str) -> Receipt:
        body, seconds = draft["body"].encode(), int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(self._signing_key(), key, seconds, body),
        }
        self.http.publish("POST", "", data=body, headers=headers)
        return Receipt(ids=(key,))

    def verify(self) -> Identity:
        """The address without what may be secret in it; nothing is sent, a receiver knows no harmless message."""
        self._signing_key()
        address = urlsplit(self.http.base_url)
        host = f"{address.hostname}:{address.port}" if address.port else address.hostname
        return Identity(handle=f"{host}{address.path}")

    def words(self, answer: Answer) -> Iterable[str | int]:
        return [answer.status, answer.text[:300]]

    def _signing_key(self) -> bytes:
        try:
            return signing_key(self.secret("secret"))
        except ValueError as error:
            raise Unauthorized(str(error)) from None


def _data(rendition: Rendition) -> JSON:
    return {
        "title": rendition.title,
        "text": rendition.text,
        "summary": rendition.summary,
        "url": rendition.link,
        "language": rendition.language,
        "direction": rendition.direction.value,
        "kind": rendition.kind.value,
        "site_name": rendition.site_name,
        "author": rendition.author,
        "published_at": rendition.published_at.isoformat() if rendition.published_at else None,
        "images": [_image(image) for image in rendition.images],
    }


def _image(image: Image) -> JSON:
    return {
        "url": image.url,
        "sha256": image.sha256,
        "mime": image.mime,
        "width": image.size.width,
        "height": image.size.height,
        "alt": image.alt,
    }
