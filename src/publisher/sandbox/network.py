"""What all fake networks share: a routing table, refusals in their own words, rates counted in windows."""

import json
import re
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from publisher.sandbox.state import World
from publisher.sandbox.wire import Answer, MalformedBodyError, RefusedError, Request


@dataclass(frozen=True)
class Route:
    """`path` is a regular expression of the whole path; its groups are passed on.

    `publishes`: makes something visible to readers, so a fault with `on: publish` hits it.
    """

    method: str
    path: str
    verb: Callable[..., Answer]
    publishes: bool = False


class Network:
    """One fake platform. Subclasses are the platform's API; they refuse by raising RefusedError."""

    name: ClassVar[str]
    brand: ClassVar[str]
    routes: ClassVar[tuple[Route, ...]]

    def __init__(self, world: World) -> None:
        self.world = world
        self.rates: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.reset()

    def reset(self) -> None:
        """Forget what this network keeps beside the posts."""
        self.rates.clear()

    def answer(self, request: Request) -> Answer:
        """The platform's answer to one request."""
        found = self._route(request)
        try:
            with self.world.lock:
                if not found:
                    return self.not_found(request)
                route, groups = found
                answer = route.verb(self, request, *groups)
                return replace(answer, headers=self.headers(request) | answer.headers)
        except RefusedError as refused:
            return refused.answer
        except MalformedBodyError as error:
            return self.unreadable(str(error))

    def publishes(self, request: Request) -> bool:
        """Whether this request would make something visible."""
        found = self._route(request)
        return bool(found) and found[0].publishes if found else False

    def account(self, request: Request) -> str:
        """The identity a request claims to be, without checking any proof; "" where unknown."""
        return self.world.directory.find(self.name, "access_token", request.bearer)

    def headers(self, request: Request) -> dict[str, str]:
        """Headers the platform puts on its good answers."""
        del request
        return {}

    # ---- refusals in the platform's own form ---------------------------------------------------------------------
    def error(self, status: int) -> Answer:
        """An error of this status as the platform words it, for ordered faults."""
        raise NotImplementedError

    def limited(self, seconds: int) -> Answer:
        """The platform's way to say: not now, come back in `seconds`."""
        raise NotImplementedError

    def unauthorized(self) -> Answer:
        raise NotImplementedError

    def not_found(self, request: Request) -> Answer:
        del request
        return self.error(404)

    def unreadable(self, problem: str) -> Answer:
        """The answer to a body that does not parse."""
        del problem
        return self.error(400)

    # ---- rates ---------------------------------------------------------------------------------------------------
    def spend(self, account: str, family: str, limit: int, window: int) -> tuple[int, float]:
        """Count one call; (calls left, when the window ends). Refuses only where rates are enforced.

        Where they are not, one call is always left: a client that heeds the header must not stand still.
        """
        now, calls = self.world.now(), self.rates[account, family]
        while calls and calls[0] <= now - window:
            calls.popleft()
        ends = (calls[0] if calls else now) + window
        if len(calls) >= limit and self.world.enforce_rates:
            raise RefusedError(self.limited(max(1, round(ends - now))))
        calls.append(now)
        return max(limit - len(calls), 0 if self.world.enforce_rates else 1), ends

    def _route(self, request: Request) -> tuple[Route, tuple[Any, ...]] | None:
        for route in self.routes:
            match = re.fullmatch(route.path, request.path)
            if match and route.method == request.method:
                return route, match.groups()
        return None


def listed(value: Any) -> list[Any] | None:
    """A list given as itself or as its JSON text; None where it is neither."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, list) else None


def truth(value: Any, *, default: bool) -> bool:
    """A boolean as JSON or a form gives it."""
    if value is None:
        return default
    return value if isinstance(value, bool) else str(value).lower() in {"true", "1", "t", "on"}
