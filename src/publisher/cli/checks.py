"""What `publisher doctor` looks at: each finding with its remedy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}
SECONDS = 2


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `level` ok, warn or fail."""

    level: str
    subject: str
    says: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{MARKS[self.level]} {self.subject}: {self.says}" + (f"\n    → {self.remedy}" if self.remedy else "")


def examine() -> list[Finding]:
    """Everything, in the order in which one would put it right."""
    from publisher import settings
    from publisher.bootstrap import Publisher, check
    from publisher.settings import SettingsProblem

    try:
        loaded = settings.load()
        problems = check(loaded)
    except SettingsProblem as problem:
        problems, loaded = problem.problems, None
    found = [Finding("fail", problem.where, problem.what, problem.remedy) for problem in problems]
    if loaded is None or found:
        return found
    parts = Publisher(loaded)
    try:
        return [*_settings(parts), *_database(parts), *_broker(parts), *_pictures()]
    finally:
        parts.close()


def _settings(parts: Any) -> Iterator[Finding]:
    counts = ", ".join(
        f"{len(getattr(parts.settings, kind))} {kind}" for kind in ("editions", "sources", "accounts", "routes")
    )
    yield Finding("ok", "settings", f"{counts} in {parts.settings.config_dir}")
    if not parts.settings.secret_key:
        yield Finding(
            "fail", "secret key", "PUBLISHER_SECRET_KEY is not set", "run `publisher init`, or put one into .env"
        )
    for kind in ("sources", "accounts", "routes"):
        if not getattr(parts.settings, kind):
            yield Finding("warn", kind, "none is declared", f"declare [{kind}] in publisher.toml")


def _database(parts: Any) -> Iterator[Finding]:
    from publisher.store import StoreError

    try:
        waiting = parts.store.pending()
        if waiting:
            yield Finding("fail", "database", waiting, "run `publisher init`")
            return
        count, wrong = parts.store.verify_audit()
    except StoreError as error:
        yield Finding("fail", "database", f"does not answer ({type(error).__name__})", "check DATABASE_URL")
        return
    yield Finding("ok", "database", f"{parts.store.engine.dialect.name}, tables up to date")
    if wrong:
        yield Finding("fail", "audit log", wrong, "compare it with your last export")
    else:
        yield Finding("ok", "audit log", f"{count} entries, unbroken")


def _broker(parts: Any) -> Iterator[Finding]:
    url = parts.settings.redis_url
    if not url:
        yield Finding("ok", "broker", "none given: `publisher up` starts its own Valkey")
        return
    from kombu import Connection

    try:
        with Connection(url, connect_timeout=SECONDS, transport_options={"socket_connect_timeout": SECONDS}) as broker:
            broker.ensure_connection(max_retries=1, timeout=SECONDS)
    except Exception as error:  # noqa: BLE001  # a broker may fail in any way, and all of them are this finding
        yield Finding(
            "fail", "broker", f"does not answer ({type(error).__name__})", "check REDIS_URL; is Redis running?"
        )
        return
    yield Finding("ok", "broker", "answers")


def _pictures() -> Iterator[Finding]:
    from publisher import cards
    from publisher.domain.model import Brand, Direction, Size

    brief = cards.Brief("سلام دنیا 123", "", "publisher", "", "fa", Direction.RTL)
    drawn = cards.draw_card(brief, Brand(), None, Size(1200, 630))
    if drawn.warnings:
        yield Finding("warn", "cards", "; ".join(drawn.warnings), "name a font for these scripts in brand.toml")
    else:
        yield Finding("ok", "cards", "fonts are there, Arabic script is shaped")
