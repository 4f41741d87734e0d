"""Hashtags: a legal one made of a category or tag, and where they stand in a text."""

import unicodedata

import regex

from publisher.domain.links import Stretch

# Bluesky's bound on a tag, the tightest of all channels: app.bsky.richtext.facet#tag (read 2026-11-24).
LONGEST, LONGEST_BYTES = 64, 640

_ARABIC = regex.compile(r"\p{Arabic}")
_CASED = regex.compile(r"[\p{Lu}\p{Ll}]")
_LETTER = regex.compile(r"\p{L}")
# Vowel signs and stretching: readers search and platforms index the bare letters.
_VOCALISATION = regex.compile(r"[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
_DROPPED = regex.compile(r"['’ʼ‘´`\u00ad\u200b\u200d\u200e\u200f\u061c]")
_WORD = regex.compile(r"[\p{L}\p{M}\p{Nd}]+")
_GRAPHEME = regex.compile(r"\X")
_BODY = r"[\p{L}\p{M}\p{Nd}_\u200c\u200d\u00b7]"
_HASHTAG = regex.compile(rf"(?<![\p{{L}}\p{{M}}\p{{Nd}}_&/＃#])[#＃](?!\ufe0f|\u20e3)(?P<body>{_BODY}*\p{{L}}{_BODY}*)")


def hashtag(word: str, *, language: str) -> str:
    """A hashtag's body, without `#`, for a category or tag; "" where none is legal (no letter, too long).

    Words of a script with capitals are joined in CamelCase, of one without by `_`; so are the parts a
    zero-width non-joiner divides. `language` (BCP 47) rules how letters are capitalised.
    """
    text = _VOCALISATION.sub("", unicodedata.normalize("NFC", word))
    words = _WORD.findall(_DROPPED.sub("", text))
    joined = "_".join(words) if _ARABIC.search(text) or not _CASED.search(text) else _camel(words, language)
    body = unicodedata.normalize("NFC", joined)
    if not _LETTER.search(body) or len(_GRAPHEME.findall(body)) > LONGEST or len(body.encode()) > LONGEST_BYTES:
        return ""
    return body


def find_hashtags(text: str) -> list[Stretch]:
    """Where hashtags stand, `#` included."""
    return [found.span() for found in _HASHTAG.finditer(text)] if "#" in text or "＃" in text else []


def _camel(words: list[str], language: str) -> str:
    """The words as one, each but a lone one capitalised; letters after the first stay as they are."""
    return "".join(_capital(word, language) for word in words) if len(words) > 1 else "".join(words)


def _capital(word: str, language: str) -> str:
    dotted = word[0] == "i" and language.partition("-")[0] in {"tr", "az"}
    return ("İ" if dotted else word[0].upper()) + word[1:]
