"""Text: counted, cut, cleaned; links tagged; hashtags made."""

import unicodedata

import pytest
import regex  # type: ignore[import-untyped]  # it ships no type hints
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.hashtags import find_hashtags, hashtag
from publisher.domain.links import find_urls, tagged
from publisher.domain.text import Unit, cut, measure, normalise, shorten

FAMILY = "👨‍👩‍👧‍👦"
SCRIPTS = [
    "The new tram",
    "القاهرة تفتتح",
    "می‌خواهد",
    "Shëndeti është",
    "日本語の文章",
    "हिन्दी",
    FAMILY,
    "🙋🏽",
    "🇦🇱",
    "e\u0301",
    "…",
    ",",
    "(“",
    "C#",
]
PIECES = st.lists(st.one_of(st.sampled_from(SCRIPTS), st.text(max_size=8)), max_size=25).map(" ".join)


@pytest.mark.parametrize(
    ("text", "unit", "url_cost", "length"),
    [
        ("", Unit.GRAPHEMES, 0, 0),
        (f"a{FAMILY}", Unit.CODEPOINTS, 0, 8),
        (f"a{FAMILY}", Unit.UTF16, 0, 12),
        (f"a{FAMILY}", Unit.GRAPHEMES, 0, 2),
        (f"a{FAMILY}", Unit.WEIGHTED, 0, 3),
        (f"a{FAMILY}", Unit.BYTES, 0, 26),
        ("a\r\nb", Unit.GRAPHEMES, 0, 3),
        ("Привет 👋 https://example.com", Unit.UTF16, 0, 29),
        ("Привет 👋 https://example.com", Unit.CODEPOINTS, 23, 32),
        ("https://example.com/a-rather-long-path?b=1", Unit.GRAPHEMES, 23, 23),
        ("https://example.com/a-rather-long-path?b=1", Unit.GRAPHEMES, 0, 42),
        ("(see http://localhost:8000/a).", Unit.GRAPHEMES, 23, 30),
        ("example.com", Unit.GRAPHEMES, 23, 11),
        ("example.com", Unit.WEIGHTED, 0, 23),
        ("example.comm", Unit.WEIGHTED, 0, 12),
        ("سلام", Unit.WEIGHTED, 0, 4),
        ("日本", Unit.WEIGHTED, 0, 4),
        ("©", Unit.WEIGHTED, 0, 1),
        ("🇦🇱🏴󠁧󠁢󠁥󠁮󠁧󠁿1️⃣🙋🏽", Unit.WEIGHTED, 0, 8),
        ("e\u0301", Unit.WEIGHTED, 0, 1),
        ("\ud800", Unit.BYTES, 0, 3),
    ],
)
def test_counts_in_the_platforms_unit(text: str, unit: Unit, url_cost: int, length: int) -> None:
    assert measure(text, unit, url_cost) == length


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("The quick brown fox", 19, "The quick brown fox"),
        ("The quick brown fox", 18, "The quick brown…"),
        ("The quick brown fox", 3, "Th…"),
        ("The quick brown fox", 1, ""),
        ("The quick, brown fox", 11, "The quick…"),
        ("The quick (brown) fox", 14, "The quick…"),
        ("Incomprehensibilities", 10, "Incompreh…"),
        ("日本語の長い文章をここに書きます", 9, "日本語の長い文章…"),
        ("القاهرة تفتتح خطا، جديدا", 19, "القاهرة تفتتح خطا…"),
        ("Read https://example.com/abc now", 25, "Read…"),
        ("Read this now #LocalNewsToday", 25, "Read this now…"),
        ("Read this now @someone@example.org", 25, "Read this now…"),
        ("https://example.com/a/long/path", 10, ""),
        (f"{FAMILY}{FAMILY}{FAMILY}", 2, f"{FAMILY}…"),
        ("-----------", 4, ""),
    ],
)
def test_cuts_between_words_or_graphemes(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit, Unit.GRAPHEMES) == expected


@pytest.mark.parametrize("limit", range(3, 12))
def test_a_piece_of_a_word_that_became_a_domain_is_not_left(limit: int) -> None:
    assert measure("abc.communal", Unit.WEIGHTED) == 12
    short = cut("abc.communal", limit, Unit.WEIGHTED)
    assert short
    assert measure(short, Unit.WEIGHTED) <= limit


@given(PIECES, st.integers(0, 120), st.sampled_from(Unit))
def test_what_is_cut_fits_and_is_a_whole_beginning(text: str, limit: int, unit: Unit) -> None:
    short = cut(text, limit, unit)
    assert measure(short, unit) <= limit
    assert cut(short, limit, unit) == short
    if short != text:
        kept = short.removesuffix("…")
        assert text.startswith(kept)
        assert len(kept) in {0, *(found.end() for found in regex.finditer(r"\X", text))}


