"""The way of a post on the sandbox: published once, retried when told, in doubt when the answer is lost."""

from datetime import timedelta

import pytest
import requests
from newsroom import CHANNELS

from publisher.domain.model import Event, Kind, Photo, Post, State
from publisher.services.deliver import SIDE_BY_SIDE
from publisher.services.operate import NotPossibleError
from publisher.store import read

REPEATS = ("facebook", "mastodon", "bluesky", "webhook")
ASKS = ("x", "telegram", "email")
TITLES = {
    "en": "A garden opens by the river",
    "ar": "افتتاح حديقة نباتية على ضفة النهر",
    "fa": "باغی تازه کنار رودخانه می‌گشاید",
    "sq": "Një kopsht i ri hapet buzë lumit, çdo ditë",
}


class Clock:
    """The store's clock, set ahead by hand."""

    def __init__(self, store):
        self.real, self.ahead = store.clock, timedelta()
        store.clock = store.committer.clock = lambda: self.real() + self.ahead

    def forward(self, **by):
        self.ahead += timedelta(**by)


@pytest.fixture
def desk(newsroom, sandbox):
    return lambda *channels, editions=("en",): Desk(newsroom(channels or CHANNELS, editions), sandbox)


class Desk:
    def __init__(self, parts, sandbox):
        self.parts, self.sandbox, self.clock = parts, sandbox, Clock(parts.store)

    def publish(self, edition="en", number=1, **changes):
        post = Post(
            "cms",
            f"{edition}-{number}",
            edition,
            TITLES[edition],
            f"https://example.org/{edition}/{number}",
            self.clock.real(),
            summary="It is open every day.",
            categories=("City",),
            tags=("gardens",),
            **changes,
        )
        return self.parts.intake.take("cms", f"event-{edition}-{number}", Event.PUBLISH, post).result()

    def drain(self):
        for account in self.parts.accounts.values():
            self.parts.deliverer.drain(account.channel)

    def fault(self, channel, kind, times=1):
        order = {"channel": channel, "kind": kind, "times": times}
        requests.post(f"{self.sandbox.url}/_sandbox/faults", json=order, timeout=5).raise_for_status()

    def shown(self, channel):
        return [post for post in self.sandbox.posts(channel) if not post["deleted"]]

    def deliveries(self):
        return [line.delivery for line in self.parts.store.look(read.lines, read.Query(limit=500))]

    def only(self):
        [delivery] = self.deliveries()
        return delivery

    def sound(self):
        assert self.parts.store.verify_audit()[1] == ""


def test_every_article_stands_on_every_network_once_in_its_own_words(desk):
    house = desk(editions=("en", "ar", "fa", "sq"))
    for edition in TITLES:
        house.publish(edition)
    house.drain()
    house.drain()
    assert {delivery.state for delivery in house.deliveries()} == {State.PUBLISHED}
    for channel in CHANNELS:
        shown = house.shown(channel)
        assert sorted(post["account"] for post in shown) == sorted(TITLES)
        for post in shown:
            assert TITLES[post["account"]] in f"{post['text']} {post.get('title', '')}", channel
            assert f"https://example.org/{post['account']}/1" in f"{post['text']} {post['link']}"
            assert [(one["width"], one["mime"]) for one in post["media"]] == [(post["media"][0]["width"], "image/jpeg")]
    house.sound()


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_rate_limit_waits_as_told_and_uses_up_no_try(desk, channel):
    if channel == "email":
        pytest.skip("SMTP has no 429; 451 is tested below")
    house = desk(channel)
    house.fault(channel, "rate_limit:120")
    house.publish()
    house.drain()
    waiting = house.only()
    assert (waiting.state, waiting.reason, waiting.tries) == (State.WAITING, "rate_limited", 0)
    told = (waiting.again_at - house.parts.store.clock()).total_seconds()
    assert 100 < told <= 190
    house.clock.forward(seconds=200)
    house.drain()
    assert house.only().state is State.PUBLISHED
    assert len(house.shown(channel)) == 1


