"""Mastodon against its network in the sandbox, and against recorded answers of another server of its API."""

import json
from pathlib import Path

import pytest
from channel_suite import KEY, ChannelSuite, Desk, outcome, picture, rendition, replay

from publisher.domain.failures import Rejected, TryLater, Unauthorized
from publisher.domain.model import Receipt

RECORDED = Path(__file__).parents[2].parent / "shared/fixtures/platform/mastodon-api-snac-2.75.json"


class TestMastodon(ChannelSuite):
    channel = "mastodon"

    def test_another_key_is_another_status(self, desk: Desk) -> None:
        draft = desk.connector().prepare(rendition("The harbour light"))
        first, second = (desk.connector().publish(draft, key) for key in (KEY, KEY[::-1]))
        assert first.ids != second.ids
        assert len(desk.posts()) == 2

    def test_the_network_forgets_a_key_when_the_window_says_so(self, desk: Desk) -> None:
        draft = desk.connector().prepare(rendition("The harbour light"))
        desk.connector().publish(draft, KEY)
        desk.sandbox.advance(desk.kind.capability.doubt_window - 60)
        desk.connector().publish(draft, KEY)
        assert len(desk.posts()) == 1
        desk.sandbox.advance(61)
        desk.connector().publish(draft, KEY)
        assert len(desk.posts()) == 2

    def test_a_status_has_its_language_and_visibility(self, desk: Desk) -> None:
        desk.publish(rendition("Drita e portit", language="sq"), visibility="unlisted")
        (post,) = desk.sandbox.world.posts["mastodon"]
        assert (post.language, post.detail["visibility"]) == ("sq", "unlisted")

    @pytest.mark.parametrize("letter", ["👨‍👩‍👧‍👦", "é", "گ"])
    def test_the_limit_is_in_graphemes(self, desk: Desk, letter: str) -> None:
        assert desk.kind.capability.check(rendition(letter * 500)) == ()
        assert desk.kind.capability.check(rendition(letter * 501))
        desk.publish(rendition(letter * 500))
        with pytest.raises(Rejected, match="limit of 500"):
            desk.publish(rendition(letter * 501))

    def test_a_link_counts_23(self, desk: Desk) -> None:
        link = f"https://example.org/{'long-' * 30}"
        assert desk.kind.capability.check(rendition(f"{'a' * 476} {link}")) == ()
        desk.publish(rendition(f"{'a' * 476} {link}"))
        with pytest.raises(Rejected):
            desk.publish(rendition(f"{'a' * 477} {link}"))

    def test_a_lost_upload_is_made_again(self, desk: Desk) -> None:
        desk.fault("drop_after_accept", on="any")
        with pytest.raises(TryLater):
            desk.connector().prepare(rendition("The harbour light", images=(picture(),)))
        desk.publish(rendition("The harbour light", images=(picture(),)))
        assert len(desk.posts()) == 1

    def test_a_delete_of_what_is_gone_is_done(self, desk: Desk) -> None:
        receipt = desk.publish(rendition("The harbour light"))
        for _ in range(2):
            desk.connector().delete(receipt)
        assert [post["deleted"] for post in desk.posts()] == [True]

    def test_recorded_answers_mean_what_ours_mean(self, desk: Desk) -> None:
        if not RECORDED.exists():
            pytest.skip("no recorded exchanges beside the project")
        recorded = [one for one in json.loads(RECORDED.read_text()) if "/api/v1/statuses" in one["url"]]
        found = {}
        with replay() as server:
            for one in recorded:
                server.exchange = {"status": one["status"], "headers": {}, "body": one["response_body"]}
                connector = desk.connector(server.url)
                match one["method"], one["status"]:
                    case "POST", 200:
                        said = json.loads(one["response_body"])
                        assert connector.publish({"status": ""}, KEY) == Receipt((said["id"],), said["url"])
                    case "POST", refused:
                        found["POST", refused] = type(outcome(lambda c=connector: c.publish({"status": ""}, KEY)))
                    case "DELETE", refused:
                        found["DELETE", refused] = type(outcome(lambda c=connector: c.delete(Receipt(("1",)))))
        assert found == {("POST", 401): Unauthorized, ("DELETE", 404): Rejected}
