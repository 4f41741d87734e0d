"""`publisher demo | init | up | doctor | version`."""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.options import Json
from publisher.cli.output import Exit, as_json, fail, remark, say

LOOPBACK = "127.0.0.1"


def version() -> None:
    """Which publisher this is."""
    from importlib.metadata import version as installed

    say(installed("publisher"))


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End when all is published; non-zero if anything is wrong.")
    ] = False,
    json: Json = False,
    port: Annotated[int, typer.Option(help="Of the dashboard; another one is taken where it is in use.")] = 8000,
    sandbox_port: int = 8900,
) -> None:
    """Four articles, seven fake networks, no account, no service, no network: see it work."""
    from publisher.cli.demo import run

    raise SystemExit(run(once=once, as_json=json, port=port, sandbox_port=sandbox_port))


def init(
    directory: Annotated[Path, typer.Option("--config", help="Where the settings shall lie.")] = Path("config"),
    user: Annotated[str, typer.Option(help="Who may open the dashboard.")] = "admin",
) -> None:
    """Write settings, keys and tables, and make the first user. Nothing that is there is overwritten."""
    import secrets

    from publisher.settings import packaged_config

    for source in sorted(packaged_config().rglob("*")):
        target = directory / source.relative_to(packaged_config())
        if source.is_file() and not target.exists() and source.name != ".env.example":
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
            say(f"wrote {target}")
    env = directory / ".env"
    if not env.exists() and not {"PUBLISHER_SECRET_KEY", "PUBLISHER_SECRET_KEY_FILE"} & os.environ.keys():
        with os.fdopen(os.open(env, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"PUBLISHER_SECRET_KEY={secrets.token_urlsafe(48)}\n")
        say(f"wrote {env}, for your eyes only")
    os.environ["PUBLISHER_CONFIG"] = str(directory)
    _first_user(user)


def _first_user(user: str) -> None:
    import secrets

    from publisher import settings
    from publisher.bootstrap import build
    from publisher.services.passwords import hash_password
    from publisher.settings import SettingsProblem
    from publisher.store import people

    try:
        parts = build(settings.load())
    except SettingsProblem as problem:
        fail(f"{problem}\nPut this right, then run `publisher init` again.", Exit.USAGE)
    parts.store.migrate()
    if parts.store.look(people.password_hash, user):
        say(f"{user} is there already")
    else:
        password = secrets.token_urlsafe(12)
        parts.store.save_user(people.User(user, hash_password(password)))
        say(f"dashboard: {user} / {password}   (shown once)")
    parts.close()
    say("next: `publisher doctor`, then `publisher up`")


def migrate() -> None:
    """Bring the database's tables up to date; harmless when they are."""
    from publisher import settings
    from publisher.store import Store

    store = Store(settings.load().database_url)
    store.migrate()
    store.close()
    say("the tables are up to date")


def up(
    host: Annotated[str, typer.Option(help="Where the web listens.")] = LOOPBACK,
    port: int = 8000,
    web: Annotated[bool, typer.Option("--web", help="Only the web.")] = False,
    worker: Annotated[bool, typer.Option("--worker", help="Only the worker.")] = False,
) -> None:
    """Run Valkey (where no REDIS_URL is set), web and worker; restart what dies; stop cleanly on Ctrl-C."""
    from publisher.cli import processes
    from publisher.cli.parts import opened
    from publisher.cli.supervisor import Child, Supervisor
    from publisher.settings.logs import log_to_stderr

    log_to_stderr()
    both = web == worker
    with opened() as parts:
        redis_url, data_dir = parts.settings.redis_url, parts.settings.data_dir
    children: list[Child] = []
    env: dict[str, str] = {}
    if not redis_url and (both or worker):
        child, redis_url = processes.valkey(data_dir.absolute())
        env["REDIS_URL"] = redis_url
        children.append(child)
    if both or web:
        children.append(processes.web(host, port, env))
    if both or worker:
        children.append(processes.worker(env))
    supervisor = Supervisor(children)
    supervisor.stop_on_signals()
    supervisor.start()
    remark(
        f"publisher runs at http://{host}:{port}; Ctrl-C ends it" if both or web else "the worker runs; Ctrl-C ends it"
    )
    supervisor.watch()
    supervisor.stop()


def doctor(json: Json = False) -> None:
    """Look at everything that must be right, and say how to put it right."""
    from publisher.cli.checks import examine

    findings = examine()
    for finding in findings:
        say(as_json(finding) if json else str(finding))
    if any(finding.level == "fail" for finding in findings):
        raise SystemExit(int(Exit.FAILED))


COMMANDS = (demo, init, migrate, up, doctor, version)
