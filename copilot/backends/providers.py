"""From a model's settings to its backend: the providers known here, and further ones installed.

An installed package offers a provider by an entry point in the group `repo_copilot.backends`: a
function that takes the ModelSettings and the key (None for none) and returns a Backend.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from copilot.backends.protocol import Backend
from copilot.backends.wall import Wall
from copilot.errors import PolicyRefused, UsageError
from copilot.settings.config import ModelSettings

GROUP = "repo_copilot.backends"

_TTL_SECONDS = {"5m": 300, "1h": 3600}

_Open = Callable[[ModelSettings, str | None, Wall, Path | None], Backend]


def _openai(settings: ModelSettings, key: str | None, wall: Wall, states: Path | None) -> Backend:
    from copilot.backends.openai_chat import OpenAIChat
    from copilot.backends.slot_states import ServerStates

    url = settings.base_url
    return OpenAIChat(
        url,
        settings.model,
        key,
        wall=wall,
        api_version=settings.api_version,
        states=ServerStates(states, url) if states else None,
        grammar=settings.grammar,
        cache=settings.cache,
    )


def _anthropic(
    settings: ModelSettings, key: str | None, wall: Wall, _states: Path | None
) -> Backend:
    from copilot.backends.anthropic import AnthropicChat

    url, ttl = base_url_of(settings), settings.cache_ttl
    return AnthropicChat(url, settings.model, key, wall=wall, cache_ttl=ttl)


def _gemini(settings: ModelSettings, key: str | None, wall: Wall, states: Path | None) -> Backend:
    from copilot.backends.gemini import GeminiChat

    seconds = _TTL_SECONDS[settings.cache_ttl] if settings.cache == "explicit" else 0
    url, model = base_url_of(settings), settings.model
    return GeminiChat(url, model, key, wall=wall, cache_seconds=seconds, notes=states)


def _ollama(settings: ModelSettings, key: str | None, wall: Wall, _states: Path | None) -> Backend:
    from copilot.backends.ollama import OllamaChat

    url, window = base_url_of(settings), settings.window
    return OllamaChat(url, settings.model, key, wall=wall, window=window)


def _replay(settings: ModelSettings, key: str | None, wall: Wall, _states: Path | None) -> Backend:
    from copilot.backends.replay import ReplayChat

    del key, wall
    if not settings.recording:
        raise UsageError("the provider replay needs a recording", "set recording to its file")
    return ReplayChat(Path(settings.recording).expanduser())


_PROVIDERS: dict[str, _Open] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "ollama": _ollama,
    "replay": _replay,
}

_BASE_URLS = {
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
    "ollama": "http://127.0.0.1:11434",
}


def base_url_of(settings: ModelSettings) -> str:
    """Return where a model is asked; empty for a provider that has no server of its own."""
    return settings.base_url or _BASE_URLS.get(settings.provider, "")


def check_provider(settings: ModelSettings, wall: Wall) -> None:
    """Raise UsageError for a provider nobody knows or a wrong URL, PolicyRefused beyond the wall.

    Nothing is connected to, nor looked up.
    """
    name = settings.provider
    if name == "replay":
        return
    if name in _PROVIDERS:
        wall.check_url(base_url_of(settings))
        return
    from importlib.metadata import entry_points

    installed = {point.name for point in entry_points(group=GROUP)}
    if name not in installed:
        known = ", ".join(sorted({*_PROVIDERS, "embedded", *installed}))
        raise UsageError(f"no provider is named {name!r}", f"known: {known}")
    if wall.local_only:
        raise PolicyRefused(
            f"local_only is set, and the installed provider {name} opens connections of its own",
            "use a provider that comes with copilot, or unset local_only",
        )


def open_provider(
    settings: ModelSettings, key: str | None, wall: Wall, states: Path | None = None
) -> Backend:
    """Return the backend of a model that is not embedded. Raises UsageError, PolicyRefused.

    `states` is the folder for notes of what llama.cpp servers have kept.
    """
    check_provider(settings, wall)
    opener = _PROVIDERS.get(settings.provider)
    if opener is not None:
        return opener(settings, key, wall, states)
    from importlib.metadata import entry_points

    (point, *_) = entry_points(group=GROUP, name=settings.provider)
    backend: Backend = point.load()(settings, key)
    return backend
