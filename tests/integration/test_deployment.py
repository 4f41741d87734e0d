"""What is shipped beside the code holds together: compose file, Dockerfile, environment, locks, README."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from publisher.channels import CHANNELS, channel

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def has_compose():
    docker = shutil.which("docker")
    return docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_compose(), reason="the docker CLI with compose is not here")
def test_docker_compose_accepts_the_file(tmp_path):
    for name in ("secret_key", "db_password", "database_url", "redis_url", "accounts.env"):
        (tmp_path / "secrets").mkdir(exist_ok=True)
        (tmp_path / "secrets" / name).touch()
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    subprocess.run(["docker", "compose", "config", "--quiet"], cwd=tmp_path, check=True)


def test_services_are_pinned_unprivileged_and_watched():
    services = COMPOSE["services"]
    assert set(services) == {"migrate", "web", "worker", "postgres", "valkey"}
    for name, service in services.items():
        image = service["image"]
        assert re.search(r":\d", image), f"{name}: {image} has no version"
        if name in ("migrate", "web", "worker"):
            assert service["user"] == "10001:10001"
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
    for name in ("worker", "postgres", "valkey"):
        assert "healthcheck" in services[name]
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
    assert all(port.startswith("127.0.0.1:") for port in services["web"]["ports"])


def test_secrets_are_files_and_every_one_is_declared():
    declared = set(COMPOSE["secrets"])
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", [])) <= declared
        for name, value in service.get("environment", {}).items():
            if name.endswith("_FILE"):
                assert value.startswith("/run/secrets/")
            else:
                assert "PASSWORD" not in name
                assert "KEY" not in name


def test_env_example_names_every_secret_of_every_channel():
    example = (ROOT / "config" / ".env.example").read_text(encoding="utf-8")
    for name in CHANNELS:
        kind = channel(name)
        for secret in kind.secrets + kind.optional_secrets:
            assert f"{name}_{secret}".upper() in example


def test_readme_names_every_channel_with_its_secrets_and_options():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in CHANNELS:
        [row] = [line for line in readme.splitlines() if line.startswith(f"| `{name}` |")]
        kind = channel(name)
        for word in kind.secrets + kind.optional_secrets + tuple(option.name for option in kind.options):
            assert f"`{word}`" in row, f"{name}: {word} is missing from the table"


def test_the_locks_name_no_package_host_but_the_public_one():
    hosts = set(re.findall(r"https?://([^/\"]+)", (ROOT / "uv.lock").read_text(encoding="utf-8")))
    assert hosts <= {"pypi.org", "files.pythonhosted.org"}
    assert "://" not in re.sub(r"(?m)^\s*#.*$", "", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
