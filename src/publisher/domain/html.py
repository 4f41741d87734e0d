"""Plain text out of a CMS's HTML: every block on lines of its own, nothing glued, nothing of players and scripts."""

import re
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from publisher.domain.text import normalise

_DROPPED_TAGS = (
    "script style noscript template iframe object embed video audio svg canvas math form button select textarea "
    "input head title rp dialog"
)
_BLOCK_TAGS = (
    "p div h1 h2 h3 h4 h5 h6 ul ol dl blockquote pre figure figcaption table caption section article aside header "
    "footer main nav address details summary hr hgroup fieldset"
)
_BULLET = "\x01"
_DROPPED = frozenset(_DROPPED_TAGS.split())
# What separates an element from the text before and after it.
_AROUND = dict.fromkeys(_BLOCK_TAGS.split(), ("\n\n", "\n\n")) | {
    "br": ("\n", ""),
    "li": (f"\n{_BULLET}", "\n"),
    "tr": ("\n", "\n"),
    "dt": ("\n", "\n"),
    "dd": ("\n", "\n"),
    "td": (" ", " "),
    "th": (" ", " "),
    "q": ("“", "”"),
}
_INLINE = ("", "")
_CARDS = frozenset(("figure", "div", "blockquote"))
# Ghost's and WordPress's players and embeds; of these only the caption is the newsroom's own text.
_PLAYER = re.compile(
    r"\b(?:kg-(?:audio|video|embed|file)-card|wp-block-(?:embed|audio|video|file)|wp-embedded-content)\b"
)
_EMOJI_IMAGE = re.compile(r"\b(?:emoji|wp-smiley)\b")
_BULLET_GAP = re.compile(rf"{_BULLET}\s*")
_BETWEEN_ITEMS = re.compile(rf"^({_BULLET}[^\n]*)\n\s*(?={_BULLET})", re.MULTILINE)
# A line end in the source is a space to the reader, and a bullet is ours alone to set.
_SOURCE_SPACE = str.maketrans("\n\r\t\f\v\x01", "      ")


def html_to_text(html: str) -> str:
    """The text of `html` as a reader sees it: paragraphs apart, list items after "- ", emoji images as emoji."""
    body = LexborHTMLParser(html).body
    text = _BULLET_GAP.sub(_BULLET, "".join(_parts(body))) if body is not None else ""
    return normalise(_BETWEEN_ITEMS.sub(r"\1\n", text).replace(_BULLET, "- "))


def plain(html_fragment: str) -> str:
    """One line of text out of a title's or excerpt's HTML."""
    text = html_to_text(html_fragment) if "<" in html_fragment else normalise(unescape(html_fragment))
    return " ".join(text.split())


def _parts(body: LexborNode) -> list[str]:
    """The texts below `body` and what separates them, in reading order.

    Walks with a stack, as hostile HTML nests deeper than Python calls.
    """
    parts: list[str] = []
    stack: list[LexborNode | str | None] = [body.child]
    while stack:
        node = stack.pop()
        if node is None or isinstance(node, str):
            parts.append(node or "")
            continue
        stack.append(node.next)
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            parts.append(text if text.isprintable() else text.translate(_SOURCE_SPACE))
        elif tag not in _DROPPED:
            before, after = _AROUND.get(tag, _INLINE)
            parts.append(before)
            stack += (after, _content(node, tag))
    return parts


def _content(node: LexborNode, tag: str) -> LexborNode | str | None:
    """Where to read on inside an element: its first child, or the text it stands for."""
    if tag == "pre":
        return node.text()
    if tag == "img":
        return (node.attributes.get("alt") or "") if _EMOJI_IMAGE.search(node.attributes.get("class") or "") else None
    if tag in _CARDS and _PLAYER.search(node.attributes.get("class") or ""):
        caption = node.css_first("figcaption")
        return caption.child if caption is not None else None
    return node.child
