"""`copilot config`: the settings in force, each with who set it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import msgspec

from copilot.cli.options import Budget, ConfigPath, Exclude, Include, Json, Roots, new_app, where
from copilot.cli.setup import set_up
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.settings.config import Config

app = new_app()


@app.command()
def config(
    root: Roots = None,
    include: Include = None,
    exclude: Exclude = None,
    budget: Budget = None,
    config_file: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Show the settings in force, and where each comes from."""
    setup = set_up(where(root, include, exclude, budget, config_file))
    rows = [_row(setup.config, name) for name in _names()]
    if as_json:
        put_json({row["key"]: {"value": row["value"], "origin": row["origin"]} for row in rows})
    else:
        for row in rows:
            put(f"{row['key']:16} {_shown(row['value']):40} {row['origin']}\n")
    say(f"your configuration: {config_file or setup.paths.config_file}")
    say(f"your prompt texts:  {setup.paths.prompts}")


def _names() -> list[str]:
    return [field.name for field in fields(Config) if field.name not in {"left_aside", "origins"}]


def _row(settings: Config, name: str) -> dict[str, Any]:
    value: Any = getattr(settings, name)
    if name == "models":
        value = {key: msgspec.structs.asdict(model) for key, model in value.items()}
    elif name == "models_dir" and value is not None:
        value = str(value)
    return {"key": name, "value": value, "origin": settings.origins.get(name, "default")}


def _shown(value: Any) -> str:
    if value is None or value == () or value == {}:
        return "-"
    if isinstance(value, dict):
        return ", ".join(value)
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value)
    return str(value)
