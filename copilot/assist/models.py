"""Which model is asked: by name from the user's configuration, or an embedded one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.backends import catalogue
from copilot.backends.protocol import Backend
from copilot.backends.providers import base_url_of, check_provider, open_provider
from copilot.backends.pull import local_path
from copilot.backends.retries import Retrying
from copilot.backends.wall import OPEN, Wall
from copilot.errors import UsageError
from copilot.settings.bundled import bundled
from copilot.settings.config import Config, ModelSettings
from copilot.settings.keys import stored_key
from copilot.text import one_line

if TYPE_CHECKING:
    from copilot.assist.ensembles import Shape
    from copilot.backends.ensembles.members import Report

# Models made of others; copilot.assist.ensembles takes longer to import.
ENSEMBLES = frozenset({"mixture", "self", "best-of"})
DEFAULT_EMBEDDED = "qwen2.5-coder-1.5b"
# What a reply may take where no table sets it.
REPLY_TOKENS = 8192
_EMBEDDED_REPLY_TOKENS = 2048
# Qwen2.5 has Qwen3's vocabulary.
_EMBEDDED_TOKENIZER = "qwen3"


@dataclass(frozen=True)
class ChosenModel:
    """A model by the name the user knows it by; `embedded` is set for one that runs in here.

    `wall` bounds what may be connected to in order to ask it. `members` are the models that an
    ensemble is made of, its aggregator among them.
    """

    name: str
    settings: ModelSettings
    embedded: catalogue.EmbeddedModel | None = None
    wall: Wall = OPEN
    members: tuple[ChosenModel, ...] = ()

    @property
    def usual_reply_tokens(self) -> int:
        """What a reply may take where the model's table does not set it."""
        return _EMBEDDED_REPLY_TOKENS if self.embedded else REPLY_TOKENS

    @property
    def all_embedded(self) -> tuple[catalogue.EmbeddedModel, ...]:
        """The embedded models that must be on this machine in order to ask it."""
        own = (self.embedded,) if self.embedded else ()
        return (*own, *(model for member in self.members for model in member.all_embedded))


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
    return _within(chosen, Wall(config.local_only, config.local_addresses))


def _within(chosen: ChosenModel, wall: Wall) -> ChosenModel:
    """Return the model behind a wall. Raises UsageError, PolicyRefused."""
    if chosen.embedded is None and not chosen.members:
        check_provider(chosen.settings, wall)
    members = tuple(_within(member, wall) for member in chosen.members)
    return replace(chosen, wall=wall, members=members)


def _named(config: Config, name: str, besides: frozenset[str] = frozenset()) -> ChosenModel:
    """Return the model of a name. Raises UsageError, with the names there are `besides` some."""
    settings = config.models.get(name)
    if settings is not None:
        _check_kind(name, settings)
    if settings is not None and settings.provider in ENSEMBLES:
        return _ensemble(config, name, settings)
    if settings is not None and settings.provider != "embedded":
        return ChosenModel(name, settings)
    embedded = {model.name: model for model in catalogue.models()}
    wanted = settings.model if settings is not None else name
    if wanted in embedded:
        model = embedded[wanted]
        return ChosenModel(name, embedded_settings(model, settings), model)
    if settings is not None:
        which = f"no embedded model is called {one_line(wanted)!r}" if wanted else "which one?"
        raise UsageError(
            f"{one_line(name)} is to be an embedded model: {which}",
            f"set model (models add: --id) to one of {', '.join(embedded)}",
        )
    known = ", ".join(sorted({*config.models, *embedded} - besides))
    raise UsageError(f"no model is named {name!r}", f"known: {known}; or copilot models add")


def _check_kind(name: str, settings: ModelSettings) -> None:
    """Raise UsageError for what has no effect on a model of this kind."""
    is_made = settings.provider in ENSEMBLES
    if settings.members and not is_made:
        said = f"[models.{one_line(name)}] has members, but its provider asks none"
        raise UsageError(said, 'set provider to "mixture", "self" or "best-of", or leave them out')
    if is_made and (settings.base_url or settings.api_key_env):
        said = f"[models.{one_line(name)}] is made of others, and has no server or key of its own"
        raise UsageError(said, "set base_url and api_key_env in the tables of its members")


def _ensemble(config: Config, name: str, settings: ModelSettings) -> ChosenModel:
    """Return a model made of others. Raises UsageError if there can be no such one."""
    from copilot.assist.ensembles import check_shape

    shape = shape_of(settings)
    made = frozenset(n for n, s in config.models.items() if s.provider in ENSEMBLES)
    check_shape(name, shape, sorted(made))
    members = tuple(_named(config, member, made) for member in shape.models)
    return ChosenModel(name, settings, members=members)


