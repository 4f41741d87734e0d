"""Facebook against its network in the sandbox."""

import json

import pytest
from channel_desk import LINK, Desk, picture, rendition, replay
from channel_suite import ChannelSuite

from publisher.domain.failures import Rejected, TryLater, Unauthorized


class TestFacebook(ChannelSuite):
    channel = "facebook"

    def test_style_link_leaves_the_picture_to_facebook(self, desk: Desk) -> None:
        desk.publish(rendition(f"The harbour light {LINK}", link=LINK, images=(picture(),)), style="link")
        (post,) = desk.posts()
        assert (post["media"], post["link"]) == ([], LINK)

    def test_beside_a_photo_there_is_no_link_preview(self, desk: Desk) -> None:
        draft = desk.connector().prepare(rendition(f"The harbour light {LINK}", link=LINK, images=(picture(),)))
        sent = desk.transcripts[-1].exchanges[-1]["body"]
        assert "attached_media" in sent
        assert '"link"' not in sent
        assert set(draft) == {"post_id", "message"}

    def test_the_same_post_again_is_refused_as_a_duplicate(self, desk: Desk) -> None:
        desk.publish(rendition("The harbour light"))
        with pytest.raises(Rejected, match="Duplicate"):
            desk.publish(rendition("The harbour light"))
        assert len(desk.posts()) == 1

    def test_a_lost_upload_is_made_again(self, desk: Desk) -> None:
        desk.fault("drop_after_accept", on="any")
        with pytest.raises(TryLater):
            desk.connector().prepare(rendition("The harbour light", images=(picture(),)))
        desk.publish(rendition("The harbour light", images=(picture(),)))
        assert len(desk.posts()) == 1

    def test_an_upload_without_an_id_is_made_again(self, desk: Desk) -> None:
        with replay({}) as server, pytest.raises(TryLater, match="without id"):
            desk.connector(server.url).prepare(rendition("The harbour light", images=(picture(),)))

    def test_another_page_is_refused(self, desk: Desk) -> None:
        with pytest.raises((Rejected, Unauthorized)):
            desk.publish(rendition("The harbour light"), page_id="999999999999999")
        assert desk.posts() == []

    def test_a_refusal_that_repeats_the_token_does_not_show_it(self, desk: Desk) -> None:
        token = desk.secrets["access_token"]
        refusal = {"error": {"message": f"Malformed access token {token}", "type": "OAuthException", "code": 190}}
        with replay(refusal, 400) as server, pytest.raises(Unauthorized, match=r"Malformed access token \*\*\*$"):
            desk.connector(server.url).verify()
        assert "Malformed" in desk.transcripts[-1].exchanges[0]["answer"]

    def test_the_longest_wait_of_the_usage_header_counts(self, desk: Desk) -> None:
        entries = [{"type": "pages", "estimated_time_to_regain_access": minutes} for minutes in (3, 9, 0)]
        usage = json.dumps({"1": entries[:1], "2": entries[1:]})
        refusal = {"error": {"message": "too many calls", "code": 80001}}
        headers = {"X-Business-Use-Case-Usage": usage}
        with replay(refusal, 400, **headers) as server, pytest.raises(TryLater) as waited:
            desk.connector(server.url).verify()
        assert waited.value.after == 540

    def test_deleting_what_it_cannot_see_is_told(self, desk: Desk) -> None:
        """Facebook has one answer for "gone" and for "you may not": no takedown is reported that may not have been."""
        receipt = desk.publish(rendition("The harbour light"))
        desk.connector().delete(receipt)
        with pytest.raises(Rejected):
            desk.connector().delete(receipt)