@given(st.sampled_from(["اب ", "ab ", "日本"]), st.integers(12, 60), st.sampled_from(Unit))
def test_most_of_the_room_is_used(word: str, limit: int, unit: Unit) -> None:
    assert measure(cut(word * 50, limit, unit), unit) > limit - measure(word, unit) - measure("…", unit) - 1


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("It opens on Monday. Dr. Smith said so.", 50, "It opens on Monday. Dr. Smith said so."),
        ("It opens on Monday. Tickets are free for children.", 30, "It opens on Monday."),
        ("It opens on Monday. Dr. Smith said that it was late.", 36, "It opens on Monday."),
        ("It cost 3.5 million in all. More later, they say.", 30, "It cost 3.5 million in all."),
        ("Yes. This goes on and on and on and on.", 30, "Yes. This goes on and on and…"),
        ("هل تصل اليوم؟ نعم ستصل قبل المساء بقليل", 22, "هل تصل اليوم؟"),
        ("今日は晴れです。明日は雨が降るでしょう", 10, "今日は晴れです。"),
    ],
)
def test_shortens_to_sentences_where_they_keep_half(text: str, limit: int, expected: str) -> None:
    assert shorten(text, limit, Unit.GRAPHEMES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a\u00a0\t b \r\n\r\n\r\n\r\nc\u2028d ", "a b\n\nc\nd"),
        ("a\x00\x07b\u202ec\u2066d\u2069\ufeff\ud800", "abcd"),
        ("می\u200cخواهم \u200fa", "می\u200cخواهم \u200fa"),
        (FAMILY, FAMILY),
        ("e\x00\u0301", "é"),
        ("co\u00adoperate", "cooperate"),
    ],
)
def test_normalises(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text())
def test_normalised_text_is_clean_and_stays(text: str) -> None:
    clean = normalise(text)
    assert normalise(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert not {"Cc", "Cs"} & {unicodedata.category(sign) for sign in clean.replace("\n", "")}
    assert not regex.search(r"[\u202a-\u202e\u2066-\u2069]|  |\n\n\n| \n|\n ", clean)


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("(see https://a.org/b_(c)).", ["https://a.org/b_(c)"]),
        ("https://a.org/b). https://a.org/c, x", ["https://a.org/b", "https://a.org/c"]),
        (
            "[https://a.org/b](more) http://[::1]:80/ https://a.org/b)c",
            ["https://a.org/b", "http://[::1]:80/", "https://a.org/b"],
        ),
        ("http://127.0.0.1:80/x «https://a.org/ب»", ["http://127.0.0.1:80/x", "https://a.org/ب"]),
        ("وhttps://a.org/مسیر؟", ["https://a.org/مسیر"]),
        ("xhttps://a.org ftp://a.org a.org https://", []),
        ("HTTPS://A.ORG!?", ["HTTPS://A.ORG"]),
    ],
)
def test_finds_urls(text: str, urls: list[str]) -> None:
    assert [text[start:end] for start, end in find_urls(text)] == urls


@pytest.mark.parametrize(
    ("url", "utm", "expected"),
    [
        ("https://a.org/b", (), "https://a.org/b?utm_source=x&utm_medium=social"),
        ("https://a.org/?z=1&a=%20#m", (), "https://a.org/?z=1&a=%20&utm_source=x&utm_medium=social#m"),
        ("https://a.org/?fbclid=1&b=2&gclid=3", (("utm_source", ""), ("utm_medium", "")), "https://a.org/?b=2"),
        (
            "https://a.org/",
            (("utm_medium", "feed"), ("utm_campaign", "a b")),
            "https://a.org/?utm_source=x&utm_medium=feed&utm_campaign=a+b",
        ),
        ("https://a.org/?utm_source=own", (), "https://a.org/?utm_source=own&utm_medium=social"),
        ("https://a.org/خبر", (), "https://a.org/%D8%AE%D8%A8%D8%B1?utm_source=x&utm_medium=social"),
    ],
)
def test_tags_links_once(url: str, utm: tuple[tuple[str, str], ...], expected: str) -> None:
    assert tagged(url, utm, "x") == expected
    assert tagged(expected, utm, "x") == expected


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//a.org/b", "a.org", "https://", "ftp://a.org"])
def test_refuses_to_tag_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="no http"):
        tagged(url, (), "x")


@pytest.mark.parametrize(
    ("word", "language", "expected"),
    [
        ("Local News", "en", "LocalNews"),
        ("economy", "en", "economy"),
        ("#Women’s football", "en", "WomensFootball"),
        ("COVID-19", "en", "COVID19"),
        ("Shëndeti dhe çështje", "sq", "ShëndetiDheÇështje"),
        ("istanbul iklim", "tr", "İstanbulİklim"),
        ("هوش مصنوعی", "fa", "هوش_مصنوعی"),
        ("محیط\u200cزیست", "fa", "محیط_زیست"),
        ("الطَّاقَة المتجـــددة", "ar", "الطاقة_المتجددة"),
        ("हिन्दी समाचार", "hi", "हिन्दी_समाचार"),
        ("2026", "en", ""),
        ("- 19 -", "en", ""),
        ("", "en", ""),
        ("x" * 65, "en", ""),
    ],
)
def test_makes_hashtags(word: str, language: str, expected: str) -> None:
    assert hashtag(word, language=language) == expected


@given(st.text(max_size=40), st.sampled_from(["en", "fa", "ar", "sq", "tr"]))
def test_every_hashtag_made_is_found_whole(word: str, language: str) -> None:
    body = hashtag(word, language=language)
    text = f"a #{body} b"
    assert [text[start:end] for start, end in find_hashtags(text)] == ([f"#{body}"] if body else [])
    assert hashtag(body, language=language).replace("_", "") == body.replace("_", "")


def test_finds_hashtags_where_readers_do() -> None:
    text = "#One C#two a/#three #4 (#پنج_شش) ＃七"
    assert [text[start:end] for start, end in find_hashtags(text)] == ["#One", "#پنج_شش", "＃七"]
