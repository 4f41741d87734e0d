"""Which Deliveries a page is about: read from its address, and written into the addresses of its links."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

from publisher.domain.model import State
from publisher.store import read

PAGE_LINES = 50
NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)
ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
"""https://github.com/ulid/spec, Crockford's base 32 (read 2026-11-24)."""


@dataclass(frozen=True)
class Scope:
    """The conditions of a list; empty ones match all. `before` is the id to go on from."""

    state: tuple[str, ...] = ()
    channel: str = ""
    account: str = ""
    edition: str = ""
    before: str = ""

    @property
    def query(self) -> read.Query:
        """One line more than a page holds, so that the page knows whether more follow."""
        return read.Query(
            states=self.state,
            channel=self.channel,
            account=self.account,
            edition=self.edition,
            before=self.before,
            limit=PAGE_LINES + 1,
        )

    @property
    def narrowed(self) -> bool:
        """Whether any condition but the place in the list is set."""
        return any((self.state, self.channel, self.account, self.edition))

    def address(self, **changes: Any) -> str:
        """The address of this list with some conditions changed; what is no longer the same list starts at its top."""
        pairs = {**asdict(replace(self, before="")), **changes}
        query = urlencode({name: value for name, value in pairs.items() if value}, doseq=True)
        return f"/deliveries?{query}" if query else "/deliveries"


def scope(
    state: Sequence[str] = (), channel: str = "", account: str = "", edition: str = "", before: str = ""
) -> tuple[Scope, tuple[str, ...]]:
    """The Scope an address asks for, and a note for each condition that was left out because it can't be meant."""
    notes = [f"No state is called “{one[:40]}”; it was left out." for one in state if one and one not in set(State)]
    names = {"channel": channel, "account": account, "edition": edition}
    for name, value in names.items():
        if value and not NAME.fullmatch(value):
            notes.append(f"No {name} can be called “{value[:40]}”; it was left out.")
            names[name] = ""
    if before and not ULID.fullmatch(before):
        notes.append("That page of the list does not exist; this is the first one.")
        before = ""
    known = tuple(dict.fromkeys(one for one in State if one in state))
    return Scope(state=known, before=before, **names), tuple(notes)
