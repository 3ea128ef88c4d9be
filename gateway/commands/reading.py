"""The settings of a command: `spojka.toml` in the current directory, where there is one, and the environment."""

import os
from pathlib import Path

from gateway import company
from gateway.billing import billing_settings
from gateway.config import CONFIG, Settings, read_settings

__all__ = ["settings_for"]


def settings_for(data: Path) -> Settings:
    """What is set, with `data` as the data directory. Raises ConfigError, for the parts of the company too."""
    file = CONFIG if CONFIG.exists() else None
    settings = read_settings(data, os.environ, systems=tuple(company.SYSTEMS), file=file)
    billing_settings(settings)
    return settings