@pytest.mark.parametrize("channel", REPEATS)
@pytest.mark.parametrize("kind", ["drop_after_accept", "truncate", "malformed", "drop_before", "status:502"])
def test_a_lost_answer_is_repeated_with_the_same_key_and_makes_one_post(desk, channel, kind):
    house = desk(channel)
    house.fault(channel, kind)
    house.publish()
    house.drain()
    # to a webhook any 2xx is a yes, and a 502 means "later": its receiver knows the id again
    plain = {("webhook", "malformed"): State.PUBLISHED, ("webhook", "status:502"): State.WAITING}
    assert house.only().state is plain.get((channel, kind), State.IN_DOUBT)
    house.clock.forward(seconds=30)
    house.parts.sweeper.sweep()
    house.drain()
    assert house.only().state is State.PUBLISHED
    assert len(house.shown(channel)) == 1
    house.sound()


@pytest.mark.parametrize("channel", ASKS)
def test_a_lost_answer_without_a_key_waits_for_a_person_and_is_never_repeated(desk, channel):
    house = desk(channel)
    house.fault(channel, "drop_after_accept")
    house.publish()
    house.drain()
    assert house.only().state is State.IN_DOUBT
    for _ in range(3):
        house.clock.forward(minutes=10)
        house.parts.sweeper.sweep()
        house.drain()
    held = house.only()
    assert (held.state, held.reason) == (State.HELD, "outcome_unknown")
    assert len(house.shown(channel)) == 1
    house.parts.operator("person:test").resolve(held.id, sent_url="https://example.org/live", sent=True)
    assert house.only().state is State.PUBLISHED
    assert len(house.shown(channel)) == 1


def test_a_person_who_sees_that_nothing_is_out_sends_it_again(desk):
    house = desk("telegram")
    house.fault("telegram", "drop_before")
    house.publish()
    house.drain()
    house.clock.forward(minutes=1)
    house.parts.sweeper.sweep()
    house.parts.operator("person:test").resolve(house.only().id, sent=False)
    house.drain()
    assert house.only().state is State.PUBLISHED
    assert len(house.shown("telegram")) == 1


def test_a_repeat_after_the_platforms_window_is_left_to_a_person(desk):
    house = desk("mastodon")
    house.fault("mastodon", "drop_after_accept")
    house.publish()
    house.drain()
    house.clock.forward(hours=2)
    house.parts.sweeper.sweep()
    house.drain()
    assert (house.only().state, house.only().reason) == (State.HELD, "outcome_unknown")
    assert len(house.shown("mastodon")) == 1


@pytest.mark.parametrize("channel", CHANNELS)
def test_refused_credentials_hold_all_that_waits_for_the_account(desk, channel):
    house = desk(channel)
    house.fault(channel, "unauthorized", times=20)
    for number in (1, 2, 3):
        house.publish(number=number)
    house.parts.deliverer.drain(channel)
    house.clock.forward(hours=1)
    house.parts.deliverer.drain(channel)
    assert {(one.state, one.reason) for one in house.deliveries()} == {(State.HELD, "reconnect")}
    assert house.shown(channel) == []
    requests.delete(f"{house.sandbox.url}/_sandbox/faults", timeout=5)
    assert house.parts.operator("person:test").reconnected(f"{channel}-en") == 3
    house.drain()
    assert {one.state for one in house.deliveries()} == {State.PUBLISHED}


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_connection_is_tried_again_until_it_is_no_news_any_more(desk, channel, sandbox):
    house = desk(channel)
    sandbox.close()
    house.publish()
    house.drain()
    first = house.only()
    assert (first.state, first.reason, first.tries) == (State.WAITING, "retry", 1)
    house.clock.forward(minutes=30)
    house.drain()
    assert house.only().again_at > first.again_at
    house.clock.forward(hours=30)
    house.parts.sweeper.sweep()
    assert (house.only().state, house.only().reason) == (State.FAILED, "expired")


