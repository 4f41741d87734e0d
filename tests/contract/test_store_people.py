"""Login links, users, pictures: small tables with a promise each."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from publisher.domain.model import Image, Size, State
from publisher.store import people, read
from publisher.store.people import LoginLink, User
from publisher.store.pictures import Picture
from publisher.store.tables import cards, login_links
from tests.contract.conftest import NOON, Desk, article, published


def picture(post_id: str, content: bytes = b"\xff\xd8", warnings: tuple[str, ...] = ()) -> Picture:
    image = Image(content, "image/jpeg", Size(1200, 630), "A bee on a blossom", "5" * 64)
    return Picture("k" * 64, post_id, image, warnings)


def test_a_login_link_works_once(desk: Desk) -> None:
    desk.store.offer_link(LoginLink("very secret", "ada", NOON + timedelta(minutes=10)))
    with ThreadPoolExecutor(8) as pool:
        users = list(pool.map(desk.store.redeem_link, ["very secret"] * 8))
    assert sorted(users) == [""] * 7 + ["ada"]
    assert desk.trail("ada") == ["user.link_used"]


def test_a_login_link_expires(desk: Desk) -> None:
    desk.store.offer_link(LoginLink("very secret", "ada", NOON + timedelta(minutes=10)))
    desk.clock.advance(600)
    assert desk.store.redeem_link("very secret") == ""
    assert desk.count(login_links) == 0


def test_a_login_link_is_kept_as_a_digest_and_a_wrong_one_opens_nothing(desk: Desk) -> None:
    desk.store.offer_link(LoginLink("very secret", "ada", NOON + timedelta(minutes=10)))
    with desk.store.reading() as connection:
        (kept,) = connection.execute(login_links.select()).all()
    assert "very secret" not in repr(kept)
    assert desk.store.redeem_link(kept.digest) == desk.store.redeem_link("guess") == ""
    assert desk.store.redeem_link("very secret") == "ada"


def test_a_user_is_made_and_replaced(desk: Desk) -> None:
    for word in ("first", "second"):
        desk.store.save_user(User("ada", f"scrypt${word}"))
    assert desk.store.look(people.password_hash, "ada") == "scrypt$second"
    assert desk.store.look(people.password_hash, "nobody") == ""
    assert desk.trail("ada") == ["user.saved", "user.saved"]


def test_a_picture_is_kept_once(desk: Desk) -> None:
    post_id = desk.tell().post_id
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: desk.store.keep_picture(picture(post_id, b"first", (f"{n}",))), range(8)))
    desk.store.keep_picture(picture(post_id, b"other"))
    assert desk.count(cards) == 1
    row = desk.store.look(read.card, key="k" * 64)
    assert (row.content, row.width, row.height, row.alt) == (b"first", 1200, 630, "A bee on a blossom")
    assert desk.store.look(read.card, sha256="5" * 64) == row
    assert [card.sha256 for card in desk.store.look(read.cards_of, post_id)] == ["5" * 64]


def test_lists_are_bounded_filtered_and_go_on_where_they_ended(desk: Desk) -> None:
    for number in range(5):
        desk.tell(post=article(f"a-{number}", title=f"Bees, part {number}"), accounts=("north", "south"))
    for delivery in desk.claim(limit=3):
        desk.settle(desk.send(delivery), published())
    first = desk.store.look(read.lines, read.Query(limit=6))
    rest = desk.store.look(read.lines, read.Query(before=first[-1].delivery.id, limit=6))
    ids = [line.delivery.id for line in first + rest]
    assert (len(first), len(rest)) == (6, 4)
    assert ids == sorted(ids, reverse=True)
    counts = desk.store.look(read.counts, read.Query(states=(State.FAILED,)))
    assert {state: many for state, many in counts.items() if many} == {"published": 3, "waiting": 7}
    assert set(counts) == set(State)
    south = desk.store.look(read.lines, read.Query(account="south", states=(State.WAITING, State.PUBLISHED)))
    assert {line.delivery.account for line in south} == {"south"}
    assert len(south) == 5


def test_a_post_is_found_by_every_name_it_has(desk: Desk) -> None:
    post_id = desk.tell().post_id
    for reference in (post_id, "https://garden.example/a-1", "garden/a-1"):
        assert desk.store.look(read.find_post, reference).id == post_id
    assert desk.store.look(read.find_post, "garden/other") is None
