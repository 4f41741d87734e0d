"""The registry: one line a channel, imported when it is asked for."""

from functools import cache
from importlib import import_module

from publisher.connector.base import Connector

CHANNELS = {
    "bluesky": "Bluesky",
    "email": "Email",
    "facebook": "Facebook",
    "mastodon": "Mastodon",
    "telegram": "Telegram",
    "webhook": "Webhook",
    "x": "X",
}


@cache
def channel(name: str) -> type[Connector]:
    """The class of a channel by its name in `publisher.toml`; KeyError for one we do not have."""
    found: type[Connector] = getattr(import_module(f"publisher.channels.{name}"), CHANNELS[name])
    return found
