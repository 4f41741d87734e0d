"""The dashboard over a real socket: who gets in, what is shown, and that hostile text stays text."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin

import pytest
import requests

from publisher.domain import policy
from publisher.domain.failures import OutcomeUnknown, Rejected, TryLater, Unauthorized
from publisher.domain.model import Event, Image, Post, Reason, Receipt, Size, State
from publisher.services.passwords import hash_password
from publisher.store import chain, read
from publisher.store.arrivals import Arrival, Planned
from publisher.store.people import LoginLink, User
from publisher.store.pictures import Picture
from publisher.store.queue import Sending
from publisher.store.settling import Settling
from publisher.web import words
from publisher.web.limiter import Limiter, neighbourhood
from publisher.web.login import TRIES_OF_ONE_NAME
from publisher.web.scope import PAGE_LINES
from publisher.web.sessions import Sessions, local_path

PASSWORD = "correct horse battery staple"
HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(2)> & "quoted" \u202e reversed'
ARABIC = "المدينة تفتتح أكبر حديقة عامة"


@pytest.fixture(scope="session")
def stored():
    return hash_password(PASSWORD)


@pytest.fixture
def desk(newsroom, site):
    parts = newsroom(("mastodon", "telegram"), ("en", "ar"))
    return Desk(parts, site(parts))


@pytest.fixture
def inside(desk):
    """A desk at which somebody is logged in, by a link."""
    desk.offer("sesame-open")
    desk.press("/login/sesame-open")
    return desk


class Desk:
    """A browser without pictures: a session of requests, and the newsroom it looks at."""

    def __init__(self, parts, url):
        self.parts, self.url, self.store = parts, url, parts.store
        self.browser = requests.Session()

    def get(self, path, **given):
        return self.browser.get(self.url + path, timeout=20, **given)

    def page(self, path, status=200):
        answer = self.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def press(self, path, fields=None, *, page="", **headers):
        """Open `page`, take its form's token, and send the form to `path`."""
        token = re.search(r'name="token" value="([^"]+)"', self.get(page or path).text)[1]
        fields = {"token": token, **(fields or {})}
        return self.browser.post(self.url + path, data=fields, headers=headers, timeout=20, allow_redirects=False)

    def offer(self, secret, user="desk", seconds=600):
        self.store.offer_link(LoginLink(secret, user, self.store.clock() + timedelta(seconds=seconds)))

    def tell(self, number=1, title="The garden opens", edition="en", accounts=None, url=""):
        now = self.store.clock()
        post = Post("cms", str(number), edition, title, url or f"https://example.org/{number}", now, summary="Short.")
        plan = tuple(
            Planned(name, name.split("-")[0], now, now + timedelta(hours=24))
            for name in accounts or (f"mastodon-{edition}",)
        )
        return self.store.ingest(Arrival("cms", f"event-{number}", Event.PUBLISH, post, plan)).result()

    def send(self, outcome, channel="mastodon", draft=None, transcript=()):
        """Claim the next Delivery of the channel and end it with `outcome`; its id."""
        [delivery] = self.store.claim(channel, 1, "worker:1")
        now = self.store.clock()
        draft = draft or {"status": "What readers see"}
        assert self.store.sending(Sending(delivery, draft, now, "worker:1"))
        sent = replace(delivery, state=State.SENDING, draft=draft)
        settlement = policy.settle(sent, outcome, now, 0.5)
        self.store.settle(Settling(sent, settlement, "worker:1", now, list(transcript)))
        return delivery.id

    def audited(self, event):
        with self.store.reading() as connection:
            return [row for row in chain.entries(connection) if row.event == event]


def rows(html):
    """The words of each line of a page's first table."""
    body = html.split("<tbody", 1)[1].split("</tbody>", 1)[0]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in body.split("<tr ")[1:]]


