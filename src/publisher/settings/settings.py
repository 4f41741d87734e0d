"""`.env` and `config/*.toml` become Settings, validated once; what is wrong is told with file, line and remedy.

Secrets stand in the environment only: secret `access_token` of account `mastodon-en` is `MASTODON_EN_ACCESS_TOKEN`,
or `MASTODON_EN_ACCESS_TOKEN_FILE` naming a file that holds it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from publisher.domain.model import Account, Brand, Edition, Route
from publisher.settings import sections
from publisher.settings.environment import dotenv, secret_of
from publisher.settings.sections import SourceSettings
from publisher.settings.toml import Document, Problem, SettingsProblem


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
    env = {**dotenv(directory), **given}
    document = Document.read(directory / "publisher.toml")
    brand = Document.read(directory / "brand.toml")
    data_dir = Path(env.get("PUBLISHER_DATA", "data"))
    settings = Settings(
        config_dir=directory,
        data_dir=data_dir,
        base_url=env.get("PUBLISHER_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        secret_key=secret_of(env, "PUBLISHER_SECRET_KEY"),
        database_url=secret_of(env, "DATABASE_URL") or f"sqlite:///{data_dir / 'publisher.sqlite'}",
        redis_url=secret_of(env, "REDIS_URL"),
        editions={name: sections.edition(document, name) for name in document.names("editions")},
        sources={name: sections.source(document, name, env) for name in document.names("sources")},
        accounts={name: sections.account(document, name) for name in document.names("accounts")},
        routes=tuple(sections.route(document, number) for number in range(document.count("routes"))),
        brand=sections.brand(brand),
        trusted=sections.trusted(document),
        document=document,
        environment=env,
    )
    _references(document, settings)
    if problems := document.problems + brand.problems:
        raise SettingsProblem(problems)
    return settings


def account_secret(settings: Settings, account: str, secret: str) -> tuple[str, str]:
    """Name of the environment variable for an Account's secret, and its value ("" where it is not set)."""
    variable = re.sub(r"[^A-Z0-9]", "_", f"{account}_{secret}".upper())
    return variable, secret_of(settings.environment, variable)


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