def test_what_the_platform_refuses_fails_at_once_with_its_words(desk):
    house = desk("x")
    house.publish(number=1)
    house.drain()
    post_id = house.deliveries()[0].post_id
    house.parts.operator("person:test").repost(post_id, ["x-en"], "twice, to see what X says")
    house.drain()
    newest = house.deliveries()[0]
    assert (newest.state, newest.reason) == (State.FAILED, "rejected")
    assert "duplicate" in newest.note
    assert len(house.shown("x")) == 1


def test_a_photo_post_carries_the_photo_and_a_broken_photo_does_not_stop_an_article(desk):
    house = desk("mastodon")
    private = Photo(f"{house.sandbox.url}/private.jpg")
    house.publish(number=1, photos=(private,))
    house.drain()
    assert house.only().state is State.PUBLISHED
    [post] = house.shown("mastodon")
    assert post["media"][0]["width"] == 1200
    house.publish(number=2, kind=Kind.PHOTO, photos=(private,))
    house.drain()
    assert house.deliveries()[0].state is State.FAILED, "a photo post without its photo is nothing"


def test_no_secret_stands_in_any_stored_transcript(desk):
    house = desk()
    house.publish()
    house.drain()
    secrets = {value for account in house.parts.accounts.values() for value in account.secrets.values()}
    assert len(secrets) > 8
    for delivery in house.deliveries():
        for attempt in house.parts.store.look(read.attempts_of, delivery.id):
            assert attempt.transcript
            assert not [secret for secret in secrets if len(secret) > 4 and secret in str(attempt.transcript)]


def test_an_unpublished_article_that_was_claimed_is_not_sent(desk):
    house = desk("mastodon")
    intake = house.publish()
    [claimed] = house.parts.store.claim("mastodon", 10, "somebody")
    gone = Post("cms", "en-1", "en", "", "", house.clock.real() + timedelta(seconds=1))
    house.parts.intake.take("cms", "gone", Event.UNPUBLISH, gone).result()
    post = house.parts.store.posts([intake.post_id])[intake.post_id].post
    house.parts.deliverer.deliver(claimed, post)
    assert house.only().state is State.CANCELLED
    assert house.shown("mastodon") == []


def test_a_withdrawn_article_is_never_sent_whatever_a_person_retries(desk):
    house = desk("mastodon", "telegram")
    intake = house.publish()
    for channel in ("mastodon", "telegram"):
        house.fault(channel, "drop_before")
    house.drain()
    gone = Post("cms", "en-1", "en", "", "", house.clock.real() + timedelta(seconds=1))
    house.parts.intake.take("cms", "gone", Event.DELETE, gone).result()
    house.clock.forward(minutes=1)
    house.parts.sweeper.sweep()
    house.drain()
    assert {one.state for one in house.deliveries()} == {State.HELD}
    operator = house.parts.operator("person:test")
    for one in house.deliveries():
        operator.resolve(one.id, sent=False)
    house.drain()
    assert {(one.state, one.reason) for one in house.deliveries()} == {(State.CANCELLED, "withdrawn")}
    with pytest.raises(NotPossibleError, match="withdrawn"):
        operator.repost(intake.post_id, ["mastodon-en"], "again")
    assert house.shown("mastodon") == house.shown("telegram") == []


def test_an_account_that_was_told_to_wait_is_not_asked_for_each_delivery(desk):
    house = desk("mastodon")
    for number in range(60):
        house.publish(number=number)
    house.fault("mastodon", "rate_limit:120", times=60)
    house.drain()
    asked = requests.get(f"{house.sandbox.url}/_sandbox/mastodon/requests", timeout=5).json()
    refused = [one for one in asked if one["status"] == 429]
    assert 0 < len(refused) <= 2 * SIDE_BY_SIDE, "those on their way may hear it too, the others must not ask"
    assert {(one.state, one.reason, one.tries) for one in house.deliveries()} == {(State.WAITING, "rate_limited", 0)}
    requests.delete(f"{house.sandbox.url}/_sandbox/faults", timeout=5)
    house.clock.forward(minutes=5)
    house.drain()
    assert len(house.shown("mastodon")) == 60