# ---- who gets in ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/deliveries", "/deliveries/x", "/articles", "/incoming", "/nowhere", "/a/b"])
def test_nothing_is_shown_without_a_session(desk, path):
    answer = desk.get(path, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login")
    assert answer.content == b""


def test_who_logs_in_comes_to_the_page_they_wanted(desk, stored):
    desk.store.save_user(User("desk", stored))
    login = desk.get("/deliveries?state=held&channel=mastodon")
    assert login.url.startswith(f"{desk.url}/login?next=")
    wanted = unescape(re.search(r'name="next" value="([^"]+)"', login.text)[1])
    answer = desk.press("/login", {"name": "desk", "password": PASSWORD, "next": wanted})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/deliveries?state=held&channel=mastodon"
    assert "Deliveries" in desk.page("/deliveries")
    assert [line.subject for line in desk.audited("user.logged_in")] == ["desk"]


def test_a_wrong_password_and_an_unknown_name_are_one_answer(desk, stored):
    desk.store.save_user(User("desk", stored))
    desk.store.save_user(User("linked", ""))
    told = set()
    for name, password in (("desk", "wrong"), ("nobody", PASSWORD), ("linked", ""), ("d\x00sk", PASSWORD), ("", "")):
        answer = desk.press("/login", {"name": name, "password": password})
        assert answer.status_code == 403
        told.add(re.sub(r'value="[^"]*"', "", answer.text))
        assert desk.get("/deliveries", allow_redirects=False).status_code == 303
    assert len(told) == 1
    assert [line.subject for line in desk.audited("user.refused")] == ["desk"]


def test_ten_tries_of_a_name_and_then_a_pause_even_for_the_right_password(desk, stored):
    desk.store.save_user(User("desk", stored))
    desk.store.save_user(User("other", stored))
    for _ in range(TRIES_OF_ONE_NAME):
        assert desk.press("/login", {"name": "desk", "password": "x"}).status_code == 403
    refused = desk.press("/login", {"name": "desk", "password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert "too many tries" in refused.text
    assert desk.press("/login", {"name": "other", "password": PASSWORD}).status_code == 303


def test_a_link_survives_being_looked_at_and_works_once(desk):
    desk.offer("sesame-open")
    for _ in range(3):
        assert "Log in now" in desk.page("/login/sesame-open")
    assert desk.get("/deliveries", allow_redirects=False).status_code == 303
    answer = desk.press("/login/sesame-open")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/deliveries")
    assert desk.page("/deliveries")
    stranger = Desk(desk.parts, desk.url)
    burned = stranger.press("/login/sesame-open")
    assert burned.status_code == 403
    assert "used already" in burned.text
    assert stranger.get("/deliveries", allow_redirects=False).status_code == 303


def test_a_link_that_is_too_old_or_made_up_does_not_open(desk):
    desk.offer("late", seconds=-1)
    for secret in ("late", "made-up"):
        assert desk.press(f"/login/{secret}").status_code == 403
        assert desk.get("/deliveries", allow_redirects=False).status_code == 303


def test_a_form_from_elsewhere_is_refused_and_uses_nothing_up(desk):
    desk.offer("sesame-open")
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": desk.url},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ):
        assert desk.press("/login/sesame-open", **headers).status_code == 403, headers
    without = desk.browser.post(f"{desk.url}/login/sesame-open", timeout=20)
    assert without.status_code == 403
    assert "no longer holds" in without.text
    assert desk.press("/login/sesame-open", Origin=desk.url).status_code == 303


def test_a_token_of_another_browser_is_worth_nothing(desk):
    desk.offer("sesame-open")
    stranger = Desk(desk.parts, desk.url)
    token = re.search(r'name="token" value="([^"]+)"', stranger.page("/login"))[1]
    desk.page("/login")
    answer = desk.browser.post(f"{desk.url}/login/sesame-open", data={"token": token}, timeout=20)
    assert answer.status_code == 403


def test_a_large_form_is_not_read(desk):
    answer = desk.press("/login", {"name": "desk", "password": "x" * 100_000})
    assert answer.status_code == 413


ELSEWHERE = [
    "https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "\\\\elsewhere.example", "javascript:x",
    "/\t/elsewhere.example", "/login?next=/login", "deliveries", "", "/ä", "/\r\nSet-Cookie: a=b",
]  # fmt: skip


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_no_log_in_leads_to_another_site(wanted):
    assert local_path(wanted) == "/deliveries"


def test_a_log_in_ignores_another_sites_address(desk, stored):
    desk.store.save_user(User("desk", stored))
    answer = desk.press("/login", {"name": "desk", "password": PASSWORD, "next": "//elsewhere.example/x"})
    assert answer.headers["Location"] == "/deliveries"
    again = desk.get("/login?next=https://elsewhere.example/", allow_redirects=False)
    assert again.headers["Location"] == "/deliveries"


def test_logging_out_ends_it(inside):
    assert inside.browser.post(f"{inside.url}/logout", timeout=20).status_code == 403
    assert inside.press("/logout", page="/deliveries").headers["Location"] == "/login"
    assert inside.get("/deliveries", allow_redirects=False).status_code == 303


def test_a_new_password_ends_old_sessions(inside, stored):
    assert inside.get("/deliveries", allow_redirects=False).status_code == 200
    inside.store.save_user(User("desk", stored))
    assert inside.get("/deliveries", allow_redirects=False).status_code == 303


def test_a_changed_cookie_is_no_session(inside):
    [name] = [cookie.name for cookie in inside.browser.cookies if not cookie.name.endswith("-form")]
    value = inside.browser.cookies[name]
    for forged in (value[:-2] + ("AA" if value[-2:] != "AA" else "BB"), "x", "", value.split(".")[0]):
        cookies = {"Cookie": f"{name}={forged}"}
        answer = requests.get(f"{inside.url}/deliveries", headers=cookies, timeout=20, allow_redirects=False)
        assert answer.status_code == 303


def test_cookies_are_closed_to_scripts_and_other_sites(desk):
    desk.offer("sesame-open")
    told = desk.press("/login/sesame-open").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"} <= set(told.split("; "))
    assert "Secure" not in told
    behind_tls = Sessions("k" * 40, "https://publisher.example", lambda name: "")
    assert (behind_tls.secure, behind_tls.cookie) == (True, "__Host-publisher")


@pytest.mark.parametrize("path", ["/login", "/login/x", "/deliveries", "/deliveries/nowhere", "/static/style.css"])
def test_every_answer_carries_the_security_headers(inside, path):
    headers = inside.get(path).headers
    policy_words = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'self'", "frame-ancestors 'none'"} <= set(policy_words)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("no-store" if "static" not in path else "public, max-age=31536000, immutable")


def test_the_limiter_forgets_in_time_and_stays_small():
    limiter = Limiter(2, 600, keys=2)
    assert [limiter.wait("a", now) for now in (0, 100, 200)] == [0, 0, 400]
    assert limiter.wait("a", 601) == 0
    limiter.wait("b", 602)
    limiter.wait("c", 603)
    assert len(limiter._tries) == 2
    limiter.forget("b")
    assert [limiter.wait("b", 604), limiter.wait("b", 604)] == [0, 0]


def test_one_visitor_is_an_address_or_a_whole_ipv6_network():
    assert neighbourhood("192.0.2.1") != neighbourhood("192.0.2.2")
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("no address") == "no address"


# ---- what is shown -------------------------------------------------------------------------------------------------
def test_the_list_shows_state_article_and_where_it_is_live(inside):
    inside.tell(1, ARABIC, "ar")
    inside.send(Receipt(("77",), "https://social.example/@daily/77"))
    html = inside.page("/deliveries")
    [line] = rows(html)
    for part in ("Published", ARABIC, "mastodon-ar", "social.example"):
        assert part in line
    assert f'dir="auto" lang="ar" href="/deliveries/{read_all(inside)[0].id}">{ARABIC}' in html
    assert 'href="https://social.example/@daily/77" rel="noopener noreferrer external"' in html
    assert re.search(r'<time datetime="[^"]+" title="[\d-]+ [\d:]+ UTC">', html)


def test_filters_narrow_and_their_counts_speak_of_the_same(inside):
    inside.tell(1, accounts=("mastodon-en", "telegram-en"))
    inside.tell(2, "Second", "ar", accounts=("mastodon-ar",))
    inside.send(Rejected("too long"))
    assert len(rows(inside.page("/deliveries"))) == 3
    assert len(rows(inside.page("/deliveries?state=failed"))) == 1
    assert len(rows(inside.page("/deliveries?state=failed&state=waiting"))) == 3
    assert len(rows(inside.page("/deliveries?channel=telegram"))) == 1
    assert len(rows(inside.page("/deliveries?edition=ar&account=mastodon-ar"))) == 1
    html = inside.page("/deliveries?channel=mastodon&state=failed")
    counts = dict(re.findall(r'href="(/deliveries[^"]*)"[^>]*><b>(\d+)</b>', html))
    assert {unescape(address): number for address, number in counts.items()} == {
        "/deliveries?channel=mastodon": "2",
        **{
            f"/deliveries?state={state}&channel=mastodon": {"failed": "1", "waiting": "1"}.get(state, "0")
            for state in State
        },
    }
    assert "Nothing matches" in inside.page("/deliveries?state=held")


def test_conditions_that_cannot_be_meant_are_left_out_and_said(inside):
    inside.tell()
    html = inside.page("/deliveries?state=%3Cb%3E&channel=%00&edition=a%20b&before=zzz&account=" + "x" * 65)
    assert html.count('role="status"') == 5
    assert "No state is called “&lt;b&gt;”" in html
    assert len(rows(html)) == 1
    assert 'role="status"' in inside.page("/articles?edition=nowhere")


def test_paging_goes_through_all_and_each_once(inside):
    for number in range(PAGE_LINES + 3):
        inside.tell(number, f"Article number {number}")
    first = inside.page("/deliveries?channel=mastodon")
    older = unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    assert "channel=mastodon" in older
    second = inside.page(older)
    titles = re.findall(r">(Article number \d+)<", first + second)
    assert len(titles) == len(set(titles)) == PAGE_LINES + 3
    assert 'rel="next"' not in second
    assert "Newest" in second


def test_a_wall_screen_may_renew_itself(inside):
    assert "http-equiv" not in inside.page("/deliveries")
    address = unescape(re.search(r'href="([^"]+)">Renew', inside.page("/deliveries?state=held"))[1])
    assert 'http-equiv="refresh" content="30"' in inside.page(address)


EXCHANGE = {
    "method": "POST", "url": "https://social.example/api/v1/statuses", "status": 422, "ms": 98.2,
    "headers": {"content-type": "application/json"}, "body": '{"status":"<b>hi</b>"}',
    "answer_headers": {"retry-after": "3"}, "answer": '{"error":"\\ud800 Validation failed"}',
}  # fmt: skip


def test_a_delivery_shows_its_receipt_text_exchanges_picture_and_trail(inside):
    intake = inside.tell()
    picture = Image(b"jpeg", "image/jpeg", Size(1200, 630), "A garden <gate>", "ab" * 32)
    inside.store.keep_picture(Picture("key", intake.post_id, picture))
    draft = {"status": f"{ARABIC}\nhttps://example.org/1", "media": [{"id": 7}]}
    receipt = Receipt(("77",), "https://social.example/@daily/77")
    html = inside.page("/deliveries/" + inside.send(receipt, draft=draft, transcript=[EXCHANGE]))
    text = unescape(html)
    for part in (
        '<a class="out" href="https://social.example/@daily/77"', f"{ARABIC}\nhttps://example.org/1", "media.0.id",
        '"status": "<b>hi</b>"', "retry-after", "98.2 ms", "? Validation failed", "delivery.published", "it is out",
    ):  # fmt: skip
        assert part in text
    assert f'<img src="/cards/{"ab" * 32}.jpg"' in html
    assert 'alt="A garden &lt;gate&gt;"' in html
    assert inside.get(f"/cards/{'ab' * 32}.jpg").content == b"jpeg"
    assert "<b>hi" not in html


def test_an_exchange_without_an_answer_is_shown(inside):
    inside.tell()
    lost = {"method": "POST", "url": "https://social.example/x", "error": "closed <early>"}
    html = inside.page("/deliveries/" + inside.send(OutcomeUnknown("no answer"), transcript=[lost, {}]))
    assert "no answer" in html
    assert "closed &lt;early&gt;" in html


OUTCOMES = [
    (Rejected("too long"), "refuses this content for good", "publisher deliveries retry"),
    (Unauthorized("revoked"), "refuses the account&#39;s credentials", "publisher channels test mastodon-en"),
    (KeyError("x"), "nobody had foreseen", "publisher deliveries cancel"),
    (OutcomeUnknown("no answer"), "its answer was lost", ""),
    (TryLater("answered 503"), "tried again by itself", "publisher deliveries retry"),
    (TryLater("slow", after=30, rate_limited=True), "asked for patience", ""),
]


@pytest.mark.parametrize(("outcome", "said", "command"), OUTCOMES, ids=[type(one[0]).__name__ for one in OUTCOMES])
def test_each_state_says_what_to_do_now(inside, outcome, said, command):
    inside.tell()
    html = inside.page("/deliveries/" + inside.send(outcome))
    assert said in html
    assert command in html
    assert str(outcome) in unescape(html) or isinstance(outcome, KeyError)


def test_every_state_and_reason_has_words(inside):
    inside.tell()
    [delivery] = read_all(inside)
    for state in State:
        for reason in ("", "unheard-of", *Reason):
            advice = words.advice(replace(delivery, state=state, reason=reason))
            assert advice.words
            assert not any("{" in command for command in advice.commands)
    assert set(words.STATES) == set(State)
    assert set(words.REASONS) == set(Reason)


def test_articles_and_what_came_in_are_shown(inside):
    intake = inside.tell(1, accounts=("mastodon-en", "telegram-en"))
    inside.tell(2, ARABIC, "ar")
    inside.send(Receipt(("7",)))
    listed = inside.page("/articles")
    assert any("1 waiting" in row and "1 published" in row for row in rows(listed))
    assert len(rows(inside.page("/articles?edition=ar"))) == 1
    page = inside.page(f"/articles/{intake.post_id}")
    assert len(rows(page)) == 2
    assert "post.created" in page
    [second, first] = rows(inside.page("/incoming"))
    assert "event-1" in first
    assert "new" in first
    assert "event-2" in second


def test_hostile_text_stays_text_on_every_page(inside):
    intake = inside.tell(1, HOSTILE, url="javascript:alert(3)")
    bad = Receipt((HOSTILE,), "javascript:alert(4)")
    exchange = {**EXCHANGE, "url": HOSTILE, "body": HOSTILE, "answer": "[" * 5000, "error": HOSTILE}
    published = inside.send(bad, draft={HOSTILE: HOSTILE}, transcript=[exchange])
    inside.tell(2, HOSTILE)
    rejected = inside.send(Rejected(HOSTILE))
    paths = ["/deliveries", "/articles", "/incoming", f"/articles/{intake.post_id}"]
    for path in (*paths, f"/deliveries/{published}", f"/deliveries/{rejected}"):
        html = inside.page(path)
        assert "<script" not in html
        assert "<img src=x" not in html
        assert not re.search(r"""(?:href|src)=["']?\s*javascript:""", html, re.IGNORECASE)
        assert path == "/incoming" or "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://example.org/a", True), ("http://127.0.0.1:8/x", True), ("HTTPS://example.org", True),
        ("javascript:alert(1)", False), (" javascript:alert(1)", False), ("data:text/html,x", False),
        ("//example.org", False), ("/path", False), ("https:", False), ("http://[", False), ("", False), (None, False),
    ],
)  # fmt: skip
def test_only_web_addresses_become_links(text, is_one):
    assert words.is_web_address(text) is is_one


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7300, "2 h ago"), (2e5, "2 d ago"), (-90, "in 1 min"), (-5, "in a moment")],
)  # fmt: skip
def test_times_are_told_by_their_distance(inside, seconds, said):
    now = inside.store.clock()
    assert words.moment(now - timedelta(seconds=seconds), now)["relative"] == said


