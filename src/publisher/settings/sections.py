"""The tables of publisher.toml and brand.toml, each read into its noun; problems gather in the document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from publisher.domain.model import Account, Brand, Direction, Edition, Kind, Route
from publisher.settings.environment import secret_of
from publisher.settings.toml import Document, TableReader

HOUR = 3600
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
SETTLE_SECONDS = {"wordpress": 10.0}
"""A WordPress that saves with meta boxes tells twice; the second telling comes within seconds (gutenberg#15094)."""


@dataclass(frozen=True)
class SourceSettings:
    """A CMS that may tell us things. `settle` seconds pass before what it tells goes out.

    `legacy` takes signatures of a Ghost so old that it does not sign the time.
    """

    name: str
    kind: str
    secrets: tuple[str, ...] = field(repr=False)
    edition: str = ""
    editions: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    settle: float = 0
    legacy: bool = False


def edition(document: Document, name: str) -> Edition:
    table = _named(document, "editions", name)
    direction = table.text("direction", "ltr")
    if direction not in ("ltr", "rtl"):
        table.problem("direction", f"direction must be ltr or rtl, not {direction!r}")
        direction = "ltr"
    edition = Edition(
        name=name,
        language=table.text("language"),
        direction=Direction(direction),
        site_name=table.text("site_name"),
        url=table.text("url", ""),
        utm=tuple(table.pairs("utm").items()),
    )
    table.done("language, direction, site_name, url, utm")
    return edition


def source(document: Document, name: str, env: Mapping[str, str]) -> SourceSettings:
    table = _named(document, "sources", name)
    variables = table.texts("secrets")
    secrets = [(variable, secret_of(env, variable)) for variable in variables]
    if not variables:
        table.problem("secrets", "secrets is missing", 'add `secrets = ["NAME_OF_AN_ENVIRONMENT_VARIABLE"]`')
    for variable, value in secrets:
        if not value:
            table.problem("secrets", f"{variable} is not set", f"put it into .env, or a path into {variable}_FILE")
    kind = table.text("kind")
    source = SourceSettings(
        name=name,
        kind=kind,
        secrets=tuple(value for _, value in secrets if value),
        edition=table.text("edition", ""),
        editions=table.pairs("editions"),
        base_url=table.text("base_url", ""),
        settle=table.number("settle_seconds", SETTLE_SECONDS.get(kind, 0)),
        legacy=table.flag("legacy", default=False),
    )
    table.done("kind, secrets, edition, editions, base_url, settle_seconds, legacy")
    return source


def account(document: Document, name: str) -> Account:
    """Everything but `channel` and `base_url` is an option of the channel, judged by those who know the channel."""
    table = _named(document, "accounts", name)
    return Account(name, table.text("channel"), table.text("base_url", "").rstrip("/"), table.left)


def route(document: Document, number: int) -> Route:
    table = document.table("routes", number)
    kinds = table.texts("kinds")
    if unknown := set(kinds) - {kind.value for kind in Kind}:
        table.problem("kinds", f"unknown kinds: {', '.join(sorted(unknown))}", f"known: {', '.join(Kind)}")
    route = Route(
        accounts=table.texts("accounts"),
        editions=table.texts("editions"),
        kinds=tuple(Kind(kind) for kind in kinds if kind in set(Kind)),
        categories=table.texts("categories"),
        sources=table.texts("sources"),
        expires_after=int(table.number("expires_after_hours", 24) * HOUR),
    )
    if not route.accounts:
        table.problem("accounts", "a route without accounts leads nowhere", 'add `accounts = ["…"]`')
    table.done("accounts, editions, kinds, categories, sources, expires_after_hours")
    return route


def brand(document: Document) -> Brand:
    table = document.table()
    default = Brand()
    colours = {name: table.text(name, getattr(default, name)) for name in ("accent", "ground", "ink")}
    for name, value in colours.items():
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            table.problem(name, f"{name} must be a colour such as #1f6f5c, not {value!r}")
    brand = Brand(**colours, logo=table.text("logo", ""), fonts=table.texts("fonts"))
    for path in (brand.logo, *brand.fonts):
        if path and not Path(path).exists():
            table.problem("logo" if path == brand.logo else "fonts", f"{path} is not there")
    table.done("accent, ground, ink, logo, fonts")
    return brand


def trusted(document: Document) -> frozenset[str]:
    table = document.table("network")
    trusted = table.texts("trusted")
    table.done("trusted")
    return frozenset(trusted)


def _named(document: Document, kind: str, name: str) -> TableReader:
    table = document.table(kind, name)
    if not NAME.fullmatch(name):
        table.problem("", f"{name!r} can't be a name", "use a-z, 0-9, - and _")
    return table
