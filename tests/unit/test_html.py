"""HTML to text: nothing glued, nothing of players and scripts, the bodies real CMSs send."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.html import html_to_text, plain

FIXTURES = Path(__file__).parents[2].parent / "shared" / "fixtures" / "cms"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("just text", "just text"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<h2>Breaking</h2>قال", "Breaking\n\nقال"),
        ("<div>A</div>B<div>C</div>", "A\n\nB\n\nC"),
        ("<p>Line one<br>line two<br/>three</p>", "Line one\nline two\nthree"),
        ("<p>in\n  the   source\tonly</p>", "in the source only"),
        ("<p>a <b>bold</b>, <i>slanted</i>word</p>", "a bold, slantedword"),
        ('<p>Read <a href="https://a.org/x">the report</a>.</p>', "Read the report."),
        ("<p>News &amp; Views &#8220;x&#8221;&nbsp;&hellip; &lt;b&gt;</p>", "News & Views “x” … <b>"),
        ("<p>To do:</p><ul><li>One</li><li><p>Two</p></li></ul><p>End</p>", "To do:\n\n- One\n- Two\n\nEnd"),
        ("<ol><li>One<ul><li>Inner</li></ul></li><li>Two</li></ol>", "- One\n- Inner\n- Two"),
        ("<ul><li>One</li></ul><p>Between</p><ul><li>Two</li></ul>", "- One\n\nBetween\n\n- Two"),
        (
            "<blockquote><p>Quoted</p><cite>Someone</cite></blockquote>She <q>said</q>",
            "Quoted\n\nSomeone\n\nShe “said”",
        ),
        ('<figure><img src="a.jpg" alt="a boat"><figcaption>At <em>dawn</em></figcaption></figure>', "At dawn"),
        ('<p>Hi <img class="emoji" alt="👋" src="x"> <img class="wp-smiley" alt="🙂"></p>', "Hi 👋 🙂"),
        ("<p>a</p><script>var x = '<p>';</script><style>p{}</style><!-- c --><p>b</p>", "a\n\nb"),
        ('<p>a</p><iframe src="x">no frames</iframe><video><p>no video</p></video>b', "a\n\nb"),
        (
            '<figure class="kg-card kg-video-card"><div><video></video><span>0:00</span></div><figcaption>Film</figcaption></figure>x',
            "Film\n\nx",
        ),
        (
            '<figure class="wp-block-embed is-type-video"><div class="wp-block-embed__wrapper">https://video.example/1</div></figure>x',
            "x",
        ),
        ('<div class="kg-card kg-audio-card"><div>Song</div><button>Play</button></div>x', "x"),
        ("<table><tr><th>A</th><td>1</td></tr><tr><th>B</th><td>2</td></tr></table>", "A 1\n\nB 2"),
        ("<pre>one\n  two</pre>", "one\ntwo"),
        ("<dl><dt>Term</dt><dd>Meaning</dd></dl>", "Term\n\nMeaning"),
        ("<p>unclosed <b>bold<p>next", "unclosed bold\n\nnext"),
        ("<p>می\u200cخواهم\u202eabc</p>", "می\u200cخواهمabc"),
    ],
)
def test_reads_as_a_reader_does(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("fragment", "line"),
    [
        ("News &amp; Views", "News & Views"),
        ("&#8220;Spring&#8221; is here&hellip;", "“Spring” is here…"),
        ("<em>New</em> line<br>and <b>more</b>", "New line and more"),
        ("<p>An excerpt [&hellip;]</p>\n", "An excerpt […]"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("  two\n\nlines ", "two lines"),
        ("", ""),
    ],
)
def test_a_title_is_one_plain_line(fragment: str, line: str) -> None:
    assert plain(fragment) == line


@pytest.mark.parametrize("opening", ["<div>", "<b>", "<li>", "<figure class=kg-video-card><figcaption>", "<q>"])
def test_nests_deeper_than_python_calls(opening: str) -> None:
    assert "end" in html_to_text(opening * 3000 + "end")


@given(
    st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1),
    st.sampled_from(["p", "h2", "div", "li", "td", "dd"]),
)
def test_blocks_are_never_glued(words: list[str], tag: str) -> None:
    html = "".join(f"<{tag}>{word}</{tag}>" for word in words)
    html = f"<table><tr>{html}</tr></table>" if tag == "td" else html
    assert re.findall("[a-z]+", html_to_text(html)) == words


@given(st.text())
def test_takes_anything(html: str) -> None:
    assert "\n" not in plain(html)
    assert "\x01" not in html_to_text(html)


def bodies() -> list[str]:
    """Every HTML body among the recorded WordPress and Ghost answers and webhooks."""
    found: list[str] = []

    def collect(value: object, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                collect(inner, name)
        elif isinstance(value, list):
            for inner in value:
                collect(inner, key)
        elif isinstance(value, str) and key in {"html", "rendered"} and "<" in value:
            found.append(value)

    for path in sorted(FIXTURES.glob("*/*.json")):
        collect(json.loads(path.read_text(encoding="utf-8")))
    return found


def test_real_bodies_lose_no_word_and_keep_no_tag() -> None:
    if not FIXTURES.exists():
        pytest.skip(f"no recorded bodies at {FIXTURES}")
    assert bodies()
    for body in bodies():
        text = html_to_text(body)
        assert re.findall(r"\w+", text) == re.findall(r"\w+", unescape(re.sub(r"<[^>]*>", " ", body)))
        assert not re.search(r"</?[a-z]+[^>]*>|&[a-z#0-9]+;", text)
