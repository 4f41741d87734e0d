"""`.env` and `config/*.toml` become Settings, validated once."""

from publisher.settings.sections import SourceSettings
from publisher.settings.settings import Settings, account_secret, load, packaged_config
from publisher.settings.toml import Problem, SettingsProblem

__all__ = ["Problem", "Settings", "SettingsProblem", "SourceSettings", "account_secret", "load", "packaged_config"]
