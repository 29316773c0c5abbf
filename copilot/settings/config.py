"""Configuration: its keys, where each value came from, and what a repository may not set.

Precedence: command line, environment (`COPILOT_…`), project (`.copilot.toml` or `[tool.copilot]` in
`pyproject.toml`), user (`config.toml` in the user's configuration folder), default.
A project's file may only narrow.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from copilot.errors import PolicyRefused, UsageError
from copilot.settings.amounts import parse_tokens
from copilot.text import one_line

# Tokens; what `pack` holds a prompt to if nobody says more, and the most a project may ask for.
DEFAULT_BUDGET = 1_000_000
PROJECT_KEYS = frozenset({"budget", "examples", "include", "exclude", "local_only"})
# Earlier commits that a prompt may show; more is more than any window holds.
MOST_EXAMPLES = 10_000
# How the screens look and what keys do is a matter of taste: a project's are left aside.
LEFT_ASIDE = frozenset({"keys", "theme"})
# What a project's file may cost to read: a key of 100,000 parts takes all memory in tomllib, and
# pathspec's time for a pattern is exponential in its `**`.
_MOST_BYTES = 1024 * 1024
_MOST_DOTS_IN_LINE = 300
_MOST_PATTERNS = 1000
_MOST_LEAPS = 3
# An upper limit keeps infinity out, which TOML can say.
_Price = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
_Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
_Count = Annotated[int, msgspec.Meta(ge=1, le=64)]
_Provider = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]+\Z")]
HookPolicy = Literal["open", "closed"]
HookStops = Literal["error", "warning", "note", "nothing"]
# A budget that is the model's window less its reply.
AUTO = "auto"
_TOKEN_KEYS = ("budget", "ask_above_tokens")
_ENVIRONMENT_KEYS = ("model", "budget", "local_only", "submodules", "models_dir")
_SWITCHES = ("local_only", "submodules")


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[models.NAME]` table: how to reach a model, what it can hold (in tokens), its prices.

    `provider` is openai, anthropic, gemini, ollama, embedded, replay, or the name of an entry point
    in the group `repo_copilot.backends`. `api_version` asks as Azure's deployments want it,
    `cache_ttl` is how long the prompt's stable part is kept by Anthropic and in Gemini's explicit
    caches, which are used where `cache` is explicit, as OpenAI's marks are. `grammar` is how a
    server of chat completions is told one, `recording` the file that `replay` answers from,
    `retries` how often a request that failed is sent again.

    With the provider mixture, self or best-of the model is made of others: `members` are their
    names, each asked `samples` times, in `layers`; `aggregator` sums up. Once `deadline_seconds`
    have passed and `quorum` answers are there, the others are dropped.

    Prices are money per million tokens, in `currency` (ISO 4217): of what is read, of what is read
    from the provider's cache (default: `price_input`), of what is read and kept there (default:
    `price_input`), and of what is written.
    """

    provider: _Provider = "openai"
    base_url: str = ""
    model: str = ""
    api_key_env: str = ""
    api_version: str = ""
    cache_ttl: Literal["5m", "1h"] = "5m"
    cache: Literal["auto", "implicit", "explicit"] = "auto"
    grammar: Literal["auto", "llama.cpp", "vllm", "sglang", "none"] = "auto"
    recording: str = ""
    retries: Annotated[int, msgspec.Meta(ge=0, le=10)] = 2
    window: Annotated[int, msgspec.Meta(ge=1)] | None = None
    tokenizer: str = "o200k_base"
    max_reply_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    temperature: float | None = None
    members: tuple[str, ...] = ()
    aggregator: str = ""
    samples: _Count | None = None
    layers: _Count = 2
    quorum: _Count = 1
    deadline_seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)] | None = None
    price_input: _Price | None = None
    price_cached: _Price | None = None
    price_cache_write: _Price | None = None
    price_output: _Price | None = None
    currency: _Currency = "USD"


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a configuration file; None means not set there."""

    model: str | None = None
    budget: str | int | None = None
    examples: Annotated[int, msgspec.Meta(ge=0, le=MOST_EXAMPLES)] | None = None
    include: list[str] | None = None
    exclude: list[str] | None = None
    local_only: bool | None = None
    local_addresses: list[str] | None = None
    submodules: bool | None = None
    repos_mb: Annotated[int, msgspec.Meta(ge=0)] | None = None
    models_dir: str | None = None
    may_unmask: bool | None = None
    ask_above_tokens: str | int | None = None
    ask_above_cost: _Price | None = None
    check: str | None = None
    check_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] | None = None
    hook_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] | None = None
    hook_policy: HookPolicy | None = None
    hook_background: bool | None = None
    hook_in_ci: bool | None = None
    hook_stops_at: HookStops | None = None
    hook_warm_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)] | None = None
    theme: Literal["dark", "light", "high-contrast"] | None = None
    keys: dict[str, str] = {}
    models: dict[str, ModelSettings] = {}
    remotes: dict[str, str] = {}


@dataclass(frozen=True)
class Config:
    """The settings in force; `origins` says for each key that was set who set it.

    `examples` is how many earlier commits a prompt shows.
    A file is read if each group of `include` matches it: the user's, and one of each project.
    `repos_mb` is how many megabytes of repositories elsewhere are kept at most.
    Above `ask_above_tokens`, or above `ask_above_cost` in the model's currency, a prompt is sent
    only if the user agrees.
    `check` is a command that must succeed on a copy of the result before it is written, within
    `check_seconds`.
    A git hook waits `hook_seconds` for a review; `hook_policy` says whether a commit goes on (open)
    or is held back (closed) where there is none, `hook_background` whether a review that is late
    is led to its end, `hook_in_ci` whether hooks do anything in CI, and `hook_stops_at` from which
    severity on a finding holds a commit back. A process stands by for the next hook until
    `hook_warm_seconds` after the last one.
    `local_addresses` are hosts, addresses and networks that may be asked under `local_only` too.
    `theme` is that of the full screens, `keys` the keys there by the names of what they do.
    `remotes` are URLs with `{path}` by the short name that stands before it after `--repo`.
    `left_aside` says what a project's file sets in vain.
    """

    model: str | None = None
    budget: int | None = None
    examples: int = 0
    include: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[str, ...] = ()
    local_only: bool = False
    local_addresses: tuple[str, ...] = ()
    submodules: bool = False
    repos_mb: int | None = None
    models_dir: Path | None = None
    may_unmask: bool = False
    ask_above_tokens: int | None = None
    ask_above_cost: float | None = None
    check: str | None = None
    check_seconds: int | None = None
    hook_seconds: float | None = None
    hook_policy: HookPolicy | None = None
    hook_background: bool | None = None
    hook_in_ci: bool | None = None
    hook_stops_at: HookStops | None = None
    hook_warm_seconds: int | None = None
    theme: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, ModelSettings] = field(default_factory=dict)
    remotes: Mapping[str, str] = field(default_factory=dict)
    left_aside: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """One source of settings; `narrows` marks a project's file."""

    origin: str
    values: ConfigFile
    narrows: bool = False
    left_aside: tuple[str, ...] = ()


