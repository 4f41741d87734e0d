"""Facebook Pages by the Graph API v26.0.

https://developers.facebook.com/docs/pages-api/posts, /docs/graph-api/guides/error-handling (read 2026-09-20). A Page
post is drafted unpublished, then published; publishing the same draft again makes no second post (probed 2026-09-05).
Unverified: the text limit, and that a receipt's constructed URL redirects to the post.
"""

import json
from collections.abc import Iterable

from publisher.connector.base import Connector, Option
from publisher.connector.http import Answer, Http
from publisher.domain.capability import Capability, Doubt
from publisher.domain.failures import OutcomeUnknown, Rejected, Unauthorized
from publisher.domain.model import JSON, Account, Identity, Image, Receipt, Rendition, Size
from publisher.domain.text import Unit

TRANSIENT = "is_transient"


class Facebook(Connector):
    name = "facebook"
    brand = "Facebook"
    capability = Capability(
        text=63_206,
        unit=Unit.CODEPOINTS,
        images=10,
        image_bytes=4_000_000,  # the docs say 10 MB, the words of error 1366046 say 4 MB
        image_types=("image/jpeg", "image/png", "image/webp", "image/gif"),
        alt=1000,  # undocumented: what other platforms take
        card=Size(1200, 630),
        doubt=Doubt.REPEAT,
        draft_life=82_800,  # unpublished photos are kept for about 24 h
        edits=True,
        deletes=True,
        source="https://developers.facebook.com/docs/pages-api/posts",
    )
    base_url = "https://graph.facebook.com/v26.0"
    options = (
        Option("page_id", help="the number of the Page"),
        Option("style", "photo", "photo: the Card as a photo; link: Facebook's own link preview"),
    )
    secrets = ("access_token",)
    rate_limits = (4, 17, 32, 341, 613, 80001, 1390008)
    errors = {
        TRANSIENT: OutcomeUnknown,
        1: OutcomeUnknown,
        2: OutcomeUnknown,
        **dict.fromkeys((102, 190), Unauthorized),
        **dict.fromkeys((3, 10, *range(200, 300), 1404078, 4854002), Unauthorized),
        368: Unauthorized,  # blocked for a time: whatever is sent next makes it worse, so a person looks first
        **dict.fromkeys((1346003, 1404102, 1404112), Rejected),
        **dict.fromkeys((506, 1366051), Rejected),
        **dict.fromkeys((100, 1609005, 1609008, 2061006, 1349125, 1366046), Rejected),
    }

    def __init__(self, account: Account, http: Http) -> None:
        super().__init__(account, http)
        http.headers["Authorization"] = f"Bearer {self.secret('access_token')}"

    def prepare(self, rendition: Rendition) -> JSON:
        post: JSON = {"message": rendition.text, "published": False}
        if rendition.images and self.option("style") == "photo":
            post["attached_media"] = [{"media_fbid": self._upload(image)} for image in rendition.images]
        elif rendition.link:
            post["link"] = rendition.link
        answer = self.http.call("POST", f"/{self.option('page_id')}/feed", json=post)
        return {"post_id": self.http.receipt(answer, "id"), "message": rendition.text}

    def publish(self, draft: JSON, key: str) -> Receipt:
        del key  # the draft's own id is what makes a repeat harmless
        post_id = str(draft["post_id"])
        answer = self.http.publish("POST", f"/{post_id}", json={"is_published": True})
        if answer.field("success") is not True:
            raise OutcomeUnknown(f"Facebook answered {answer.status} without success")
        return Receipt(ids=(post_id,), url=f"https://www.facebook.com/{post_id}")

    def edit(self, receipt: Receipt, draft: JSON) -> Receipt:
        """Only the words: Facebook keeps link and pictures as they are."""
        self.http.call("POST", f"/{receipt.ids[0]}", json={"message": draft["message"]})
        return receipt

    def delete(self, receipt: Receipt) -> None:
        self.http.call("DELETE", f"/{receipt.ids[0]}")

    def verify(self) -> Identity:
        page = self.http.call("GET", f"/{self.option('page_id')}", params={"fields": "id,name"})
        page_id = self.http.receipt(page, "id")
        return Identity(handle=str(page.field("name") or page_id), url=f"https://www.facebook.com/{page_id}")

    def words(self, answer: Answer) -> Iterable[str | int]:
        error = answer.field("error")
        if not isinstance(error, dict):
            return []
        codes = [error[name] for name in ("error_subcode", "code") if isinstance(error.get(name), int)]
        said = " ".join(str(error[name]) for name in ("message", "error_user_msg") if error.get(name))
        return [said, *([TRANSIENT] if error.get("is_transient") is True else []), *codes]

    def retry_after(self, answer: Answer) -> float:
        """The header's estimated_time_to_regain_access is in minutes; the longest of its entries counts."""
        try:
            usage = json.loads(answer.headers.get("X-Business-Use-Case-Usage", "{}"))
            entries = [entry for listed in usage.values() for entry in listed]
            return 60.0 * max((entry.get("estimated_time_to_regain_access", 0) for entry in entries), default=0)
        except (ValueError, TypeError, AttributeError):
            return 0.0

    def _upload(self, image: Image) -> str:
        files = {"source": (image.filename, image.content, image.mime)}
        described = {"alt_text_custom": image.alt} if image.alt else {}
        answer = self.http.call(
            "POST", f"/{self.option('page_id')}/photos", files=files, data={"published": "false", **described}
        )
        return self.http.receipt(answer, "id")
