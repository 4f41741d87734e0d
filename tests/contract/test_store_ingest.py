"""What each Event changes, and what it must not change."""

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from publisher.domain.model import Event, Reason, State
from publisher.domain.policy import Settlement
from publisher.store import Store, ingest, read
from publisher.store.arrivals import CONFLICT, DUPLICATE, Intake
from publisher.store.tables import audit, deliveries, events, posts, revisions
from tests.contract.conftest import Clock, Desk, article, published

WITHDRAWALS = (Event.UNPUBLISH, Event.DELETE)
ACCOUNTS = ("north", "south")


def states(desk: Desk, intake: Intake) -> dict[str, str]:
    """The state of each Delivery, by its account."""
    rows = [desk.row(delivery_id) for delivery_id in intake.deliveries]
    return {row.account: row.state for row in rows}


def test_a_publish_makes_post_deliveries_and_entries_at_one_moment(desk: Desk) -> None:
    intake = desk.tell(accounts=ACCOUNTS)
    assert (intake.verdict, intake.channels) == ("new", frozenset({"chan"}))
    assert states(desk, intake) == {"north": State.WAITING, "south": State.WAITING}
    assert desk.store.posts([intake.post_id]) == {intake.post_id: (article(), 1, False)}
    (event,) = desk.store.look(read.incoming)
    assert (event.event_id, event.type, event.verdict, event.post_id) == ("event-1", "publish", "new", intake.post_id)
    assert desk.trail(intake.post_id) == ["post.created"]
    with desk.store.reading() as connection:
        assert connection.scalars(select(audit.c.event).order_by(audit.c.seq)).all() == [
            "post.created",
            "delivery.created",
            "delivery.created",
        ]
        assert set(connection.scalars(select(audit.c.at))) == {desk.clock.now}


def test_what_fails_half_way_leaves_nothing(desk: Desk) -> None:
    with pytest.raises(Exception, match=r"(?i)not.null"):
        desk.tell(accounts=("north", None))
    assert [desk.count(table) for table in (posts, revisions, events, deliveries, audit)] == [0] * 5


def test_the_same_event_adds_nothing(desk: Desk) -> None:
    first = desk.tell(event_id="e", digest="d")
    again = desk.tell(event_id="e", digest="d", accounts=ACCOUNTS)
    assert again == Intake(DUPLICATE, first.post_id, first.deliveries)
    assert [desk.count(table) for table in (posts, events, deliveries)] == [1, 1, 1]


def test_the_same_event_id_with_other_words_is_a_conflict(desk: Desk) -> None:
    desk.tell(event_id="e", digest="d")
    assert desk.tell(event_id="e", digest="other", post=article(title="Other words", minutes=1)).verdict == CONFLICT
    assert [desk.count(table) for table in (posts, revisions, events, deliveries)] == [1, 1, 1, 1]


def test_the_same_content_under_another_id_adds_nothing(desk: Desk) -> None:
    first = desk.tell()
    for minutes in (0, 10):
        again = desk.tell(post=article(minutes=minutes))
        assert again == Intake(DUPLICATE, first.post_id, first.deliveries)
    between = desk.tell(Event.UPDATE, article(minutes=5, title="An older telling that came late"))
    assert between.verdict == "older than what is known"
    assert [desk.count(table) for table in (posts, revisions, deliveries)] == [1, 1, 1]


@pytest.mark.parametrize("event", list(Event))
def test_an_older_revision_changes_nothing(desk: Desk, event: Event) -> None:
    first = desk.tell(post=article(minutes=10))
    older = desk.tell(event, article(minutes=9, title="Older words"), accounts=ACCOUNTS)
    assert (older.verdict, older.deliveries) == ("older than what is known", first.deliveries)
    assert states(desk, first) == {"north": State.WAITING}
    assert desk.store.posts([first.post_id])[first.post_id] == (article(minutes=10), 1, False)
    assert desk.trail(first.post_id) == ["post.created", "event.older"]


def test_an_update_replaces_the_words_and_clears_only_drafts_that_no_one_may_have_seen(desk: Desk) -> None:
    intake = desk.tell(accounts=ACCOUNTS)
    north, south = (desk.send(delivery) for delivery in desk.claim())
    desk.settle(north, Settlement(State.WAITING, Reason.RETRY))
    desk.settle(south, Settlement(State.WAITING, Reason.SAME_KEY, doubt=True))
    revised = article(minutes=1, title="Bees return, and so do the swifts")
    assert desk.tell(Event.UPDATE, revised).verdict == "updated: recorded"
    assert desk.store.posts([intake.post_id])[intake.post_id] == (revised, 2, False)
    assert [desk.row(one).draft for one in (north, south)] == [None, {"text": "hello"}]


