"""The dashboard in a real Chromium: in by a link, filter, open a delivery; light and dark, phone and desk, keyboard."""

import shutil
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import uvicorn

from publisher import settings
from publisher.bootstrap import Publisher
from publisher.domain import policy
from publisher.domain.failures import Rejected
from publisher.domain.model import Event, Post, Receipt, State
from publisher.store.arrivals import Arrival, Planned
from publisher.store.people import LoginLink
from publisher.store.queue import Sending
from publisher.store.settling import Settling
from publisher.web import create_app

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-quic", "--no-first-run"]
ARABIC = "المدينة تفتتح أكبر حديقة عامة يوم السبت بحضور آلاف الزوار من الأحياء المجاورة"
CONFIG = """
[editions.en]
language = "en"
site_name = "Daily"
[editions.ar]
language = "ar"
direction = "rtl"
site_name = "اليومية"
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


@pytest.fixture
def parts(tmp_path):
    (tmp_path / "publisher.toml").write_text(CONFIG, encoding="utf-8")
    env = {"PUBLISHER_DATA": str(tmp_path), "PUBLISHER_SECRET_KEY": "k" * 40}
    made = Publisher(settings.load(tmp_path, env))
    made.store.migrate()
    yield made
    made.close()


@pytest.fixture
def url(parts):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(parts), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(parts, url):
    """A page in which somebody is logged in by a link; whatever the browser complains of fails the test."""
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    parts.store.offer_link(LoginLink("sesame", "desk", parts.store.clock() + timedelta(hours=1)))
    complaints = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = browser.new_page()
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(f"{url}/login/sesame")
        opened.get_by_role("button", name="Log in now").click()
        opened.wait_for_url("**/deliveries")
        yield opened
        browser.close()
    assert complaints == []


@pytest.fixture
def delivered(parts):
    """A refused delivery with an Arabic title, and a published one."""
    outcomes = [
        (ARABIC, "ar", Rejected("the text is too long")),
        ("Gardens", "en", Receipt(("7",), "https://s.example/7")),
    ]
    for number, (title, edition, outcome) in enumerate(outcomes):
        now = parts.store.clock()
        post = Post("cms", str(number), edition, title, f"https://example.org/{number}", now)
        plan = (Planned(f"mastodon-{edition}", "mastodon", now, now + timedelta(hours=24)),)
        parts.store.ingest(Arrival("cms", f"e{number}", Event.PUBLISH, post, plan)).result()
        [claimed] = parts.store.claim("mastodon", 1, "worker:1")
        draft = {"status": f"{title} https://example.org/{number}"}
        parts.store.sending(Sending(claimed, draft, now, "worker:1"))
        sent = replace(claimed, state=State.SENDING, draft=draft)
        exchange = {"method": "POST", "url": "https://s.example/api", "status": 422, "answer": '{"error":"too long"}'}
        parts.store.settle(Settling(sent, policy.settle(sent, outcome, now, 0.5), "worker:1", now, [exchange]))


def test_log_in_by_link_filter_and_open_a_delivery(page, delivered):
    page.reload()
    assert page.get_by_role("table").get_by_role("row").count() == 3
    page.get_by_text("Filter", exact=True).click()
    page.get_by_role("checkbox", name="Failed").check()
    page.get_by_label("Edition").select_option("ar")
    page.get_by_role("button", name="Show").click()
    assert "state=failed" in page.url
    assert page.get_by_role("table").get_by_role("row").count() == 2
    page.get_by_role("link", name=ARABIC).click()
    assert page.get_by_role("heading", level=1).inner_text() == ARABIC
    assert page.get_by_text("refuses this content for good").is_visible()
    page.locator("details.exchange summary").click()
    assert page.get_by_text('"error": "too long"').is_visible()
    page.get_by_role("button", name="Log out").click()
    assert page.url.endswith("/login")


def test_arabic_runs_from_right_to_left_inside_a_page_that_does_not(page, delivered):
    page.reload()
    title = page.get_by_role("link", name=ARABIC)
    assert title.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert title.get_attribute("lang") == "ar"
    assert page.locator("html").evaluate("element => getComputedStyle(element).direction") == "ltr"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1440, 2560])
def test_every_page_fits_its_screen_and_can_be_read(page, delivered, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.reload()
    links = [
        page.get_by_role("link", name=ARABIC).get_attribute("href"),
        "/deliveries?state=failed",
        "/articles",
        "/incoming",
    ]
    for path in ("/deliveries", *links):
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate(SPILT) == [], path
        assert page.evaluate(LEAST_CONTRAST) >= 4.5, path


SPILT = """() => [...document.querySelectorAll("td, dd, .counts a")]
  .filter(one => getComputedStyle(one).display !== "inline" && one.scrollWidth > one.clientWidth + 1)
  .map(one => `${one.className}: ${one.textContent.trim()}`)"""
"""Cells whose words run out of them, over their neighbours."""

LEAST_CONTRAST = """() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  return Math.min(...texts.map(element => {
    const pair = [light(channels(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    return (pair[0] + .05) / (pair[1] + .05);
  }));
}"""
"""The smallest contrast of any text with its ground, as WCAG 2.2 (1.4.3) counts it."""


def test_the_first_tab_offers_to_skip_to_the_content(page):
    page.reload()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("element => element === document.activeElement")
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
