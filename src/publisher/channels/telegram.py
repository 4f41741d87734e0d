"""Telegram channels by the Bot API.

https://core.telegram.org/bots/api (10.1 of 2026-06-11, 10.3 of 2026-08-24; read 2026-10-30). The bot's token stands in
every URL. Text is sent plain with its entities: nothing in it can be taken for markup. There is no alt text, no key
and no way for a bot to read its own posts, so a lost answer is a person's to settle.
"""

import base64
import json
from collections.abc import Iterable

from publisher.connector.base import Connector, Option
from publisher.connector.http import Answer
from publisher.domain.capability import KIB, Capability, Doubt
from publisher.domain.failures import Rejected, TryLater, Unauthorized
from publisher.domain.model import JSON, Identity, Receipt, Rendition, Size, Span, SpanKind
from publisher.domain.text import Unit, measure

PRIVATE_PREFIX = "-100"


class Telegram(Connector):
    name = "telegram"
    brand = "Telegram"
    capability = Capability(
        text=4096,
        unit=Unit.UTF16,
        caption=1024,
        images=1,
        image_bytes=512 * KIB,  # Telegram takes 10 MB, but a photo can't be uploaded apart: the draft carries it
        card=Size(1200, 630),
        doubt=Doubt.ASK,
        edits=True,
        deletes=True,
        source="https://core.telegram.org/bots/api#sendmessage",
    )
    base_url = "https://api.telegram.org"
    options = (Option("chat_id", help="@name of the channel, or its number -100…"),)
    secrets = ("bot_token",)
    errors = {
        "chat not found": Unauthorized,
        "administrator rights": Unauthorized,
        "not enough rights": Unauthorized,
        "upgraded to a supergroup": Unauthorized,
        "can't parse entities": Rejected,
        "is too long": Rejected,
        403: Unauthorized,
        404: Unauthorized,
        409: TryLater,
    }

    def prepare(self, rendition: Rendition) -> JSON:
        entities = [_entity(rendition.text, span) for span in rendition.spans]
        if not rendition.images:
            preview = {"link_preview_options": {"url": rendition.link}} if rendition.link else {}
            return {"text": rendition.text, "entities": entities, **preview}
        image = rendition.images[0]
        photo = {"name": image.filename, "mime": image.mime, "base64": base64.b64encode(image.content).decode()}
        return {"caption": rendition.text, "caption_entities": entities, "photo": photo}

    def publish(self, draft: JSON, key: str) -> Receipt:
        del key  # the Bot API offers no idempotency key
        fields, photo = {**draft, "chat_id": self.option("chat_id")}, draft.get("photo")
        if photo is None:
            answer = self.http.publish("POST", self._path("sendMessage"), json=fields)
        else:
            fields |= {"caption_entities": json.dumps(draft["caption_entities"])}
            content = base64.b64decode(photo["base64"])
            files = {"photo": (fields.pop("photo")["name"], content, photo["mime"])}
            answer = self.http.publish("POST", self._path("sendPhoto"), data=fields, files=files)
        message_id = self.http.receipt(answer, "result", "message_id")
        url = _url(answer.field("result", "chat"), message_id)
        return Receipt(ids=(message_id,), url=url, detail={"pictured": photo is not None})

    def edit(self, receipt: Receipt, draft: JSON) -> Receipt:
        """The words; a picture stays as it is."""
        text, entities = draft.get("text", draft.get("caption")), draft.get("entities", draft.get("caption_entities"))
        if receipt.detail.get("pictured"):
            method, fields = "editMessageCaption", {"caption": text, "caption_entities": entities}
        else:
            preview = {name: draft[name] for name in ("link_preview_options",) if name in draft}
            method, fields = "editMessageText", {"text": text, "entities": entities, **preview}
        self._change(method, receipt, fields, done="message is not modified")
        return receipt

    def delete(self, receipt: Receipt) -> None:
        self._change("deleteMessage", receipt, {}, done="message to delete not found")

    def verify(self) -> Identity:
        """The bot, the channel, and whether the one may post in the other."""
        bot = self.http.call("GET", self._path("getMe"))
        bot_id, bot_name = (self.http.receipt(bot, "result", name) for name in ("id", "username"))
        chat = {"chat_id": self.option("chat_id")}
        found = self.http.call("POST", self._path("getChat"), json=chat)
        member = self.http.call("POST", self._path("getChatMember"), json={**chat, "user_id": int(bot_id)})
        rights = member.field("result") or {}
        if rights.get("status") in {"left", "kicked"} or rights.get("can_post_messages") is False:
            raise Unauthorized(f"@{bot_name} may not post in {chat['chat_id']}: make it an administrator")
        username = found.field("result", "username")
        return Identity(
            handle=f"@{bot_name} in {found.field('result', 'title') or chat['chat_id']}",
            url=f"https://t.me/{username}" if username else "",
            scopes=tuple(sorted(name for name, value in rights.items() if value is True and name.startswith("can_"))),
        )

    def words(self, answer: Answer) -> Iterable[str | int]:
        said, moved = str(answer.field("description") or ""), answer.field("parameters", "migrate_to_chat_id")
        return [f"{said} (its chat_id is now {moved})" if moved else said, answer.status]

    def retry_after(self, answer: Answer) -> float:
        """`parameters.retry_after`, in seconds."""
        after = answer.field("parameters", "retry_after")
        return float(after) if isinstance(after, int | float) else answer.retry_after

    def _path(self, method: str) -> str:
        return f"/bot{self.secret('bot_token')}/{method}"

    def _change(self, method: str, receipt: Receipt, fields: JSON, done: str) -> None:
        """Change a message; a refusal with the words of `done` says that it is so already."""
        where = {"chat_id": self.option("chat_id"), "message_id": int(receipt.ids[0])}
        try:
            self.http.call("POST", self._path(method), json={**where, **fields})
        except Rejected as refusal:
            if done not in str(refusal):
                raise


def _entity(text: str, span: Span) -> JSON:
    """A MessageEntity: offset and length in UTF-16 units."""
    said = text[span.start : span.end]
    kind: JSON = {"type": span.kind.value}
    if span.kind is SpanKind.LINK:
        kind = {"type": "url"} if said == span.value else {"type": "text_link", "url": span.value}
    return {**kind, "offset": measure(text[: span.start], Unit.UTF16), "length": measure(said, Unit.UTF16)}


def _url(chat: JSON | None, message_id: str) -> str:
    """Where readers see a message: by the channel's name, or by its number for members of a private one."""
    if not chat:
        return ""
    where = chat.get("username") or f"c/{str(chat.get('id', '')).removeprefix(PRIVATE_PREFIX)}"
    return f"https://t.me/{where}/{message_id}"
