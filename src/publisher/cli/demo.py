"""`publisher demo`: a newsroom, seven fake networks and everything between them, in a temporary folder."""

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import requests

from publisher import settings
from publisher.bootstrap import Publisher, build
from publisher.cli import newsroom, processes
from publisher.cli.output import as_json, remark, say
from publisher.cli.supervisor import Child, Supervisor
from publisher.settings import packaged_config
from publisher.store import read
from publisher.store.people import LoginLink, User

START_SECONDS, FINISH_SECONDS = 60, 120
FAULTS = (("telegram", "rate_limit:3"), ("mastodon", "drop_after_accept"))
SETTLED = ("published", "failed", "held", "cancelled")


def run(*, once: bool, as_json: bool, port: int, sandbox_port: int) -> int:
    """The whole demo; the exit code is 0 when every article stands on every network exactly once."""
    started = time.monotonic()
    tell = (lambda _: None) if as_json else remark
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="publisher-demo-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stage = Stage(folder, processes.free_port(sandbox_port), processes.free_port(port))
        stack.callback(stage.close)
        tell("starting four editions, seven networks, web and worker …")
        stage.start()
        stage.misbehave()
        told = stage.publish()
        result = stage.watch(told, tell)
        result["seconds"] = round(time.monotonic() - started, 1)
        wrong = missing_or_doubled(result)
        _report(stage, result, wrong, once=once, machine=as_json)
        if not once:
            stage.stay()
        return 1 if wrong else 0


