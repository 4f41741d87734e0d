"""X against its network in the sandbox, which checks every OAuth 1.0a signature."""

import pytest
from channel_desk import LINK, Desk, picture, rendition, replay
from channel_suite import ChannelSuite

from publisher.domain.failures import Rejected, TryLater, Unauthorized


class TestX(ChannelSuite):
    channel = "x"

    @pytest.mark.parametrize(
        ("fits", "too_long"),
        [
            ("語" * 140, "語" * 141),
            ("ک" * 280, "ک" * 281),
            ("👩‍🚀" * 140, "👩‍🚀" * 141),
            (f"{'a' * 256} {LINK}", f"{'a' * 257} {LINK}"),
        ],
        ids=["wide letters", "persian", "emoji", "a link is 23"],
    )
    def test_the_limit_in_weighted_characters(self, desk: Desk, fits: str, too_long: str) -> None:
        assert desk.kind.capability.check(rendition(fits)) == ()
        assert desk.kind.capability.check(rendition(too_long))
        desk.publish(rendition(fits))
        with pytest.raises(Rejected, match="not permitted"):
            desk.publish(rendition(too_long))
        assert [post["text"] for post in desk.posts()] == [fits]

    def test_the_same_text_again_is_refused_as_a_duplicate(self, desk: Desk) -> None:
        desk.publish(rendition("The harbour light"))
        with pytest.raises(Rejected, match="duplicate content"):
            desk.publish(rendition("The harbour light"))
        assert len(desk.posts()) == 1

    def test_a_receipt_leads_to_the_post_with_or_without_the_accounts_name(self, desk: Desk) -> None:
        named = desk.publish(rendition("The harbour light"), username="daily_en")
        unnamed = desk.publish(rendition("The harbour bell"))
        assert named.url == desk.posts()[0]["url"] == f"https://x.com/daily_en/status/{named.ids[0]}"
        assert unnamed.url == f"https://x.com/i/web/status/{unnamed.ids[0]}"

    def test_a_lost_upload_is_made_again(self, desk: Desk) -> None:
        desk.fault("drop_after_accept", on="any")
        with pytest.raises(TryLater):
            desk.connector().prepare(rendition("The harbour light", images=(picture(),)))
        desk.publish(rendition("The harbour light", images=(picture(),)))
        assert len(desk.posts()) == 1

    def test_a_wrong_secret_is_unauthorized(self, desk: Desk) -> None:
        connector = desk.connector()
        connector.account.secrets["access_token_secret"] = "another secret of the same account"
        with pytest.raises(Unauthorized):
            desk.kind(connector.account, connector.http).verify()

    def test_a_usage_cap_is_no_wait(self, desk: Desk) -> None:
        body = {"title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap", "status": 429}
        body["type"] = "https://api.twitter.com/2/problems/usage-capped"
        with replay(body, 429) as server, pytest.raises(Rejected, match="Usage cap exceeded: Monthly product cap"):
            desk.connector(server.url).verify()

    def test_a_delete_of_what_is_gone_is_done(self, desk: Desk) -> None:
        receipt = desk.publish(rendition("The harbour light"))
        for _ in range(2):
            desk.connector().delete(receipt)
        assert [post["deleted"] for post in desk.posts()] == [True]
