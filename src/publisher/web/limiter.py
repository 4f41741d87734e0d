"""How often somebody may try to log in: a sliding window for each key, in this process's memory."""

import threading
from collections import deque
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address


@dataclass
class Limiter:
    """At most `most` tries of one key in `seconds`; at most `keys` keys are remembered, the oldest goes first."""

    most: int
    seconds: float
    keys: int = 10_000
    _tries: dict[str, deque[float]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, key: str, now: float) -> float:
        """Count a try at `now` (monotonic seconds); 0 where it may go on, else the seconds until the next may."""
        with self._guard:
            tries = self._tries.pop(key, deque())
            self._tries[key] = tries  # at the end: the one used last
            while len(self._tries) > self.keys:
                del self._tries[next(iter(self._tries))]
            while tries and now - tries[0] >= self.seconds:
                tries.popleft()
            if len(tries) >= self.most:
                return self.seconds - (now - tries[0])
            tries.append(now)
            return 0.0

    def forget(self, key: str) -> None:
        """Start afresh for a key that proved itself."""
        with self._guard:
            self._tries.pop(key, None)


def neighbourhood(address: str) -> str:
    """What one visitor holds: an IPv4 address, or the /64 an IPv6 address lies in (RFC 6177)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else str(parsed)
