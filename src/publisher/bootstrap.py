"""Settings become the object graph; nothing else builds anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import urlsplit

import requests

from publisher import channels, cms
from publisher.cms.base import Cms, Source
from publisher.connector import wire
from publisher.connector.base import Connector
from publisher.connector.http import Http
from publisher.connector.transcript import Redactor, Transcript
from publisher.domain.model import Account
from publisher.nudge import Nudge
from publisher.services import owner
from publisher.services.deliver import SIDE_BY_SIDE, Deliverer
from publisher.services.intake import IntakeService
from publisher.services.operate import Operator
from publisher.services.picture import Pictures
from publisher.services.render import Renderer
from publisher.services.sweep import Sweeper
from publisher.settings import Problem, Settings, SettingsProblem, SourceSettings, account_secret
from publisher.store import Store

RETIRED = {"skype": "Skype was retired on 2025-05-05 and nothing can be posted to it; use Microsoft Teams or Telegram"}


@dataclass(frozen=True)
class Line:
    """What a process keeps of an Account between Deliveries: its connections, and what must never be shown."""

    session: requests.Session
    redact: Redactor


@dataclass
class Publisher:
    """One process's parts, each built when it is first asked for. Open after a fork, never across one."""

    settings: Settings
    owner: str = field(default_factory=owner.me)
    stopping: Callable[[], bool] = lambda: False
    lines: dict[str, Line] = field(default_factory=dict)

    @cached_property
    def store(self) -> Store:
        return Store(self.settings.database_url)

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """Accounts with their secrets and the channel's own address where none was given."""
        return {name: with_secrets(self.settings, account) for name, account in self.settings.accounts.items()}

    @cached_property
    def sources(self) -> Mapping[str, Cms]:
        """One verifier and reader for each declared source."""
        return {name: reader(source) for name, source in self.settings.sources.items()}

    @cached_property
    def nudge(self) -> Nudge:
        return Nudge(self.settings.redis_url)

    @cached_property
    def intake(self) -> IntakeService:
        return IntakeService(self.store, self.settings.accounts, self.settings.editions, self.settings.routes)

    @cached_property
    def renderer(self) -> Renderer:
        photos = wire.session(trusted=self.settings.trusted, connections=SIDE_BY_SIDE)
        pictures = Pictures(self.store, self.settings.brand, self.settings.base_url, lambda: photos)
        return Renderer(self.settings, self.settings.editions, pictures)

    @cached_property
    def deliverer(self) -> Deliverer:
        return Deliverer(
            store=self.store,
            accounts=self.accounts,
            channels=channels.channel,
            connect=self.connect,
            renderer=self.renderer,
            owner=self.owner,
            stopping=self.stopping,
        )

    @cached_property
    def sweeper(self) -> Sweeper:
        return Sweeper(self.store, self.accounts, channels.channel, self.nudge, self.owner)

    def operator(self, actor: str) -> Operator:
        return Operator(self.store, self.accounts, self.intake, self.nudge, actor)

    def connect(self, account: Account) -> tuple[Connector, Transcript]:
        """A Connector for one Delivery, on the session this process keeps for the Account."""
        line = self.lines.get(account.name)
        if line is None:
            session = wire.session(trusted=_own_address(account), connections=SIDE_BY_SIDE)
            line = self.lines.setdefault(account.name, Line(session, Redactor(account.secrets.values())))
        transcript = Transcript(line.redact)
        kind = channels.channel(account.channel)
        return kind(account, Http(line.session, account.base_url or kind.base_url, transcript)), transcript

    def close(self) -> None:
        """Finish what is queued and let go of everything that was opened."""
        built = vars(self)
        if "deliverer" in built:
            for pool in self.deliverer.pools.values():
                pool.shutdown(wait=True)
        if "nudge" in built:
            self.nudge.close()
        if "store" in built:
            self.store.close()
        for line in self.lines.values():
            line.session.close()


def build(settings: Settings) -> Publisher:
    """A Publisher on settings that hold; raises SettingsProblem with everything that is wrong."""
    if problems := check(settings):
        raise SettingsProblem(problems)
    return Publisher(settings)


def reader(source: SourceSettings) -> Cms:
    """The verifier and reader of one declared source; ValueError for a secret that can't be one."""
    return cms.KINDS[source.kind](
        Source(
            name=source.name,
            kind=source.kind,
            secrets=source.secrets,
            edition=source.edition,
            editions=source.editions,
            base_url=source.base_url,
            legacy=source.legacy,
        )
    )


def with_secrets(settings: Settings, account: Account) -> Account:
    """The Account with the secrets its channel declares, from the environment."""
    kind = channels.channel(account.channel)
    found = {name: account_secret(settings, account.name, name)[1] for name in kind.secrets + kind.optional_secrets}
    return replace(account, secrets={name: value for name, value in found.items() if value})


def check(settings: Settings) -> list[Problem]:
    """What only those who know channels and CMS kinds can see: unknown kinds and options, missing secrets."""
    problems = []
    for name, source in settings.sources.items():
        if source.kind not in cms.KINDS:
            where, known = settings.where("sources", name, "kind"), ", ".join(cms.KINDS)
            problems.append(Problem(where, f"no kind of source is called {source.kind!r}", f"known: {known}"))
            continue
        try:
            reader(source)
        except ValueError as error:
            problems.append(Problem(settings.where("sources", name, "secrets"), str(error)))
    for name, account in settings.accounts.items():
        problems += _check_account(settings, name, account)
    return problems


def _check_account(settings: Settings, name: str, account: Account) -> list[Problem]:
    where = settings.where("accounts", name, "channel")
    if account.channel.lower() in RETIRED:
        return [Problem(where, RETIRED[account.channel.lower()])]
    if account.channel not in channels.CHANNELS:
        return [Problem(where, f"no channel is called {account.channel!r}", f"known: {', '.join(channels.CHANNELS)}")]
    kind = channels.channel(account.channel)
    known = [option.name for option in kind.options]
    problems = [
        Problem(
            settings.where("accounts", name, option),
            f"{kind.brand} has no option {option!r}",
            f"known: {', '.join(known)}",
        )
        for option in account.options
        if option not in known
    ]
    for option in kind.options:
        if option.default is None and option.name not in account.options:
            place = settings.where("accounts", name)
            problems.append(
                Problem(place, f"option {option.name} is missing", f"add `{option.name} = …` ({option.help})")
            )
    if not account.base_url and not kind.base_url and "host" not in known:
        problems.append(
            Problem(settings.where("accounts", name), "base_url is missing", 'add `base_url = "https://…"`')
        )
    for secret in kind.secrets:
        variable, value = account_secret(settings, name, secret)
        if not value:
            remedy = f"put {variable} into .env, or a path into {variable}_FILE"
            problems.append(Problem(settings.where("accounts", name), f"secret {secret} is not set", remedy))
    return problems


def _own_address(account: Account) -> frozenset[str]:
    """An operator who writes a private address into `base_url` means it."""
    parts = urlsplit(account.base_url)
    if not parts.hostname:
        return frozenset()
    return frozenset({f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"})
