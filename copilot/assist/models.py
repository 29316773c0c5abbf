"""Which model is asked: by name from the user's configuration, or an embedded one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from copilot.backends import catalogue
from copilot.backends.origins import check_origin
from copilot.backends.protocol import Backend
from copilot.backends.pull import local_path
from copilot.errors import UsageError
from copilot.settings.config import Config, ModelSettings

DEFAULT_EMBEDDED = "qwen2.5-coder-1.5b"
_EMBEDDED_REPLY_TOKENS = 2048
# Qwen2.5 has Qwen3's vocabulary.
_EMBEDDED_TOKENIZER = "qwen3"


@dataclass(frozen=True)
class ChosenModel:
    """A model by the name the user knows it by; `embedded` is set for one that runs in here."""

    name: str
    settings: ModelSettings
    embedded: catalogue.EmbeddedModel | None = None


def choose_model(
    config: Config, name: str | None, base_url: str | None, key_variable: str | None
) -> ChosenModel:
    """Return the model to ask: a given server, a named model, or the embedded one.

    Raises UsageError for a name nobody knows, PolicyRefused if it may not be asked.
    """
    if key_variable and base_url is None:
        raise UsageError("--api-key-env goes with --base-url", "or set it in the model's own table")
    if base_url is not None:
        settings = ModelSettings(
            base_url=base_url, model=name or "", api_key_env=key_variable or ""
        )
        chosen = ChosenModel(name or base_url, settings)
    else:
        chosen = _named(config, name or config.model or DEFAULT_EMBEDDED)
    if chosen.embedded is None:
        check_origin(chosen.settings.base_url, local_only=config.local_only)
    return chosen


def _named(config: Config, name: str) -> ChosenModel:
    settings = config.models.get(name)
    if settings is not None and settings.provider == "openai":
        return ChosenModel(name, settings)
    embedded = {model.name: model for model in catalogue.models()}
    wanted = settings.model if settings is not None else name
    if wanted in embedded:
        model = embedded[wanted]
        return ChosenModel(name, embedded_settings(model, settings), model)
    known = ", ".join(sorted({*config.models, *embedded}))
    raise UsageError(f"no model is named {name!r}", f"known: {known}; or copilot models add")


def embedded_settings(
    model: catalogue.EmbeddedModel, own: ModelSettings | None = None
) -> ModelSettings:
    """Return the settings of an embedded model, with the window and temperature of `own`."""
    own = own or ModelSettings()
    return ModelSettings(
        provider="embedded",
        model=model.name,
        window=own.window or model.window_tokens,
        tokenizer=_EMBEDDED_TOKENIZER,
        max_reply_tokens=_EMBEDDED_REPLY_TOKENS,
        temperature=own.temperature or 0.0,
    )


def open_backend(chosen: ChosenModel, environment: Mapping[str, str], models_dir: Path) -> Backend:
    """Return the backend of a model. Raises UsageError if its key or its file is missing."""
    if chosen.embedded is not None:
        path = local_path(chosen.embedded, models_dir)
        if path is None:
            raise UsageError(
                f"the model {chosen.embedded.name} is not on this machine",
                f"copilot models pull {chosen.embedded.name}",
            )
        from copilot.backends.embedded import EmbeddedChat

        window = chosen.settings.window or chosen.embedded.window_tokens
        return EmbeddedChat(chosen.name, path, window)
    from copilot.backends.openai_chat import OpenAIChat

    return OpenAIChat(
        chosen.settings.base_url, chosen.settings.model, _key(chosen.settings, environment)
    )


def _key(settings: ModelSettings, environment: Mapping[str, str]) -> str | None:
    if not settings.api_key_env:
        return None
    key = environment.get(settings.api_key_env)
    if not key:
        raise UsageError(
            f"the variable {settings.api_key_env} holds no key for {settings.base_url}",
            f"export {settings.api_key_env}=… with the key of that server",
        )
    return key