@pytest.mark.parametrize(
    "path", ["/nowhere", "/deliveries/01JUNKJUNK", "/deliveries/%00", "/articles/" + "0" * 26, "/deliveries/"]
)
def test_what_is_not_there_is_said_in_words(inside, path):
    html = inside.page(path, 404)
    assert "<h1>Not found</h1>" in html
    assert "To the deliveries" in html


def test_an_empty_newsroom_says_so(inside):
    assert "Nothing has been published yet" in inside.page("/deliveries")
    assert "No article has come yet" in inside.page("/articles")
    assert "Nothing has come yet" in inside.page("/incoming")


def test_every_link_and_picture_of_ours_leads_somewhere(inside):
    intake = inside.tell(1)
    inside.send(Receipt(("7",), "https://social.example/7"))
    seen, queue = set(), ["/deliveries", f"/articles/{intake.post_id}"]
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = inside.get(path)
        assert answer.status_code == 200, path
        for found in re.findall(
            r'(?:href|src)="([^"#]+)', answer.text if "text/html" in answer.headers["Content-Type"] else ""
        ):
            there = urljoin(inside.url + path, unescape(found))
            if there.startswith(inside.url):
                queue.append(there.removeprefix(inside.url))
    assert any(path.startswith("/static/style.css?v=") for path in seen)
    assert len(seen) > 15


def read_all(desk):
    return [line.delivery for line in desk.store.look(read.lines, read.Query())]
