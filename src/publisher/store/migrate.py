"""Alembic without its ini file: the tables' versions live beside them in `migrations/`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from publisher.store.database import snapshot

LOCK = 7_310_246


def migrate(engine: Engine) -> None:
    """Run what is missing, in one transaction; two that come at once do it one after the other."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def pending(engine: Engine) -> str:
    """Which version is missing, in words; "" when none is."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with snapshot(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return "" if current == head else f"the tables stand at {current or 'nothing'}, the program wants {head}"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
