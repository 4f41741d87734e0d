"""What every channel on HTTP must do on its network of the sandbox; a test file names its channel and inherits."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from channel_desk import (
    ALT,
    KEY,
    LINK,
    PERSIAN,
    SPELLINGS,
    Desk,
    closed_port,
    exchanges,
    outcome,
    picture,
    rendition,
    replay,
)

from publisher.domain.capability import Doubt
from publisher.domain.failures import OutcomeUnknown, Rejected, TryLater, Unauthorized
from publisher.domain.model import Direction, Identity, Image

__all__ = ["SPELLINGS", "ChannelSuite", "picture"]


class ChannelSuite:
    """Inherit, name the channel: text, link, Card, limits, lost answers, refusals, verbs, secrets."""

    channel: ClassVar[str]

    @pytest.fixture
    def desk(self, sandbox: Any) -> Iterator[Desk]:
        """Whatever a test does, no transcript of it holds a secret."""
        made = Desk(self.channel, sandbox)
        yield made
        for one in made.sessions:
            one.close()
        assert made.leaks() == []

    def test_a_text_arrives_as_it_was_written(self, desk: Desk) -> None:
        receipt = desk.publish(rendition("The harbour light burns again.\n\nKeepers wanted: ask at the pier."))
        (post,) = desk.posts()
        assert post["text"] == "The harbour light burns again.\n\nKeepers wanted: ask at the pier."
        assert post["media"] == []
        assert receipt.ids[0] == post["id"]
        assert receipt.url.startswith("http")

    def test_a_link_is_the_posts_link(self, desk: Desk) -> None:
        desk.publish(rendition(f"The harbour light burns again {LINK}", link=LINK))
        (post,) = desk.posts()
        assert post["link"] == LINK
        assert post["text"].endswith(LINK)

    def test_a_card_arrives_with_its_description(self, desk: Desk) -> None:
        card = picture()
        desk.publish(rendition(f"The harbour light {LINK}", link=LINK, images=(card,)))
        (post,) = desk.posts()
        assert [media["sha256"] for media in post["media"]] == [card.sha256]
        assert [media["alt"] for media in post["media"]] == [ALT if desk.kind.capability.alt else ""]

    def test_a_card_without_a_description_arrives(self, desk: Desk) -> None:
        desk.publish(rendition("The harbour light", images=(picture(alt=""),)))
        assert [media["alt"] for post in desk.posts() for media in post["media"]] == [""]

    def test_persian_arrives_letter_for_letter(self, desk: Desk) -> None:
        wanted = rendition(
            f"{PERSIAN} #کتاب\n{LINK}", LINK, (picture(PERSIAN),), language="fa", direction=Direction.RTL
        )
        desk.publish(wanted)
        (post,) = desk.posts()
        assert post["text"] == wanted.text
        assert post["link"] in {LINK, ""}
        assert [media["alt"] for media in post["media"]] == [PERSIAN if desk.kind.capability.alt else ""]

    def test_the_limit_is_the_networks_limit(self, desk: Desk) -> None:
        full = rendition("a" * desk.kind.capability.text)
        assert desk.kind.capability.check(full) == ()
        desk.publish(full)
        too_long = rendition("a" * (desk.kind.capability.text + 1))
        assert desk.kind.capability.check(too_long)
        with pytest.raises(Rejected):
            desk.publish(too_long)
        assert [post["text"] for post in desk.posts()] == [full.text]

    def test_as_many_pictures_as_it_may(self, desk: Desk) -> None:
        cards = tuple(picture(f"{ALT} {number}", shade=number * 20) for number in range(desk.kind.capability.images))
        desk.publish(rendition("Harbour lights", images=cards))
        (post,) = desk.posts()
        assert [media["sha256"] for media in post["media"]] == [card.sha256 for card in cards]
        one_more = rendition("Harbour lights", images=(*cards, picture(shade=255)))
        assert desk.kind.capability.check(one_more)

    def test_the_longest_description_is_taken(self, desk: Desk) -> None:
        most = desk.kind.capability.alt
        if not most:
            pytest.skip(f"{desk.kind.brand} takes no alt text")
        desk.publish(rendition("The harbour light", images=(picture("ن" * most),)))
        assert [media["alt"] for post in desk.posts() for media in post["media"]] == ["ن" * most]

    def test_preparing_is_harmless_and_repeatable(self, desk: Desk) -> None:
        wanted = rendition("The harbour light", images=(picture(),))
        desk.connector().prepare(wanted)
        draft = desk.connector().prepare(wanted)
        assert desk.posts() == []
        desk.connector().publish(draft, KEY)
        assert len(desk.posts()) == 1

    @pytest.mark.parametrize("kind", ["drop_after_accept", "truncate", "malformed"])
    def test_a_lost_answer_is_an_unknown_outcome(self, desk: Desk, kind: str) -> None:
        draft = desk.connector().prepare(rendition("The harbour light", images=(picture(),)))
        desk.fault(kind)
        with pytest.raises(OutcomeUnknown):
            desk.connector().publish(draft, KEY)
        assert len(desk.posts()) == 1
        if desk.kind.capability.doubt is Doubt.REPEAT:
            assert desk.connector().publish(draft, KEY).ids == (desk.posts()[0]["id"],)
            assert len(desk.posts()) == 1

    @pytest.mark.parametrize("kind", ["drop_before", "status:500", "status:503"])
    def test_a_request_that_may_have_failed_is_an_unknown_outcome(self, desk: Desk, kind: str) -> None:
        draft = desk.connector().prepare(rendition("The harbour light"))
        desk.fault(kind)
        with pytest.raises(OutcomeUnknown):
            desk.connector().publish(draft, KEY)
        assert desk.posts() == []
        if desk.kind.capability.doubt is Doubt.REPEAT:
            desk.connector().publish(draft, KEY)
            assert len(desk.posts()) == 1

    @pytest.mark.parametrize("kind", ["drop_after_accept", "drop_before", "truncate", "malformed", "status:500"])
    def test_a_lost_answer_to_a_harmless_call_is_made_again(self, desk: Desk, kind: str) -> None:
        desk.fault(kind, on="any")
        with pytest.raises(TryLater) as waited:
            desk.connector().verify()
        assert not waited.value.rate_limited
        assert desk.posts() == []

    def test_a_refused_connection_said_nothing(self, desk: Desk) -> None:
        draft = desk.connector().prepare(rendition("The harbour light"))
        with pytest.raises(TryLater):
            desk.connector(closed_port()).publish(draft, KEY)

    def test_a_rate_limit_names_its_wait(self, desk: Desk) -> None:
        draft = desk.connector().prepare(rendition("The harbour light"))
        desk.fault("rate_limit:600")
        with pytest.raises(TryLater) as waited:
            desk.connector().publish(draft, KEY)
        assert waited.value.rate_limited
        assert waited.value.scope == "account"
        assert 300 < waited.value.after <= 601  # resets are points in time: some of it is over when it is read
        assert desk.posts() == []

    def test_refused_credentials_are_unauthorized(self, desk: Desk) -> None:
        draft = desk.connector().prepare(rendition("The harbour light"))
        desk.fault("unauthorized")
        with pytest.raises(Unauthorized):
            desk.connector().publish(draft, KEY)

    def test_verify_names_the_account(self, desk: Desk) -> None:
        identity = desk.connector().verify()
        assert isinstance(identity, Identity)
        assert "daily" in f"{identity.handle} {identity.url}".lower()

    @pytest.mark.parametrize("images", [(), (picture(),)], ids=["text", "card"])
    def test_an_edit_changes_what_is_out(self, desk: Desk, images: tuple[Image, ...]) -> None:
        if not desk.kind.capability.edits:
            pytest.skip(f"{desk.kind.brand} offers no edit")
        receipt = desk.publish(rendition("The harbor light", images=images))
        draft = desk.connector().prepare(rendition("The harbour light", images=images))
        for _ in range(2):
            assert desk.connector().edit(receipt, draft).ids == receipt.ids
        (post,) = desk.posts()
        assert post["text"] == "The harbour light"
        assert post["edited"]
        assert len(post["media"]) == len(images)

    def test_a_delete_takes_down_what_is_out(self, desk: Desk) -> None:
        receipt = desk.publish(rendition("The harbour light"))
        desk.connector().delete(receipt)
        assert [post["deleted"] for post in desk.posts()] == [True]

    def test_every_recorded_answer_means_what_it_should(self, desk: Desk, subtests: Any) -> None:
        draft = desk.connector().prepare(rendition("The harbour light"))
        with replay() as server:
            for exchange in exchanges(self.channel):
                server.exchange, server.asked = exchange, 0
                connector = desk.connector(server.url)
                act = (lambda c=connector: c.publish(draft, KEY)) if exchange["publish"] else connector.verify
                found = outcome(act)
                with subtests.test(exchange["name"]):
                    assert type(found).__name__ == exchange["failure"], found
                    assert server.asked == 1
                    if "after" in exchange:
                        assert found.after == pytest.approx(exchange["after"], abs=1)
                    assert not any(value in str(found) for value in desk.secrets.values())