def shape_of(settings: ModelSettings) -> Shape:
    """Return what the settings say of an ensemble."""
    from copilot.assist.ensembles import Shape

    return Shape(
        settings.provider,
        settings.members,
        settings.aggregator,
        settings.samples,
        settings.layers,
        settings.temperature,
        settings.quorum,
        settings.deadline_seconds,
        settings.max_reply_tokens or REPLY_TOKENS,
    )


def parts_of(settings: ModelSettings) -> tuple[tuple[str, int], ...]:
    """Return an ensemble's members, with how often each is asked."""
    shape = shape_of(settings)
    return tuple((name, shape.times) for name in shape.members)


def ensemble_said(settings: ModelSettings, check: str | None) -> str:
    """Say in a line what an ensemble is made of, and who sums up or judges.

    `check` is the command that judges, where the user's configuration names one.
    """
    parts = parts_of(settings)
    names = ", ".join(f"{name} ×{times}" if times > 1 else name for name, times in parts)
    layers = f"; {settings.layers} layers" if settings.layers > 2 else ""
    last = shape_of(settings).last if parts else settings.aggregator
    judges = f"{last} sums up" if last else ""
    if settings.provider == "best-of":
        unset = "" if check else " (none is set: --check, or check in your configuration)"
        judges = f"your check judges{f', then {last}' if last else ''}{unset}"
    made = f"{settings.provider} of {names or 'nobody'}{layers}"
    return one_line("; ".join(part for part in (made, judges) if part))


def embedded_settings(
    model: catalogue.EmbeddedModel, own: ModelSettings | None = None
) -> ModelSettings:
    """Return the settings of an embedded model, with what `own` sets of its size and manner."""
    own = own or ModelSettings()
    return ModelSettings(
        provider="embedded",
        model=model.name,
        window=own.window or model.window_tokens,
        tokenizer=_EMBEDDED_TOKENIZER,
        max_reply_tokens=own.max_reply_tokens,
        temperature=own.temperature or 0.0,
    )


def open_backend(
    chosen: ChosenModel,
    environment: Mapping[str, str],
    models_dir: Path,
    prompts: Path | None = None,
    tell: Callable[[Report | str], object] = lambda _report: None,
    states: Path | None = None,
) -> Backend:
    """Return the backend of a model, which asks again where a failure passes by itself.

    Of an ensemble, `prompts` is the folder of the user's own words. `tell` learns what becomes of
    each call to its members, and that a server is still loading. `states` is the folder for what
    llama.cpp has read. Raises UsageError if its key or its file is missing, PolicyRefused if it may
    not be asked.
    """
    if chosen.members:
        return _open_ensemble(chosen, environment, models_dir, prompts, tell, states)
    if chosen.embedded is not None:
        path = local_path(chosen.embedded, models_dir)
        if path is None:
            raise UsageError(
                f"the model {chosen.embedded.name} is not on this machine",
                f"copilot models pull {chosen.embedded.name}",
            )
        from copilot.backends.embedded import EmbeddedChat
        from copilot.backends.slot_states import EngineStates

        window = chosen.settings.window or chosen.embedded.window_tokens
        return EmbeddedChat(chosen.name, path, window, EngineStates(states) if states else None)
    key = _key(chosen.settings, environment)
    backend = open_provider(chosen.settings, key, chosen.wall, states)
    return Retrying(backend, retries=chosen.settings.retries, tell=tell)


def _open_ensemble(
    chosen: ChosenModel,
    environment: Mapping[str, str],
    models_dir: Path,
    prompts: Path | None,
    tell: Callable[[Report | str], object],
    states: Path | None,
) -> Backend:
    from copilot.assist.ensembles import MemberModel, open_ensemble

    models = {
        member.name: MemberModel(
            member.name,
            member.settings,
            partial(open_backend, member, environment, models_dir, tell=tell, states=states),
        )
        for member in chosen.members
    }
    return open_ensemble(shape_of(chosen.settings), models, prompts or bundled("prompts"), tell)


def _key(settings: ModelSettings, environment: Mapping[str, str]) -> str | None:
    if not settings.api_key_env:
        url = base_url_of(settings)
        return stored_key(url) if url else None
    key = environment.get(settings.api_key_env)
    if not key:
        raise UsageError(
            f"the variable {settings.api_key_env} holds no key for {base_url_of(settings)}",
            f"export {settings.api_key_env}=… with the key of that server",
        )
    return key
