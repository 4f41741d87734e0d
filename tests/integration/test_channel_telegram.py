"""Telegram against its network in the sandbox."""

from dataclasses import replace

import pytest
from channel_desk import ALT, LINK, Desk, closed_port, picture, rendition, replay
from channel_suite import ChannelSuite

from publisher.connector.transcript import Redactor
from publisher.domain.failures import Rejected, TryLater, Unauthorized
from publisher.domain.model import Rendition, Span, SpanKind

TITLE = "👋🏽 Kitabı: the harbour light"
TAG = "#فانوس_دریا"
MARKED = f"{TITLE}\n\n<b>not bold</b> _nor this_ & read on\n{LINK}\n{TAG}"


def marked() -> Rendition:
    """Bold after an emoji of four UTF-16 units, words that lead to a link, the link itself, a Persian hashtag."""
    at = {part: MARKED.index(part) for part in ("read on", LINK, TAG)}
    spans = (
        Span(0, len(TITLE), SpanKind.BOLD),
        Span(at["read on"], at["read on"] + len("read on"), SpanKind.LINK, "https://example.org/more"),
        Span(at[LINK], at[LINK] + len(LINK), SpanKind.LINK, LINK),
        Span(at[TAG], at[TAG] + len(TAG), SpanKind.HASHTAG, TAG[1:]),
    )
    return replace(rendition(MARKED, link=LINK), spans=spans)


class TestTelegram(ChannelSuite):
    channel = "telegram"

    @pytest.mark.parametrize("images", [(), (picture(),)], ids=["message", "caption"])
    def test_readers_see_the_spans_where_they_were_put(self, desk: Desk, images: tuple[object, ...]) -> None:
        wanted = replace(marked(), images=images)
        desk.publish(wanted)
        (post,) = desk.sandbox.world.posts["telegram"]
        assert post.text == MARKED
        seen = [(span.start, span.end, span.kind, span.value) for span in post.spans]
        bold = (0, len(TITLE), "bold", TITLE)
        assert seen == [bold, *((span.start, span.end, span.kind.value, span.value) for span in wanted.spans[1:])]

    def test_offsets_are_utf_16_units(self, desk: Desk) -> None:
        """The example of Telegram's and Bluesky's counts: 28 code points, 29 UTF-16 units."""
        text = "Привет 👋 https://example.com"
        link = Span(9, 28, SpanKind.LINK, "https://example.com")
        draft = desk.connector().prepare(replace(rendition(text), spans=(link,)))
        assert draft["entities"] == [{"type": "url", "offset": 10, "length": 19}]

    def test_the_preview_is_the_renditions_link_not_the_first_in_the_text(self, desk: Desk) -> None:
        desk.publish(rendition("From https://example.org/elsewhere to here", link=LINK))
        (post,) = desk.posts()
        assert post["link"] == LINK

    @pytest.mark.parametrize("letter", ["a", "ک", "📚"])
    def test_the_limit_beside_a_picture_is_in_utf_16_units(self, desk: Desk, letter: str) -> None:
        most = 1024 // (len(letter.encode("utf-16-le")) // 2)
        full, too_long = (rendition(letter * length, images=(picture(),)) for length in (most, most + 1))
        assert desk.kind.capability.check(full) == ()
        assert desk.kind.capability.check(too_long)
        desk.publish(full)
        with pytest.raises(Rejected, match="MEDIA_CAPTION_TOO_LONG"):
            desk.publish(too_long)
        assert [post["text"] for post in desk.posts()] == [full.text]

    def test_a_receipt_leads_into_a_public_channel(self, desk: Desk) -> None:
        receipt = desk.publish(rendition("The harbour light"))
        assert receipt.url == desk.posts()[0]["url"] == f"https://t.me/daily_en/{receipt.ids[0]}"

    def test_a_receipt_leads_into_a_private_channel(self, desk: Desk) -> None:
        message = {"message_id": 7, "chat": {"id": -1001234567890, "title": "Desk", "type": "channel"}}
        with replay({"ok": True, "result": message}) as server:
            receipt = desk.connector(server.url).publish({"text": "Hello", "entities": []}, "")
        assert receipt.url == "https://t.me/c/1234567890/7"

    def test_the_token_is_hidden_in_the_url(self, desk: Desk) -> None:
        desk.publish(rendition("The harbour light"))
        assert desk.transcripts[-1].exchanges[0]["url"] == f"{desk.sandbox.url}/telegram/bot***/sendMessage"

    def test_the_token_is_hidden_where_no_connection_was_made(self, desk: Desk) -> None:
        with pytest.raises(TryLater) as waited:
            desk.connector(closed_port()).verify()
        assert desk.secrets["bot_token"] not in f"{waited.value!r} {waited.value.__context__!r}"
        assert "/bot***/getMe" in desk.transcripts[-1].exchanges[0]["url"]

    def test_a_transcript_that_hides_nothing_is_found_out(self, desk: Desk) -> None:
        connector = desk.connector()
        connector.http.transcript.redact = Redactor([])
        connector.verify()
        assert desk.leaks() == [f"bot_token as {desk.secrets['bot_token']}"]
        desk.transcripts.clear()

    def test_a_photo_alone_needs_no_caption(self, desk: Desk) -> None:
        desk.publish(rendition("", images=(picture(),)))
        (post,) = desk.posts()
        assert (post["text"], len(post["media"])) == ("", 1)

    def test_a_bot_that_may_not_post_is_told(self, desk: Desk) -> None:
        member = {"id": 1, "username": "desk_bot", "status": "administrator", "can_post_messages": False}
        answer = {"ok": True, "result": member}
        with replay(answer) as server, pytest.raises(Unauthorized, match="may not post"):
            desk.connector(server.url).verify()

    def test_verify_tells_the_rights(self, desk: Desk) -> None:
        assert "can_post_messages" in desk.connector().verify().scopes

    def test_the_new_number_of_a_group_is_named(self, desk: Desk) -> None:
        refusal = {"ok": False, "description": "Bad Request: group chat was upgraded to a supergroup chat"}
        refusal |= {"parameters": {"migrate_to_chat_id": -1009876543210}}
        with replay(refusal, 400) as server, pytest.raises(Unauthorized, match="-1009876543210"):
            desk.connector(server.url).verify()

    def test_a_delete_of_what_is_gone_is_done(self, desk: Desk) -> None:
        receipt = desk.publish(rendition(ALT))
        for _ in range(2):
            desk.connector().delete(receipt)
        assert [post["deleted"] for post in desk.posts()] == [True]

    def test_an_edit_of_what_is_gone_is_refused(self, desk: Desk) -> None:
        receipt = desk.publish(rendition("The harbor light"))
        desk.connector().delete(receipt)
        with pytest.raises(Rejected, match="message to edit not found"):
            desk.connector().edit(receipt, desk.connector().prepare(rendition("The harbour light")))
