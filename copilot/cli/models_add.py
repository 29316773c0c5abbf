"""`copilot models add`: a model of a server, tried first, into the user's own configuration."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from getpass import getpass
from typing import Annotated

import msgspec
import typer

from copilot.assist.models import ENSEMBLES, choose_model, ensemble_said, open_backend
from copilot.backends import catalogue
from copilot.backends.origins import check_key
from copilot.backends.protocol import ModelFacts
from copilot.backends.providers import base_url_of
from copilot.cli.models_ask import asked_values
from copilot.cli.talk import is_terminal, say
from copilot.context.tokens import DEFAULT_TOKENIZER, TOKENIZERS
from copilot.errors import ModelError, UsageError
from copilot.settings.amounts import parse_tokens
from copilot.settings.config import Config, ModelSettings, load_config
from copilot.settings.keys import origin_of, store_key
from copilot.settings.paths import state_paths
from copilot.settings.write import Value, add_model
from copilot.settings.wrong import wrong_value

Values = dict[str, Value]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Only while a key is tried that stands in no variable.
_TRIED = "COPILOT_KEY_BEING_TRIED"


def add_command(
    name: Annotated[str, typer.Argument(help="What you will call it with --model.")],
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="Such as http://127.0.0.1:8080/v1."),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="openai (the usual one), anthropic, …"),
    ] = None,
    members: Annotated[
        list[str] | None,
        typer.Option(
            "--member", metavar="NAME", help="Of a mixture, self or best-of; several times."
        ),
    ] = None,
    aggregator: Annotated[
        str | None,
        typer.Option("--aggregator", metavar="NAME", help="… and the model that sums up."),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option("--samples", metavar="N", help="… and how often each member is asked."),
    ] = None,
    model: Annotated[
        str, typer.Option("--id", metavar="ID", help="The server's own name for it.")
    ] = "",
    api_key_env: Annotated[
        str, typer.Option("--api-key-env", metavar="VARIABLE", help="Where its key stands.")
    ] = "",
    in_keyring: Annotated[
        bool,
        typer.Option(
            "--keyring",
            help="Ask for its key, and keep it in the system's keyring for that origin.",
        ),
    ] = False,
    window: Annotated[
        str | None,
        typer.Option("--window", metavar="TOKENS", help="What it holds: 32768, 200k, 1M."),
    ] = None,
    tokenizer: Annotated[
        str, typer.Option("--tokenizer", metavar="NAME", help="What tokens are counted with.")
    ] = DEFAULT_TOKENIZER,
    price_input: Annotated[
        float | None,
        typer.Option("--price-input", metavar="PRICE", help="Money per million tokens it reads."),
    ] = None,
    price_cached: Annotated[
        float | None,
        typer.Option("--price-cached", metavar="PRICE", help="… that its cache holds."),
    ] = None,
    price_output: Annotated[
        float | None,
        typer.Option("--price-output", metavar="PRICE", help="… that it writes."),
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="Of the prices: USD, EUR.")
    ] = None,
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
    """Add a model that a server serves to your own configuration.

    In a terminal, it asks for what no option says.
    """
    given: dict[str, Value | None] = {
        "provider": provider,
        "members": members or None,
        "aggregator": aggregator,
        "samples": samples,
        "base_url": base_url,
        "model": model or None,
        "api_key_env": api_key_env or None,
        "window": parse_tokens(window) if window else None,
        "tokenizer": tokenizer if provider not in ENSEMBLES else None,
        "price_input": price_input,
        "price_cached": price_cached,
        "price_output": price_output,
        "currency": currency,
    }
    _check_new(name, tokenizer, replace=replace)
    values = {key: value for key, value in given.items() if value is not None}
    if members and provider is None:
        raise UsageError("members of what?", "add --provider mixture, self or best-of")
    if base_url is None and provider is None:
        if not is_terminal():
            raise UsageError("no --base-url was given", "such as http://127.0.0.1:8080/v1")
        values = asked_values(values, keyring=in_keyring)
    settings = _checked(name, values)
    key = _read_key(settings) if in_keyring else None
    if settings.provider in ENSEMBLES:
        say(ensemble_said(settings, _config().check))
    if check:
        _say_facts(_try(name, settings, key), settings)
    if key:
        url = base_url_of(settings)
        store_key(url, key)
        say(f"the key is in the system's keyring, for {origin_of(url)} alone")
    file = state_paths().config_file
    add_model(file, name, values, default=default)
    say(f"added {name} to {file}; try: copilot ask --model {name} 'what is this?'")


def _check_new(name: str, tokenizer: str, *, replace: bool) -> None:
    """Raise UsageError for a name that is taken or none, or a tokenizer nobody knows."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"not a name: {name!r}", "use letters, digits, dot, dash, underscore")
    if tokenizer not in TOKENIZERS:
        raise UsageError(f"unknown tokenizer: {tokenizer!r}", f"known: {', '.join(TOKENIZERS)}")
    taken = {*_config().models, *(model.name for model in catalogue.models())}
    if name in taken and not replace:
        raise UsageError(f"there is a model named {name}", "choose another, or --replace it")


