"""Mastodon and servers that speak its API.

https://docs.joinmastodon.org/methods/statuses/, /methods/media/, /api/rate-limits/ (Mastodon 4.5; read 2026-07-02).
Servers of its API may ignore Idempotency-Key (seen: snac 2.75); the instance's own limits are read by `verify`.
"""

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from publisher.connector.base import Connector, Option
from publisher.connector.http import Answer, Http
from publisher.domain.capability import MIB, Capability, Doubt
from publisher.domain.failures import OutcomeUnknown, Rejected, TryLater, Unauthorized
from publisher.domain.model import JSON, Account, Identity, Image, Receipt, Rendition, Size
from publisher.domain.text import Unit

GONE = 404


class Mastodon(Connector):
    name = "mastodon"
    brand = "Mastodon"
    capability = Capability(
        text=500,
        unit=Unit.GRAPHEMES,
        url_cost=23,
        images=4,
        image_bytes=16 * MIB,
        image_types=("image/jpeg", "image/png", "image/webp", "image/gif"),
        alt=1500,
        card=Size(1200, 630),
        doubt=Doubt.REPEAT,
        doubt_window=3600,
        draft_life=86_400,
        edits=True,
        deletes=True,
        source="https://docs.joinmastodon.org/user/posting/",
    )
    options = (Option("visibility", "public", "public, unlisted, private or direct"),)
    secrets = ("access_token",)
    errors = {
        "not finished processing": TryLater,
        "access token": Unauthorized,
        "outside the authorized scopes": Unauthorized,
        "Validation failed": Rejected,
        "Remote data could not be fetched": OutcomeUnknown,
        403: Unauthorized,
    }

    def __init__(self, account: Account, http: Http) -> None:
        super().__init__(account, http)
        http.headers["Authorization"] = f"Bearer {self.secret('access_token')}"

    def prepare(self, rendition: Rendition) -> JSON:
        return {
            "status": rendition.text,
            "language": rendition.language,
            "visibility": self.option("visibility"),
            "media_ids": [self._upload(image) for image in rendition.images],
        }

    def publish(self, draft: JSON, key: str) -> Receipt:
        answer = self.http.publish("POST", "/api/v1/statuses", json=draft, headers={"Idempotency-Key": key})
        return Receipt(ids=(self.http.receipt(answer, "id"),), url=str(answer.field("url") or ""))

    def edit(self, receipt: Receipt, draft: JSON) -> Receipt:
        """Words and pictures; who may see a status stays as it was."""
        changed = {name: value for name, value in draft.items() if name != "visibility"}
        self.http.call("PUT", f"/api/v1/statuses/{receipt.ids[0]}", json=changed)
        return receipt

    def delete(self, receipt: Receipt) -> None:
        answer = self.http.call("DELETE", f"/api/v1/statuses/{receipt.ids[0]}", ok=(GONE,))
        if answer.status == GONE and not answer.field("error"):
            raise Rejected("the server has no call to delete a status: remove it there by hand")

    def verify(self) -> Identity:
        me = self.http.call("GET", "/api/v1/accounts/verify_credentials")
        return Identity(handle=f"@{self.http.receipt(me, 'acct')}", url=str(me.field("url") or ""))

    def words(self, answer: Answer) -> Iterable[str | int]:
        return [str(answer.field("error") or ""), answer.status]

    def retry_after(self, answer: Answer) -> float:
        """X-RateLimit-Reset is an ISO 8601 time here; Retry-After is not documented but taken where it comes."""
        reset = answer.headers.get("X-RateLimit-Reset", "")
        try:
            return max(answer.retry_after, datetime.fromisoformat(reset).timestamp() - time.time())
        except ValueError:
            return answer.retry_after

    def _upload(self, image: Image) -> str:
        files: dict[str, Any] = {"file": (image.filename, image.content, image.mime)}
        # 202 (still processing) has the id too; a status that comes too early is refused with 422 and waits
        answer = self.http.call("POST", "/api/v2/media", files=files, data={"description": image.alt})
        return self.http.receipt(answer, "id")
