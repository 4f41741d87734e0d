"""Which Accounts a Post goes to, as tables."""

from datetime import UTC, datetime
from typing import Any

import pytest

from publisher.domain.model import Kind, Post, Route
from publisher.domain.routing import destinations, matches

POST = Post(
    source="garden",
    id="a-1",
    edition="en",
    title="Bees return",
    url="https://garden.example/a-1",
    modified_at=datetime(2026, 3, 2, tzinfo=UTC),
    kind=Kind.PHOTO,
    categories=("Nature", "Straße"),
)

MATCHES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"editions": ("en",)}, True),
    ({"editions": ("ar", "en")}, True),
    ({"editions": ("ar",)}, False),
    ({"editions": ("EN",)}, False),
    ({"kinds": (Kind.PHOTO,)}, True),
    ({"kinds": (Kind.ARTICLE, Kind.VIDEO)}, False),
    ({"sources": ("garden",)}, True),
    ({"sources": ("field",)}, False),
    ({"categories": ("nature",)}, True),
    ({"categories": ("NATURE", "music")}, True),
    ({"categories": ("STRASSE",)}, True),
    ({"categories": ("natur",)}, False),
    ({"categories": ("",)}, False),
    ({"editions": ("en",), "kinds": (Kind.PHOTO,), "sources": ("garden",), "categories": ("nature",)}, True),
    ({"editions": ("ar",), "kinds": (Kind.PHOTO,), "sources": ("garden",), "categories": ("nature",)}, False),
    ({"editions": ("en",), "kinds": (Kind.PHOTO,), "sources": ("garden",), "categories": ("music",)}, False),
]


@pytest.mark.parametrize(("conditions", "expected"), MATCHES)
def test_every_condition_named_must_hold(conditions: dict[str, Any], expected: bool) -> None:  # noqa: FBT001  # a table of cases
    assert matches(Route(("north",), **conditions), POST) is expected


DESTINATIONS: list[tuple[list[Route], dict[str, int]]] = [
    ([], {}),
    ([Route(("north",), editions=("ar",))], {}),
    ([Route(("north", "south"))], {"north": 86_400, "south": 86_400}),
    ([Route(("north", "north"))], {"north": 86_400}),
    ([Route(("north",), expires_after=60), Route(("north", "south"), expires_after=3600)], {"north": 3600, "south": 3600}),
    ([Route(("north",), expires_after=3600), Route(("north",), expires_after=60)], {"north": 3600}),
    ([Route(("north",), expires_after=60), Route(("north",), editions=("ar",), expires_after=3600)], {"north": 60}),
]  # fmt: skip


@pytest.mark.parametrize(("routes", "expected"), DESTINATIONS)
def test_each_account_once_with_the_longest_life(routes: list[Route], expected: dict[str, int]) -> None:
    assert destinations(POST, routes) == expected


def test_accounts_come_in_the_order_of_the_routes() -> None:
    routes = [Route(("south",)), Route(("north", "south")), Route(("east",))]
    assert list(destinations(POST, routes)) == ["south", "north", "east"]