class Stage:
    """The demo's processes and where they are."""

    def __init__(self, folder: Path, sandbox_port: int, web_port: int) -> None:
        self.folder = folder
        self.sandbox = f"http://127.0.0.1:{sandbox_port}"
        self.web = f"http://127.0.0.1:{web_port}"
        self.ports = (sandbox_port, processes.free_port(), web_port)
        self.photos = newsroom.PhotoServer()
        self.supervisor = Supervisor([])
        self.supervisor.stop_on_signals()
        self.parts: Publisher | None = None

    def start(self) -> None:
        """Sandbox first: it knows the identities the settings are written with."""
        http, smtp, web_port = self.ports
        argv = [sys.executable, "-m", "publisher.sandbox", "--port", str(http), "--smtp-port", str(smtp)]
        self._add(Child("sandbox", argv, log_file=self.folder / "sandbox.log", last=True))
        known = self._until(lambda: requests.get(f"{self.sandbox}/_sandbox/accounts", timeout=2)).json()
        config = self.folder / "config"
        shutil.copytree(packaged_config(), config)
        secrets = newsroom.write_settings(config, self.sandbox, smtp, self.photos.address, known)
        broker, redis_url = processes.valkey(self.folder, self.folder / "valkey.log")
        env = {
            **secrets,
            "PUBLISHER_CONFIG": str(config),
            "PUBLISHER_DATA": str(self.folder),
            "PUBLISHER_BASE_URL": self.web,
            "DATABASE_URL": f"sqlite:///{self.folder / 'publisher.sqlite'}",
            "REDIS_URL": redis_url,
        }
        self.parts = build(settings.load(config, {**os.environ, **env}))
        self.parts.store.migrate()
        self._add(broker)
        self._add(processes.web("127.0.0.1", web_port, env, self.folder / "web.log"))
        self._add(processes.worker(env, self.folder / "worker.log"))
        self._until(lambda: requests.get(f"{self.web}/readyz", timeout=2))

    def misbehave(self) -> None:
        """One network asks us to wait, one takes a post and never answers."""
        for channel, kind in FAULTS:
            body = {"channel": channel, "kind": kind, "times": 1}
            requests.post(f"{self.sandbox}/_sandbox/faults", json=body, timeout=5).raise_for_status()

    def publish(self) -> list[dict[str, Any]]:
        """Four signed webhooks, as a CMS would send them; what was answered, with the title."""
        assert self.parts
        told = []
        for number, body in enumerate(newsroom.articles(self.photos.address), 1):
            raw = as_json(body).encode()
            reader = self.parts.sources["cms"]
            headers = reader.sign(raw, event_id=f"demo_{number}", now=self.parts.store.clock())
            headers["Content-Type"] = "application/json"
            answer = requests.post(f"{self.web}/hooks/cms", data=raw, headers=headers, timeout=30)
            answer.raise_for_status()
            data = body["data"]
            told.append({"title": data["title"], "edition": data["edition"], "url": data["url"], **answer.json()})
        return told

    def watch(self, told: list[dict[str, Any]], tell: Any) -> dict[str, Any]:
        """Wait until every Delivery has settled, showing how it goes; the demo's result."""
        assert self.parts
        wanted = sum(len(one["deliveries"]) for one in told)
        before: dict[str, int] = {}
        end = time.monotonic() + FINISH_SECONDS
        while time.monotonic() < end and not self.supervisor.stopping.is_set():
            self.supervisor.revive()
            counts = {state: n for state, n in self.parts.store.look(read.counts, read.Query()).items() if n}
            if counts != before:
                tell("  " + ", ".join(f"{number} {state}" for state, number in counts.items()))
                before = counts
            if sum(counts.get(state, 0) for state in SETTLED) >= wanted:
                break
            time.sleep(0.2)
        posts = {
            channel: requests.get(f"{self.sandbox}/_sandbox/{channel}/posts", timeout=10).json()
            for channel in newsroom.CHANNELS
        }
        return {"posts": told, "deliveries": before, "sandbox": posts}

    def login_url(self) -> str:
        """A link that opens the dashboard once."""
        assert self.parts
        secret, store = token_urlsafe(24), self.parts.store
        store.save_user(User("demo", ""))
        store.offer_link(LoginLink(secret, "demo", store.clock() + timedelta(hours=12)))
        return f"{self.web}/login/{secret}"

    def stay(self) -> None:
        """Keep everything running until Ctrl-C."""
        self.supervisor.watch()

    def close(self) -> None:
        self.supervisor.stop()
        self.photos.close()
        if self.parts:
            self.parts.close()

    def _add(self, child: Child) -> None:
        self.supervisor.children.append(child)
        child.start()

    def _until(self, ask: Any) -> Any:
        """The first good answer; RuntimeError with what the log says where none comes."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and not self.supervisor.stopping.is_set():
            try:
                answer = ask()
                if answer.ok:
                    return answer
            except requests.RequestException:
                pass
            time.sleep(0.1)
        logs = "\n".join(
            path.read_text(encoding="utf-8", errors="replace")[-2000:] for path in self.folder.glob("*.log")
        )
        raise RuntimeError(f"the demo did not come up within {START_SECONDS} s:\n{logs}")


def missing_or_doubled(result: dict[str, Any]) -> list[str]:
    """Every way in which the networks do not show each article exactly once, with a picture, in words."""
    wrong = []
    for post in result["posts"]:
        for channel, shown in result["sandbox"].items():
            there = [one for one in shown if post["url"] in f"{one['text']} {one['link']}" and not one["deleted"]]
            if len(there) != 1:
                wrong.append(f"{post['edition']} on {channel}: {len(there)} times")
            elif not there[0]["media"]:
                wrong.append(f"{post['edition']} on {channel}: without its card")
    return wrong


def _report(stage: Stage, result: dict[str, Any], wrong: list[str], *, once: bool, machine: bool) -> None:
    if machine:
        say(as_json({**result, "problems": wrong}))
        return
    shown = Counter({channel: len(posts) for channel, posts in result["sandbox"].items()})
    say(f"\n{len(result['posts'])} articles, {sum(shown.values())} posts in {result['seconds']} s:")
    for channel in newsroom.CHANNELS:
        say(f"  {channel:<9} {shown[channel]} posts   {stage.sandbox}/{channel}/")
    for problem in wrong:
        say(f"  wrong: {problem}")
    if not once:
        say(f"\ndashboard (this link opens once): {stage.login_url()}")
        say("Ctrl-C ends it; `publisher init` begins in earnest.")
