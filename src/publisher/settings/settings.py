"""`.env` and `config/*.toml` become Settings, validated once; what is wrong is told with file, line and remedy.

Secrets stand in the environment only: secret `access_token` of account `mastodon-en` is `MASTODON_EN_ACCESS_TOKEN`,
or `MASTODON_EN_ACCESS_TOKEN_FILE` naming a file that holds it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from publisher.domain.model import Account, Brand, Direction, Edition, Kind, Route
from publisher.settings.toml import Document, Problem, SettingsProblem, TableReader

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


@dataclass(frozen=True)
class Settings:
    """Everything an operator decides. `environment` is where Accounts' secrets are looked up, once, at start."""

    config_dir: Path
    data_dir: Path
    base_url: str
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    editions: Mapping[str, Edition] = field(default_factory=dict)
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    brand: Brand = field(default_factory=Brand)
    trusted: frozenset[str] = frozenset()
    document: Document | None = field(default=None, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def where(self, *keys: str | int) -> str:
        """`file:line` of a setting, for the problems others find in it."""
        return self.document.where(*keys) if self.document else "the settings"

    def template(self, channel: str, edition: str) -> tuple[str, str]:
        """Path and source of the template for a channel and edition: the most special one there is."""
        directory = self.config_dir / "templates"
        for name in (f"{channel}.{edition}", channel, f"default.{edition}", "default"):
            path = directory / f"{name}.txt.j2"
            if path.exists():
                return str(path), path.read_text(encoding="utf-8")
        raise SettingsProblem([Problem(str(directory), "default.txt.j2 is missing")])


def packaged_config() -> Path:
    """The `config/` that comes with the program: in the checkout, or inside the installed package."""
    here = Path(__file__).parents[1]
    return here / "_config" if (here / "_config").exists() else here.parents[1] / "config"


def load(config_dir: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read everything; raises SettingsProblem with all that is wrong."""
    given = os.environ if environ is None else environ
    directory = config_dir or Path(given.get("PUBLISHER_CONFIG", "config"))
    env = {**_dotenv(directory), **given}
    document = Document.read(directory / "publisher.toml")
    brand = Document.read(directory / "brand.toml")
    data_dir = Path(env.get("PUBLISHER_DATA", "data"))
    settings = Settings(
        config_dir=directory,
        data_dir=data_dir,
        base_url=env.get("PUBLISHER_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        secret_key=_secret(env, "PUBLISHER_SECRET_KEY"),
        database_url=_secret(env, "DATABASE_URL") or f"sqlite:///{data_dir / 'publisher.sqlite'}",
        redis_url=_secret(env, "REDIS_URL"),
        editions={name: _edition(document, name) for name in document.names("editions")},
        sources={name: _source(document, name, env) for name in document.names("sources")},
        accounts={name: _account(document, name) for name in document.names("accounts")},
        routes=tuple(_route(document, number) for number in range(document.count("routes"))),
        brand=_brand(brand),
        trusted=_trusted(document),
        document=document,
        environment=env,
    )
    _references(document, settings)
    if problems := document.problems + brand.problems:
        raise SettingsProblem(problems)
    return settings


def _dotenv(directory: Path) -> dict[str, str]:
    path = next((place for place in (directory / ".env", Path(".env")) if place.exists()), None)
    return {name: value for name, value in dotenv_values(path).items() if value is not None} if path else {}


def _secret(env: Mapping[str, str], name: str) -> str:
    """A secret from the environment, or from the file that `NAME_FILE` names."""
    path = env.get(f"{name}_FILE")
    if not path:
        return env.get(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        what = f"{path} can't be read ({getattr(error, 'strerror', None) or 'not UTF-8'})"
        raise SettingsProblem([Problem(f"{name}_FILE", what, f"name a file that holds {name}")]) from None


def account_secret(settings: Settings, account: str, secret: str) -> tuple[str, str]:
    """Name of the environment variable for an Account's secret, and its value ("" where it is not set)."""
    variable = re.sub(r"[^A-Z0-9]", "_", f"{account}_{secret}".upper())
    return variable, _secret(settings.environment, variable)


def _edition(document: Document, name: str) -> Edition:
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


def _source(document: Document, name: str, env: Mapping[str, str]) -> SourceSettings:
    table = _named(document, "sources", name)
    variables = table.texts("secrets")
    secrets = [(variable, _secret(env, variable)) for variable in variables]
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


def _account(document: Document, name: str) -> Account:
    """Everything but `channel` and `base_url` is an option of the channel, judged by those who know the channel."""
    table = _named(document, "accounts", name)
    return Account(name, table.text("channel"), table.text("base_url", "").rstrip("/"), table.left)


def _route(document: Document, number: int) -> Route:
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


def _brand(document: Document) -> Brand:
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


def _trusted(document: Document) -> frozenset[str]:
    table = document.table("network")
    trusted = table.texts("trusted")
    table.done("trusted")
    return frozenset(trusted)


def _references(document: Document, settings: Settings) -> None:
    """Names that point at other tables must find them."""
    for number, route in enumerate(settings.routes):
        pairs = (
            (route.accounts, settings.accounts),
            (route.editions, settings.editions),
            (route.sources, settings.sources),
        )
        for key, (names, declared) in zip(("accounts", "editions", "sources"), pairs, strict=True):
            for name in names:
                if name not in declared:
                    where = document.where("routes", number, key)
                    document.problems.append(
                        Problem(where, f"no {key[:-1]} is called {name!r}", f"declare [{key}.{name}]")
                    )
    for name, source in settings.sources.items():
        named = [("edition", source.edition), *(("editions", edition) for edition in source.editions.values())]
        for key, edition in named:
            if edition and edition not in settings.editions:
                where = document.where("sources", name, key)
                document.problems.append(
                    Problem(where, f"no edition is called {edition!r}", f"declare [editions.{edition}]")
                )
    for table in document.data:
        if table not in ("editions", "sources", "accounts", "routes", "network"):
            known = "editions, sources, accounts, routes, network"
            document.problems.append(Problem(document.where(table), f"unknown table [{table}]", f"known: {known}"))


def _named(document: Document, kind: str, name: str) -> TableReader:
    table = document.table(kind, name)
    if not NAME.fullmatch(name):
        table.problem("", f"{name!r} can't be a name", "use a-z, 0-9, - and _")
    return table