def _checked(name: str, values: Values) -> ModelSettings:
    """Return the settings that these values make. Raises UsageError, PolicyRefused.

    No message holds a key that was given for its variable.
    """
    variable = str(values.get("api_key_env", ""))
    if variable and not _VARIABLE.fullmatch(variable):
        raise UsageError(
            "--api-key-env takes the name of a variable, not the key itself",
            "export MY_KEY=…, then --api-key-env MY_KEY; or --keyring",
        )
    try:
        settings = msgspec.convert(values, ModelSettings)
    except msgspec.ValidationError as error:
        key, what = wrong_value(error, ModelSettings)
        option = f"--{key.replace('_', '-')}: " if key else ""
        raise UsageError(f"{option}{what}", "see docs/models.md for what a model takes") from error
    choose_model(_with_model(name, settings), name, None, None)
    return settings


def _read_key(settings: ModelSettings) -> str:
    """Ask for a key; no terminal shows it. Without one, it is the first line of stdin."""
    origin = origin_of(base_url_of(settings))
    key = getpass(f"key for {origin}: ") if is_terminal() else sys.stdin.readline().strip()
    if not key:
        raise UsageError("no key was given", "type it, or say where it stands: --api-key-env")
    check_key(key)
    return key


def _try(name: str, settings: ModelSettings, key: str | None) -> ModelFacts:
    environment = dict(os.environ)
    if key:
        environment[_TRIED] = key
        settings = msgspec.structs.replace(settings, api_key_env=_TRIED)
    chosen = choose_model(_with_model(name, settings), name, None, None)
    models_dir = _config().models_dir or state_paths().models
    backend = open_backend(chosen, environment, models_dir, tell=lambda said: say(str(said)))
    try:
        return backend.facts()
    except ModelError as error:
        error.hint += "; or add it unseen with --no-check"
        raise
    finally:
        backend.close()


def _with_model(name: str, settings: ModelSettings) -> Config:
    own = _config()
    return dataclasses.replace(own, models={**own.models, name: settings})


def _config() -> Config:
    return load_config(state_paths().config_file, [], os.environ)


def _say_facts(facts: ModelFacts, settings: ModelSettings) -> None:
    untold = "not told by its members" if settings.members else "not told, set --window"
    window = f"{facts.window:,} tokens" if facts.window else untold
    if facts.window and settings.window and settings.window > facts.window:
        window += f" (and not the {settings.window:,} of --window)"
    grammar = "; follows grammars" if facts.follows_grammar else ""
    answers = "it answers" if facts.listed else "it answers, but does not list this name"
    say(f"{answers}: model {facts.model}, window {window}{grammar}")
