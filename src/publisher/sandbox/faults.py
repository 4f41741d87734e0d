"""Faults a test orders: each hits the next fitting requests of one channel, then is used up."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from publisher.sandbox.accounts import CHANNELS

PLAIN = ("drop_before", "drop_after_accept", "truncate", "malformed", "unauthorized")
NUMBERED = {"status": (400, 599), "rate_limit": (1, 86_400), "delay": (1, 600_000)}
FIELDS = {"channel", "kind", "times", "on", "account"}
MOST_TIMES = 1_000_000


class BadFaultError(ValueError):
    """An order that cannot be; `field` names what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass
class Fault:
    """`kind` and its number: a status, seconds to wait, or milliseconds of delay."""

    channel: str
    kind: str
    number: int = 0
    times: int = 1
    on: str = "publish"
    account: str = ""

    def hits(self, channel: str, account: str, *, publishes: bool) -> bool:
        wanted = self.on == "any" or publishes
        return self.channel == channel and wanted and self.account in {"", account}

    def public(self) -> dict[str, Any]:
        """As it was ordered, with the times left."""
        kind = f"{self.kind}:{self.number}" if self.kind in NUMBERED else self.kind
        return asdict(self) | {"kind": kind}


def read(order: dict[str, Any]) -> Fault:
    """A Fault from a control body; raises BadFaultError."""
    for field in set(order) - FIELDS:
        raise BadFaultError(field, f"unknown field; known: {', '.join(sorted(FIELDS))}")
    if order.get("channel") not in CHANNELS:
        raise BadFaultError("channel", f"one of {', '.join(CHANNELS)}")
    kind, number = _kind(order.get("kind"))
    times = order.get("times", 1)
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MOST_TIMES:
        raise BadFaultError("times", f"a whole number from 1 to {MOST_TIMES}")
    if order.get("on", "publish") not in {"publish", "any"}:
        raise BadFaultError("on", "publish or any")
    if not isinstance(order.get("account", ""), str):
        raise BadFaultError("account", "the name of an identity")
    return Fault(order["channel"], kind, number, times, order.get("on", "publish"), order.get("account", ""))


def _kind(value: Any) -> tuple[str, int]:
    name, _, number = value.partition(":") if isinstance(value, str) else ("", "", "")
    if name in PLAIN and not number:
        return name, 0
    low, high = NUMBERED.get(name, (1, 0))
    if number.isascii() and number.isdigit() and low <= int(number) <= high:
        return name, int(number)
    ranges = ", ".join(f"{name}:<{low}-{high}>" for name, (low, high) in NUMBERED.items())
    raise BadFaultError("kind", f"one of {', '.join(PLAIN)}, {ranges}")


class Faults:
    """The orders not used up yet, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        with self._lock:
            self._orders.append(fault)

    def pending(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.public() for fault in self._orders]

    def clear(self) -> None:
        with self._lock:
            self._orders.clear()

    def take(self, channel: str, account: str, *, publishes: bool, kind: str = "") -> Fault | None:
        """The oldest order (of `kind`, if given) that hits this request, counted down; None where none does."""
        with self._lock:
            fitting = (
                f for f in self._orders if f.hits(channel, account, publishes=publishes) and kind in {"", f.kind}
            )
            fault = next(fitting, None)
            if fault:
                fault.times -= 1
                self._orders = [order for order in self._orders if order.times > 0]
            return fault
