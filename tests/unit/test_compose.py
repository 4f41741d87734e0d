"""Compose: what is written, what gives way, and that nothing ever exceeds the limit."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import regex  # type: ignore[import-untyped]  # it ships no type hints
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.capability import Capability, Link
from publisher.domain.compose import TemplateProblem, compose
from publisher.domain.model import Direction, Edition, Kind, Post, Rendition, SpanKind
from publisher.domain.text import Unit

TEMPLATES = Path(__file__).parents[2] / "config" / "templates"
DEFAULT, X = ((TEMPLATES / f"{name}.txt.j2").read_text(encoding="utf-8") for name in ("default", "x"))
SOURCE = "https://docs.example.org/limits"
WIDE = Capability(SOURCE, text=500, unit=Unit.GRAPHEMES, url_cost=23)
EDITION = Edition("en", "en", Direction.LTR, "The Daily Example")
PERSIAN = Edition("fa", "fa", Direction.RTL, "روزنامه")
POST = Post(
    source="blog",
    id="1",
    edition="en",
    title="A new tram line to the harbour",
    url="https://example.com/tram",
    modified_at=datetime(2026, 11, 24, tzinfo=UTC),
    summary="It runs every ten minutes from Monday. Tickets cost two euros, says the operator.",
    categories=("Local News", "Transport"),
    tags=("tram", "transport", "2026"),
)
LINK = "https://example.com/tram?utm_source=mastodon&utm_medium=social"


def composed(post: Post = POST, capability: Capability = WIDE, template: str = DEFAULT, **more: object) -> Rendition:
    return compose(post, EDITION, capability, template, channel="mastodon", **more)  # type: ignore[arg-type]  # as named


def room(text: int) -> Capability:
    return replace(WIDE, text=text)


def marked(rendition: Rendition) -> list[tuple[SpanKind, str, str]]:
    return [(span.kind, rendition.text[span.start : span.end], span.value) for span in rendition.spans]


def test_writes_the_whole_post_where_it_fits() -> None:
    rendition = composed()
    assert rendition.text == f"{POST.title}\n\n{POST.summary}\n\n{LINK}\n#LocalNews #Transport #tram"
    assert (rendition.title, rendition.summary, rendition.link) == (POST.title, POST.summary, LINK)
    assert (rendition.language, rendition.direction, rendition.site_name) == ("en", Direction.LTR, "The Daily Example")
    assert rendition.warnings == ()


@pytest.mark.parametrize(
    ("limit", "text", "warnings"),
    [
        (166, f"{POST.title}\n\n{POST.summary}\n\n{LINK}\n#LocalNews #Transport #tram", ()),
        (165, f"{POST.title}\n\n{POST.summary}\n\n{LINK}\n#LocalNews #Transport", ("hashtags left out: 1",)),
        (149, f"{POST.title}\n\n{POST.summary}\n\n{LINK}\n#LocalNews", ("hashtags left out: 2",)),
        (148, f"{POST.title}\n\n{POST.summary}\n\n{LINK}", ("hashtags left out: 3",)),
        (
            120,
            f"{POST.title}\n\nIt runs every ten minutes from Monday.\n\n{LINK}",
            ("hashtags left out: 3", "summary shortened"),
        ),
        (87, f"{POST.title}\n\nIt runs every ten minutes…\n\n{LINK}", ("hashtags left out: 3", "summary shortened")),
        (55, f"{POST.title}\n\n{LINK}", ("hashtags left out: 3", "summary left out")),
        (54, f"A new tram line to the…\n\n{LINK}", ("hashtags left out: 3", "summary left out", "title shortened")),
        (23, LINK, ("hashtags left out: 3", "summary left out", "title left out")),
    ],
)
def test_gives_way_from_the_hashtags_up(limit: int, text: str, warnings: tuple[str, ...]) -> None:
    rendition = composed(capability=room(limit))
    assert rendition.text == text
    assert rendition.warnings == warnings


def test_a_link_that_does_not_fit_alone_is_a_problem_in_plain_words() -> None:
    with pytest.raises(TemplateProblem, match="take 23 of 22 graphemes"):
        composed(capability=room(22))


def test_bytes_are_a_second_limit_and_a_picture_another_first_one() -> None:
    persian = replace(POST, title="خط تازه", summary="قطار " * 40, categories=(), tags=())
    rendition = composed(persian, replace(WIDE, text_bytes=200))
    assert 150 < len(rendition.text.encode()) <= 200
    captioned = composed(capability=replace(WIDE, caption=120), pictured=True)
    assert captioned.text == composed(capability=room(120)).text
    assert composed(capability=replace(WIDE, caption=120)).text == composed().text


def test_marks_links_hashtags_and_a_title_on_its_own_line() -> None:
    post = replace(POST, summary="Also on https://example.org/a?x=#b (today).")
    assert marked(composed(post)) == [
        (SpanKind.BOLD, POST.title, ""),
        (SpanKind.LINK, "https://example.org/a?x=#b", "https://example.org/a?x=#b"),
        (SpanKind.LINK, LINK, LINK),
        (SpanKind.HASHTAG, "#LocalNews", "LocalNews"),
        (SpanKind.HASHTAG, "#Transport", "Transport"),
        (SpanKind.HASHTAG, "#tram", "tram"),
    ]
    assert SpanKind.BOLD not in {span.kind for span in composed(post, options={"bold": False}).spans}
    inline = composed(post, template="New: {{ title }} {{ link }}")
    assert marked(inline) == [(SpanKind.LINK, LINK, LINK)]
    cut = composed(capability=room(54))
    assert marked(cut)[0] == (SpanKind.BOLD, "A new tram line to the…", "")


def test_a_link_beside_the_text_leaves_the_text_unless_asked_for() -> None:
    beside = replace(WIDE, link=Link.FIELD)
    assert LINK not in composed(capability=beside).text
    assert composed(capability=beside).link == LINK
    assert composed(capability=beside, template="{{ url }}").text == LINK


def test_hashtags_stay_out_where_they_mean_nothing_and_are_few() -> None:
    rendition = composed(capability=replace(WIDE, hashtags=False))
    assert "#" not in rendition.text
    assert composed(options={"hashtags": 1}).text.endswith("\n#LocalNews")
    many = replace(POST, categories=tuple("abcdefgh"), tags=())
    assert composed(many).text.endswith("\n#a #b #c #d #e")


def test_card_fields_are_bounded_apart_from_the_text() -> None:
    rendition = composed(capability=replace(WIDE, title=15, summary=40))
    assert (rendition.title, rendition.summary) == ("A new tram…", "It runs every ten minutes from Monday.")
    assert POST.summary in rendition.text


def test_the_summary_falls_back_to_the_first_paragraph_that_is_not_the_title() -> None:
    html = f"<h1>{POST.title}</h1><p>From <b>Monday</b>&hellip;</p><p>More.</p>"
    assert composed(replace(POST, summary="", html=html)).summary == "From Monday…"
    assert composed(replace(POST, summary=POST.title)).text.count(POST.title) == 1


def test_template_knows_kind_edition_and_the_rest() -> None:
    template = "{% if kind == 'video' %}Watch: {% endif %}{{ title|upper }} ({{ category }}, {{ author|default('-') }}, {{ site_name }}, {{ language }}, {{ edition }})"
    rendition = composed(replace(POST, kind=Kind.VIDEO, author="A. Writer"), template=template)
    assert rendition.text == f"Watch: {POST.title.upper()} (Local News, A. Writer, The Daily Example, en, en)"


def test_a_template_that_writes_a_part_twice_is_fitted_too() -> None:
    rendition = composed(capability=room(120), template="{{ summary }}\n{{ summary }}\n{{ link }}")
    assert rendition.text == "It runs every ten minutes from Monday.\n" * 2 + LINK


def test_empty_parts_leave_no_gap() -> None:
    bare = replace(POST, title="", categories=(), tags=(), summary="")
    assert composed(bare).text == LINK
    assert composed(replace(bare, url="")).text == ""


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ titel }}", "line 1: there is no 'titel'"),
        ("{{ title }}\n{% if title %}", "line 2: Unexpected end of template"),
        ("\n\n{{ title|shout }}", "line 3: No filter named 'shout'"),
        ("{{ title.upper() }}", "line 1: call has no place"),
        ("{{ title.__class__ }}", "line 1: getattr has no place"),
        ("a\n{% for a in title %}{% endfor %}", "line 2: for has no place"),
        ("{% set a = title %}", "line 1: assign has no place"),
        ("{% include 'x' %}", "line 1: include has no place"),
        ("{{ 'x' * 1000000000 }}", "line 1: mul has no place"),
        ("{{ 9 ** 9 ** 9 }}", "line 1: pow has no place"),
        ("{{ '%1000000000d' % 1 }}", "line 1: mod has no place"),
        ("\n{{ title|truncate('x') }}", "line 2: "),
        ("{{ " + "9" * 5000 + " }}", "line 1: "),
        ("{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}", "nests too deeply"),
        ("x" * 8193, "longer than 8192 bytes"),
        ("{{ summary }}" * 600, "more than 20000 bytes"),
    ],
)
def test_a_wrong_template_is_named_with_its_line(template: str, problem: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        composed(template=template)
    assert problem in str(caught.value)


def test_what_a_post_holds_is_never_run_as_a_template() -> None:
    assert "{{ 7 * 7 }} {% x" in composed(replace(POST, title="{{ 7 * 7 }} {% x <b>")).text


def test_a_link_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no http"):
        composed(replace(POST, url="javascript:alert(1)"))


def test_every_template_shipped_writes_a_whole_post() -> None:
    for path in sorted(TEMPLATES.glob("*.j2")):
        text = composed(template=path.read_text(encoding="utf-8")).text
        assert text.startswith(POST.title)
        assert text.count(LINK) == 1
        assert "\n\n\n" not in text


def length(text: str, link: str, unit: Unit, url_cost: int) -> int:
    """The count done again, plainly: no `.` is in what Hypothesis writes, so the link is the only URL."""
    rest = text.replace(link, "")
    cost = {Unit.WEIGHTED: 23}.get(unit, url_cost) * text.count(link)
    if not cost:
        rest = text
    match unit:
        case Unit.CODEPOINTS:
            return cost + len(rest)
        case Unit.UTF16:
            return cost + sum(1 + (ord(sign) > 0xFFFF) for sign in rest)
        case Unit.BYTES:
            return cost + len(rest.encode())
        case Unit.GRAPHEMES:
            return cost + len(regex.findall(r"\X", rest))
        case Unit.WEIGHTED:
            clusters = (
                min(sum(map(weight, found)), 2)
                if regex.match(r"\p{Emoji_Presentation}", found)
                else sum(map(weight, found))
                for found in regex.findall(r"\X", rest)
            )
            return cost + sum(clusters)


def weight(sign: str) -> int:
    light = (range(0x1100), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))
    return 1 if any(ord(sign) in part for part in light) else 2


SCRIPTS = [
    "The new tram line",
    "القاهرة تفتتح",
    "می‌خواهد",
    "Shëndeti është",
    "日本語の文章",
    "हिन्दी",
    "👨‍👩‍👧‍👦",
    "🙋🏽",
    "🇦🇱",
    "Zürich",
    "!",
    "؟ ",
]
LETTERS = st.text(
    st.characters(blacklist_characters=".．。#@", blacklist_categories=["Cs", "Cn", "Co", "Me", "Mn", "Mc", "Cf"]),
    max_size=12,
)
WORDS = st.lists(st.one_of(st.sampled_from(SCRIPTS), LETTERS), max_size=40).map(" ".join)
POSTS = st.builds(
    lambda title, summary, tags: replace(POST, title=title, summary=summary, categories=(), tags=tuple(tags)),
    WORDS,
    WORDS,
    st.lists(st.one_of(st.sampled_from(SCRIPTS), LETTERS), max_size=7),
)
CAPABILITIES = st.builds(
    lambda text, unit, url_cost, most: Capability(SOURCE, text=text, unit=unit, url_cost=url_cost, text_bytes=most),
    st.integers(65, 400),
    st.sampled_from(Unit),
    st.sampled_from([0, 23]),
    st.sampled_from([0, 150]),
)


@given(POSTS, CAPABILITIES, st.sampled_from([DEFAULT, X]), st.sampled_from([EDITION, PERSIAN]))
def test_always_fits_with_the_link_whole(post: Post, capability: Capability, template: str, edition: Edition) -> None:
    rendition = compose(post, edition, capability, template, channel="mastodon")
    assert length(rendition.text, LINK, capability.unit, capability.url_cost) <= capability.text
    assert capability.check(rendition) == ()
    assert rendition.text.count(LINK) == 1
    assert compose(post, edition, capability, template, channel="mastodon") == rendition
    for span in rendition.spans:
        assert 0 <= span.start < span.end <= len(rendition.text)
    boundaries = {found.end() for found in regex.finditer(r"\X", rendition.text)} | {0}
    cuts = [found.start() for found in regex.finditer("…", rendition.text)]
    assert boundaries.issuperset(cuts)


@given(WORDS.filter(str.strip), st.integers(65, 200))
def test_what_is_left_of_a_title_is_its_beginning(title: str, limit: int) -> None:
    post = replace(POST, title=title, summary="", categories=(), tags=())
    rendition = composed(post, replace(WIDE, text=limit, url_cost=0))
    kept = rendition.text.removesuffix(LINK).strip("\n").removesuffix("…")
    assert rendition.title.removesuffix("…").startswith(kept)
