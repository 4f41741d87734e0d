import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.cards.bidi import line_levels, resolve, visual_order

# A to Z stand for Hebrew letters, as in the examples of UAX #9; what is seen is written left to right.
CASES = [
    ("car is THE CAR in arabic", 0, "car is RAC EHT in arabic"),
    ("CAR IS the car IN ENGLISH", 1, "HSILGNE NI the car SI RAC"),
    ("he said “IT IS 123, 456, OK”", 0, "he said “KO ,456 ,123 SI TI”"),
    ("he said “IT IS (123, 456), OK”", 0, "he said “KO ,)456 ,123( SI TI”"),
    ("he said “IT IS (ENGLISH) OK”", 0, "he said “KO )HSILGNE( SI TI”"),
    ("A (b) C", 1, "C )b( A"),
    ("a (B) c", 0, "a (B) c"),
    ("AB(CD[&ef]!)gh", 1, "gh)!]ef&[DC(BA"),
    ("smith (fabrikam ARABIC) HEBREW", 1, "WERBEH )CIBARA fabrikam( smith"),
    ("ARABIC (HEBREW) 12%", 1, "12% )WERBEH( CIBARA"),
    ("A 1-2", 1, "1-2 A"),
    ("DID YOU SAY \u2066he said “\u2067car MEANS CAR\u2069”\u2069?", 1, "?he said “RAC SNAEM car” YAS UOY DID"),
    ("a \u202eb c\u202c d", 0, "a c b d"),
    ("a \u202bb C\u202c d", 0, "a C b d"),
]


def hebrew(text: str) -> str:
    return "".join(chr(0x05D0 + ord(char) - ord("A")) if char.isascii() and char.isupper() else char for char in text)


def seen(text: str, base: int | None) -> str:
    real = hebrew(text)
    level, levels = resolve(real, base)
    order = visual_order(line_levels(real, levels, level))
    return "".join(text[index] for index in order if unicodedata.category(text[index]) != "Cf")


@pytest.mark.parametrize(("text", "base", "expected"), CASES)
def test_reads_as_the_standard_says(text: str, base: int, expected: str) -> None:
    assert seen(text, base) == expected


@pytest.mark.parametrize(
    ("text", "level"),
    [("a B", 0), ("12 A", 1), ("", 0), ("12", 0), ("\u2067A\u2069 b", 0), ("\u2067b A", 0), ("\u202ab", 0)],
)
def test_the_first_strong_letter_outside_isolates_decides_the_paragraph(text: str, level: int) -> None:
    assert resolve(hebrew(text))[0] == level


def test_a_number_after_an_arabic_letter_is_arabic_and_leaves_its_percent_sign_on_the_other_side() -> None:
    number = "۴۰٪"
    _, alone = resolve(number, 1)
    _, after = resolve(f"تخفیف {number}", 1)
    assert alone == [2, 2, 2]
    assert after[-3:] == [2, 2, 1]


@given(st.text(st.sampled_from("aאا1۱,+%( )[]\u2066\u2067\u2068\u2069\u202a\u202e\u202c\u200c\u0301 \u2029")))
def test_every_character_has_a_place_on_the_line(text: str) -> None:
    base, levels = resolve(text)
    line = line_levels(text, levels, base)
    assert sorted(visual_order(line)) == list(range(len(text)))
    assert all(base <= level for level in line)


def test_isolates_deeper_than_the_standard_allows_stay_within_its_depth() -> None:
    _, levels = resolve("\u2067" * 200 + "a" + "\u2069" * 200 + "א", 0)
    assert max(levels) <= 127
    assert levels[-1] == 1
