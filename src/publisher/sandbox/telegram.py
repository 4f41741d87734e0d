"""Telegram's Bot API 10.1: https://core.telegram.org/bots/api (2026-06-11).

Each identity is a bot that is admin of its own public channel. Unknown parameters are ignored, types are checked.
Unverified: the words for a photo that is too big. This fake fetches nothing, and does not speak Markdown.
"""

import re
from typing import ClassVar

from publisher.sandbox.accounts import credentials, profile
from publisher.sandbox.network import Network, Route
from publisher.sandbox.state import Media, Post
from publisher.sandbox.telegram_messages import Fields, bad, chat, failure, message, say
from publisher.sandbox.wire import Answer, RefusedError, Request, reply

TEXT, CAPTION = 4096, 1024
PHOTO_BYTES, PHOTO_SIDES, PHOTO_RATIO = 10 * 1024 * 1024, 10_000, 20
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


class Telegram(Network):
    name = "telegram"
    brand = "Telegram"

    def reset(self) -> None:
        super().reset()
        self.sent: dict[str, int] = {}

    def account(self, request: Request) -> str:
        found = re.match(r"/bot([^/]+)/", request.path)
        return self.world.directory.find("telegram", "bot_token", found[1]) if found else ""

    def publishes(self, request: Request) -> bool:
        return request.path.rsplit("/", 1)[-1].lower() in {"sendmessage", "sendphoto"}

    def call(self, request: Request, token: str, method: str) -> Answer:
        """Any method, by GET or POST; names are case-insensitive."""
        name = self.account(request)
        if not re.fullmatch(r"\d+:[\w-]{35}", token):
            raise RefusedError(failure(404, "Not Found"))
        if not name:
            raise RefusedError(self.unauthorized())
        verb = METHODS.get(method.lower())
        if not verb:
            raise RefusedError(failure(404, "Not Found: method not found"))
        return reply(200, {"ok": True, "result": verb(self, name, request, request.query | request.fields)})

    # ---- methods -------------------------------------------------------------------------------------------------
    def get_me(self, name: str, _request: Request, _fields: Fields) -> Fields:
        who, number = profile("telegram", name), credentials("telegram", name)["bot_token"].split(":")[0]
        return {"id": int(number), "is_bot": True, "first_name": who.title, "username": f"{who.handle}_bot"}

    def get_chat(self, name: str, _request: Request, fields: Fields) -> Fields:
        self._chat(name, fields)
        return chat(name) | {"accent_color_id": 0, "max_reaction_count": 11}

    def get_chat_member(self, name: str, request: Request, fields: Fields) -> Fields:
        self._chat(name, fields)
        rights = {"can_post_messages": True, "can_edit_messages": True, "can_delete_messages": True}
        return {"status": "administrator", "user": self.get_me(name, request, fields)} | rights

    def send_message(self, name: str, _request: Request, fields: Fields) -> Fields:
        self._chat(name, fields)
        post = self._new(name)
        say(post, fields, "text", TEXT)
        self.world.add(post)
        return message(post)

    def send_photo(self, name: str, request: Request, fields: Fields) -> Fields:
        self._chat(name, fields)
        media = self._photo(request, fields)
        post = self._new(name)
        post.media = [media]
        say(post, fields, "caption", CAPTION)
        self.world.add(post)
        return message(post)

    def edit_text(self, name: str, _request: Request, fields: Fields) -> Fields:
        return self._edit(name, fields, "text", TEXT)

    def edit_caption(self, name: str, _request: Request, fields: Fields) -> Fields:
        return self._edit(name, fields, "caption", CAPTION)

    def delete_message(self, name: str, _request: Request, fields: Fields) -> bool:
        self._sent(name, fields, "delete").deleted = True
        return True

    # ---- rules ---------------------------------------------------------------------------------------------------
    def _chat(self, name: str, fields: Fields) -> None:
        wanted = str(fields.get("chat_id", ""))
        if not wanted:
            raise bad("chat_id is empty")
        for other in self.world.directory.names:
            if wanted in {credentials("telegram", other)["chat_id"], profile("telegram", other).id}:
                if other != name:
                    raise RefusedError(failure(403, "Forbidden: bot is not a member of the channel chat"))
                return
        raise bad("chat not found")

    def _new(self, name: str) -> Post:
        number = self.sent[name] = self.sent.get(name, 0) + 1
        return Post("telegram", name, str(number), f"https://t.me/{profile('telegram', name).handle}/{number}")

    def _photo(self, request: Request, fields: Fields) -> Media:
        value = str(fields.get("photo", ""))
        upload = request.files.get(value.removeprefix("attach://") if value.startswith("attach://") else "photo")
        if upload is None:
            raise bad(
                "failed to get HTTP URL content" if value.startswith("http") else "there is no photo in the request"
            )
        media = self.world.picture(upload.content)
        if not media or media.mime == "image/gif":
            raise bad("IMAGE_PROCESS_FAILED")
        if media.size > PHOTO_BYTES:
            raise bad("file is too big for a photo")
        sides = (media.width, media.height)
        if sum(sides) > PHOTO_SIDES or max(sides) > PHOTO_RATIO * min(sides):
            raise bad("PHOTO_INVALID_DIMENSIONS")
        return media

    def _sent(self, name: str, fields: Fields, verb: str) -> Post:
        self._chat(name, fields)
        post = self.world.find("telegram", str(fields.get("message_id", "")), name)
        if not post:
            raise bad(f"message to {verb} not found")
        return post

    def _edit(self, name: str, fields: Fields, field: str, limit: int) -> Fields:
        post = self._sent(name, fields, "edit")
        if bool(post.media) != (field == "caption"):
            raise bad("there is no text in the message to edit" if post.media else "there is no caption to edit")
        before = (post.text, post.detail, post.link)
        say(post, fields, field, limit)
        if before == (post.text, post.detail, post.link):
            raise bad(NOT_MODIFIED)
        post.edited = self.world.stamp()
        return message(post) | {"edit_date": int(self.world.now())}

    def error(self, status: int) -> Answer:
        return failure(status, "Internal Server Error" if status >= 500 else "Error")

    def limited(self, seconds: int) -> Answer:
        return failure(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    def unauthorized(self) -> Answer:
        return failure(401, "Unauthorized")

    def unreadable(self, problem: str) -> Answer:
        del problem
        return failure(400, "Bad Request: can't parse request body")

    routes: ClassVar[tuple[Route, ...]] = (
        Route("GET", r"/bot([^/]+)/(\w+)", call),
        Route("POST", r"/bot([^/]+)/(\w+)", call),
    )


METHODS = {
    "getme": Telegram.get_me,
    "getchat": Telegram.get_chat,
    "getchatmember": Telegram.get_chat_member,
    "sendmessage": Telegram.send_message,
    "sendphoto": Telegram.send_photo,
    "editmessagetext": Telegram.edit_text,
    "editmessagecaption": Telegram.edit_caption,
    "deletemessage": Telegram.delete_message,
}