def load_config(
    user_file: Path,
    projects: Sequence[Path],
    environment: Mapping[str, str],
    command_line: ConfigFile | None = None,
) -> Config:
    """Read all layers and return the settings in force.

    `projects` are the roots whose files may narrow. Raises UsageError for a file that cannot be
    read or a wrong key, PolicyRefused where a project sets what only the user may.
    """
    layers = [read_file(user_file, required=False)]
    layers += [layer for root in projects for layer in _project_layers(root)]
    layers.append(_environment_layer(environment))
    layers.append(Layer("command line", command_line or ConfigFile()))
    return _merge([layer for layer in layers if layer is not None])


def read_file(path: Path, *, required: bool = True) -> Layer | None:
    """Read one user configuration file; None if it is not there and not required."""
    if not path.is_file():
        if required:
            raise UsageError(f"no configuration file at {path}", "check the path after --config")
        return None
    return Layer(str(path), _convert(_toml(path), str(path)))


def _project_layers(root: Path) -> list[Layer]:
    tables = [(root / ".copilot.toml", ()), (root / "pyproject.toml", ("tool", "copilot"))]
    layers = []
    for path, keys in tables:
        values = _table(path, keys)
        if values is None:
            continue
        aside = tuple(key for key in sorted(LEFT_ASIDE) if values.pop(key, None) is not None)
        forbidden = sorted(set(values) & set(ConfigFile.__struct_fields__) - PROJECT_KEYS)
        if forbidden:
            raise PolicyRefused(
                f"{path} sets {', '.join(forbidden)}, which a repository may not",
                "remove it there; your own config.toml or the command line may set it",
            )
        config = _convert(values, str(path))
        _check_patterns(config, path)
        said = tuple(f"{path} sets {key}: only your own config.toml may" for key in aside)
        layers.append(Layer(str(path), config, narrows=True, left_aside=said))
        break
    return layers


def _check_patterns(config: ConfigFile, path: Path) -> None:
    patterns = [*(config.include or ()), *(config.exclude or ())]
    if len(patterns) > _MOST_PATTERNS:
        raise UsageError(f"{path} holds more than {_MOST_PATTERNS:,} patterns", "take some out")
    if any(pattern.count("**") > _MOST_LEAPS for pattern in patterns):
        raise UsageError(f"{path}: a pattern holds more than {_MOST_LEAPS} **", "write it shorter")


