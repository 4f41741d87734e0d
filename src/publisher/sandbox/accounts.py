"""Who the fake networks know: the same names and secrets in every run, none of them worth anything outside."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache

CHANNELS = ("facebook", "x", "telegram", "mastodon", "bluesky", "webhook", "email")
RTL = frozenset({"ar", "fa", "he", "ur", "ckb", "ps"})
TITLES = {"en": "The Daily Sample", "ar": "اليوميّة النموذجية", "fa": "روزنامهٔ نمونه", "sq": "E Përditshmja Shembull"}
APP = "one registered app"


@dataclass(frozen=True)
class Profile:
    """One identity as readers know it; `id` is the platform's own number or DID."""

    name: str
    title: str
    handle: str
    id: str


def identities() -> tuple[str, ...]:
    """The names known by default: one per edition of the sample newsroom."""
    return ("en", "ar", "fa", "sq")


def credentials(channel: str, name: str) -> dict[str, str]:
    """Secrets and options of one identity, under the names an Account uses. Any name has some; see `Directory`."""
    return dict(_credentials(channel, name))


@cache
def profile(channel: str, name: str) -> Profile:
    """The public side of an identity on a channel."""
    title = TITLES.get(name, f"Daily {name}")
    handles = {"bluesky": _bluesky(name)["identifier"], "email": _email(name)["sender"], "webhook": name}
    ids = {"facebook": _facebook(name)["page_id"], "bluesky": f"did:plc:{_word('did', name, 24, BASE32)}"}
    number = f"-100{_digits(name, 'chat', 10)}" if channel == "telegram" else _digits(channel, name, 18)
    return Profile(name, title, handles.get(channel, f"daily_{name}"), ids.get(channel, number))


def direction(language: str) -> str:
    """`rtl`, or `auto`, which lets the reader's browser decide by the first strong letter."""
    return "rtl" if language.partition("-")[0].lower() in RTL else "auto"


class Directory:
    """Looks identities up by what a request presents. Only `names` exist; every other token is a stranger's."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def find(self, channel: str, field: str, value: str) -> str:
        """The name whose credential `field` is `value`, or "" where nobody's is."""
        return next((name for name in self.names if _credentials(channel, name).get(field) == value), "")

    def by_id(self, channel: str, number: str) -> str:
        """The name whose public id is `number`, or ""."""
        return next((name for name in self.names if profile(channel, name).id == number), "")

    def secrets(self) -> list[str]:
        """Every value a request log must not show."""
        hidden = {"access_token", "bot_token", "app_password", "password", "secret", "access_token_secret"}
        pairs = [(channel, name) for channel in CHANNELS for name in self.names]
        return [value for pair in pairs for field, value in _credentials(*pair).items() if field in hidden]


ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def _word(kind: str, name: str, length: int, alphabet: str = ALNUM) -> str:
    digest = hashlib.shake_256(f"sandbox {kind} {name}".encode()).digest(length)
    return "".join(alphabet[byte % len(alphabet)] for byte in digest)


def _digits(kind: str, name: str, length: int) -> str:
    return "1" + _word(kind, name, length - 1, "0123456789")


@cache
def _credentials(channel: str, name: str) -> dict[str, str]:
    return MAKERS[channel](name)


def _facebook(name: str) -> dict[str, str]:
    return {"page_id": _digits("page", name, 15), "access_token": "EAAG" + _word("page token", name, 120)}


def _x(name: str) -> dict[str, str]:
    return {
        "consumer_key": _word("consumer key", APP, 25),
        "consumer_secret": _word("consumer secret", APP, 50),
        "access_token": f"{_digits('x', name, 18)}-{_word('x token', name, 40)}",
        "access_token_secret": _word("x token secret", name, 45),
    }


def _telegram(name: str) -> dict[str, str]:
    return {"bot_token": f"{_digits('bot', name, 10)}:AA{_word('bot', name, 33)}", "chat_id": f"@daily_{name}"}


def _mastodon(name: str) -> dict[str, str]:
    return {"access_token": _word("mastodon", name, 43)}


def _bluesky(name: str) -> dict[str, str]:
    word = _word("app password", name, 16, BASE32)
    handle = f"daily-{name.replace('_', '-')}.example.com"
    return {"identifier": handle, "app_password": "-".join(word[at : at + 4] for at in range(0, 16, 4))}


def _webhook(name: str) -> dict[str, str]:
    return {"secret": "whsec_" + base64.b64encode(hashlib.sha256(f"sandbox webhook {name}".encode()).digest()).decode()}


def _email(name: str) -> dict[str, str]:
    return {
        "username": _word("smtp user", name, 16),
        "password": _word("smtp", name, 24),
        "to": f"reader-{name}@example.com, desk-{name}@example.com",
        "sender": f"daily-{name}@example.com",
    }


MAKERS = {
    "facebook": _facebook,
    "x": _x,
    "telegram": _telegram,
    "mastodon": _mastodon,
    "bluesky": _bluesky,
    "webhook": _webhook,
    "email": _email,
}
