"""`copilot models`: which models there are; what each does to them is in a module of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from copilot.assist.models import DEFAULT_EMBEDDED
from copilot.backends import catalogue
from copilot.backends.open_models import OpenModel, open_models
from copilot.backends.providers import base_url_of
from copilot.backends.pull import local_path
from copilot.cli.models_add import add_command
from copilot.cli.models_files import pull_command, remove_command, serve_command, user_settings
from copilot.cli.models_plan import plan_command
from copilot.cli.models_warm import warm_command
from copilot.cli.options import Json, new_app
from copilot.cli.show import put, put_json
from copilot.settings.config import Config, ModelSettings

app = new_app("Models: list, add, fetch, plan, warm and serve them.")


@app.command(name="list")
def list_models(
    in_catalogue: Annotated[
        bool,
        typer.Option("--catalogue", help="Open models with long windows, for a server of yours."),
    ] = False,
    as_json: Json = False,
) -> None:
    """List the models you can name with --model; `*` marks the default."""
    if in_catalogue:
        _list_catalogue(as_json=as_json)
        return
    paths, config = user_settings()
    default = config.model or DEFAULT_EMBEDDED
    rows = [*_configured(config), *_embedded(config, config.models_dir or paths.models)]
    for row in rows:
        row["default"] = row["name"] == default
    if as_json:
        put_json(rows)
        return
    for row in rows:
        mark = "*" if row["default"] else " "
        put(f"{mark} {row['name']:22} {row['where']}\n")


app.command(name="add")(add_command)
app.command(name="pull")(pull_command)
app.command(name="remove")(remove_command)
app.command(name="serve")(serve_command)
app.command(name="warm")(warm_command)
app.command(name="plan")(plan_command)


def _list_catalogue(*, as_json: bool) -> None:
    rows = [_catalogue_row(model) for model in open_models()]
    if as_json:
        put_json(rows)
        return
    for row in rows:
        size = f"{row['parameters'] / 1e9:,.1f}B"
        file = "; a GGUF file to pull" if row["gguf"] else ""
        put(f"{row['name']:27}{row['window']:>11,} tokens {size:>8}  {row['license']}{file}\n")


def _catalogue_row(model: OpenModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "hub_id": model.hub_id,
        "license": model.license,
        "window": model.window,
        "parameters": model.shape.parameters,
        "weights": model.weights,
        "gguf": model.gguf or None,
        "source": model.source,
    }


def _configured(config: Config) -> list[dict[str, Any]]:
    return [
        {"name": name, "where": f"{settings.model or 'one model'} at {_place(settings)}"}
        for name, settings in config.models.items()
        if settings.provider != "embedded"
    ]


def _place(settings: ModelSettings) -> str:
    return base_url_of(settings) or settings.provider


def _embedded(config: Config, models_dir: Path) -> list[dict[str, Any]]:
    rows = []
    for model in catalogue.models():
        here = local_path(model, models_dir) is not None
        size = f"{model.size_bytes / 1e9:.1f} GB"
        state = "on this machine" if here else f"copilot models pull {model.name}, {size}"
        where = f"embedded, {model.window_tokens:,} tokens, {model.license}; {state}"
        rows.append({"name": model.name, "where": where})
    return [row for row in rows if row["name"] not in config.models]
