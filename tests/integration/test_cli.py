"""The command line as a person runs it: real processes, real exit codes."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from newsroom import article, write_config

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shell(tmp_path, sandbox):
    """Runs `publisher` in a folder whose accounts lead to the sandbox."""
    env = write_config(tmp_path, sandbox, ("mastodon", "telegram"), ("en",))
    env = {**os.environ, **env, "PUBLISHER_CONFIG": str(tmp_path), "PUBLISHER_DATA": str(tmp_path / "data")}
    (tmp_path / "article.json").write_text(json.dumps(article()))

    def run(*words, code=0, given=None):
        done = subprocess.run(
            [sys.executable, "-m", "publisher", *words],
            env=env, cwd=tmp_path, input=given, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    run("migrate")
    return run


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_help_names_every_command_and_starts_without_the_heavy_libraries(shell):
    text = shell("--help").stdout
    for name in (
        "demo",
        "init",
        "up",
        "doctor",
        "send",
        "preview",
        "repost",
        "articles",
        "deliveries",
        "channels",
        "audit",
    ):
        assert name in text
    code = "import sys; from publisher.cli.app import app; print([m for m in ('sqlalchemy','celery','PIL','requests','fastapi') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_send_then_look_then_verify(shell):
    [sent] = rows(shell("send", "article.json", "--json"))
    assert sent["verdict"] == "new"
    assert len(sent["deliveries"]) == 2
    [again] = rows(shell("send", "article.json", "--json"))
    assert again["verdict"] == "duplicate"
    [shown] = rows(shell("articles", "ls", "--json"))
    assert shown["title"] == "Article 1 about gardens"
    assert len(rows(shell("articles", "show", shown["id"], "--json"))[0]["deliveries"]) == 2
    listed = rows(shell("deliveries", "ls", "--json", "--state", "waiting"))
    assert {one["account"] for one in listed} == {"mastodon-en", "telegram-en"}
    one = rows(shell("deliveries", "show", listed[0]["id"], "--json"))[0]
    assert [entry["event"] for entry in one["audit"]] == ["delivery.created"]
    assert rows(shell("audit", "verify", "--json")) == [{"entries": 3, "ok": True, "problem": ""}]
    exported = rows(shell("audit", "export"))
    assert len(exported) == 3
    before = "0" * 64
    for entry in exported:  # whoever holds an export can verify it without us
        at = round(datetime.fromisoformat(entry["at"]).timestamp() * 1_000_000)
        record = [entry["seq"], at, entry["actor"], entry["event"], entry["subject"], entry["detail"]]
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        before = hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()
        assert entry["hash"] == before


def test_cancel_retry_and_resolve_say_what_is_not_possible(shell):
    [sent] = rows(shell("send", "article.json", "--json"))
    first = sent["deliveries"][0]
    shell("deliveries", "cancel", first, "--reason", "wrong picture")
    assert "only failed, held and waiting" in shell("deliveries", "retry", first, code=1).stderr
    assert "only held ones" in shell("deliveries", "resolve", first, "--sent", "https://example.org/x", code=1).stderr
    assert "either" in shell("deliveries", "resolve", first, code=2).stderr
    assert "no delivery is called" in shell("deliveries", "retry", "nothing", code=1).stderr


def test_preview_is_what_would_be_sent_and_keeps_nothing(shell, tmp_path):
    shown = rows(shell("preview", "article.json", "--json", "--card", "card.jpg"))
    assert {one["channel"] for one in shown} == {"mastodon", "telegram"}
    for one in shown:
        assert "Article 1 about gardens" in one["text"]
        assert 0 < one["length"] <= one["limit"]
    assert (tmp_path / "card.jpg").read_bytes().startswith(b"\xff\xd8")
    assert rows(shell("articles", "ls", "--json")) == []
    assert rows(shell("preview", "article.json", "--json", "--channel", "telegram"))[0]["channel"] == "telegram"


def test_repost_asks_before_a_second_post(shell):
    [sent] = rows(shell("send", "article.json", "--json"))
    assert "still waiting" in shell("repost", sent["post_id"], "--yes", code=1).stderr
    for delivery in sent["deliveries"]:
        shell("deliveries", "cancel", delivery)
    plan = rows(shell("repost", sent["post_id"], "--dry-run", "--json"))
    assert plan == [{"would_repost": {"mastodon-en": "cancelled", "telegram-en": "cancelled"}}]
    [made] = rows(shell("repost", "https://example.org/en/1", "--channel", "mastodon", "--reason", "again", "--json"))
    assert list(made["deliveries"]) == ["mastodon-en"]
    assert "no article is called" in shell("repost", "https://example.org/none", code=1).stderr


def test_channels_test_names_who_we_are(shell):
    told = rows(shell("channels", "test", "--json"))
    assert {one["account"]: one["ok"] for one in told} == {"mastodon-en": True, "telegram-en": True}
    assert all("daily_en" in one["says"] for one in told)
    assert "no account is called" in shell("channels", "test", "nobody", code=2).stderr
    assert len(rows(shell("channels", "ls", "--json"))) == 2


def test_doctor_is_content_or_names_file_line_and_remedy(shell, tmp_path):
    done = shell("doctor", "--json")
    assert {finding["level"] for finding in rows(done)} <= {"ok", "warn"}
    path = tmp_path / "publisher.toml"
    path.write_text(
        path.read_text()
        + '\n[accounts.old]\nchannel = "skype"\n\n[accounts.odd]\nchannel = "mastodon"\ncolour = "red"\n'
    )
    findings = rows(shell("doctor", "--json", code=1))
    text = json.dumps(findings, ensure_ascii=False)
    assert "Skype was retired" in text
    assert "no option 'colour'" in text
    assert "ODD_ACCESS_TOKEN" in text
    lines = path.read_text().splitlines()
    where = next(finding["subject"] for finding in findings if "colour" in finding["says"])
    assert lines[int(where.rpartition(":")[2]) - 1] == 'colour = "red"'
    assert "Skype" in shell("articles", "ls", code=2).stderr


def test_webhook_sign_makes_headers_the_hook_takes(shell):
    [headers] = rows(shell("webhook", "sign", "cms", "article.json", "--json", "--id", "msg_1"))
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-signature"].startswith("v1,")
    assert (
        "is `publisher up` running"
        in shell("webhook", "send", "cms", "article.json", "--url", "http://127.0.0.1:9", code=75).stderr
    )


def test_bad_files_are_refused_in_words(shell, tmp_path):
    assert "can't be read" in shell("send", "missing.json", code=2).stderr
    (tmp_path / "bad.json").write_text("{")
    assert "bad.json" in shell("send", "bad.json", code=2).stderr
    (tmp_path / "empty.json").write_text(json.dumps(article(title="")))
    assert "/data/title" in shell("send", "empty.json", code=2).stderr


def test_init_writes_once_and_never_over(tmp_path):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PUBLISHER", "DATABASE", "REDIS"))}

    def init():
        argv = [sys.executable, "-m", "publisher", "init"]
        return subprocess.run(
            argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    first = init()
    assert "dashboard: admin / " in first
    assert stat.S_IMODE((tmp_path / "config" / ".env").stat().st_mode) == 0o600
    key = (tmp_path / "config" / ".env").read_text()
    assert "admin is there already" in init()
    assert (tmp_path / "config" / ".env").read_text() == key
    argv = [sys.executable, "-m", "publisher", "doctor"]
    subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True)
