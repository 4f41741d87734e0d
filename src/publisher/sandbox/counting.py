"""How long a text is in each platform's own unit, counted here apart from the code under test.

X: twitter-text config v3 (read 2026-11-23). Mastodon: https://docs.joinmastodon.org/user/posting/ (2026-07-02).
"""

import unicodedata

import regex

URL = regex.compile(r"(?<![\w@#$/.])https?://[^\s<>\"'«»،؛)\]}]+", regex.IGNORECASE)
# Scheme-less domains count as links on X too. The full list of top-level domains is long; these are the usual ones.
TLDS = "com|org|net|edu|gov|info|biz|int|news|app|dev|blog|online|site|media|press|io|ai|co|me|tv|eu|uk|de|fr|al|ir|us"
BARE = regex.compile(
    rf"(?<![\w@#$/.\-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{TLDS})(?![\w@-])(?:/[^\s]*)?", regex.I
)
HOST = regex.compile(r"https?://(?P<labels>(?:[\w-]+\.)+\w{2,})", regex.I)
EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{RI}|[0-9#*]\ufe0f?\u20e3")
LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
MENTION = regex.compile(r"(?<![\w/])@(\w+)@[\w.-]+\w")
URL_COST = 23
LABEL_LIMIT = 63


def graphemes(text: str) -> int:
    """User-perceived characters (UAX #29)."""
    return len(regex.findall(r"\X", text))


def utf16(text: str) -> int:
    """UTF-16 code units, Telegram's measure."""
    return len(text.encode("utf-16-le")) // 2


def mastodon(text: str) -> int:
    """Graphemes, each http(s) URL 23, of `@user@domain` only `@user`."""
    return graphemes(MENTION.sub(r"@\1", URL.sub("u" * URL_COST, text)))


def links(text: str) -> list[tuple[int, int]]:
    """Where X sees URLs, (start, end) in code points: with a scheme, or a bare domain of a known ending."""
    found = [_trimmed(match) for match in URL.finditer(text) if _has_host(match.group())]
    taken = [*found]
    for match in BARE.finditer(text):
        inside = any(start <= match.start() < end for start, end in found)
        if not inside and _fits(match.group().partition("/")[0]):
            taken.append(_trimmed(match))
    return sorted(taken)


def weighted(text: str) -> int:
    """X's weighted length: NFC first, URL 23, a whole emoji 2, Latin to Georgian 1, everything else 2."""
    text = unicodedata.normalize("NFC", text)
    spans = links(text)
    rest, at = [], 0
    for start, end in spans:
        rest.append(text[at:start])
        at = end
    rest.append(text[at:])
    return URL_COST * len(spans) + sum(_weight(cluster) for part in rest for cluster in regex.findall(r"\X", part))


def _weight(cluster: str) -> int:
    if EMOJI.match(cluster) and not (len(cluster) == 1 and _light(cluster)):  # © alone is a letter, ©️ an emoji
        return 2
    return sum(1 if _light(sign) else 2 for sign in cluster)


def _light(sign: str) -> bool:
    return any(low <= ord(sign) <= high for low, high in LIGHT)


def _fits(host: str) -> bool:
    """Whether every label fits into DNS, other scripts as Punycode (RFC 3492)."""
    labels = host.split(".")
    return all(len(label if label.isascii() else b"xn--" + label.encode("punycode")) <= LABEL_LIMIT for label in labels)


def _has_host(url: str) -> bool:
    host = HOST.match(url)
    return bool(host) and _fits(host["labels"])


def _trimmed(match: "regex.Match[str]") -> tuple[int, int]:
    """Punctuation that closes a sentence is no part of the URL before it."""
    return match.start(), match.start() + len(match.group().rstrip(".,;:!?…'\"»"))