def test_an_update_of_an_unknown_post_sends_nothing_and_a_publish_of_it_does(desk: Desk) -> None:
    update = desk.tell(Event.UPDATE)
    assert (update.verdict, update.deliveries) == ("new: recorded", ())
    publish = desk.tell(Event.PUBLISH)
    assert (publish.verdict, publish.post_id, len(publish.deliveries)) == ("published", update.post_id, 1)


@pytest.mark.parametrize("event", WITHDRAWALS)
def test_a_withdrawal_cancels_what_is_still_ours(desk: Desk, event: Event) -> None:
    intake = desk.tell(accounts=("held", "out", "doubtful", "sending", "claimed"))
    by_account = {delivery.account: delivery for delivery in desk.claim()}
    desk.settle(by_account["held"], Settlement(State.HELD, Reason.BUG))
    desk.settle(desk.send(by_account["out"]), published())
    desk.settle(desk.send(by_account["doubtful"]), Settlement(State.WAITING, Reason.SAME_KEY, doubt=True))
    desk.send(by_account["sending"])
    desk.tell(post=article(), accounts=("waiting",), event_id="later")
    desk.tell(post=article(minutes=1, title="Swifts"), accounts=("waiting",))
    withdrawn = desk.tell(event, article(minutes=2))
    assert states(desk, withdrawn) == {
        "held": State.CANCELLED,
        "claimed": State.CANCELLED,
        "waiting": State.CANCELLED,
        "out": State.PUBLISHED,
        "doubtful": State.WAITING,
        "sending": State.SENDING,
    }
    assert desk.row(by_account["claimed"]).token > by_account["claimed"].token
    assert not desk.announce(by_account["claimed"])
    assert desk.trail(intake.post_id)[-1] == f"post.{event}"


@pytest.mark.parametrize("event", WITHDRAWALS)
def test_a_publish_that_comes_after_its_own_withdrawal_sends_nothing(desk: Desk, event: Event) -> None:
    gone = desk.tell(event, article(minutes=5))
    late = desk.tell(Event.PUBLISH, article(minutes=4))
    assert (late.verdict, late.post_id, late.deliveries) == ("older than what is known", gone.post_id, ())
    assert desk.count(deliveries) == 0


def test_publishing_again_sends_only_what_the_withdrawal_cancelled(desk: Desk) -> None:
    first = desk.tell(accounts=("out", "cancelled"))
    by_account = {delivery.account: delivery for delivery in desk.claim()}
    desk.settle(desk.send(by_account["out"]), published())
    desk.tell(Event.UNPUBLISH, article(minutes=1))
    again = desk.tell(Event.PUBLISH, article(minutes=2), accounts=("out", "cancelled", "added"))
    made = [desk.row(delivery_id) for delivery_id in again.deliveries if delivery_id not in first.deliveries]
    assert sorted((row.account, row.state, row.ordinal) for row in made) == [
        ("added", State.WAITING, 0),
        ("cancelled", State.WAITING, 1),
    ]
    assert desk.tell(Event.PUBLISH, article(minutes=3), accounts=("out", "cancelled", "added")).verdict == DUPLICATE


def test_an_event_we_do_not_act_on_is_recorded(desk: Desk) -> None:
    assert desk.tell(None, verdict="a page, not a post").verdict == "ignored: a page, not a post"
    (event,) = desk.store.look(read.incoming)
    assert (event.type, event.verdict) == ("ignored", "ignored: a page, not a post")
    assert desk.count(posts) == 0
    assert desk.trail("garden") == ["event.ignored"]


def test_a_batch_tells_one_story_in_order(desk: Desk) -> None:
    tellings = [
        desk.arrival(event, article(minutes=minute, title=f"Take {minute}"))
        for minute, event in enumerate((Event.PUBLISH, Event.UPDATE, Event.UNPUBLISH, Event.PUBLISH))
    ]
    intakes = desk.store.committer.run(ingest.ingest, tellings)
    assert [intake.verdict for intake in intakes] == ["new", "updated: recorded", "unpublish", "updated"]
    first, second = (desk.row(delivery_id) for delivery_id in intakes[-1].deliveries)
    assert (first.state, second.state) == (State.CANCELLED, State.WAITING)


def test_a_hundred_threads_with_copies_make_one_post(desk: Desk, open_store: Callable[..., Store]) -> None:
    arrivals = [desk.arrival(event_id=f"event-{number % 50}") for number in range(100)]
    stores = (desk.store, open_store(Clock()))
    with ThreadPoolExecutor(100) as pool:
        futures = [pool.submit(stores[n % 2].ingest, dataclasses.replace(a)) for n, a in enumerate(arrivals)]
        verdicts = sorted(future.result().result().verdict for future in futures)
    assert verdicts == [DUPLICATE] * 99 + ["new"]
    assert [desk.count(table) for table in (posts, revisions, events, deliveries)] == [1, 1, 50, 1]
