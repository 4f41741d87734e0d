"""Any receiver of Standard Webhooks: a newsroom's own app, an automation, another site.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (mirror of 2026-08-17).
The receiver drops a `webhook-id` it has seen, so a lost answer is settled by sending the same again.
"""

import hashlib
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
        edits=True,
        deletes=True,
        source="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    )
    secrets = ("secret",)
    errors = {410: Unauthorized, 502: TryLater, 503: TryLater, 504: TryLater}

    def prepare(self, rendition: Rendition) -> JSON:
        return {"timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"), "data": _data(rendition)}

    def publish(self, draft: JSON, key: str) -> Receipt:
        self._tell(_event("published", key, draft), key, publish=True)
        return Receipt(ids=(key,))

    def edit(self, receipt: Receipt, draft: JSON) -> Receipt:
        """The same correction again has the same `webhook-id`, another one a new one."""
        body = _event("updated", receipt.ids[0], draft)
        self._tell(body, f"{receipt.ids[0]}-{hashlib.sha256(body).hexdigest()[:16]}")
        return receipt

    def delete(self, receipt: Receipt) -> None:
        draft = {"timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"), "data": {}}
        self._tell(_event("deleted", receipt.ids[0], draft), f"{receipt.ids[0]}-deleted")

    def verify(self) -> Identity:
        """The address without what may be secret in it; nothing is sent, a receiver knows no harmless message."""
        self._signing_key()
        address = urlsplit(self.http.base_url)
        host = f"{address.hostname}:{address.port}" if address.port else address.hostname
        return Identity(handle=f"{host}{address.path}")

    def words(self, answer: Answer) -> Iterable[str | int]:
        return [answer.status, answer.text[:300]]

    def _tell(self, body: bytes, message_id: str, *, publish: bool = False) -> None:
        seconds = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(self._signing_key(), message_id, seconds, body),
        }
        self.http.call("POST", "", publish=publish, data=body, headers=headers)

    def _signing_key(self) -> bytes:
        try:
            return signing_key(self.secret("secret"))
        except ValueError as error:
            raise Unauthorized(str(error)) from None


def _event(what: str, post_id: str, draft: JSON) -> bytes:
    """The body, byte for byte the same for the same draft: the receiver may compare repeats."""
    data = {"id": post_id, **draft["data"]}
    event = {"type": f"post.{what}", "timestamp": draft["timestamp"], "data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


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
