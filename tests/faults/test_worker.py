"""A real Celery worker on a real Valkey, killed and robbed of its broker: nothing lost, nothing doubled."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from newsroom import write_config

from publisher import settings
from publisher.bootstrap import Publisher, build
from publisher.cli import processes
from publisher.cli.supervisor import Child, Supervisor
from publisher.domain.model import Event, Post
from publisher.sandbox import serve
from publisher.store import read

CHANNELS = ("mastodon", "telegram", "x", "facebook")
EDITIONS = ("en", "fa")
PATIENCE_SECONDS = 90


class House:
    """Sandbox, store, Valkey and one worker with its processes."""

    def __init__(self, place: Path, sandbox: Any) -> None:
        self.sandbox = sandbox
        env = write_config(place, sandbox, CHANNELS, EDITIONS)
        self.broker, self.redis_url = processes.valkey(place, place / "valkey.log")
        env |= {
            "PUBLISHER_DATA": str(place),
            "PUBLISHER_CONFIG": str(place),
            "DATABASE_URL": f"sqlite:///{place / 'p.sqlite'}",
            "REDIS_URL": self.redis_url,
        }
        self.parts: Publisher = build(settings.load(place, env))
        self.parts.store.migrate()
        self.worker: Child = processes.worker(env, place / "worker.log")
        self.supervisor = Supervisor([self.broker, self.worker])

    def publish(self, first: int, last: int, *, wake: bool = True) -> None:
        channels: set[str] = set()
        for number in range(first, last):
            for edition in EDITIONS:
                url = f"https://example.org/{edition}/{number}"
                post = Post(
                    "cms", f"{edition}-{number}", edition, f"Article {number} {edition}", url, self.parts.store.clock()
                )
                intake = self.parts.intake.take("cms", f"{edition}-{number}", Event.PUBLISH, post).result()
                channels |= intake.channels
        if wake:
            self.parts.nudge(channels)

    def counts(self) -> dict[str, int]:
        return {state: n for state, n in self.parts.store.look(read.counts, read.Query()).items() if n}

    def until(self, done: Callable[[dict[str, int]], bool]) -> dict[str, int]:
        end = time.monotonic() + PATIENCE_SECONDS
        while not done(counts := self.counts()) and time.monotonic() < end:
            self.supervisor.revive()
            time.sleep(0.05)
        return counts

    def all_settled(self, wanted: int) -> dict[str, int]:
        return self.until(lambda counts: counts.get("published", 0) + counts.get("held", 0) >= wanted)

    def times_out(self, channel: str, number: int, edition: str) -> int:
        url = f"https://example.org/{edition}/{number}?"
        return sum(url in f"{post['text']} {post['link']}" for post in self.sandbox.posts(channel))

    def judge(self, articles: int) -> None:
        """The oracle is the platform: published means once; anything else is held, and out at most once."""
        lines = self.parts.store.look(read.lines, read.Query(limit=1000))
        assert len(lines) == articles * len(EDITIONS) * len(CHANNELS)
        for line in lines:
            number, edition = line.title.split()[1:]
            times = self.times_out(line.delivery.channel, int(number), edition)
            assert times <= 1, f"doubled: {line.title} on {line.delivery.account}"
            if line.delivery.state == "published":
                assert times == 1, f"lost: {line.title} on {line.delivery.account}"
            else:
                assert (line.delivery.state, line.delivery.reason) == ("held", "outcome_unknown")
        assert self.parts.store.verify_audit()[1] == ""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with serve() as sandbox:
        made = House(tmp_path, sandbox)
        made.supervisor.start()
        yield made
        made.supervisor.stop()
        made.parts.close()
        assert not any(_group_lives(group) for child in made.supervisor.children for group in child.groups)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("after", [0.05, 0.2, 0.4, 0.7])
def test_kill_9_of_the_whole_worker_loses_and_doubles_nothing(house: House, after: float) -> None:
    house.publish(0, 1)
    house.all_settled(8)
    for channel in CHANNELS:
        order = {"channel": channel, "kind": "delay:150", "times": 20, "on": "any"}
        requests.post(f"{house.sandbox.url}/_sandbox/faults", json=order, timeout=5).raise_for_status()
    house.publish(1, 4)
    time.sleep(after)  # where the kill falls varies on purpose; the verdict does not depend on it
    os.killpg(house.worker.process.pid, signal.SIGKILL)
    house.all_settled(4 * 8)
    house.judge(4)


def test_a_broker_that_forgets_everything_costs_seconds_and_no_post(house: House) -> None:
    house.publish(0, 1)
    house.all_settled(8)
    house.publish(1, 3, wake=False)
    with redis.Redis(unix_socket_path=house.redis_url.removeprefix("redis+socket://")) as broker:
        broker.flushall()
    assert house.all_settled(3 * 8) == {"published": 3 * 8}
    house.publish(3, 4)
    assert house.all_settled(4 * 8) == {"published": 4 * 8}
    house.judge(4)


def test_a_broker_that_dies_comes_back_and_so_does_the_work(house: House) -> None:
    house.publish(0, 1)
    house.all_settled(8)
    os.killpg(house.broker.process.pid, signal.SIGKILL)
    house.publish(1, 3)
    assert house.all_settled(3 * 8) == {"published": 3 * 8}
    house.judge(3)


def test_a_worker_told_to_stop_leaves_nothing_in_between(house: House) -> None:
    house.publish(0, 6)
    house.until(lambda counts: counts.get("published", 0) > 0)
    house.supervisor.stop()
    assert set(house.counts()) <= {"waiting", "published"}, "nothing claimed, nothing in doubt"
    house.supervisor.start()
    house.all_settled(6 * 8)
    house.judge(6)
