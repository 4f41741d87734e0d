"""Links in and for text: where URLs stand, which of them X counts, and the campaign tags an edition adds.

X's grammar: https://github.com/twitter/twitter-text (30e2430, 2021-10-21; read 2026-11-24), Apache-2.0.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import regex

from publisher.domain.tlds import TLDS

Stretch = tuple[int, int]

# Characters that may stand in a host outside ASCII: anything but spaces, punctuation, controls and format marks.
_HOST = r"[^\p{P}\p{S}\p{Z}\p{C}]|[^\P{So}\p{InGeneral_Punctuation}]"
_LATIN = r"a-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
_LATIN += r"\u0289\u02bb\u1e00-\u1eff"
_PATH = rf"[{_LATIN}\p{{Cyrillic}}!*';:=+,.$/%#\[\]\-\u2013_~&|@]"
_PARENS = rf"\((?:{_PATH}++|{_PATH}*+\({_PATH}++\){_PATH}*+)\)"
_TAIL = (
    rf"(?::[0-9]++)?(?P<path>/(?:(?:{_PATH}|{_PARENS})*(?:[{_LATIN}\p{{Cyrillic}}=_#/+\-]|{_PARENS}))?)?"
    r"(?:\?[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@]*[a-z0-9\-_&=#/])?"
)
_TLD = r"(?:\L<tlds>|xn--[-0-9a-z]++)(?![0-9a-z@+\-])"
_WHOLE = rf"(?:(?:{_HOST})(?:[_\-]|{_HOST})*+(?<![_\-])\.)*+(?<!_[^.]*\.)"
