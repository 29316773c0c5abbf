"""From options to what the use cases need: roots, settings, folders, a model ready to answer."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from copilot.assist.ask import Limits
from copilot.assist.models import ChosenModel, choose_model, open_backend
from copilot.assist.pack import Scope
from copilot.backends.protocol import Backend, ModelFacts
from copilot.backends.pull import local_path, pull
from copilot.cache import Cache
from copilot.cli.options import Where, Whom
from copilot.cli.recovery import recover_first
from copilot.cli.talk import Bar, detail, is_terminal, progress_bar, say
from copilot.context.tokens import DEFAULT_TOKENIZER
from copilot.errors import UsageError
from copilot.settings.config import Config, ConfigFile, load_config
from copilot.settings.paths import StatePaths, state_paths
from copilot.text import one_line
from copilot.workspace.model import Root
from copilot.workspace.remote_cache import KeptRepository, keep, shrink
from copilot.workspace.remote_name import RemoteName, find_repos
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import Selection
from copilot.workspace.submodules import with_submodules


@dataclass(frozen=True)
class Setup:
    """What every command that reads repositories begins with."""

    paths: StatePaths
    config: Config
    roots: tuple[Root, ...]
    kept: tuple[KeptRepository, ...] = ()
    submodules: tuple[Root, ...] = ()

    @property
    def read_only(self) -> list[str]:
        """The aliases of what is read, but must not be changed."""
        return [*(kept.name.alias for kept in self.kept), *(root.alias for root in self.submodules)]

    @property
    def models_dir(self) -> Path:
        return self.config.models_dir or self.paths.models

    def scope(self, tokenizer: str = DEFAULT_TOKENIZER) -> Scope:
        selection = Selection(self.config.include, self.config.exclude)
        return Scope(
            self.roots,
            selection,
            tokenizer,
            self.paths.prompts,
            self.kept,
            self.submodules,
            Cache(self.paths.facts_file),
        )


@dataclass(frozen=True)
class Ready:
    """A model ready to answer."""

    chosen: ChosenModel
    backend: Backend
    facts: ModelFacts

    @property
    def window(self) -> int | None:
        return self.chosen.settings.window or self.facts.window

    @property
    def limits(self) -> Limits:
        """The reply's limits; never more than a quarter of the window."""
        wanted = self.chosen.settings.max_reply_tokens
        tokens = min(wanted, self.window // 4) if self.window else wanted
        # llama.cpp samples at 0.8 unless told otherwise; hosted models may refuse any value.
        usual = 0.0 if self.facts.follows_grammar else None
        chosen = self.chosen.settings.temperature
        return Limits(tokens, usual if chosen is None else chosen)


def set_up(where: Where) -> Setup:
    """Find the roots, read all settings, and keep the repositories elsewhere.

    Raises UsageError, PolicyRefused or ReadIncomplete.
    """
    paths = state_paths()
    roots = find_roots(where.roots, Path.cwd())
    given = ConfigFile(
        budget=where.budget,
        include=list(where.include) or None,
        exclude=list(where.exclude) or None,
        submodules=where.submodules,
    )
    if where.config is not None and not where.config.is_file():
        raise UsageError(f"no configuration file at {where.config}", "check --config")
    user_file = where.config or paths.config_file
    config = load_config(user_file, [root.path for root in roots], os.environ, given)
    recover_first(paths.journals, [root.path for root in roots])
    names = find_repos(where.repos, config.remotes, [root.alias for root in roots])
    submodules: tuple[Root, ...] = ()
    if config.submodules:
        roots, submodules = with_submodules(roots, [name.alias for name in names])
        _say_unread(roots + submodules)
    return Setup(paths, config, roots, keep_repos(names, paths, config), submodules)


def _say_unread(roots: Sequence[Root]) -> None:
    """Say which submodules cannot be read."""
    read = {root.path for root in roots}
    for root in roots:
        for path, reason in root.submodules.items():
            if root.path / path not in read:
                say(f"{root.alias}/{one_line(path)}: {reason}")


def keep_repos(
    names: Sequence[RemoteName], paths: StatePaths, config: Config
) -> tuple[KeptRepository, ...]:
    """Keep repositories elsewhere, and no more than the user allows. Raises CopilotError."""
    kept = tuple(_keep_repo(name, paths, config) for name in names)
    if kept and config.repos_mb is not None:
        for gone in shrink(paths.repositories, config.repos_mb * 1_000_000, names):
            say(f"no longer kept, for want of room (repos_mb): {gone.shown}")
    return kept


def _keep_repo(name: RemoteName, paths: StatePaths, config: Config) -> KeptRepository:
    """Keep a repository, and say which commit serves."""
    kept = keep(name, paths.repositories, local_only=config.local_only, fetching=_fetching)
    commit = f"{name.alias}: {name.shown}, commit {kept.revision[:12]}"
    if kept.stale:
        say(f"{commit}, as kept {age(time.time() - kept.fetched)} ago ({kept.stale})")
    else:
        detail(commit)
    return kept


@contextmanager
def _fetching(name: RemoteName) -> Iterator[Bar]:
    say(f"fetching {name.shown}")
    with progress_bar(f"fetching {name.alias}") as bar:
        yield bar


def age(seconds: float) -> str:
    """Return a time in its largest unit: `3 days`."""
    units = [(86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
    size, unit = next((unit for unit in units if seconds >= unit[0]), units[-1])
    count = max(0, int(seconds // size))
    return f"{count} {unit}{'' if count == 1 else 's'}"


@contextmanager
def ready_model(setup: Setup, whom: Whom) -> Iterator[Ready]:
    """Choose, fetch if need be, and connect the model; closed at the end. Raises ModelError."""
    chosen = choose_model(setup.config, whom.model, whom.base_url, whom.key_variable)
    if chosen.embedded is not None:
        _fetch_embedded(chosen, setup.models_dir)
    backend = open_backend(chosen, os.environ, setup.models_dir)
    try:
        yield Ready(chosen, backend, backend.facts())
    finally:
        backend.close()


def _fetch_embedded(chosen: ChosenModel, models_dir: Path) -> None:
    """Say which model serves, and fetch it the first time (in a terminal: after asking)."""
    model = chosen.embedded
    if model is None:
        return
    say(
        f"model: {model.title}, embedded ({model.license}); "
        "for a stronger one: copilot models add, or --base-url URL"
    )
    if local_path(model, models_dir) is not None:
        return
    size = f"{model.size_bytes / 1e9:.1f} GB"
    if is_terminal() and not agrees(f"fetch it once, {size}, into {models_dir}? [Y/n] "):
        raise UsageError("no model to ask", "copilot models add, or copilot models pull")
    fetch_model(model.name, models_dir)


def fetch_model(name: str, models_dir: Path, *, verify: bool = False) -> Path:
    """Fetch an embedded model with a progress bar and return its path. Raises ModelUnreachable."""
    from copilot.backends import catalogue

    model = catalogue.find(name)
    here = local_path(model, models_dir)
    if here is not None and not verify:
        say(f"the model is here already: {here}; to check its bytes: --verify")
        return here
    doing = "checking" if here else "fetching"
    say(f"{doing} {model.title}, {model.size_bytes / 1e9:.1f} GB, in {models_dir}")
    with progress_bar(model.name, unit_bytes=True) as bar:
        path = pull(model, models_dir, progress=bar, verify=verify)
    say(f"the model is at {path}, SHA-256 checked")
    return path


def agrees(question: str) -> bool:
    """Ask a yes-or-no question; the empty answer is yes, the end of input no."""
    try:
        print(question, end="", file=sys.stderr, flush=True)
        return input().strip().lower() in {"", "y", "yes"}
    except EOFError:
        return False
