"""X by its API v2, signed with OAuth 1.0a.

https://docs.x.com/x-api/posts/manage-tweets, /x-api/media/quickstart, /x-api/fundamentals/response-codes-and-errors and
/x-api/getting-started/pricing (OpenAPI v2.167 of 2026-08-22; prices of 2026-04-20). Editing needs X Premium and is not
offered. Unverified: a post's URL without the account's name.
"""

import time
from collections.abc import Iterable

from publisher.connector.base import Connector, Option
from publisher.connector.http import Answer, Http
from publisher.connector.oauth import oauth1
from publisher.domain.capability import Capability, Doubt
from publisher.domain.failures import Rejected, Unauthorized
from publisher.domain.model import JSON, Account, Identity, Image, Receipt, Rendition, Size
from publisher.domain.text import Unit

GONE = 404


class X(Connector):
    name = "x"
    brand = "X"
    capability = Capability(
        text=280,
        unit=Unit.WEIGHTED,
        images=4,
        image_bytes=5_000_000,
        image_types=("image/jpeg", "image/png", "image/webp"),
        alt=1000,
        card=Size(1200, 630),
        doubt=Doubt.ASK,
        draft_life=82_800,  # uploads are kept for a day
        deletes=True,
        cost="$0.015 a post, $0.20 with a link",
        source="https://docs.x.com/fundamentals/counting-characters",
    )
    base_url = "https://api.x.com"
    options = (Option("username", "", "the account's name without @, for links to its posts"),)
    secrets = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    errors = {
        "duplicate content": Rejected,
        "usage-capped": Rejected,  # the month's credits: no wait that a retry could sit out
        "client-forbidden": Unauthorized,
        "user-suspended": Unauthorized,
        "temporarily locked": Unauthorized,
        "not permitted": Rejected,
        "Unsupported Authentication": Unauthorized,
    }

    def __init__(self, account: Account, http: Http) -> None:
        super().__init__(account, http)
        http.auth = oauth1(*map(self.secret, self.secrets))

    def prepare(self, rendition: Rendition) -> JSON:
        ids = [self._upload(image) for image in rendition.images]
        return {"text": rendition.text, **({"media": {"media_ids": ids}} if ids else {})}

    def publish(self, draft: JSON, key: str) -> Receipt:
        del key  # X offers no idempotency key
        answer = self.http.publish("POST", "/2/tweets", json=draft)
        post_id, username = self.http.receipt(answer, "data", "id"), self.option("username")
        return Receipt(ids=(post_id,), url=f"https://x.com/{username or 'i/web'}/status/{post_id}")

    def delete(self, receipt: Receipt) -> None:
        self.http.call("DELETE", f"/2/tweets/{receipt.ids[0]}", ok=(GONE,))

    def verify(self) -> Identity:
        username = self.http.receipt(self.http.call("GET", "/2/users/me"), "data", "username")
        return Identity(handle=f"@{username}", url=f"https://x.com/{username}")

    def words(self, answer: Answer) -> Iterable[str | int]:
        """RFC 7807's detail and type; a list of errors beside them or instead."""
        listed = answer.field("errors")
        errors = [error for error in listed if isinstance(error, dict)] if isinstance(listed, list) else []
        said = [answer.field("detail"), *(error.get("message") for error in errors), answer.field("title")]
        return [str(word) for word in (*said, answer.field("type")) if word]

    def retry_after(self, answer: Answer) -> float:
        """x-rate-limit-reset is when the window ends, in seconds since 1970; there is no Retry-After."""
        try:
            return float(answer.headers.get("x-rate-limit-reset", "")) - time.time()
        except ValueError:
            return answer.retry_after

    def _upload(self, image: Image) -> str:
        answer = self.http.call(
            "POST",
            "/2/media/upload",
            files={"media": (image.filename, image.content, image.mime)},
            data={"media_category": "tweet_image"},
        )
        media_id = self.http.receipt(answer, "data", "id")
        if image.alt:
            described = {"id": media_id, "metadata": {"alt_text": {"text": image.alt}}}
            self.http.call("POST", "/2/media/metadata", json=described)
        return media_id
