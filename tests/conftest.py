"""What tests of all layers share: the fake networks, and Accounts on them."""

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from publisher.channels import channel
from publisher.connector import wire
from publisher.connector.base import Connector
from publisher.connector.http import Http
from publisher.connector.transcript import Redactor, Transcript
from publisher.domain.model import Account
from publisher.sandbox import Sandbox, serve
from publisher.sandbox.accounts import credentials

# The same examples every time: a red run is a changed program. HYPOTHESIS_PROFILE=default goes exploring.
settings.register_profile("steady", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

PATHS = {"facebook": "/facebook/v26.0", "webhook": "/webhook/{name}"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve() as running:
        yield running


@pytest.fixture
def connect(sandbox: Sandbox) -> Iterator[Callable[..., Connector]]:
    """Makes a Connector for one Delivery of an identity's, on the HTTP session kept for its Account as in a worker."""
    sessions: dict[str, Any] = {}

    def make(name: str, identity: str = "en", base_url: str = "", **changed: str) -> Connector:
        kind, given = channel(name), credentials(name, identity)
        base_url = base_url or sandbox.url + PATHS.get(name, f"/{name}").format(name=identity)
        if "host" in {option.name for option in kind.options}:
            given |= {"host": sandbox.host, "port": str(sandbox.smtp_port), "security": "none"}
        given |= changed
        secret_names = kind.secrets + kind.optional_secrets
        secrets = {key: value for key, value in given.items() if key in secret_names}
        options = {key: value for key, value in given.items() if key not in secret_names}
        key, address = f"{name} {identity} {base_url}", urlsplit(base_url).netloc
        if key not in sessions:
            sessions[key] = wire.session(trusted=frozenset({address}))
        transcript = Transcript(Redactor(secrets.values()))
        account = Account(f"{name}-{identity}", name, base_url, options, secrets)
        return kind(account, Http(sessions[key], base_url, transcript))

    yield make
    for session in sessions.values():
        session.close()
