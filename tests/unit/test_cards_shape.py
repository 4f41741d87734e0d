"""What HarfBuzz is asked for, read from its glyphs: independent of any raster."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.cards.fonts import Style, chain
from publisher.cards.shape import LONGEST, Glyph, Paragraph, Typesetter, clean
from publisher.domain.model import Direction

STYLE = Style(700, 32)


def shape(text: str, language: str = "fa", direction: Direction = Direction.RTL) -> Paragraph:
    return Typesetter(chain(STYLE), language, direction).shape(text)


def names(glyphs: tuple[Glyph, ...] | list[Glyph]) -> list[str]:
    return [glyph.face.font.glyph_to_string(glyph.id) for glyph in glyphs]


def family(glyph: Glyph) -> str:
    return "arabic" if "Arabic" in glyph.face.path else "inter"


def seen(text: str) -> str:
    """The characters of one line as they stand from left to right, once each."""
    return visible(shape(text), 0, len(text))


def visible(paragraph: Paragraph, start: int, end: int) -> str:
    clusters = dict.fromkeys(glyph.cluster for glyph in paragraph.line(start, end))
    return "".join(paragraph.text[cluster] for cluster in clusters)


def forms(text: str) -> list[str]:
    """Of each letter in reading order how it joins; marks and dots left out."""
    known = ("init", "medi", "fina")
    letters = [name for name in names(shape(text).glyphs) if name.startswith("uni06")]
    return [next((form for form in known if form in name), "alone") for name in letters]


def test_arabic_letters_join() -> None:
    assert forms("محمد") == ["init", "medi", "medi", "fina"]
    assert forms("دار") == ["alone", "alone", "alone"]


def test_lam_alef_takes_its_own_form() -> None:
    lam_alef = names(shape("لا").glyphs)
    lam, alef = names(shape("لب").glyphs)[0], names(shape("با").glyphs)[-1]
    assert lam_alef[0] != lam
    assert lam_alef[-1] != alef


def test_zero_width_non_joiner_parts_letters_without_a_gap() -> None:
    apart, joined = "می\u200cخواهم", "میخواهم"
    assert forms(apart)[:3] == ["init", "fina", "init"]
    assert forms(joined)[:3] == ["init", "medi", "medi"]
    assert shape("می\u200c").width(0, 3) == pytest.approx(shape("می").width(0, 2))


def test_marks_stand_on_their_letter() -> None:
    plain, marked = shape("سلام"), shape("سَلام")
    assert plain.width(0, 4) == pytest.approx(marked.width(0, 5))


def test_brackets_are_mirrored_in_right_to_left_text() -> None:
    text = "(تهران)"
    left, *_, right = shape(text).line(0, len(text))
    assert (text[left.cluster], *names([left])) == (")", "parenleft")
    assert (text[right.cluster], *names([right])) == ("(", "parenright")


def test_latin_names_and_numbers_keep_their_direction() -> None:
    assert seen("با USB-C و 20%") == "%20 و USB-C اب"


def test_a_line_that_starts_with_a_number_keeps_what_the_paragraph_decided() -> None:
    text = "تخفیف ۴۰٪ کتاب"
    assert visible(shape(text), 6, len(text)) == "باتک ٪۴۰"
    assert seen(text[6:]) == "باتک ۴۰٪"


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("Book", {"inter"}),
        ("کتاب (۲)", {"arabic"}),
        ("(Book)", {"inter", "arabic"}),
        ("20%", {"arabic"}),
    ],
)
def test_each_script_has_its_font_and_shared_signs_that_of_the_sentence(text: str, families: set[str]) -> None:
    assert {family(glyph) for glyph in shape(text).glyphs} == families


def test_signs_inside_a_word_come_from_the_font_of_the_word() -> None:
    assert {family(glyph) for glyph in shape("USB-C3").glyphs} == {"inter"}


def test_albanian_letters_are_all_there() -> None:
    paragraph = shape("Çmimi i energjisë më ËNDRRA", "sq", Direction.LTR)
    assert not paragraph.missing
    assert ".notdef" not in names(paragraph.glyphs)


def test_what_no_font_has_is_reported_once_and_drawn_as_a_box() -> None:
    paragraph = shape("桜 and 桜 🌸", "en", Direction.LTR)
    assert paragraph.missing == ("桜", "🌸")
    assert names(paragraph.glyphs)[0] == ".notdef"


def test_offsets_add_up() -> None:
    paragraph = shape("سلام Book ۴۰٪")
    assert paragraph.offsets[-1] == pytest.approx(sum(glyph.advance for glyph in paragraph.glyphs))


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("  two\n\tlines  ", "two lines"),
        ("e\u0301", "é"),
        ("a\u202eb\u0000c", "abc"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("10\u00a0km", "10\u00a0km"),
        ("", ""),
    ],
)
def test_text_is_cleaned(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@given(st.text(max_size=700))
def test_no_text_is_too_long_or_breaks_the_shaper(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= LONGEST
    assert len(shape(cleaned).offsets) == len(cleaned) + 1
