"""Where values come from that stand in no TOML: the environment, `.env`, and files that hold one secret each."""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from publisher.settings.toml import Problem, SettingsProblem


def dotenv(directory: Path) -> dict[str, str]:
    """What `.env` says, beside the settings or in the working folder."""
    path = next((place for place in (directory / ".env", Path(".env")) if place.exists()), None)
    return {name: value for name, value in dotenv_values(path).items() if value is not None} if path else {}


def secret_of(env: Mapping[str, str], name: str) -> str:
    """A secret from the environment, or from the file that `NAME_FILE` names."""
    path = env.get(f"{name}_FILE")
    if not path:
        return env.get(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        what = f"{path} can't be read ({getattr(error, 'strerror', None) or 'not UTF-8'})"
        raise SettingsProblem([Problem(f"{name}_FILE", what, f"name a file that holds {name}")]) from None
