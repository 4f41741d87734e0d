"""`publisher up` from `publisher init` on: it comes up, takes a webhook, revives what dies, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

PATIENCE_SECONDS = 60


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def below(pid: int) -> list[int]:
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return [one for child in children for one in (child, *below(child))]


def named(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return ""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_up_comes_up_revives_and_leaves_nothing_behind(tmp_path, stop):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PUBLISHER", "DATABASE", "REDIS"))}
    publisher = [sys.executable, "-m", "publisher"]
    subprocess.run([*publisher, "init"], cwd=tmp_path, env=env, check=True, capture_output=True)
    port = 18_000 + os.getpid() % 20_000
    process = subprocess.Popen(
        [*publisher, "up", "--port", str(port)], cwd=tmp_path, env=env, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        until(lambda: sum("workers.app" in named(pid) for pid in below(process.pid)) >= 3)
        web = next(pid for pid in below(process.pid) if "publisher.web" in named(pid))
        os.kill(web, signal.SIGKILL)
        until(lambda: any("publisher.web" in named(pid) and pid != web for pid in below(process.pid)))
        until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        family = below(process.pid)
        process.send_signal(stop)
        assert process.wait(timeout=30) == 0
        left = [named(pid) for pid in family if named(pid)]
        assert left == [], "still running"
    finally:
        process.kill()


def test_settings_that_do_not_hold_stop_it_with_file_line_and_remedy(tmp_path):
    env = {**os.environ, "PUBLISHER_CONFIG": str(tmp_path)}
    (tmp_path / "publisher.toml").write_text('[accounts.one]\nchannel = "skype"\n')
    for command in (["up"], ["articles", "ls"]):
        done = subprocess.run(
            [sys.executable, "-m", "publisher", *command],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert f"{tmp_path / 'publisher.toml'}:2" in done.stderr
        assert "Teams" in done.stderr


def test_a_secret_that_cannot_be_one_stops_it_before_the_first_webhook(tmp_path):
    env = {**os.environ, "PUBLISHER_CONFIG": str(tmp_path), "SHORT": "whsec_dG9vIHNob3J0"}
    (tmp_path / "publisher.toml").write_text('[sources.cms]\nkind = "standard"\nsecrets = ["SHORT"]\n')
    for command in (["up"], ["doctor"]):
        done = subprocess.run(
            [sys.executable, "-m", "publisher", *command],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode in (1, 2)
        assert f"{tmp_path / 'publisher.toml'}:3" in said
        assert "24 to 64 random bytes" in said
        assert "dG9vIHNob3J0" not in said
