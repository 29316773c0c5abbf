"""`copilot models`: which models there are; what each does to them is in a module of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from copilot.assist.models import (
    DEFAULT_EMBEDDED,
    ENSEMBLES,
    choose_model,
    ensemble_said,
    parts_of,
    shape_of,
)
from copilot.backends import catalogue
from copilot.backends.catalogue import EmbeddedModel
from copilot.backends.open_models import OpenModel, open_models
from copilot.backends.providers import base_url_of
from copilot.backends.pull import local_path
from copilot.cli.models_add import add_command
from copilot.cli.models_files import pull_command, remove_command, serve_command, user_settings
from copilot.cli.models_plan import plan_command
from copilot.cli.models_probe import probe_command
from copilot.cli.models_warm import warm_command
from copilot.cli.options import Json, new_app
from copilot.cli.show import put, put_json
from copilot.errors import CopilotError
from copilot.settings.config import Config, ModelSettings

app = new_app("Models: list, add, fetch, plan, probe, warm and serve them.")


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
    models_dir = config.models_dir or paths.models
    rows = [_row(config, models_dir, name, model) for name, model in config.models.items()]
    rows += [
        {"name": model.name, "where": _embedded(model, models_dir)}
        for model in catalogue.models()
        if model.name not in config.models
    ]
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
app.command(name="probe")(probe_command)


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


def _row(config: Config, models_dir: Path, name: str, settings: ModelSettings) -> dict[str, Any]:
    if settings.provider in ENSEMBLES:
        return _ensemble_row(config, name, settings)
    embedded = {model.name: model for model in catalogue.models()}.get(settings.model)
    if settings.provider == "embedded" and embedded is not None:
        return {"name": name, "where": f"{embedded.name}, {_embedded(embedded, models_dir)}"}
    return {"name": name, "where": f"{settings.model or 'one model'} at {_place(settings)}"}


def _ensemble_row(config: Config, name: str, settings: ModelSettings) -> dict[str, Any]:
    """Describe a model that is made of others, also one that cannot be asked as it is set."""
    where = ensemble_said(settings, config.check)
    try:
        choose_model(config, name, None, None)
    except CopilotError as error:
        where += f"; it cannot be asked: {error.message}"
    members = [{"name": member, "times": times} for member, times in parts_of(settings)]
    aggregator = shape_of(settings).last if settings.members else settings.aggregator
    return {"name": name, "where": where, "members": members, "aggregator": aggregator or None}


def _place(settings: ModelSettings) -> str:
    return base_url_of(settings) or settings.provider


def _embedded(model: EmbeddedModel, models_dir: Path) -> str:
    here = local_path(model, models_dir) is not None
    size = f"{model.size_bytes / 1e9:.1f} GB"
    state = "on this machine" if here else f"copilot models pull {model.name}, {size}"
    return f"embedded, {model.window_tokens:,} tokens, {model.license}; {state}"