def _table(path: Path, keys: Sequence[str]) -> dict[str, Any] | None:
    """Return the table at `keys` in a project's file, or None; links are not followed.

    What narrows must not get lost: a file meant for us that cannot be read is an error.
    """
    if path.is_symlink() and not keys:
        raise UsageError(f"{path} is a symbolic link, not followed", "put a file in its place")
    if path.is_symlink() or not path.is_file():
        return None
    data = _bounded(path)
    if keys and keys[-1].encode() not in data:
        return None
    try:
        values: Any = _parsed(path, data)
    except UsageError:
        if keys and f"[{'.'.join(keys)}".encode() not in data:
            return None
        raise
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else None


def _toml(path: Path) -> dict[str, Any]:
    return _parsed(path, _bounded(path))


def _bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than {_MOST_BYTES // 1024:,} KiB", "shorten it")
    return data


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    if any(line.count(b".") > _MOST_DOTS_IN_LINE for line in data.splitlines()):
        raise UsageError(f"{path} has a line with hundreds of dots", "shorten it")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> UsageError:
    return UsageError(f"cannot read {path}: {error}", "mend the file, or name another")


def _convert(values: Mapping[str, Any], origin: str) -> ConfigFile:
    try:
        config = msgspec.convert(values, ConfigFile)
    except msgspec.ValidationError as error:
        raise UsageError(*_wrong(values, error, origin)) from error
    for key in _TOKEN_KEYS:
        value = getattr(config, key)
        if key != "budget" or str(value).lower() != AUTO:
            _check_tokens(key, value, origin)
    for name, url in config.remotes.items():
        # These are shown and passed to git, where others on the machine can see them.
        if re.search(r"//[^/]*:[^/]*@|^https?://[^/]*@", url):
            raise UsageError(
                f"{origin}: remotes.{name} holds a name or password",
                "take it out; git's own credential helpers know it (git help credentials)",
            )
    return config


def _wrong(
    values: Mapping[str, Any], error: msgspec.ValidationError, origin: str
) -> tuple[str, str]:
    """Return what is wrong with a file, and where to read of it."""
    # Hooks wait for each import, and seldom for this.
    from copilot.settings.wrong import check_tables, wrong_value

    table = check_tables(values.get("models"), ModelSettings)
    if table is not None:
        name, key, what = table
        said, page = f"[models.{one_line(name)}]{f' {key}' if key else ''}: {what}", "models.md"
    else:
        key, what = wrong_value(error, ConfigFile)
        said, page = f"{key}: {what}" if key else what, "configuration.md"
    return f"{origin}: {said}", f"see docs/{page} for the keys"


def _check_tokens(key: str, value: str | int | None, origin: str) -> None:
    try:
        if value is not None:
            parse_tokens(str(value))
    except UsageError as error:
        raise UsageError(f"{origin}: {key}: {error.message}", error.hint) from error


def _environment_layer(environment: Mapping[str, str]) -> Layer:
    values: dict[str, Any] = {
        key: environment[f"COPILOT_{key.upper()}"]
        for key in _ENVIRONMENT_KEYS
        if environment.get(f"COPILOT_{key.upper()}")
    }
    for key in _SWITCHES:
        if key in values:
            values[key] = values[key].lower() not in {"0", "false", "no"}
    return Layer("environment", _convert(values, "environment"))


def _merge(layers: Sequence[Layer]) -> Config:
    """Later layers win; a project's only narrows what is read and shown, and where it goes."""
    values: dict[str, Any] = {"exclude": (), "keys": {}, "models": {}, "remotes": {}}
    origins: dict[str, str] = {}
    for layer in layers:
        for key, value in msgspec.structs.asdict(layer.values).items():
            if value is None or value in ({}, []):
                continue
            merged = _merged(key, values.get(key), value, narrows=layer.narrows)
            if merged != values.get(key):
                values[key], origins[key] = merged, layer.origin
    aside = tuple(said for layer in layers for said in layer.left_aside)
    return Config(**values, left_aside=aside, origins=origins)


def _merged(key: str, old: Any, new: Any, *, narrows: bool) -> Any:
    if key == "budget":
        if str(new).lower() == AUTO:
            return old if narrows else None
        amount = parse_tokens(str(new))
        return min(amount, old or DEFAULT_BUDGET) if narrows else amount
    if key == "ask_above_tokens":
        return parse_tokens(str(new))
    if key == "exclude":
        return (*(old or ()), *new)
    if key == "include":
        return (*(old or ()), tuple(new)) if narrows else (tuple(new),)
    if key in {"keys", "models", "remotes"}:
        return {**old, **new}
    if key == "local_addresses":
        return tuple(new)
    if key == "models_dir":
        return Path(new).expanduser()
    if key == "examples" and narrows:
        return min(new, old or 0)
    return bool(old) or new if key == "local_only" and narrows else new
