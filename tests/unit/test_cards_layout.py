import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.cards.fonts import Style, chain
from publisher.cards.layout import Block, Scale, fit
from publisher.cards.shape import Typesetter, clean
from publisher.domain.model import Direction

WIDTH = 1080
SCALES = (Scale(96, 72, 2), Scale(80, 58, 3), Scale(58, 42, 4))
SHORT = "Snow in June"
LONG = "Harbour bridge reopens after two years of repairs, with a new lane for cyclists and a café on its eastern pier"
ENDLESS = "word " * 60


def setter(language: str = "en") -> Typesetter:
    direction = Direction.RTL if language in {"ar", "fa"} else Direction.LTR
    return Typesetter(chain(Style(700, 32)), language, direction)


def lay(text: str, language: str = "en", scales: tuple[Scale, ...] = SCALES) -> Block:
    return fit(setter(language), clean(text), WIDTH, scales)


def lines(block: Block) -> list[str]:
    return [block.paragraph.text[start:end] for start, end in block.lines]


def test_a_short_text_stands_on_one_line_in_the_largest_size() -> None:
    block = lay(SHORT)
    assert lines(block) == [SHORT]
    assert block.size == 96


def test_a_longer_text_is_smaller_and_on_more_lines() -> None:
    block = lay(LONG)
    assert 42 <= block.size < 80
    assert " ".join(lines(block)) == LONG
    assert not block.cut


def test_one_pixel_more_would_not_fit() -> None:
    block = lay(LONG)
    scale = next(scale for scale in SCALES if len(block.lines) <= scale.lines and block.size <= scale.largest)
    assert block.size < scale.largest
    larger = fit(setter(), LONG, WIDTH, (Scale(block.size + 1, block.size + 1, scale.lines),))
    assert larger.cut


def test_lines_are_of_even_length() -> None:
    block = lay("one two three four five six seven eight nine", scales=(Scale(60, 60, 2),))
    widths = [block.paragraph.width(*line) for line in block.lines]
    assert len(widths) == 2
    assert max(widths) < 1.25 * min(widths)


def test_too_long_a_text_ends_in_an_ellipsis_after_a_word() -> None:
    block = lay(ENDLESS)
    assert block.cut
    assert len(block.lines) == 4
    assert block.paragraph.text.endswith("word…")
    assert block.size == 42


def test_an_ellipsis_follows_no_dangling_sign() -> None:
    block = fit(setter(), "alpha, beta, gamma, delta", 300, (Scale(60, 60, 1),))
    assert lines(block) == ["alpha…"]


@pytest.mark.parametrize(("language", "letter"), [("de", "ü"), ("ar", "س"), ("hi", "n\u0308")])
def test_a_word_wider_than_a_line_is_broken_between_graphemes(language: str, letter: str) -> None:
    word = clean(letter * 60)
    block = lay(word, language)
    assert len(block.lines) > 1
    assert "".join(lines(block)) == word
    assert block.width <= WIDTH
    assert all(not line.startswith("\u0308") for line in lines(block))


def test_a_letter_is_never_parted_from_what_it_is_one_shape_with() -> None:
    block = lay("لا" * 60, "ar")
    assert len(block.lines) > 1
    clusters = {glyph.cluster for glyph in block.paragraph.glyphs}
    assert all(start in clusters for start, _ in block.lines)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("Shkodër-Tirana", 330, ["Shkodër-", "Tirana"]),
        ("with USB-C", 260, ["with", "USB-C"]),
        ("10\u00a0km away", 230, ["10\u00a0km", "away"]),
        ("word\u200bword", 200, ["word\u200b", "word"]),
    ],
)
def test_where_a_line_may_end(text: str, width: int, expected: list[str]) -> None:
    assert lines(fit(setter("sq"), text, width, (Scale(60, 60, 2),))) == expected


def test_empty_text_has_no_lines_and_no_height() -> None:
    block = lay("")
    assert (block.lines, block.width, block.height, block.baselines()) == ((), 0, 0, [])


def test_arabic_lines_stand_further_apart() -> None:
    latin, arabic = lay(LONG, scales=(Scale(42, 42, 4),)), lay("كلمة " * 40, "ar", (Scale(42, 42, 4),))
    assert latin.baselines()[1] - latin.baselines()[0] < arabic.baselines()[1] - arabic.baselines()[0]


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab -۴٪کتاب()W\u200c\u0301…漢"), max_size=120), st.sampled_from(["en", "fa"]))
def test_no_line_is_too_wide_and_nothing_is_lost_unless_it_is_said(text: str, language: str) -> None:
    block = fit(setter(language), clean(text), 400, SCALES)
    assert block.width <= 400 + 1e-6
    assert len(block.lines) <= 4
    if not block.cut:
        assert "".join("".join(lines(block)).split()) == "".join(clean(text).split())
